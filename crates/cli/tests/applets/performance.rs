//! Scripts that measure: with numbers that are never the same twice masked.

use super::Comparison;

/// Rates, and times.
const NUMBERS: [&str; 2] =
    [r"[0-9]+\.[0-9]+( records/sec| MB/sec| ms)|NaN|Infinity", r"[0-9]+ ms [0-9.]+th|= [0-9]+"];

const ROWS: [&str; 3] =
    ["[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]+", r"[0-9]+\.[0-9]+|NaN|Infinity", r"[0-9]+, -?[0-9]+, \*, \*"];

#[test]
fn producers_are_measured_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a");
    let values = it.file("values", "one\ntwo\nthree\n");
    let empty = it.file("empty", "");
    let config = it.file("config", "acks=1\n");
    let name = "kafka-producer-perf-test";
    for line in [
        "--num-records 500 --record-size 100".to_owned(),
        "--num-records 500 --record-size 100 --producer-props acks=1 linger.ms=0".to_owned(),
        format!("--num-records 500 --record-size 100 --producer.config {config}"),
        "--num-records 500 --payload-monotonic --command-property acks=all".to_owned(),
        format!("--num-records 50 --payload-file {values}"),
        format!("--num-records 50 --payload-file {values} --payload-delimiter w"),
        format!("--num-records 50 --payload-file {empty}"),
        "--num-records 50 --payload-file /none".to_owned(),
        "--num-records 500 --record-size 10 --warmup-records 100".to_owned(),
        "--num-records 500 --record-size 10 --transactional-id {who}".to_owned(),
        "--num-records 500 --record-size 10 --transaction-duration-ms 20".to_owned(),
        "--num-records 0 --record-size 10".to_owned(),
        "--num-records 5 --record-size 0".to_owned(),
        "--num-records 5 --record-size 10 --warmup-records 5".to_owned(),
        "--num-records 5 --record-size 10 --reporting-interval 0".to_owned(),
        "--num-records 5 --record-size 10 --transaction-duration-ms 0".to_owned(),
        "--num-records 5 --record-size 10 --payload-monotonic".to_owned(),
        "--num-records 5 --record-size 10 --producer-props acks=1 --command-property acks=1".to_owned(),
        "--num-records 5 --record-size 10 --command-property acks".to_owned(),
        "--num-records 5 --record-size 10 more".to_owned(),
        "--num-records x --record-size 10".to_owned(),
        "--num-records 5".to_owned(),
        "--record-size 5".to_owned(),
    ] {
        it.compare_masked(name, &format!("{{at}} --topic {{who}}-a --throughput -1 {line}"), "", &NUMBERS);
    }
    it.compare(name, "--topic a --throughput -1 --num-records 5 --record-size 10");
    it.done();
}

#[test]
fn consumers_are_measured_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a");
    let produce = "{at} --topic {who}-a --throughput -1 --num-records 500 --record-size 100";
    it.compare_masked("kafka-producer-perf-test", produce, "", &NUMBERS);
    for line in [
        "--topic {who}-a --num-records 500",
        "--topic {who}-a --num-records 500 --hide-header",
        "--topic {who}-a --messages 500 --fetch-size 1000 --socket-buffer-size 10000",
        "--include {who}-.* --num-records 500 --group {who}",
        "--topic {who}-a --num-records 501 --timeout 1500",
        "--topic {who}-a --num-records 1 --from-latest --timeout 1500",
        "--topic {who}-a --num-records 500 --show-detailed-stats",
        "--topic {who}-a --num-records 500 --date-format yyyy",
        "--topic {who}-a --num-records 500 --date-format b",
        "--topic {who}-a --num-records 500 --command-property client.id=x",
        "--topic {who}-a --num-records 500 --messages 5",
        "--topic {who}-a --num-records x",
        "--topic {who}-a --num-records 1 --reporting-interval x",
        "--topic {who}-a",
        "--num-records 1",
        "--topic {who}-a --include a --num-records 1",
    ] {
        it.compare_masked("kafka-consumer-perf-test", &format!("{{at}} {line}"), "", &ROWS);
    }
    it.compare("kafka-consumer-perf-test", "--topic a --num-records 1");
    it.done();
}

#[test]
fn round_trips_are_measured_alike() {
    let mut it = Comparison::new();
    let name = "kafka-e2e-latency";
    let masks = [NUMBERS[0], NUMBERS[1], r"\t[0-9.]+"];
    for line in [
        "--topic {who}-a --num-records 20 --producer-acks all --record-size 10",
        "--topic {who}-a --num-records 20 --producer-acks 1 --record-size 0 --record-key-size 5",
        "--topic {who}-a --num-records 9 --producer-acks 1 --record-size 1 --num-headers 2 \
         --record-header-key-size 3 --record-header-size -1",
        "--topic {who}-a --num-records 9 --producer-acks 0 --record-size 1",
        "--topic {who}-a --num-records 0 --producer-acks 1 --record-size 1",
        "--topic {who}-a --num-records 1 --producer-acks 1 --record-size -1",
        "--topic {who}-a --num-records 1 --producer-acks 1",
    ] {
        it.compare_masked(name, &format!("{{at}} {line}"), "", &masks);
    }
    let brokers = it.brokers.clone();
    it.compare_masked(name, &format!("{brokers} {{who}}-a 9 all 10"), "", &masks);
    it.compare(name, &format!("{brokers} {{who}}-a 9 all"));
    it.done();
}
