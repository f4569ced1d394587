//! `ottla top`, where no terminal is taken; `terminal.rs` has the rest.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Visit;
use super::support::server::Server;
use super::support::{json_lines, wait_until};

/// A topic of two partitions with three records, of which a group has had two, and one with nothing in it.
fn visit() -> Visit {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    visit.ok(&["topic", "create", "quiet"]);
    visit.fed(&["produce", "orders", "-p", "1"], b"one\ntwo\nthree\n");
    visit.ok(&["group", "seek", "billing", "--to", "2", "--topic", "orders:1", "--execute"]);
    visit
}

fn rounds(visit: &Visit, line: &str) -> Vec<Value> {
    let args = format!("top -o ndjson {line}");
    json_lines(&visit.ok(&args.split_whitespace().collect::<Vec<_>>()))
}

fn names(round: &Value, list: &str, name: &str) -> Vec<String> {
    let rows = round[list].as_array().unwrap();
    rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_round_tells_of_the_cluster_its_topics_and_its_groups() {
    let visit = visit();
    let rounds = rounds(&visit, "-n 2 --interval 50ms");
    assert_eq!(rounds.len(), 2);
    for round in &rounds {
        assert_eq!(names(round, "topics", "topic"), ["orders", "quiet"], "{round}");
        assert_eq!((&round["brokerCount"], &round["isHealthy"]), (&1.into(), &true.into()), "{round}");
        assert_eq!((&round["lag"], &round["notes"]), (&1.into(), &Value::Array(Vec::new())), "{round}");
        let orders = &round["topics"][0];
        assert_eq!((&orders["partitions"], &orders["recordsPerSecond"]), (&2.into(), &0.0.into()), "{round}");
        assert!(orders["bytes"].as_i64().is_some_and(|bytes| bytes > 0), "{round}");
        assert_eq!(round["topics"][1]["bytes"], 0, "{round}");
        let group = &round["groups"][0];
        assert_eq!((&group["group"], &group["lag"]), (&"billing".into(), &1.into()), "{round}");
        assert_eq!((&group["state"], &group["members"]), (&"Empty".into(), &0.into()), "{round}");
        assert_eq!(group["lagPerSecond"], 0.0, "{round}");
    }
}

#[test]
fn what_is_written_and_consumed_meanwhile_is_counted() {
    let visit = visit();
    let file = visit.home.path().join("lines");
    std::fs::write(&file, "a line\n").unwrap();
    let written = ["produce", "orders", file.to_str().unwrap(), "--rate", "200", "--repeat", "100000"];
    let _writing = Server::start(&mut visit.command(&written));
    let consumed = ["consume", "orders", "-g", "billing", "-X", "auto.commit.interval.ms=50"];
    let _reading = Server::start(&mut visit.command(&consumed));
    let is_busy = |round: &Value| {
        let above_zero = |value: &Value| value.as_f64().is_some_and(|number| number > 0.0);
        let (orders, billing) = (&round["topics"][0], &round["groups"][0]);
        above_zero(&orders["recordsPerSecond"])
            && above_zero(&orders["bytesPerSecond"])
            && above_zero(&billing["recordsPerSecond"])
            && billing["members"] == 1
    };
    wait_until("it is busy", || rounds(&visit, "-n 1 --interval 300ms").iter().all(is_busy));
}

#[test]
fn flags_choose_and_sort() {
    let visit = visit();
    for (line, topics, groups) in [
        ("", &["orders", "quiet"][..], &["billing"][..]),
        ("--sort name --limit 1", &["orders"], &["billing"]),
        ("--topic o*", &["orders"], &["billing"]),
        ("--topic q*", &["quiet"], &[]),
        ("--topic /^o/ --topic quiet --group none", &["orders", "quiet"], &[]),
        ("--internal --sort partitions", &["__consumer_offsets", "orders", "quiet"], &["billing"]),
    ] {
        let round = rounds(&visit, &format!("-n 1 --interval 50ms {line}")).remove(0);
        assert_eq!(names(&round, "topics", "topic"), topics, "{line}");
        assert_eq!(names(&round, "groups", "group"), groups, "{line}");
    }
    for (line, expected) in [
        ("--interval 0s", "--interval 0s: give it as 500ms, 2s or 1m"),
        ("--topic [", "--topic [: [: [ is not closed"),
        ("--sort speed", "invalid value 'speed'"),
        ("--limit few", "invalid value 'few'"),
    ] {
        let args: Vec<&str> = ["top"].into_iter().chain(line.split(' ')).collect();
        let refused = visit.refused(&args, 2);
        assert!(refused.contains(expected), "{line}: {refused}");
    }
}

#[test]
fn a_pipe_gets_blocks_without_escape_codes() {
    let visit = visit();
    let printed = visit.ok(&["top", "-n", "2", "--interval", "50ms"]);
    assert!(!printed.contains('\x1b'), "{printed:?}");
    let blocks: Vec<&str> = printed.split("\n\nAT ").collect();
    assert_eq!(blocks.len(), 2, "{printed}");
    for block in blocks {
        for heading in ["TOPIC ", "RECORDS/S", "UNDER-REPLICATED", "GROUP ", "CONSUMED/S"] {
            assert!(block.contains(heading), "{heading}: {block}");
        }
    }
}

#[test]
fn a_signal_ends_what_goes_on_and_cuts_short_what_would_have_ended() {
    let visit = visit();
    for (watch, signal, code) in [
        (&["top"][..], Signal::INT, 0),
        (&["top", "-n", "1000"], Signal::TERM, 143),
        (&["group", "watch", "billing"], Signal::TERM, 0),
        (&["group", "watch", "billing", "-n", "1000"], Signal::INT, 130),
    ] {
        let mut command = visit.command(watch);
        command.args(["--interval", "50ms", "-o", "ndjson"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{watch:?}");
    }
}
