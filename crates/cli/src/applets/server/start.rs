//! `kafka-server-start`.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use clap::Parser as _;

use crate::applets::ending::Misuse;
use crate::args::Args;
use crate::commands;
use crate::exit::Outcome;

const USAGE: &str = "USAGE: kafka-server-start.sh [-daemon] server.properties [--override property=value]*";

/// What the file of a broker that runs by itself is called after, if nobody says.
const NAME: &str = "kafkaServer";

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    is_daemon: bool,
    name: String,
    pub(super) file: String,
    pub(super) overrides: Vec<String>,
}

pub(in crate::applets) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    if args.iter().any(|arg| arg == "--version") {
        return Err(Misuse::VersionAsked.into());
    }
    let Some(start) = Start::parse(args)? else {
        writeln!(out, "{USAGE}")?;
        return Ok(Outcome::Failure);
    };
    if start.is_daemon {
        start.alone()?;
        return Ok(Outcome::Success);
    }
    out.flush()?;
    commands::run(Args::try_parse_from([String::from("ottla")].into_iter().chain(start.serve()))?.command)
}

impl Start {
    /// None if there is no file, or help is wanted.
    pub(super) fn parse(args: &[String]) -> Result<Option<Start>, Misuse> {
        let mut start =
            Start { is_daemon: false, name: NAME.into(), file: String::new(), overrides: Vec::new() };
        let mut rest = args.iter();
        if args.iter().any(|arg| arg == "--help") {
            return Ok(None);
        }
        loop {
            match rest.next() {
                None => return Ok(None),
                Some(arg) if arg == "-daemon" => start.is_daemon = true,
                Some(arg) if arg == "-loggc" => {}
                Some(arg) if arg == "-name" => start.name = rest.next().cloned().unwrap_or_default(),
                Some(file) => {
                    start.file.clone_from(file);
                    break;
                }
            }
        }
        while let Some(arg) = rest.next() {
            let attached = arg.strip_prefix("--override=").map(str::to_owned);
            let pair = if arg == "--override" { rest.next().cloned() } else { attached };
            match pair {
                Some(pair) => start.overrides.push(pair),
                None if arg == "--override" => {
                    return Err(Misuse::Bare("Option override requires an argument".into()));
                }
                None => return Err(Misuse::Bare(format!("Found non argument parameters: {arg}\n{USAGE}"))),
            }
        }
        Ok(Some(start))
    }

    /// The same as arguments of `ottla`. What is set has a value, if an empty one.
    fn serve(&self) -> Vec<String> {
        let mut args = vec!["serve".into(), "--config".into(), self.file.clone()];
        for pair in &self.overrides {
            let pair = if pair.contains('=') { pair.clone() } else { format!("{pair}=") };
            args.extend(["--set".into(), pair]);
        }
        args
    }

    /// Starts it in a process that outlives this one and its terminal.
    fn alone(&self) -> Result<()> {
        let dir = std::env::var_os("LOG_DIR").map_or_else(|| PathBuf::from("logs"), PathBuf::from);
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {} (LOG_DIR)", dir.display()))?;
        let path = dir.join(format!("{}.out", self.name));
        let file = open(&path)?;
        let this = std::env::current_exe().context("cannot tell where this executable is")?;
        let mut command = Command::new(this);
        command.args(self.serve()).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        // In a group of its own, to which a terminal sends no signals.
        command.process_group(0).spawn().context("cannot start the broker")?;
        Ok(())
    }
}

fn open(path: &Path) -> Result<File> {
    File::create(path).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Start>, Misuse> {
        Start::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_broker_is_started_by_its_file() {
        let check = |line: &str, expected: &str| {
            let start = parse(line).expect("it parses").expect("it starts");
            assert_eq!(start.serve().join(" "), expected, "{line}");
            start
        };
        assert!(!check("server.properties", "serve --config server.properties").is_daemon);
        let daemon = check(
            "-daemon -name x -loggc a --override b=1 --override=c",
            "serve --config a --set b=1 --set c=",
        );
        assert!(daemon.is_daemon && daemon.name == "x");
        for line in ["", "-daemon", "--help"] {
            assert_eq!(parse(line).expect("it parses"), None, "{line}");
        }
        for (line, expected) in [
            ("a more", "Found non argument parameters: more"),
            ("a --override", "Option override requires an argument"),
        ] {
            assert!(parse(line).expect_err(line).to_string().starts_with(expected), "{line}");
        }
    }
}
