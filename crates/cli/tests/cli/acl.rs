//! `ottla acl`, as far as a broker is needed that has no authorizer; `tests/apache_kafka` has the rest.

use super::Visit;

#[test]
fn a_broker_that_knows_no_access_control_says_so_in_a_line() {
    let visit = Visit::new();
    for args in [
        &["acl", "list"][..],
        &["acl", "create", "--allow", "User:alice", "--operation", "read", "--topic", "orders"],
        &["acl", "delete", "--topic", "orders", "--yes"],
    ] {
        let refused = visit.refused(args, 1);
        assert!(refused.contains("Acls"), "{args:?}: {refused}");
        assert!(refused.lines().count() <= 2, "{args:?}: {refused}");
    }
}

#[test]
fn what_would_be_allowed_is_shown_without_a_broker() {
    let visit = Visit::new();
    let create = |args: &[&str]| visit.ok(&[&["acl", "create", "--dry-run", "-o", "tsv"], args].concat());
    let rows = |args: &[&str]| -> Vec<String> {
        create(args).lines().skip(1).map(|line| line.replace('\t', " ")).collect()
    };
    assert_eq!(
        rows(&["--allow", "User:etl", "--role", "consumer", "--topic", "orders", "--group", "etl"]),
        [
            "TOPIC orders LITERAL User:etl * READ ALLOW planned",
            "TOPIC orders LITERAL User:etl * DESCRIBE ALLOW planned",
            "GROUP etl LITERAL User:etl * READ ALLOW planned",
        ]
    );
    assert_eq!(
        rows(&[
            "--deny",
            "User:a:b",
            "--operation",
            "IdempotentWrite,alter-configs",
            "--cluster",
            "--prefixed",
            "--host",
            "10.0.0.1"
        ]),
        [
            "CLUSTER kafka-cluster LITERAL User:a:b 10.0.0.1 IDEMPOTENT_WRITE DENY planned",
            "CLUSTER kafka-cluster LITERAL User:a:b 10.0.0.1 ALTER_CONFIGS DENY planned",
        ]
    );
    assert_eq!(
        rows(&["--allow", "User:*", "--operation", "all", "--topic", "team-", "--prefixed"]),
        ["TOPIC team- PREFIXED User:* * ALL ALLOW planned"]
    );
}

#[test]
fn a_line_that_makes_no_sense_is_refused_before_anything_is_asked() {
    let visit = Visit::new();
    for (line, expected) in [
        ("create --operation read --topic t", "--allow"),
        ("create --allow User:a --topic t", "--operation"),
        ("create --allow User:a --operation read", "name what it is about"),
        ("create --allow alice --operation read --topic t", "say what kind it is, too: User:alice"),
        ("create --allow User:a --operation fly --topic t", "give one of any, all, read"),
        ("create --allow User:a --operation write --group g", "write is nothing that is done to a group"),
        ("create --allow User:a --role consumer --cluster", "nothing to do with a cluster"),
        ("delete --yes", "name which"),
        ("delete --all --topic t --yes", "name which"),
        ("list --principal :alice", "it has no kind: say User:alice"),
        ("list --pattern like", "give one of any, match, literal, prefixed"),
    ] {
        let args: Vec<&str> = ["acl"].into_iter().chain(line.split(' ')).collect();
        let refused = visit.refused(&args, 2);
        assert!(refused.contains(expected), "{line}: {refused}");
    }
}
