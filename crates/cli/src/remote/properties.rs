//! Options of clients, and who said them.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{ConnectionArgs, Contexts};
use crate::exit::{print_warning, usage};

pub(crate) const DEFAULT_BROKERS: &str = "127.0.0.1:9092";

/// An option, by Java's or librdkafka's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) value: String,
    /// In words, to be put in brackets.
    pub(crate) origin: String,
}

/// What the environment says of clusters, read once. Empty variables count as unset.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    brokers: Option<String>,
    command_config: Option<String>,
    ctx: Option<String>,
    contexts: Contexts,
}

impl Environment {
    pub(crate) fn of_process() -> Environment {
        let get = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        Environment {
            brokers: get("OTTLA_BROKERS"),
            command_config: get("OTTLA_COMMAND_CONFIG"),
            ctx: get("OTTLA_CTX"),
            contexts: Contexts::of_user(),
        }
    }
}

impl Property {
    pub(crate) fn new(name: &str, value: impl Into<String>, origin: impl Into<String>) -> Property {
        Property { name: name.into(), value: value.into(), origin: origin.into() }
    }

    pub(crate) fn pair(&self) -> (&str, &str) {
        (&self.name, &self.value)
    }

    /// With the usual port where brokers are named without one, as librdkafka and rpk have it.
    pub(crate) fn with_ports(mut self) -> Property {
        if self.names_brokers() {
            self.value = self.value.split(',').map(with_port).collect::<Vec<_>>().join(",");
        }
        self
    }

    pub(super) fn names_brokers(&self) -> bool {
        matches!(self.name.as_str(), "bootstrap.servers" | "metadata.broker.list")
    }
}

fn with_port(broker: &str) -> String {
    let broker = broker.trim();
    let host = broker.split_once("://").map_or(broker, |(_protocol, host)| host);
    let has_port = host.is_empty() || host.contains(':') && !host.ends_with(']');
    if has_port { broker.to_owned() } else { format!("{broker}:9092") }
}

/// All of them, the weakest first.
pub(super) fn gather(args: &ConnectionArgs, environment: &Environment) -> Result<Vec<Property>> {
    let mut all =
        vec![Property::new("bootstrap.servers", DEFAULT_BROKERS, "the default; --brokers sets others")];
    if args.ctx.is_none() {
        match of_context(&environment.contexts, environment.ctx.as_deref()) {
            Ok(said) => all.extend(said),
            // Nobody asked for it, and nothing in it is needed to know which cluster is meant.
            Err(error) if environment.ctx.is_none() && args.names_brokers() => {
                print_warning(format!("{error:#}: no context is used"));
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(file) = &environment.command_config {
        all.extend(of_file(Path::new(file), "OTTLA_COMMAND_CONFIG")?);
    }
    if let Some(brokers) = &environment.brokers {
        all.push(Property::new("bootstrap.servers", brokers, "OTTLA_BROKERS"));
    }
    if args.ctx.is_some() {
        all.extend(of_context(&environment.contexts, args.ctx.as_deref())?);
    }
    all = all.into_iter().map(Property::with_ports).collect();
    all.extend(of_flags(args)?);
    Ok(all)
}

/// Of the flags that do not refer to a context.
pub(super) fn of_flags(args: &ConnectionArgs) -> Result<Vec<Property>> {
    let mut all = Vec::new();
    if let Some(file) = &args.command_config {
        all.extend(of_file(file, "--command-config")?);
    }
    for option in &args.options {
        all.push(of_flag(option)?);
    }
    if let Some(brokers) = &args.brokers {
        all.push(Property::new("bootstrap.servers", brokers, "--brokers"));
    }
    Ok(all.into_iter().map(Property::with_ports).collect())
}

/// Of the context of that name, or of the one that is in use, if there is one.
fn of_context(contexts: &Contexts, name: Option<&str>) -> Result<Vec<Property>> {
    let (name, properties) = match name {
        Some(name) => (name.to_owned(), contexts.read()?.get(name)?.clone()),
        None => match contexts.read()?.in_use() {
            Some((name, properties)) => (name.to_owned(), properties.clone()),
            None => return Ok(Vec::new()),
        },
    };
    let origin = format!("context {name}");
    Ok(properties.iter().map(|(key, value)| Property::new(key, value, &origin)).collect())
}

/// Of a file of Java's properties.
pub(crate) fn of_file(path: &Path, whence: &str) -> Result<Vec<Property>> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown} ({whence})"))?;
    let assignments = ottla_config::parse_file(&shown, &text)?;
    Ok(assignments.into_iter().map(|it| Property::new(&it.name, it.value, &shown)).collect())
}

fn of_flag(option: &str) -> Result<Property> {
    match option.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok(Property::new(name.trim(), value, "-X")),
        _ => Err(usage(format!("-X {option}: give it as key=value, for example -X acks=1"))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn check(args: &ConnectionArgs, environment: &Environment, brokers: &str, origin: &str) {
        let all = gather(args, environment).expect("it can be read");
        let last = all.iter().rev().find(|property| property.names_brokers()).expect("there is a default");
        assert_eq!((last.value.as_str(), last.origin.as_str()), (brokers, origin));
    }

    #[test]
    fn brokers_without_a_port_have_the_usual_one() {
        for (said, expected) in [
            ("localhost", "localhost:9092"),
            ("a, b:1,SSL://c", "a:9092,b:1,SSL://c:9092"),
            ("[::1],[::1]:1", "[::1]:9092,[::1]:1"),
            ("", ""),
        ] {
            for name in ["bootstrap.servers", "metadata.broker.list"] {
                assert_eq!(Property::new(name, said, "a test").with_ports().value, expected, "{said}");
            }
        }
        assert_eq!(Property::new("client.id", "a", "a test").with_ports().value, "a");
    }

    #[test]
    fn what_is_said_nearer_to_the_command_wins() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let contexts = Contexts::at(dir.path().join("contexts.toml"));
        let text = "current = \"prod\"\n[contexts.prod]\n\"bootstrap.servers\" = \"prod:1\"\n\
                    [contexts.dev]\n\"metadata.broker.list\" = \"dev:1\"\n";
        fs::write(dir.path().join("contexts.toml"), text).expect("it is written");
        let file = dir.path().join("client.properties");
        fs::write(&file, "bootstrap.servers=file:1\n").expect("it is written");
        let shown = file.display().to_string();

        let mut args = ConnectionArgs::default();
        check(&args, &Environment::default(), "127.0.0.1:9092", "the default; --brokers sets others");
        let mut environment = Environment { contexts, ..Environment::default() };
        check(&args, &environment, "prod:1", "context prod");
        environment.ctx = Some("dev".into());
        check(&args, &environment, "dev:1", "context dev");
        environment.command_config = Some(shown.clone());
        check(&args, &environment, "file:1", &shown);
        environment.brokers = Some("env:1".into());
        check(&args, &environment, "env:1", "OTTLA_BROKERS");
        args.ctx = Some("prod".into());
        check(&args, &environment, "prod:1", "context prod");
        args.command_config = Some(file);
        check(&args, &environment, "file:1", &shown);
        args.options = vec!["bootstrap.servers=option:1".into()];
        check(&args, &environment, "option:1", "-X");
        args.brokers = Some("flag:1".into());
        check(&args, &environment, "flag:1", "--brokers");
    }

    #[test]
    fn contexts_that_cannot_be_read_matter_to_those_alone_who_need_one() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("contexts.toml");
        fs::write(&path, "no = [").expect("it is written");
        let environment = Environment { contexts: Contexts::at(path), ..Environment::default() };
        let mut args = ConnectionArgs::default();
        assert!(gather(&args, &environment).is_err());
        args.options = vec!["bootstrap.servers=option:1".into()];
        check(&args, &environment, "option:1", "-X");
        args.brokers = Some("flag:1".into());
        check(&args, &environment, "flag:1", "--brokers");
        args.ctx = Some("prod".into());
        assert!(gather(&args, &environment).is_err());
    }

    #[test]
    fn an_option_needs_a_name_and_a_context_must_be_there() {
        let args = ConnectionArgs { options: vec!["=x".into()], ..ConnectionArgs::default() };
        assert!(gather(&args, &Environment::default()).is_err());
        let args = ConnectionArgs { ctx: Some("nowhere".into()), ..ConnectionArgs::default() };
        assert!(gather(&args, &Environment::default()).is_err());
    }
}
