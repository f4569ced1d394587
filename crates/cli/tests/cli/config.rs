//! `ottla config`.

use serde_json::Value;

use super::Visit;
use super::support::json_lines;

/// The option as the broker tells it, with where it has values.
fn option(visit: &Visit, args: &[&str]) -> Value {
    let rows = json_lines(&visit.ok(&[&["config", "get", "-o", "ndjson"], args].concat()));
    assert_eq!(rows.len(), 1, "{args:?}");
    rows[0].clone()
}

#[test]
fn a_value_comes_from_the_broker_or_from_all_brokers_or_from_nobody() {
    let visit = Visit::new();
    let origin = || {
        let option = option(&visit, &["--broker", "1", "log.retention.ms"]);
        (option["value"].clone(), option["source"].clone())
    };
    assert_eq!(origin(), (Value::Null, "DEFAULT_CONFIG".into()));
    let set = visit.ok(&["config", "set", "--default", "log.retention.ms=5000"]);
    assert_eq!(set, "NAME            RESULT\nbroker default  altered\n");
    assert_eq!(origin(), ("5000".into(), "DYNAMIC_DEFAULT_BROKER_CONFIG".into()));
    visit.ok(&["config", "set", "--broker", "1", "log.retention.ms=7000"]);
    assert_eq!(origin(), ("7000".into(), "DYNAMIC_BROKER_CONFIG".into()));
    let option = option(&visit, &["--broker", "1", "log.retention.ms"]);
    let sources: Vec<&Value> =
        option["synonyms"].as_array().unwrap().iter().map(|synonym| &synonym["source"]).collect();
    assert_eq!(sources[..2], ["DYNAMIC_BROKER_CONFIG", "DYNAMIC_DEFAULT_BROKER_CONFIG"]);
    assert_eq!(
        visit.ok(&["config", "get", "--default", "log.retention.ms"]),
        "NAME              VALUE  SOURCE\nlog.retention.ms  5000   DYNAMIC_DEFAULT_BROKER_CONFIG\n"
    );
    visit.ok(&["config", "unset", "--broker", "1", "log.retention.ms"]);
    visit.ok(&["config", "unset", "--default", "log.retention.ms"]);
    assert_eq!(origin(), (Value::Null, "DEFAULT_CONFIG".into()));
}

#[test]
fn groups_and_subscriptions_have_options_of_their_own() {
    let visit = Visit::new();
    for (flag, name, setting, source) in [
        ("--group", "billing", "consumer.session.timeout.ms=50000", "DYNAMIC_GROUP_CONFIG"),
        ("--client-metrics", "all", "interval.ms=60000", "DYNAMIC_CLIENT_METRICS_CONFIG"),
        ("--topic", "orders", "retention.ms=60000", "DYNAMIC_TOPIC_CONFIG"),
    ] {
        if flag == "--topic" {
            visit.ok(&["topic", "create", name]);
        }
        let (key, value) = setting.split_once('=').unwrap();
        visit.ok(&["config", "set", flag, name, setting]);
        let got = visit.ok(&["config", "get", flag, name, "--changed", "-o", "tsv"]);
        let row = format!("{key}\t{value}\t{source}\t");
        assert!(got.lines().any(|line| line.starts_with(&row)), "{got}");
    }
    let listed = visit.ok(&["config", "list", "--kind", "group,client-metrics"]);
    assert_eq!(listed, "KIND            NAME\nclient-metrics  all\ngroup           billing\n");
    visit.ok(&["config", "unset", "--group", "billing", "consumer.session.timeout.ms"]);
    assert_eq!(visit.ok(&["config", "ls", "--kind", "group", "-o", "ndjson"]), "");
}

#[test]
fn loggers_are_told_of() {
    let visit = Visit::new();
    let root = option(&visit, &["--loggers", "1", "root"]);
    assert_eq!(root["source"], "DYNAMIC_BROKER_LOGGER_CONFIG", "{root}");
}

#[test]
fn what_cannot_be_is_refused_before_or_by_the_broker() {
    let visit = Visit::new();
    for (args, code, expected) in [
        (&["config", "get"][..], 2, "name whose options are meant"),
        (&["config", "get", "--broker", "1", "--default"], 2, "cannot be used with"),
        (&["config", "get", "--broker", "one"], 2, "invalid value 'one'"),
        (&["config", "get", "--broker", "1", "no.such"], 2, "broker 1 has no option no.such"),
        (&["config", "set", "--default", "log.retention.ms"], 2, "give it as key=value"),
        (&["config", "set", "--default", "log.retention.ms=soon"], 1, "Not a number of type LONG"),
        (&["config", "set", "--broker", "1", "node.id=7"], 1, "INVALID"),
        (&["config", "list", "--kind", "brokers"], 2, "invalid value 'brokers'"),
    ] {
        let refused = visit.refused(args, code);
        assert!(refused.contains(expected), "{args:?}: {refused}");
    }
    let valid = visit.ok(&["config", "set", "--default", "log.retention.ms=5", "--validate-only"]);
    assert!(valid.ends_with("broker default  valid\n"), "{valid}");
    assert!(!visit.ok(&["config", "get", "--default"]).contains("log.retention.ms"));
}
