//! `ottla apply` and `ottla topic export`.

use super::Visit;

const FILE: &str = "\
topics:
- name: orders
  partitions: 3
  configs:
    retention.ms: 86400000
    cleanup.policy: compact
- name: payments
";

/// Applies this text, from standard input.
fn apply(visit: &Visit, text: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let path = visit.home.path().join("topics.yaml");
    std::fs::write(&path, text).unwrap();
    let ended = visit.run(&[&["apply", "-f", &path.display().to_string()], args].concat());
    (ended.code, ended.stdout, ended.stderr)
}

fn rows(tsv: &str) -> Vec<String> {
    tsv.lines().skip(1).map(|line| line.replace('\t', " ")).collect()
}

#[test]
fn topics_become_what_the_file_says_and_then_nothing_differs() {
    let visit = Visit::new();
    let (code, shown, _) = apply(&visit, FILE, &["--check", "-o", "tsv"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        rows(&shown),
        [
            "orders create - - partitions=3 cleanup.policy=compact retention.ms=86400000 planned",
            "payments create - -  planned"
        ]
    );
    let (code, shown, told) = apply(&visit, FILE, &["--dry-run"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(shown.contains("valid") && !shown.contains("done"), "{shown}");
    assert_eq!(visit.ok(&["topic", "list", "-o", "ndjson"]), "");
    let (code, _, told) = apply(&visit, FILE, &[]);
    assert_eq!(code, Some(2));
    assert!(told.contains("make 2 changes: give --yes"), "{told}");
    assert_eq!(visit.ok(&["topic", "list", "-o", "ndjson"]), "");
    let (code, shown, told) = apply(&visit, FILE, &["--yes", "-o", "tsv"]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(rows(&shown).len(), 2, "{shown}");
    for args in [&["--check", "-o", "ndjson"][..], &["--yes", "-o", "ndjson"]] {
        assert_eq!(apply(&visit, FILE, args), (Some(0), String::new(), String::new()));
    }
    let exported = visit.ok(&["topic", "export", "orders", "-o", "yaml"]);
    assert_eq!(
        exported,
        "topics:\n- name: orders\n  partitions: 3\n  replicas: 1\n  configs:\n    cleanup.policy: compact\n    \
         retention.ms: \"86400000\"\n"
    );
    assert_eq!(apply(&visit, &exported, &["--check", "-o", "ndjson"]).0, Some(0));
    let json = visit.ok(&["topic", "export", "-o", "json"]);
    assert_eq!(apply(&visit, &json, &["--check", "-o", "ndjson"]).0, Some(0), "JSON is read too");
}

#[test]
fn what_differs_is_changed_and_what_is_not_named_is_unset() {
    let visit = Visit::new();
    apply(&visit, FILE, &["--yes"]);
    let changed =
        "topics:\n- name: orders\n  partitions: 5\n  configs: {retention.ms: 7}\n- name: payments\n";
    let (code, shown, told) = apply(&visit, changed, &["--yes", "-o", "tsv"]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(
        rows(&shown),
        [
            "orders add partitions 3 5 done",
            "orders set retention.ms 86400000 7 done",
            "orders unset cleanup.policy compact - done"
        ]
    );
    let described = visit.ok(&["topic", "describe", "orders"]);
    assert!(described.contains("PARTITIONS  5") && !described.contains("compact"), "{described}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_changed() {
    let visit = Visit::new();
    apply(&visit, FILE, &["--yes"]);
    let fewer = "topics:\n- name: orders\n  partitions: 2\n  replicas: 3\n- name: new\n";
    let (code, shown, told) = apply(&visit, fewer, &["--yes", "-o", "tsv"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("orders: partitions 3 to 2: a topic cannot have fewer partitions"), "{told}");
    assert!(told.contains("orders: replicas 1 to 3: the number of replicas is changed by"), "{told}");
    assert_eq!(rows(&shown).len(), 3, "{shown}");
    assert!(!visit.ok(&["topic", "list"]).contains("new"));
    let wrong = "topics:\n- name: orders\n  partitions: 9\n  configs: {retention.ms: soon}\n- name: new\n";
    for flag in ["--dry-run", "--yes"] {
        let (code, shown, told) = apply(&visit, wrong, &[flag]);
        assert_eq!(code, Some(1), "{shown}");
        assert_eq!(told.matches("orders: IncrementalAlterConfigs:").count(), 1, "{told}");
        assert!(told.contains("soon") && !shown.contains("done"), "{told}{shown}");
    }
    let described = visit.ok(&["topic", "describe", "orders"]);
    assert!(described.contains("PARTITIONS  3"), "{described}");
    for (text, expected) in [
        ("topic: []", "it is not a list of topics"),
        ("topics:\n- name: a\n  shards: 3\n", "unknown field"),
        ("topics:\n- name: a\n- name: a\n", "it names a more than once"),
    ] {
        let (code, _, told) = apply(&visit, text, &["--yes"]);
        assert_eq!(code, Some(2), "{text}");
        assert!(told.contains(expected), "{text}: {told}");
    }
}

#[test]
fn topics_that_are_not_in_the_file_are_deleted_when_asked() {
    let visit = Visit::new();
    apply(&visit, FILE, &["--yes"]);
    visit.ok(&["topic", "create", "old"]);
    assert_eq!(apply(&visit, FILE, &["--check"]).0, Some(0));
    let (_, _, told) = apply(&visit, FILE, &["--prune"]);
    assert!(told.contains("delete 1 topics, and make 0 changes: give --yes"), "{told}");
    let (code, shown, _) = apply(&visit, FILE, &["--prune", "--yes", "-o", "tsv"]);
    assert_eq!((code, rows(&shown)), (Some(0), vec!["old delete - - - done".to_owned()]));
    assert!(!visit.ok(&["topic", "list"]).contains("old"));
    let missing = visit.refused(&["topic", "export", "old", "orders"], 1);
    assert!(missing.contains("there is no topic old"), "{missing}");
}

#[test]
fn a_pipe_copies_topics_from_a_cluster_to_itself() {
    let visit = Visit::new();
    apply(&visit, FILE, &["--yes"]);
    let exported = visit.ok(&["topic", "export", "-o", "yaml"]);
    let applied = visit.fed(&["apply", "-f", "-", "--check", "-o", "ndjson"], exported.as_bytes());
    assert_eq!(applied, b"");
}
