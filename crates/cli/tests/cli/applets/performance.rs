//! Scripts that measure. Numbers that are never the same twice are masked.

use regex::Regex;

use super::super::Visit;

impl Visit {
    /// What a script prints, with numbers of many digits behind the point, and of milliseconds, as `*`.
    fn measures(&self, name: &str, line: &str) -> String {
        let ended = self.script(name, line);
        assert_eq!(ended.code, Some(0), "{name} {line}: {}{}", ended.stdout, ended.stderr);
        let volatile = Regex::new(
            r"[0-9-]+ [0-9:]{12}|[0-9]+\.[0-9]+|NaN|Infinity|[0-9]+ ms|, [0-9]+, [0-9]+, |= [0-9]+",
        )
        .unwrap();
        volatile.replace_all(&ended.stdout, "*").into_owned()
    }
}

const TOTAL: &str = "records sent, * records/sec (* MB/sec), * ms avg latency, * ms max latency, * 50th, * 95th, \
                     * 99th, * *th.\n";

#[test]
fn the_producers_script_prints_the_lines_of_kafka() {
    let visit = Visit::new();
    let name = "kafka-producer-perf-test";
    visit.ok(&["topic", "create", "a"]);
    let total = |line: &str| visit.measures(name, &format!("--topic a --throughput -1 {line}"));
    let of_hundred = format!("100 {TOTAL}");
    assert_eq!(total("--num-records 100 --record-size 10"), of_hundred);
    assert_eq!(
        total("--num-records 100 --payload-monotonic --command-property acks=1 linger.ms=0"),
        of_hundred
    );
    let deprecated = "Option --producer-props has been deprecated and will be removed in a future version. Use \
                      --command-property instead.\n";
    assert_eq!(
        total("--num-records 100 --record-size 10 --producer-props acks=1 client.id=x"),
        format!("{deprecated}{of_hundred}")
    );
    let warmup =
        "Warmup first 40 records. Steady state results will print after the complete test summary.\n";
    assert_eq!(
        total("--num-records 100 --record-size 10 --warmup-records 40"),
        format!("{warmup}{of_hundred}60 steady state {TOTAL}")
    );
    let transactional = total("--num-records 100 --record-size 10 --transaction-duration-ms 5");
    assert_eq!(transactional, of_hundred);
    let lines = total("--num-records 30 --record-size 10 --reporting-interval 1 --transactional-id t");
    assert!(
        lines.contains("records sent, * records/sec (* MB/sec), * ms avg latency, * ms max latency.\n"),
        "{lines}"
    );
    let metrics = total("--num-records 5 --record-size 10 --print-metrics --command-property client.id=x");
    assert!(
        metrics.contains("\nMetric Name ")
            && metrics.contains("producer-metrics:record-send-total:{client-id=x}")
    );
    let written = visit.ok(&["consume", "a", "-e", "-o", "ndjson"]);
    assert_eq!(written.lines().count(), 535);
    assert!(written.contains(r#""value":"99""#), "{written}");
}

#[test]
fn the_producers_script_takes_values_from_a_file() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "a"]);
    let file = visit.home.path().join("values").display().to_string();
    std::fs::write(&file, "one\ntwo\n").unwrap();
    let line = format!("--topic a --num-records 9 --throughput 1000 --payload-file {file}");
    let told = visit.measures("kafka-producer-perf-test.sh", &line);
    assert_eq!(told, format!("Reading payloads from: {file}\nNumber of records read: 2\n9 {TOTAL}"));
}

#[test]
fn the_producers_script_refuses_in_the_words_of_kafka() {
    let visit = Visit::new();
    let usage = "usage: kafka-producer-perf-test [-h] [options]\nkafka-producer-perf-test: error: ";
    for (line, expected) in [
        ("--num-records 1 --throughput 1 --record-size 1", "argument --topic is required"),
        (
            "--topic a --num-records 1 --throughput 1",
            "one of the arguments --record-size --payload-file --payload-monotonic is required",
        ),
        (
            "--topic a --num-records 1 --throughput 1 --record-size 1 --payload-monotonic",
            "argument --payload-monotonic: not allowed with argument --record-size",
        ),
        (
            "--topic a --num-records 0 --throughput 1 --record-size 1",
            "--num-records should be greater than zero.",
        ),
        (
            "--topic a --num-records 1 --throughput 1 --record-size 0",
            "--record-size should be greater than zero.",
        ),
        (
            "--topic a --num-records 1 --throughput 1 --record-size 1 --warmup-records 1",
            "The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.",
        ),
        (
            "--topic a --num-records 1 --throughput 1 --record-size 1 --producer-props a=b --command-property c=d",
            "--command-property and --producer-props cannot be specified together.",
        ),
    ] {
        visit.refuses("kafka-producer-perf-test", line, "", &format!("{usage}{expected}"));
    }
    let line = "--topic a --num-records 1 --throughput 1 --record-size 1 --command-property acks";
    visit.refuses("kafka-producer-perf-test", line, "", "Invalid property: acks");
}

#[test]
fn the_consumers_script_prints_the_columns_of_kafka() {
    let visit = Visit::new();
    let name = "kafka-consumer-perf-test";
    visit.bench_of("a", 300);
    let heading = "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, \
                   rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n";
    let line = visit.measures(name, "--topic a --num-records 300");
    assert!(line.starts_with(&format!("{heading}*, *, *, *, 300, *")), "{line}");
    let told = visit.measures(name, "--topic a --messages 300 --hide-header --date-format yyyy");
    assert!(told.starts_with("Warning: --messages is deprecated. Use --num-records instead.\n20"), "{told}");
    let told = visit.measures(name, "--include a|b --num-records 301 --timeout 300 --hide-header");
    let warning = "WARNING: Exiting before consuming the expected number of records: timeout (*) exceeded. You can use \
                   the --timeout option to increase the timeout.\n";
    assert!(told.starts_with(warning), "{told}");
    let told =
        visit.measures(name, "--topic a --num-records 300 --show-detailed-stats --reporting-interval 1");
    assert!(told.starts_with(&heading.replace("start.time, end.time", "time, threadId")), "{told}");
    assert!(told.lines().count() > 1, "{told}");
    for (line, stdout, expected) in [
        ("--num-records 1", "", "Exactly one of the following arguments is required: [topic], [include]"),
        ("--topic a", "", "Exactly one of the following arguments is required: [messages], [num-records]"),
        (
            "--topic a --num-records 1 --reporting-interval 0",
            heading,
            "Reporting interval must be greater than 0.",
        ),
        ("--topic a --num-records 1 --date-format EEE", heading, "Illegal pattern character 'E'"),
    ] {
        visit.refuses(name, line, stdout, expected);
    }
}

#[test]
fn the_script_for_round_trips_prints_the_lines_of_kafka() {
    let visit = Visit::new();
    let name = "kafka-e2e-latency";
    let lines = "0\t*\nAvg latency: * ms\nPercentiles: 50th *, 99th *, *th *\n";
    let created =
        "Topic \"a\" does not exist. Will create topic with * partition(s) and replication factor *\n";
    let told = visit.measures(name, "--topic a --num-records 5 --producer-acks all --record-size 10");
    assert_eq!(told.replace("with 1 partition", "with * partition"), format!("{created}{lines}"));
    let more = "--record-key-size 3 --num-headers 2 --record-header-key-size 4 --record-header-size -1";
    let line = format!("--topic a --num-records 5 --producer-acks 1 --record-size 0 {more}");
    assert_eq!(visit.measures(name, &line), lines);
    let told = visit.ok(&[name, &visit.brokers, "a", "3", "1", "5"]);
    assert!(told.starts_with("WARNING: Positional argument usage is deprecated"), "{told}");
    for (line, expected) in [
        ("--topic a --num-records 5 --producer-acks 0 --record-size 1", "Invalid value for --producer-acks."),
        (
            "--topic a --num-records 0 --producer-acks 1 --record-size 1",
            "Value for --num-records must be a positive",
        ),
        ("--topic a", "Missing required argument \"[num-records]\""),
    ] {
        visit.refuses(name, line, "", expected);
    }
    assert!(visit.refused(&[name, "a", "b"], 1).starts_with("Invalid number of arguments. Expected 5 or 6"));
}

impl Visit {
    /// A topic of one partition with so many records.
    fn bench_of(&self, topic: &str, records: u32) {
        self.ok(&["topic", "create", topic]);
        let count = records.to_string();
        self.ok(&["bench", "produce", topic, "-n", &count]);
    }
}
