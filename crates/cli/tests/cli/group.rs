//! `ottla group`.

use super::Visit;

/// A broker with a topic of two partitions of five records each, of which a group has had three.
fn visit() -> Visit {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    for partition in ["0", "1"] {
        visit.fed(&["produce", "orders", "-p", partition], b"a\nb\nc\nd\ne\n");
    }
    for partition in ["orders:0", "orders:1"] {
        visit.ok(&["group", "seek", "billing", "--to", "3", "--topic", partition, "--execute"]);
    }
    visit
}

#[test]
fn groups_are_listed_and_described_with_their_lag() {
    let visit = visit();
    let listed = visit.ok(&["group", "list"]);
    assert_eq!(listed, "GROUP    TYPE     STATE  COORDINATOR\nbilling  classic  Empty            1\n");
    let described = visit.ok(&["group", "describe", "billing"]);
    for line in ["STATE Empty", "TOTAL-LAG 4", "orders 1 3 5 2"] {
        let words = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
        let begins = |it: &str| it.split_whitespace().collect::<Vec<_>>().starts_with(&words(line));
        assert!(described.lines().any(begins), "{line:?} in {described}");
    }
    for (flag, value) in [("--type", "foo"), ("--state", "Foo")] {
        let refused = visit.refused(&["group", "list", flag, value], 2);
        assert!(refused.contains(value) && refused.contains("possible values"), "{refused}");
    }
    let unknown = visit.refused(&["group", "describe", "nobody"], 1);
    assert!(unknown.contains("GROUP_ID_NOT_FOUND"), "{unknown}");
}

#[test]
fn a_seek_is_shown_before_it_is_made() {
    let visit = visit();
    let offsets = || -> Vec<(i64, i64)> {
        let rows = super::support::json_lines(&visit.ok(&["group", "describe", "billing", "-o", "ndjson"]));
        let offset = |row: &serde_json::Value, name: &str| row[name].as_i64().unwrap();
        let rows = rows[0]["offsets"].as_array().unwrap();
        rows.iter().map(|row| (offset(row, "partition"), offset(row, "committedOffset"))).collect()
    };
    let ended = visit.run(&["group", "seek", "billing", "--to", "start"]);
    assert_eq!(
        ended.stdout,
        "TOPIC   PARTITION  OFFSET  NEW-OFFSET\norders          0       3           0\norders          1       3           0\n"
    );
    assert!(ended.stderr.contains("nothing was changed: --execute does it"), "{}", ended.stderr);
    assert_eq!(offsets(), [(0, 3), (1, 3)]);
    for (to, expected) in [("-1", 2), ("+2", 4), ("1", 1), ("end", 5), ("-100", 0), ("@now", 5)] {
        visit.ok(&["group", "reset", "billing", "--to", to, "--topic", "orders:1", "--execute"]);
        assert_eq!(offsets(), [(0, 3), (1, expected)], "{to}");
    }
    let nowhere = visit.refused(&["group", "seek", "billing", "--to", "soon"], 2);
    assert!(nowhere.contains("--to soon"), "{nowhere}");
    let nobody = visit.refused(&["group", "seek", "nobody", "--to", "end"], 2);
    assert!(nobody.contains("name topics with --topic"), "{nobody}");
}

#[test]
fn an_offset_that_is_not_there_is_replaced_and_that_is_told() {
    let visit = visit();
    let ended = visit.run(&["group", "seek", "billing", "--to", "100", "--topic", "orders:0", "--execute"]);
    assert!(ended.stderr.contains("orders-0 has no offset 100: its end is taken, 5"), "{}", ended.stderr);
    assert_eq!(
        ended.stdout,
        "TOPIC   PARTITION  OFFSET  NEW-OFFSET  CLAMPED\norders          0       3           5      100\n"
    );
}

#[test]
fn offsets_and_groups_are_deleted_when_that_is_confirmed() {
    let visit = visit();
    assert!(visit.refused(&["group", "delete", "billing"], 2).contains("--yes"));
    assert!(visit.refused(&["group", "delete-offsets", "billing", "orders"], 2).contains("--yes"));
    let deleted = visit.ok(&["group", "delete-offsets", "billing", "orders:1", "--yes"]);
    assert_eq!(deleted, "NAME      RESULT\norders-1  deleted\n");
    assert!(visit.ok(&["group", "describe", "billing"]).contains("TOTAL-LAG  2"));
    assert_eq!(visit.ok(&["group", "rm", "billing", "-y"]), "NAME     RESULT\nbilling  deleted\n");
    assert_eq!(visit.ok(&["group", "list", "-o", "ndjson"]), "");
    let gone = visit.refused(&["group", "rm", "billing", "-y"], 1);
    assert!(gone.contains("GROUP_ID_NOT_FOUND"), "{gone}");
}

#[test]
fn members_are_shown_and_removed() {
    let visit = visit();
    let mut command = visit.command(&["consume", "orders", "-g", "live", "-X", "client.id=till"]);
    command.stdout(std::process::Stdio::null());
    let mut member = command.spawn().unwrap();
    let described = || visit.run(&["group", "describe", "live"]).stdout;
    super::support::wait_until("it has its partitions", || described().contains("orders-0,orders-1"));
    assert!(described().contains("till"), "{}", described());
    let shown = visit.run(&["group", "seek", "live", "--to", "start", "--topic", "orders"]);
    assert!(shown.stderr.contains("live has members, 1 of them"), "{}", shown.stderr);
    let refused = visit.run(&["group", "seek", "live", "--to", "start", "--topic", "orders:0", "--execute"]);
    assert!(
        refused.stderr.contains("orders-0: the group has members: stop them first"),
        "{}",
        refused.stderr
    );
    let mut lines = refused.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(lines.next().unwrap(), ["TOPIC", "PARTITION", "OFFSET", "NEW-OFFSET", "ERROR"]);
    assert_eq!(lines.next().unwrap()[3], "-", "{}", refused.stdout);
    let removed = visit.ok(&["group", "remove-member", "live", "--all", "--yes"]);
    assert!(removed.trim_end().ends_with("removed"), "{removed}");
    member.kill().unwrap();
    member.wait().unwrap();
}

#[test]
fn how_long_a_group_is_behind_is_told() {
    let visit = visit();
    let rows = super::support::json_lines(&visit.ok(&["group", "describe", "billing", "-o", "ndjson"]));
    for row in rows[0]["offsets"].as_array().unwrap() {
        assert!(row["lagMs"].as_i64().is_some_and(|age| (0..600_000).contains(&age)), "{row}");
    }
    visit.ok(&["group", "seek", "billing", "--to", "end", "--execute"]);
    let rows = super::support::json_lines(&visit.ok(&["group", "describe", "billing", "-o", "ndjson"]));
    assert_eq!(rows[0]["offsets"][0]["lagMs"], 0);
}

#[test]
fn what_a_group_reads_next_is_shown() {
    let visit = visit();
    let peek = |args: &[&str]| visit.ok(&[&["group", "peek", "billing"], args].concat());
    assert_eq!(peek(&["-f", "%p %o %v\\n"]), "0 3 d\n1 3 d\n");
    assert_eq!(peek(&["-f", "%o%v ", "-n", "5", "--topic", "orders:1"]), "3d 4e ");
    visit.ok(&["group", "seek", "billing", "--to", "end", "--execute"]);
    assert_eq!(peek(&[]), "");
}

#[test]
fn a_group_goes_on_where_another_one_is() {
    let visit = visit();
    let shown = visit.ok(&["group", "clone", "billing", "copy", "-o", "tsv"]);
    assert_eq!(
        shown,
        "TOPIC\tPARTITION\tOFFSET\tNEW-OFFSET\tERROR\norders\t0\t-\t3\t-\norders\t1\t-\t3\t-\n"
    );
    assert!(!visit.ok(&["group", "list"]).contains("copy"));
    visit.ok(&["group", "clone", "billing", "copy", "--topic", "orders:1", "--execute"]);
    assert!(visit.ok(&["group", "describe", "copy"]).contains("TOTAL-LAG  2"));
    assert!(visit.refused(&["group", "clone", "nobody", "copy"], 2).contains("nobody has committed nothing"));
}

#[test]
fn groups_are_watched() {
    let visit = visit();
    let args = ["group", "watch", "billing", "--interval", "50ms", "-n", "3", "-o", "ndjson"];
    let rounds = super::support::json_lines(&visit.ok(&args));
    assert_eq!(rounds.iter().map(|round| round["totalLag"].as_i64()).collect::<Vec<_>>(), [Some(4); 3]);
    assert!(visit.refused(&["group", "watch", "billing", "--interval", "0s"], 2).contains("--interval 0s"));
}
