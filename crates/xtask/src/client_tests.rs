//! Every test of the client library, on Ottla and on Apache Kafka.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{folder::Folder, kit, ports::free_address};

/// Those that need nothing but this repository.
const ON_OTTLA: [&[&str]; 2] = [
    &["test", "-p", "ottla-client"],
    &[
        "test",
        "-p",
        "ottla-cli",
        "--test=client_surface",
        "--test=client_producer",
        "--test=client_consumer",
        "--test=client_group",
        "--test=client_admin",
        "--test=client_disturbed",
    ],
];
/// The second by themselves: no other test stands it that the broker is killed.
const ON_KAFKA: [&[&str]; 2] = [
    &["test", "-p", "ottla-client", "--test=kafka"],
    &["test", "-p", "ottla-client", "--test=kafka_restarts"],
];
/// As many as `crates/client/tests/kafka/node` takes.
const PORTS: u16 = 7;

/// Whose tests are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Servers {
    Ottla,
    Kafka,
    Both,
}

impl Servers {
    pub(crate) fn parse(args: &[String]) -> Result<Servers> {
        match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => Ok(Servers::Ottla),
            ["--kafka"] => Ok(Servers::Both),
            ["--kafka-only"] => Ok(Servers::Kafka),
            _ => bail!("client-tests takes nothing, --kafka or --kafka-only, not {}", args.join(" ")),
        }
    }
}

pub(crate) fn run(servers: Servers) -> Result<()> {
    if servers != Servers::Kafka {
        ON_OTTLA.into_iter().try_for_each(|args| test(args, &[]))?;
    }
    if servers != Servers::Ottla {
        let kafka = Kafka::start()?;
        ON_KAFKA.into_iter().try_for_each(|args| test(args, &kafka.variables()))?;
    }
    Ok(())
}

fn test(args: &[&str], variables: &[(&str, String)]) -> Result<()> {
    println!("cargo {}", args.join(" "));
    let status = Command::new("cargo").args(args).envs(variables.iter().cloned()).status();
    ensure!(status.context("cannot run cargo")?.success(), "a test failed");
    Ok(())
}

/// An Apache Kafka with all that the tests ask of one. It ends with its folder.
struct Kafka {
    /// What is called with a verb and then these.
    script: PathBuf,
    kit: PathBuf,
    folder: Folder,
    port: u16,
}

impl Kafka {
    fn start() -> Result<Kafka> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client/tests/kafka/node");
        let kafka =
            Kafka { script, kit: kit::path()?, folder: Folder::new()?, port: free_address(PORTS)?.port() };
        let status = Command::new("sh").args(["-c", &kafka.command("start")]).status();
        ensure!(status.context("cannot run sh")?.success(), "Apache Kafka does not start");
        Ok(kafka)
    }

    /// For a shell.
    fn command(&self, verb: &str) -> String {
        let quoted = |path: &Path| format!("'{}'", path.display());
        let (script, kit, folder) = (quoted(&self.script), quoted(&self.kit), quoted(self.folder.path()));
        format!("{script} {verb} {kit} {folder} {}", self.port)
    }

    /// What the tests are told by.
    fn variables(&self) -> [(&'static str, String); 4] {
        let folder = |name: &str| self.folder.path().join(name).display().to_string();
        [
            ("KAFKA_BOOTSTRAP", format!("127.0.0.1:{}", self.port)),
            ("KAFKA_CERTIFICATES", folder("certificates")),
            ("KAFKA_TELEMETRY", folder("telemetry")),
            ("KAFKA_RESTART", self.command("restart")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wants_an_apache_kafka_is_run_where_it_is_asked_for() {
        let parse = |args: &[&str]| {
            Servers::parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()).ok()
        };
        for (args, expected) in [
            (&[][..], Some(Servers::Ottla)),
            (&["--kafka"], Some(Servers::Both)),
            (&["--kafka-only"], Some(Servers::Kafka)),
            (&["--kafka", "127.0.0.1:9092"], None),
            (&["kafka"], None),
        ] {
            assert_eq!(parse(args), expected, "{args:?}");
        }
    }
}
