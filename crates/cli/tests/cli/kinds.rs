//! `ottla share` and `ottla streams`, as far as they need no broker that serves them; `tests/apache_kafka` has the rest.

use super::Visit;

#[test]
fn groups_of_other_kinds_are_not_among_them() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    visit.ok(&["group", "seek", "billing", "--to", "0", "--topic", "orders", "--execute"]);
    assert_eq!(visit.ok(&["group", "list", "-o", "ndjson"]).lines().count(), 1);
    for kind in ["share", "streams"] {
        assert_eq!(visit.ok(&[kind, "list", "-o", "ndjson"]), "", "{kind}");
    }
}

#[test]
fn a_broker_that_does_not_serve_it_says_so_in_a_line() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    for (line, api) in [
        ("share describe billing", "ShareGroupDescribe"),
        ("share seek billing --to start --topic orders", "DescribeShareGroupOffsets"),
        ("share delete-offsets billing orders --yes", "DeleteShareGroupOffsets"),
        ("streams describe billing", "StreamsGroupDescribe"),
    ] {
        let refused = visit.refused(&line.split(' ').collect::<Vec<_>>(), 1);
        assert!(refused.contains(api), "{line}: {refused}");
        assert!(refused.lines().count() <= 2, "{line}: {refused}");
    }
    for line in ["share delete billing", "share delete-offsets billing orders", "streams delete billing"] {
        let refused = visit.refused(&line.split(' ').collect::<Vec<_>>(), 2);
        assert!(refused.contains("give --yes"), "{line}: {refused}");
    }
    assert!(visit.refused(&["share", "seek", "billing", "--to", "soon"], 2).contains("--to soon"));
}

#[test]
fn offsets_of_a_streams_group_are_set_as_those_of_consumers() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    visit.fed(&["produce", "orders", "-p", "1"], b"a\nb\nc\n");
    let shown = visit.ok(&["streams", "seek", "totals", "--to", "end", "--topic", "orders:1", "--execute"]);
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["orders", "1", "-", "3"])), "{shown}");
    visit.ok(&["streams", "delete-offsets", "totals", "orders:1", "--yes"]);
}
