//! `ottla check`: a line for people, exit codes for monitoring.

use super::Visit;

/// A topic with three records in one partition, of which a group has had one.
fn visit() -> Visit {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    visit.fed(&["produce", "orders"], b"a\nb\nc\n");
    visit.ok(&["group", "seek", "billing", "--to", "1", "--topic", "orders", "--execute"]);
    visit
}

fn check(visit: &Visit, args: &[&str], code: i32, line: &str) {
    let ended = visit.run(&[&["check"], args].concat());
    let said = ended.stdout.replace(|c: char| c.is_ascii_digit(), "0");
    let line = line.replace(|c: char| c.is_ascii_digit(), "0");
    assert!(said.starts_with(&line), "{args:?}: {}", ended.stdout);
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(code), 1), "{args:?}: {}", ended.stdout);
}

#[test]
fn records_that_can_be_written_and_read_are_ok() {
    let visit = visit();
    check(
        &visit,
        &["produce", "orders"],
        0,
        "PRODUCE OK - wrote to 1 of 1 partitions in 0.001 s | time=0.001s;;;0",
    );
    check(
        &visit,
        &["consume", "orders:0", "-c", "1h"],
        0,
        "CONSUME OK - read from 1 of 1 partitions in 0.001 s | time=0.001s;;0000.000;0",
    );
    check(&visit, &["consume", "orders", "-w", "0ms"], 1, "CONSUME WARNING - read from 1 of 1 partitions");
}

#[test]
fn a_group_that_is_behind_is_told_by_number_and_by_time() {
    let visit = visit();
    for (limits, code, line) in [
        (&["-w", "3", "-c", "4"][..], 0, "LAG OK - the lag of billing is 2 | lag=2;3;4;0"),
        (&["-w", "2", "-c", "3"], 1, "LAG WARNING - the lag of billing is 2 | lag=2;2;3;0"),
        (&["-c", "1"], 2, "LAG CRITICAL - the lag of billing is 2 | lag=2;;1;0"),
        (&["-c", "1", "--topic", "others"], 0, "LAG OK - the lag of billing is 0"),
        (&["-c", "0ms"], 2, "LAG CRITICAL - the lag of billing is"),
        (&["-w", "1d", "-c", "2d"], 0, "LAG OK - the lag of billing is"),
    ] {
        check(&visit, &[&["lag", "billing"], limits].concat(), code, line);
    }
}

#[test]
fn a_topic_into_which_nothing_comes_is_told_by_the_age_of_its_newest_record() {
    let visit = visit();
    visit.ok(&["topic", "create", "empty"]);
    check(
        &visit,
        &["offsets", "orders", "-w", "1h", "-c", "2h"],
        0,
        "OFFSETS OK - the newest record of orders is",
    );
    check(
        &visit,
        &["offsets", "orders", "-c", "0ms"],
        2,
        "OFFSETS CRITICAL - the newest record of orders is",
    );
    check(&visit, &["offsets", "empty", "-w", "1h"], 2, "OFFSETS CRITICAL - empty has no records");
    check(&visit, &["offsets", "empty"], 0, "OFFSETS OK - empty has no records");
}

#[test]
fn what_cannot_be_found_out_is_unknown_and_a_wrong_command_line_is_no_check() {
    let visit = visit();
    check(&visit, &["lag", "nobody", "-b", "127.0.0.1:1"], 3, "LAG UNKNOWN - cannot connect to 127.0.0.1:1");
    check(&visit, &["produce", "missing"], 3, "PRODUCE UNKNOWN - ");
    for (wrong, said) in [
        (&["lag", "billing", "-w", "1", "-c", "1m"][..], "both be numbers, or both durations"),
        (&["offsets", "orders", "-w", "10"], "as durations"),
        (&["lag", "billing", "-w", "soon"], "soon is no limit"),
    ] {
        let refused = visit.refused(&[&["check"], wrong].concat(), 2);
        assert!(refused.contains(said), "{wrong:?}: {refused}");
    }
}
