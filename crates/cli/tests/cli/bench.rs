//! `ottla bench`.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Visit;
use super::support::wait_until;

impl Visit {
    fn bench(&self, line: &str) -> Vec<Value> {
        let mut args = vec!["bench"];
        args.extend(line.split_whitespace());
        args.extend(["-o", "json"]);
        serde_json::from_str(&self.ok(&args)).expect("a list of measurements")
    }

    fn topics(&self) -> String {
        self.ok(&["topic", "list", "-o", "ndjson"])
    }
}

fn names(reports: &[Value]) -> Vec<&str> {
    reports.iter().map(|report| report["test"].as_str().unwrap()).collect()
}

#[test]
fn what_is_written_is_counted_and_timed_and_the_topic_is_gone_afterwards() {
    let visit = Visit::new();
    for line in [
        "produce -n 1000",
        "produce -n 1000 --producers 3 -z lz4 --acks 1",
        "produce -n 1000 --transactional=50ms -p 2 -c retention.ms=1000",
        "produce -n 1000 --rate 5000 -X linger.ms=0",
    ] {
        let reports = visit.bench(line);
        let [report] = &reports[..] else { panic!("{line}: {reports:?}") };
        assert_eq!((&report["test"], &report["records"]), (&"produce".into(), &1000.into()), "{line}");
        assert_eq!((&report["bytes"], &report["failed"]), (&100_000.into(), &0.into()), "{line}");
        let number = |field: &str| report[field].as_f64().unwrap_or_else(|| panic!("{line}: {report}"));
        let quantiles = ["p50Ms", "p90Ms", "p95Ms", "p99Ms", "p999Ms", "maxMs"].map(number);
        assert!(quantiles.is_sorted() && quantiles[0] > 0.0, "{line}: {report}");
        let others = ["seconds", "recordsPerSecond", "mibPerSecond", "cpuUsPerRecord"].map(number);
        assert!(others.iter().all(|number| *number > 0.0), "{line}: {report}");
    }
    assert_eq!(visit.topics(), "");
}

#[test]
fn one_signal_ends_all_of_it_with_what_was_measured() {
    let visit = Visit::new();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut command = visit.command(&["bench", "all", "--duration", "10m", "-o", "json"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("there is a topic", || visit.topics().contains("ottla-bench-"));
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
        let reports: Vec<Value> = serde_json::from_slice(&ended.stdout).expect("what was measured");
        assert_eq!(names(&reports), ["produce"]);
        assert_eq!(visit.topics(), "");
    }
}

#[test]
fn a_pace_is_kept() {
    let visit = Visit::new();
    let reports = visit.bench("produce --rate 100 -n 30");
    assert!(reports[0]["seconds"].as_f64().unwrap() >= 0.29, "{reports:?}");
    let reports = visit.bench("produce --rate 200 --duration 500ms");
    let records = reports[0]["records"].as_u64().unwrap();
    assert!((1..=101).contains(&records), "{reports:?}");
}

#[test]
fn what_is_read_is_counted_up_to_the_end_or_as_many_as_are_wanted() {
    let visit = Visit::new();
    for (line, expected) in [
        ("consume --fill 2000", 2000),
        ("consume --fill 2000 --consumers 9 -p 3", 2000),
        ("consume --fill 2000 -n 500 --size 10", 500),
        ("consume --fill 0", 0),
    ] {
        let reports = visit.bench(line);
        assert_eq!(
            (&reports[0]["records"], &reports[0]["p50Ms"]),
            (&expected.into(), &Value::Null),
            "{line}"
        );
    }
    assert_eq!(visit.topics(), "");
}

#[test]
fn records_go_and_come_one_by_one() {
    let visit = Visit::new();
    let reports = visit.bench("latency -n 20 --size 3");
    assert_eq!(names(&reports), ["written", "read"]);
    for report in &reports {
        assert_eq!((&report["records"], &report["bytes"]), (&20.into(), &160.into()), "a number has 8 bytes");
        assert!(report["maxMs"].as_f64().unwrap() > 0.0);
    }
    assert_eq!(names(&visit.bench("all -n 100")), ["produce", "consume", "written", "read"]);
    let csv = visit.ok(&["bench", "all", "-n", "50", "-o", "csv"]);
    assert_eq!(csv.lines().count(), 5, "{csv}");
    assert!(csv.starts_with("TEST,RECORDS,FAILED,BYTES,SECONDS,RECORDS/S,MIB/S,MEAN-MS,P50-MS,"), "{csv}");
    assert!(csv.contains("\r\nproduce,50,0,5000,"), "{csv}");
}

#[test]
fn a_topic_that_is_there_stays_and_its_records_are_the_files() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    let file = visit.home.path().join("values").display().to_string();
    std::fs::write(&file, "one;two;three").unwrap();
    let line = format!("produce orders -n 50 --payload-file {file} --payload-delimiter ;");
    assert_eq!(visit.bench(&line)[0]["records"], 50);
    let mut values: Vec<String> = visit.ok(&["consume", "orders", "-e"]).lines().map(str::to_owned).collect();
    assert_eq!(values.len(), 50);
    values.sort_unstable();
    values.dedup();
    assert_eq!(values, ["one", "three", "two"]);
    assert_eq!(visit.bench("consume orders")[0]["records"], 50);
    assert_eq!(visit.bench("produce --keep -n 1")[0]["records"], 1);
    assert!(visit.topics().contains("orders") && visit.topics().contains("ottla-bench-"));
}

#[test]
fn what_makes_no_sense_is_refused_in_a_line_and_leaves_nothing_behind() {
    let visit = Visit::new();
    let empty = visit.home.path().join("empty").display().to_string();
    std::fs::write(&empty, "").unwrap();
    for (line, code, expected) in [
        ("produce nonesuch", 1, "UNKNOWN_TOPIC_OR_PARTITION"),
        ("produce -n 0", 2, "'--num <N>'"),
        ("produce --rate 0", 2, "it is a number above 0"),
        ("produce --rate nan", 2, "it is a number above 0"),
        ("produce --duration 5", 2, "--duration 5: give it as 500ms, 30s or 1m"),
        ("produce --transactional=0s", 2, "--transactional 0s"),
        ("produce --size 9999999999", 2, "it is a number of bytes"),
        ("produce --size 2000000 -n 1", 1, "max.request.size"),
        ("produce --acks 1 --transactional -n 1", 2, "acks"),
        ("produce -c nonsense", 2, "give it as key=value"),
        ("produce -c no.such=1", 1, "cannot create topic ottla-bench-"),
        ("produce t -c retention.ms=1", 2, "are for a topic that is made"),
        ("produce --payload-file /none", 1, "cannot read /none"),
        (&format!("produce --payload-file {empty}"), 1, "there is nothing to send"),
        ("consume --consumers 0", 2, "'--consumers <N>'"),
    ] {
        let args: Vec<&str> = ["bench"].into_iter().chain(line.split_whitespace()).collect();
        let said = visit.refused(&args, code);
        assert!(said.contains(expected), "{line}: {said}");
    }
    assert_eq!(visit.topics(), "");
}
