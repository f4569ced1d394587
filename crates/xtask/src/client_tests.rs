//! Every test of the client library, on Ottla and on Apache Kafka.

use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

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
    ],
];
const ON_KAFKA: &[&str] = &["test", "-p", "ottla-client", "--test=kafka"];
/// By themselves: no other test stands it that the broker is killed.
const ON_KILLED_KAFKA: &[&str] = &["test", "-p", "ottla-client", "--test=kafka_restarts"];

/// Where an Apache Kafka is, and what the tests that want one are told by.
#[derive(Default)]
pub(crate) struct Options {
    /// Names and values of environment variables.
    variables: Vec<(&'static str, String)>,
    on_kafka: bool,
    kills: bool,
}

impl Options {
    pub(crate) fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(name) = args.next() {
            let value = args.next().with_context(|| format!("{name} wants a value"))?.clone();
            let variable = match name.as_str() {
                "--kafka" => {
                    options.on_kafka = true;
                    "KAFKA_BOOTSTRAP"
                }
                "--certificates" => "KAFKA_CERTIFICATES",
                "--restart" => {
                    options.kills = true;
                    "KAFKA_RESTART"
                }
                _ => bail!("there is no option {name}"),
            };
            options.variables.push((variable, value));
        }
        ensure!(options.on_kafka || options.variables.is_empty(), "--kafka says where it is");
        Ok(options)
    }
}

pub(crate) fn run(options: Options) -> Result<()> {
    let on_kafka = options.on_kafka.then_some(ON_KAFKA);
    let on_killed = options.kills.then_some(ON_KILLED_KAFKA);
    for args in ON_OTTLA.into_iter().chain(on_kafka).chain(on_killed) {
        println!("cargo {}", args.join(" "));
        let status = Command::new("cargo").args(args).envs(options.variables.clone()).status();
        ensure!(status.context("cannot run cargo")?.success(), "a test failed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Options> {
        Options::parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_wants_an_apache_kafka_is_run_where_one_is_named() {
        let alone = parse(&[]).unwrap();
        assert!(!alone.on_kafka && !alone.kills);
        let both = parse(&["--kafka", "127.0.0.1:9092", "--restart", "again"]).unwrap();
        assert!(both.on_kafka && both.kills);
        assert_eq!(both.variables[0], ("KAFKA_BOOTSTRAP", "127.0.0.1:9092".to_owned()));
        for wrong in [&["--kafka"][..], &["--restart", "again"], &["--elsewhere", "x"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
