//! sarama's tools, and whose tool is meant. What they print was seen from sarama 1.61.1's own.

use std::process::Stdio;

use regex::Regex;

use super::super::Visit;
use super::super::support::{Ended, run};

const PRODUCER: &str = "kafka-console-producer";
const CONSUMER: &str = "kafka-console-consumer";

impl Visit {
    /// A tool without input, `{at}` in whose line are the brokers.
    fn tool(&self, name: &str, line: &str) -> Ended {
        let line = line.replace("{at}", &self.brokers);
        let mut command = self.command(&[name]);
        run(command.args(line.split_whitespace()).stdin(Stdio::null()))
    }

    /// What a tool says where it refuses, above its help.
    fn tool_refuses(&self, name: &str, line: &str, code: i32, expected: &str) {
        let ended = self.tool(name, line);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{name} {line}: {}", ended.stderr);
        assert_eq!(ended.stderr.lines().next(), Some(expected), "{name} {line}");
    }
}

#[test]
fn one_record_is_written() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "3"]);
    let written = |line: &str| visit.tool(PRODUCER, &format!("-brokers {{at}} -topic orders {line}")).stdout;
    assert_eq!(
        written("-value v -partition 1 -key k -headers a:1,b:"),
        "topic=orders\tpartition=1\toffset=0\n"
    );
    assert_eq!(written("-value v -partition 1 -silent"), "");
    assert_eq!(written("--value=v --key=k"), "topic=orders\tpartition=1\toffset=2\n");
    let brokers = visit.brokers.clone();
    visit.fed(&[PRODUCER, "-brokers", &brokers, "-topic", "orders", "-partition", "1"], b"\xff\n");
    let read = visit.ok(&["consume", "orders", "-e", "-o", "ndjson"]);
    let values: Vec<&str> =
        read.lines().map(|line| if line.contains("base64") { "bytes" } else { "text" }).collect();
    assert_eq!(values, ["text", "text", "text", "bytes"], "{read}");
    let metrics = visit.tool(PRODUCER, "-brokers {at} -topic orders -value v -metrics").stderr;
    assert!(metrics.contains("meter record-send-rate\n  count:               1\n"), "{metrics}");
}

#[test]
fn a_tool_says_what_is_wrong_and_ends_as_saramas_does() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "1"]);
    for (name, line, code, expected) in [
        (
            PRODUCER,
            "-topic a",
            64,
            "ERROR: no -brokers specified. Alternatively, set the KAFKA_PEERS environment variable",
        ),
        (
            PRODUCER,
            "-brokers {at} -topic a",
            64,
            "ERROR: -value is required, or you have to provide the value on stdin",
        ),
        (PRODUCER, "-brokers {at} -nonsense", 2, "flag provided but not defined: -nonsense"),
        (
            PRODUCER,
            "-brokers {at} -topic orders -value v -partition 5",
            69,
            "ERROR: Failed to produce message: kafka: partitioner returned an invalid partition index",
        ),
        (CONSUMER, "-brokers {at}", 64, "ERROR: -topic is required"),
        (
            CONSUMER,
            "-brokers {at} -topic orders -partitions 4",
            69,
            "ERROR: Failed to start consumer for partition 4: kafka server: Request was for a topic or partition that does not \
             exist on this broker",
        ),
        (
            "kafka-console-partitionconsumer",
            "-brokers {at} -topic orders",
            64,
            "ERROR: -partition is required",
        ),
        (
            "kafka-console-partitionconsumer",
            "-brokers {at} -topic orders -partition 0 -offset 1",
            69,
            "ERROR: Failed to start partition consumer: kafka server: The requested offset is outside the range of offsets \
             maintained by the server for the given topic/partition",
        ),
        ("kafka-producer-performance", "-brokers {at}", 64, "ERROR: -topic is required"),
    ] {
        visit.tool_refuses(name, line, code, expected);
    }
}

#[test]
fn flags_and_the_environment_tell_whose_tool_is_meant() {
    let visit = Visit::new();
    let peers = visit.brokers.clone();
    let first = |name: &str, line: &str, has_peers: bool| {
        let mut command = visit.command(&[name]);
        command.args(line.split_whitespace()).stdin(Stdio::null());
        let ended = run(if has_peers { command.env("KAFKA_PEERS", &peers) } else { &mut command });
        ended.stderr.lines().next().unwrap_or_default().to_owned()
    };
    let kafkas = "Missing required argument \"[topic]\"";
    for (name, line, has_peers, expected) in [
        (PRODUCER, "--bootstrap-server a:1", false, kafkas),
        (PRODUCER, "-bootstrap-server a:1", true, kafkas),
        (PRODUCER, "--brokers a:1", false, "ERROR: no -topic specified"),
        ("kafka-console-producer.sh", "-brokers a:1", false, "brokers is not a recognized option"),
        (PRODUCER, "", true, "ERROR: no -topic specified"),
        (PRODUCER, "-help", false, "Usage of kafka-console-producer:"),
        (CONSUMER, "-h", false, "Usage of kafka-console-consumer:"),
        (
            CONSUMER,
            "",
            false,
            "This tool helps to read data from Kafka topics and outputs it to standard output.",
        ),
        (CONSUMER, "--topic a --offset x", true, "ERROR: -offset should be `oldest` or `newest`"),
    ] {
        assert_eq!(first(name, line, has_peers), expected, "{name} {line}");
    }
}

#[test]
fn the_performance_test_prints_the_line_of_sarama() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "1"]);
    let line = "-brokers {at} -topic orders -message-load 100 -message-size 10";
    let number = Regex::new(r"[0-9]+\.[0-9]+").unwrap();
    for more in ["", "-sync -routines 3", "-throughput 1000 -version 2.8.0 -compression lz4"] {
        let ended = visit.tool("kafka-producer-performance", &format!("{line} {more}"));
        assert_eq!(ended.code, Some(0), "{more}: {}", ended.stderr);
        let masked = number.replace_all(&ended.stdout, "*").into_owned();
        assert_eq!(
            masked,
            "100 records sent, * records/sec (* MiB/sec ingress, * MiB/sec egress), * ms avg latency, * ms stddev, \
             * ms 50th, * ms 75th, * ms 95th, * ms 99th, * ms *th, 0 total req. in flight\n",
            "{more}"
        );
    }
    assert_eq!(visit.ok(&["consume", "orders", "-e", "-f", "x\n"]).lines().count(), 300);
}
