//! `ottla partition`.

use super::Visit;

/// A plan in a file.
fn plan(visit: &Visit, text: &str) -> String {
    let path = visit.home.path().join("plan.json");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn one_broker_has_nothing_to_share() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "3"]);
    assert_eq!(visit.ok(&["partition", "reassign", "plan", "-o", "ndjson"]), "");
    let too_many = visit.refused(&["partition", "reassign", "plan", "orders", "--replicas", "2"], 2);
    assert!(too_many.contains("orders-0 is to have 2 replicas, and there are 1 brokers"), "{too_many}");
    let nobody = visit.refused(&["partition", "reassign", "plan", "--onto", "1,7"], 2);
    assert!(nobody.contains("--onto 7: there is no such broker"), "{nobody}");
    assert_eq!(visit.ok(&["partition", "reassign", "list", "-o", "ndjson"]), "");
}

#[test]
fn a_plan_is_executed_when_that_is_confirmed_and_refused_where_it_cannot_be() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    let done =
        plan(&visit, r#"{"version":1,"partitions":[{"topic":"orders","partition":1,"replicas":[1]}]}"#);
    let state = visit.ok(&["partition", "reassign", "verify", &done]);
    assert_eq!(
        state,
        "TOPIC   PARTITION  REPLICAS  WANTED  STATE\norders          1  1         1       done\n"
    );
    let elsewhere = plan(&visit, r#"{"partitions":[{"topic":"orders","partition":1,"replicas":[2]}]}"#);
    let shown = visit.ok(&["partition", "reassign", "execute", &elsewhere, "--dry-run", "-o", "ndjson"]);
    assert!(shown.contains(r#""replicas":[1],"newReplicas":[2],"adding":[2],"removing":[1]"#), "{shown}");
    let unconfirmed = visit.refused(&["partition", "reassign", "execute", &elsewhere], 2);
    assert!(unconfirmed.contains("move 1 partitions: give --yes"), "{unconfirmed}");
    let before = visit.home.path().join("before.json").display().to_string();
    let ended =
        visit.run(&["partition", "reassign", "execute", &elsewhere, "--yes", "--save-current", &before]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("INVALID_REPLICA_ASSIGNMENT"), "{}", ended.stderr);
    let saved = std::fs::read_to_string(&before).unwrap();
    assert_eq!(
        saved,
        "{\"version\":1,\"partitions\":[{\"topic\":\"orders\",\"partition\":1,\"replicas\":[1],\"log_dirs\":[\"any\"]}]}\n"
    );
    let ended = visit.run(&["partition", "reassign", "verify", &elsewhere]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.trim_end().ends_with("elsewhere"), "{}", ended.stdout);
}

#[test]
fn plans_that_make_no_sense_are_refused() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    for (text, code, expected) in [
        ("{", 2, "is not a valid JSON"),
        (r#"{"partitions":[]}"#, 2, "list cannot be empty"),
        (
            r#"{"partitions":[{"topic":"orders","partition":9,"replicas":[1]}]}"#,
            1,
            "partition orders-9 is not there",
        ),
        (
            r#"{"partitions":[{"topic":"none","partition":0,"replicas":[1]}]}"#,
            1,
            "UNKNOWN_TOPIC_OR_PARTITION",
        ),
    ] {
        let path = plan(&visit, text);
        let refused = visit.refused(&["partition", "reassign", "execute", &path, "--yes"], code);
        assert!(refused.contains(expected), "{text}: {refused}");
    }
    let path = plan(&visit, r#"{"partitions":[{"topic":"orders","partition":0,"replicas":[1]}]}"#);
    let refused =
        visit.refused(&["partition", "reassign", "execute", &path, "--throttle", "fast", "--yes"], 2);
    assert!(refused.contains("--throttle fast: say how many bytes"), "{refused}");
    let missing = visit.refused(&["partition", "reassign", "verify", "/no/such/plan"], 1);
    assert!(missing.contains("cannot read the plan /no/such/plan"), "{missing}");
}

#[test]
fn leaders_that_lead_need_no_election() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    assert_eq!(
        visit.ok(&["partition", "elect", "orders"]),
        "NAME      RESULT\norders-0  not needed\norders-1  not needed\n"
    );
    visit.ok(&["partition", "elect", "--all"]);
    let lossy = visit.refused(&["partition", "elect", "orders:0", "--unclean"], 2);
    assert!(lossy.contains("that may lack records: give --yes"), "{lossy}");
    visit.ok(&["partition", "elect", "orders:0", "--unclean", "--yes"]);
    assert!(visit.refused(&["partition", "elect"], 2).contains("required arguments"));
    assert!(visit.refused(&["partition", "elect", "orders:7"], 2).contains("orders has no partition 7"));
    assert!(visit.refused(&["partition", "elect", "--all", "--unclean"], 2).contains("name the partitions"));
}
