//! `ottla config explain`: values and where they come from.

mod support;

use std::fs;

use serde_json::Value;
use support::{ottla, run};
use tempfile::TempDir;

/// The option as the JSON output has it.
fn option(options: &Value, name: &str) -> Value {
    let all = options.as_array().expect("a list");
    all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name} is missing")).clone()
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let dir = TempDir::new().expect("a temporary directory");
    let file = dir.path().join("server.properties");
    fs::write(&file, "# Kafka's\nnum.partitions=2\nlog.retention.hours=3\nmin.insync.replicas=1\n")
        .expect("a file");
    let mut command = ottla(["config", "explain", "-o", "json", "--set", "num.partitions=6", "--config"]);
    command.arg(&file).env("KAFKA_NUM_PARTITIONS", "4").env("KAFKA_LOG_RETENTION_HOURS", "5");
    let ended = run(&mut command);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let options: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    for (name, value, source) in [
        ("num.partitions", "6", "--set"),
        ("log.retention.hours", "5", "KAFKA_LOG_RETENTION_HOURS"),
        ("min.insync.replicas", "1", &format!("{}:4", file.display())),
        ("node.id", "1", "default"),
    ] {
        let found = option(&options, name);
        assert_eq!((&found["value"], &found["source"]), (&value.into(), &source.into()), "{name}");
    }
}

#[test]
fn toml_is_read_as_well() {
    let dir = TempDir::new().expect("a temporary directory");
    let file = dir.path().join("ottla.toml");
    fs::write(&file, "num.partitions = 3\n").expect("a file");
    let ended = run(ottla(["config", "explain", "num.partitions", "--config"]).arg(&file));
    assert!(ended.stdout.starts_with("num.partitions = 3\n"), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains(&format!("source: {}:1; default: 1; int; [1,...]", file.display())),
        "{}",
        ended.stdout
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let args = ["config", "explain", "--set", "num.partitions=two", "--set", "ottla.log.durabilty=os"];
    let ended = run(&mut ottla(args));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains("num.partitions: Not a number"), "{}", ended.stderr);
    assert!(ended.stderr.contains("did you mean ottla.log.durability?"), "{}", ended.stderr);
}

#[test]
fn an_unknown_option_of_kafka_is_a_warning() {
    let ended = run(&mut ottla(["config", "explain", "node.id", "--set", "num.partitons=3"]));
    assert_eq!(ended.code, Some(0));
    let warning = ended.stderr.lines().next().expect("a warning");
    assert!(warning.starts_with("warning: --set: num.partitons is no option"), "{warning}");
    assert!(warning.ends_with("did you mean num.partitions?"), "{warning}");
}

#[test]
fn a_file_that_is_missing_is_named() {
    let ended = run(&mut ottla(["config", "explain", "--config", "/no/such/file"]));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("/no/such/file (--config): No such file"), "{}", ended.stderr);
}
