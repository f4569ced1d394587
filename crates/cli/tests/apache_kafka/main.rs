//! The commands against Apache Kafka: what they print there is written down in `transcripts`, one file for each area.
//!
//! Wants the conformance kit, whose folder `OTTLA_CONFORMANCE` names, and Java, so it is run by name. `OTTLA_TRANSCRIPTS=write` writes
//! down what they print now, to be read and committed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod bundle;
mod kafka;
mod password;
mod top;
mod transcript;

#[path = "../support/terminal.rs"]
mod pty;
#[path = "../support/requests.rs"]
mod requests;
#[path = "../support/mod.rs"]
mod support;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use kafka::Kafka;
use transcript::Transcript;

#[test]
fn commands_print_what_they_printed_before() {
    let kafka = Kafka::start();
    // Never alive: what is moved there stays under way.
    kafka.register_broker(2);
    check(&kafka, "one_broker");
}

#[test]
fn what_moves_between_brokers_is_told_as_before() {
    let kafka = Kafka::start();
    let _other = kafka.start_another(3);
    check(&kafka, "two_brokers");
}

/// One cluster serves all transcripts of a folder: each uses names of its own.
fn check(kafka: &Kafka, folder: &str) {
    let mut differing = Vec::new();
    for path in transcripts(folder) {
        let recorded = Transcript::parse(&fs::read_to_string(&path).unwrap());
        let seen = recorded.replay(kafka);
        if env::var_os("OTTLA_TRANSCRIPTS").is_some_and(|word| word == "write") {
            fs::write(&path, seen.to_string()).unwrap();
        } else if let Some(difference) = recorded.difference(&seen) {
            differing.push(format!("{}: {difference}", path.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

fn transcripts(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apache_kafka/transcripts").join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|it| it == "txt")).collect();
    files.sort();
    files
}
