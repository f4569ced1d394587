//! sarama's tools beside ours, on one broker: the same on standard output and standard error, and the same exit code. Wants Go, so it is
//! run by name.
//!
//! Each of the two has topics of its own: `{who}` in a command line is `theirs` or `ours`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "what was compared is shown when a test fails")]

#[path = "../support/client.rs"]
mod client;
mod comparison;
#[path = "../support/node.rs"]
mod node;
#[path = "../support/mod.rs"]
mod support;

use comparison::{Comparison, Input};

/// Rates, and times.
const NUMBERS: [&str; 1] = [r"[0-9]+\.[0-9]+"];

#[test]
fn records_are_written_alike() {
    let mut it = Comparison::new();
    let name = "kafka-console-producer";
    it.topic("{who}-a", 3);
    for line in [
        "-brokers {at} -topic {who}-a -value v -partition 2",
        "-brokers {at} -topic {who}-a -value v -partition 2 -partitioner manual",
        "-brokers {at} -topic {who}-a -value v -key k -partition 0 -partitioner hash",
        "--brokers={at} --topic={who}-a --value=v --key=k --headers=a:1,b:",
        "-brokers {at} -topic {who}-a -value=-x -key -y -silent -partition 0",
        "-brokers {at} -topic {who}-a -value v -key k -verbose=false ignored -topic other",
        "-brokers 127.0.0.1:1,{at} -topic {who}-a -value v -key k",
        "-brokers {at} -topic {who}-made -value v -key k",
        "-brokers {at} -topic {who}-a -value v -partition 7",
        "-brokers {at} -topic {who}-a -value v -partition -2 -partitioner manual",
        "-brokers {at} -topic {who}{sp}a -value v -key k",
        "-brokers 127.0.0.1:1 -topic {who}-a -value v",
        "-brokers {at} -topic {who}-a -value v -tls-enabled",
        "-brokers {at} -topic {who}-a -value v -tls-enabled -tls-client-cert /none -tls-client-key /none",
        "-brokers {at} -topic {who}-a -value v -key k -tls-client-cert /none -tls-client-key /none",
        "-brokers {at} -topic {who}-a -value v -headers h",
        "-brokers {at} -topic {who}-a -value v -headers a:1,b:2:3",
        "-brokers {at} -topic {who}-a -value v -partitioner manual",
        "-brokers {at} -topic {who}-a -value v -partitioner murmur2",
        "-brokers {at} -topic {who}-a",
        "-brokers {at}",
        "-topic {who}-a",
        "-brokers {at} -topic {who}-a -value v -partition x",
        "-brokers {at} -topic {who}-a -value v -nonsense",
        "-brokers {at} -topic {who}-a -value",
        "-brokers {at} -topic {who}-a -silent=maybe",
        "-brokers {at} ---topic {who}-a",
        "-h",
    ] {
        it.compare(name, line);
    }
    for input in ["piped\n", "", "k\tv"] {
        it.compare_fed(name, "-brokers {at} -topic {who}-a -key k", Input::Text(input));
    }
    let random = ["partition=[0-9]", "offset=[0-9]+"];
    for line in ["-value v", "-value v -key k -partitioner random", "-value v -partitioner hash"] {
        it.compare_masked(name, &format!("-brokers {{at}} -topic {{who}}-made {line}"), &random);
    }
    let written = "-brokers {at} -topic {who}-a -offset oldest";
    it.compare_printed("kafka-console-consumer", &format!("{written} -partitions 2"), 2);
    it.compare_printed("kafka-console-partitionconsumer", &format!("{written} -partition 1"), 8);
    it.done();
}

#[test]
fn keys_choose_the_same_partitions() {
    let mut it = Comparison::new();
    it.topic("{who}-a", 7);
    for key in ["a", "b", "orders", "customer-7", "0123456789", "é", "%", "longer-than-a-few-bytes-by-far"] {
        let line = format!("-brokers {{at}} -topic {{who}}-a -value v -key {key}");
        it.compare("kafka-console-producer", &line);
    }
    it.done();
}

#[test]
fn records_are_printed_alike() {
    let mut it = Comparison::new();
    it.topic("{who}-a", 2);
    for line in ["-value one -key k", "-value two", "-value é -key -", "-value last -headers h:1"] {
        it.compare(
            "kafka-console-producer",
            &format!("-brokers {{at}} -topic {{who}}-a -partition 1 {line}"),
        );
    }
    for (name, line, count) in [
        ("kafka-console-consumer", "-offset oldest", 4),
        ("kafka-console-consumer", "-offset=oldest -partitions=1,0 -buffer-size 1", 4),
        ("kafka-console-partitionconsumer", "-offset oldest -partition 1", 4),
        ("kafka-console-partitionconsumer", "-offset 2 -partition 1", 2),
        ("kafka-console-partitionconsumer", "-offset -2 -partition 1", 4),
        ("kafka-console-partitionconsumer", "-offset 3 -partition 1", 1),
    ] {
        it.compare_printed(name, &format!("-brokers {{at}} -topic {{who}}-a {line}"), count);
    }
    for (name, line) in [
        ("kafka-console-consumer", "-topic {who}-a"),
        ("kafka-console-consumer", "-brokers {at}"),
        ("kafka-console-consumer", "-brokers {at} -topic {who}-a -offset 3"),
        ("kafka-console-consumer", "-brokers {at} -topic {who}-a -partitions x"),
        ("kafka-console-consumer", "-brokers {at} -topic {who}-a -partitions 7"),
        ("kafka-console-consumer", "-brokers {at} -topic {who}{sp}a"),
        ("kafka-console-consumer", "-brokers 127.0.0.1:1 -topic {who}-a"),
        ("kafka-console-consumer", "-brokers {at} -topic {who}-a -buffer-size x"),
        ("kafka-console-consumer", "-h"),
        ("kafka-console-partitionconsumer", ""),
        ("kafka-console-partitionconsumer", "-brokers {at} -topic {who}-a"),
        ("kafka-console-partitionconsumer", "-brokers {at} -topic {who}-a -partition 7"),
        ("kafka-console-partitionconsumer", "-brokers {at} -topic {who}-a -partition 1 -offset 5"),
        ("kafka-console-partitionconsumer", "-brokers {at} -topic {who}-a -partition 1 -offset -7"),
        ("kafka-console-partitionconsumer", "-brokers {at} -topic {who}-a -partition 1 -offset x"),
        ("kafka-console-partitionconsumer", "-brokers {at} -topic {who}{sp}a -partition 1"),
        ("kafka-console-partitionconsumer", "-brokers 127.0.0.1:1 -topic a -partition 1"),
        ("kafka-console-partitionconsumer", "-help"),
    ] {
        it.compare(name, line);
    }
    it.done();
}

#[test]
fn producers_are_measured_alike() {
    let mut it = Comparison::new();
    it.topic("{who}-a", 3);
    let name = "kafka-producer-performance";
    for line in [
        "-message-load 300 -message-size 100",
        "-message-load 300 -message-size 100 -version 2.8.0 -compression lz4 -required-acks -1",
        "-message-load 300 -message-size 100 -version 2.8.0 -compression gzip -flush-frequency 5ms -flush-messages 50",
        "-message-load 300 -message-size 100 -version 2.8.0 -required-acks 0",
        "-message-load 30 -message-size 100 -version 2.8.0 -partitioner manual -partition 2",
        "-message-load 31 -message-size 100 -version 2.8.0 -sync -routines 2 -partitioner manual -partition 1",
        "-message-load 3 -message-size 100 -version 2.8.0 -throughput 2",
        "-message-load 2 -message-size 100 -version 2.8.0 -sync -throughput 3",
        "-message-load 3 -message-size 100 -version 2.8.0 -required-acks 2",
        "-message-load 3 -message-size 100 -version 2.8.0 -max-message-bytes 100",
        "-message-load 3 -message-size 100 -max-message-bytes 100",
        "-message-load 3 -message-size 100 -max-message-bytes 100 -sync",
        "-message-load 3 -message-size 100 -version 2.8.0 -partitioner manual -partition 9",
        "-message-load 3 -message-size 100 -version 2.8.0 -partitioner manual",
        "-message-load 3 -message-size 100 -partitioner murmur2",
        "-message-load 3 -message-size 100 -compression zstd",
        "-message-load 3 -message-size 100 -compression lz4",
        "-message-load 3 -message-size 100 -client-id a{sp}b",
        "-message-load 3 -message-size 100 -version nonsense",
        "-message-load 3 -message-size 100 -flush-max-messages 1 -flush-messages 2",
        "-message-load 3 -message-size 100 -timeout -1s",
        "-message-load 3 -message-size 100 -timeout 3",
        "-message-load 3 -message-size 100 -routines 4",
        "-message-load 3 -message-size 100 -security-protocol SASL",
        "-message-load 3 -message-size 100 -security-protocol SSL",
        "-message-load 3 -message-size 100 -security-protocol SSL -tls-ca-certs /none",
        "-message-load 3 -message-size 100 -security-protocol SSL -tls-client-cert /none -tls-client-key /none",
        "-message-load 3",
        "-message-size 3",
        "",
    ] {
        it.compare_masked(name, &format!("-brokers {{at}} -topic {{who}}-a {line}"), &NUMBERS);
    }
    for line in ["", "-brokers {at}", "-brokers 127.0.0.1:1 -topic a -message-load 3 -message-size 3", "-h"] {
        it.compare(name, line);
    }
    it.compare_offsets("{who}-a");
    it.done();
}
