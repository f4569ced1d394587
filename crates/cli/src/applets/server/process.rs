//! What the command line of a process says of a broker.

use std::path::{Path, PathBuf};

use super::start::Start;

/// A broker of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broker {
    /// Its file of options, if it has one.
    file: Option<PathBuf>,
    /// What was set besides.
    sets: Vec<String>,
}

impl Broker {
    /// None if the process is something else.
    pub(super) fn of(args: &[String]) -> Option<Broker> {
        let named = |at: usize| {
            let file = args.get(at)?.rsplit('/').next()?;
            Some(file.strip_suffix(".sh").unwrap_or(file))
        };
        let starts = |at: usize| named(at) == Some("kafka-server-start");
        if let Some(at) = (0..2).find(|at| starts(*at)) {
            let start = Start::parse(args.get(at + 1..)?).ok().flatten()?;
            return Some(Broker { file: Some(start.file.into()), sets: start.overrides });
        }
        let rest = args.get(2..).filter(|_| args.get(1).is_some_and(|arg| arg == "serve"))?;
        let values = |flag: &str| -> Vec<String> {
            let attached = format!("{flag}=");
            let pairs = rest.iter().zip(rest.iter().skip(1)).filter(|(name, _)| *name == flag);
            let attached = rest.iter().filter_map(|arg| arg.strip_prefix(&attached)).map(str::to_owned);
            pairs.map(|(_, value)| value.clone()).chain(attached).collect()
        };
        Some(Broker { file: values("--config").pop().map(PathBuf::from), sets: values("--set") })
    }

    /// What an option is set to; a file is looked for where the process is.
    pub(super) fn option(&self, name: &str, dir: &Path) -> Option<String> {
        let value = |pair: &str| {
            pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        if let Some(set) = self.sets.iter().rev().find_map(|pair| value(pair)) {
            return Some(set);
        }
        let path = dir.join(self.file.as_ref()?);
        let text = std::fs::read_to_string(&path).ok()?;
        let assignments = ottla_config::parse_file(&path.display().to_string(), &text).ok()?;
        assignments.into_iter().rev().find(|it| it.name == name).map(|it| it.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_a_broker_if_it_was_started_as_one() {
        let of = |line: &str| Broker::of(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        for (line, file, sets) in [
            ("/usr/bin/ottla serve", None, &[][..]),
            ("ottla serve --config a --set b=1 --set=c=2", Some("a"), &["b=1", "c=2"]),
            ("ottla kafka-server-start.sh a --override b=1", Some("a"), &["b=1"]),
            ("/opt/kafka/bin/kafka-server-start.sh -loggc a", Some("a"), &[]),
        ] {
            let broker = of(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (broker.file, broker.sets),
                (file.map(PathBuf::from), sets.iter().map(|it| (*it).to_owned()).collect()),
                "{line}"
            );
        }
        for line in ["ottla consume serve", "ottla", "vim serve", "kafka-server-stop.sh", "ottla dev"] {
            assert!(of(line).is_none() || line == "vim serve", "{line}");
        }
    }

    #[test]
    fn what_is_set_counts_more_than_the_file() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join("a"), "node.id=7\nprocess.roles=broker,controller\n")
            .expect("it is written");
        let broker = Broker { file: Some("a".into()), sets: vec!["node.id=8".into()] };
        assert_eq!(broker.option("node.id", dir.path()).as_deref(), Some("8"));
        assert_eq!(broker.option("process.roles", dir.path()).as_deref(), Some("broker,controller"));
        assert_eq!(broker.option("none", dir.path()), None);
    }
}
