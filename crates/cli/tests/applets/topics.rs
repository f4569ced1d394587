//! Topics, their offsets and files.

use super::Comparison;

/// What brokers choose, and what tells of a moment.
const TOPIC_ID: &str = "TopicId: [0-9A-Za-z_-]{22}";

#[test]
fn topics_are_made_shown_changed_and_deleted_alike() {
    let mut it = Comparison::new();
    for line in [
        "{at} --list",
        "{at} --create --topic {who}-a --partitions 3 --replication-factor 1 --config retention.ms=5000",
        "{at} --create --topic {who}-a --partitions 3",
        "{at} --create --topic {who}-a --if-not-exists",
        "{at} --create --topic {who}.b_c",
        "{at} --create --topic {who}-d --replica-assignment 1,1",
        "{at} --create --topic {who}-e --replica-assignment 1:1",
        "{at} --create --topic {who}-e --partitions 0",
        "{at} --create --topic {who}-e --replication-factor 2",
        "{at} --create --topic {who}-e --config foo=bar",
        "{at} --create --topic {who}-e --config foo",
        "{at} --create --topic {who}!",
        "{at} --create",
        "{at} --create --list",
        "{at} --nonsense",
        "--list",
        "{at} --list --topic {who}-[ad]",
        "{at} --list --exclude-internal --topic {who}.*",
        "{at} --alter --topic {who}-a --partitions 5",
        "{at} --alter --topic {who}-a --partitions 2",
        "{at} --alter --topic {who}-none --partitions 2",
        "{at} --alter --topic {who}-none --partitions 2 --if-exists",
        "{at} --alter --topic {who}-a",
        "{at} --alter --topic {who}-d --partitions 3 --replica-assignment 1,1,1",
        "{at} --describe --topic {who}-none",
        "{at} --describe --topic {who}-none --if-exists",
        "{at} --describe --topic-id AAAAAAAAAAAAAAAAAAAAAQ",
        "{at} --delete --topic {who}.b_c",
        "{at} --delete --topic {who}-none",
        "{at} --delete --topic {who}-none --if-exists",
        "--version",
    ] {
        it.compare("kafka-topics", line);
    }
    for line in [
        "{at} --describe --topic {who}-a",
        "-bootstrap-server=BROKERS --describe --topic={who}-d",
        "{at} --describe --topic {who}-a --under-replicated-partitions",
        "{at} --describe --topic {who}-a --at-min-isr-partitions",
        "{at} --describe --topic {who}-a --unavailable-partitions",
        "{at} --describe --topic {who}-a --under-min-isr-partitions",
        "{at} --describe --topic {who}-a --topics-with-overrides",
    ] {
        let line = line.replace("BROKERS", &it.brokers);
        it.compare_masked("kafka-topics", &line, "", &[TOPIC_ID]);
    }
    it.done();
}

#[test]
fn offsets_are_shown_and_records_deleted_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a --partitions 2");
    it.compare("kafka-topics", "{at} --create --topic {who}-b --partitions 12");
    // Keys have all of them go to the same partitions.
    let lines: String = (0..20).map(|number| format!("{number}\t{number}\n")).collect();
    let keyed = "{at} --topic {who}-a --reader-property parse.key=true";
    it.compare_masked("kafka-console-producer", keyed, &lines, &[]);
    for line in [
        "{at} --topic {who}-.*",
        "{at} --topic {who}-a --time -2",
        "{at} --topic {who}-a --time earliest-local",
        "{at} --topic {who}-b --time max-timestamp",
        "{at} --topic {who}-b --time 99999999999999",
        "{at} --topic {who}-b --time soon",
        "{at} --topic {who}-b --partitions 0,11,2",
        "{at} --topic {who}-b --partitions x",
        "{at} --topic-partitions {who}-a:1,{who}-b:3-5,{who}.*:11-",
        "{at} --topic-partitions {who}-a:x",
        "{at} --topic-partitions {who}-a --topic {who}-a",
        "{at} --topic {who}-none",
        "--topic {who}-none",
        "{at} --nonsense",
    ] {
        it.compare("kafka-get-offsets", line);
    }
    it.original("kafka-topics", "{at} --create --topic shared", "", &[]);
    for (name, text) in [
        ("one.json", r#"{"version":1,"partitions":[{"topic":"shared","partition":0,"offset":0}]}"#),
        ("far.json", r#"{"partitions":[{"topic":"shared","partition":0,"offset":4000}]}"#),
        ("bad.json", "{"),
        ("empty.json", "{}"),
        ("later.json", r#"{"version":2,"partitions":[]}"#),
    ] {
        let path = it.file(name, text);
        let line = format!("{{at}} --offset-json-file {path}");
        it.compare("kafka-delete-records", &line);
    }
    it.done();
}

#[test]
fn data_directories_are_shown_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a");
    for line in [
        "{at} --describe --topic-list {who}-a",
        "{at} --describe --topic-list {who}-a --broker-list 1",
        "{at} --describe --broker-list 1,7",
        "{at}",
    ] {
        it.compare("kafka-log-dirs", line);
    }
    it.done();
}
