//! `ottla topic`.

use super::Visit;

#[test]
fn topics_are_created_listed_described_and_deleted() {
    let visit = Visit::new();
    let created = visit.ok(&["topic", "create", "orders", "payments", "-p", "3", "-c", "retention.ms=1000"]);
    assert_eq!(created, "NAME      RESULT\norders    created\npayments  created\n");
    let listed = visit.ok(&["topic", "list"]);
    assert_eq!(
        listed,
        "NAME      PARTITIONS  REPLICAS\norders             3         1\npayments           3         1\n"
    );
    assert_eq!(
        visit
            .ok(&["topic", "ls", "--match", "^pa\\w+s$", "-o", "tsv"])
            .lines()
            .nth(1)
            .unwrap()
            .split('\t')
            .next(),
        Some("payments")
    );
    let described = visit.ok(&["topic", "describe", "orders"]);
    for line in ["NAME orders", "PARTITIONS 3", "retention.ms 1000 DYNAMIC_TOPIC_CONFIG"] {
        let is_line = |it: &str| it.split_whitespace().eq(line.split_whitespace());
        assert!(described.lines().any(is_line), "{line:?} in {described}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&visit.ok(&["topic", "describe", "orders", "-o", "json"])).unwrap();
    assert_eq!(json[0]["partitions"][2]["endOffset"], 0);
    let configs = json[0]["configs"].as_array().unwrap();
    let retention = configs.iter().find(|config| config["name"] == "retention.ms");
    assert_eq!(retention.unwrap()["value"], "1000");
    assert_eq!(json[0]["id"].as_str().map(str::len), Some(22), "an id as Kafka prints it: {json}");

    let gone = visit.refused(&["topic", "delete", "orders"], 2);
    assert!(gone.contains("give --yes"), "{gone}");
    assert_eq!(visit.ok(&["topic", "rm", "orders", "--yes"]), "NAME    RESULT\norders  deleted\n");
    assert_eq!(visit.ok(&["topic", "rm", "orders", "-y", "--if-exists"]), "NAME    RESULT\norders  absent\n");
    assert_eq!(visit.ok(&["topic", "list", "-o", "ndjson"]).lines().count(), 1);
}

#[test]
fn a_refusal_is_told_beside_what_succeeded() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    let ended = visit.run(&["topic", "create", "orders", "payments", "-o", "ndjson"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.starts_with("error: orders: CreateTopics: TOPIC_ALREADY_EXISTS"),
        "{}",
        ended.stderr
    );
    let lines: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["result"], &lines[1]["result"]), (&"failed".into(), &"created".into()));
    let again = visit.ok(&["topic", "create", "orders", "--if-not-exists"]);
    assert_eq!(again, "NAME    RESULT\norders  exists\n");
    let unknown = visit.refused(&["topic", "describe", "nothing"], 1);
    assert!(unknown.contains("UNKNOWN_TOPIC_OR_PARTITION"), "{unknown}");
    assert!(unknown.contains("create the topic, or see that its name is right"), "{unknown}");
}

#[test]
fn what_is_only_validated_does_not_happen() {
    let visit = Visit::new();
    assert_eq!(
        visit.ok(&["topic", "create", "orders", "--validate-only"]),
        "NAME    RESULT\norders  valid\n"
    );
    assert_eq!(visit.ok(&["topic", "list", "-o", "ndjson"]), "");
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    visit.ok(&["topic", "add-partitions", "orders", "--to", "5", "--validate-only"]);
    visit.ok(&["topic", "config", "set", "orders", "retention.ms=5", "--dry-run"]);
    let described = visit.ok(&["topic", "describe", "orders"]);
    assert!(described.contains("PARTITIONS  2") && !described.contains("retention.ms"), "{described}");
}

#[test]
fn partitions_and_options_are_changed() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    visit.ok(&["topic", "add-partitions", "orders", "--by", "3"]);
    visit.ok(&["topic", "config", "set", "orders", "retention.ms=5", "cleanup.policy=compact"]);
    let got = visit.ok(&["topic", "config", "get", "orders", "retention.ms", "-o", "ndjson"]);
    let expected = r#"{"name":"retention.ms","value":"5","source":"DYNAMIC_TOPIC_CONFIG""#;
    assert!(got.starts_with(expected), "{got}");
    visit.ok(&["topic", "alter", "orders", "--unset", "retention.ms", "--append", "cleanup.policy=delete"]);
    let described = visit.ok(&["topic", "describe", "orders"]);
    assert!(described.contains("compact,delete") && !described.contains("retention.ms"), "{described}");
    assert!(described.contains("PARTITIONS  5"), "{described}");

    visit.ok(&["topic", "clone", "orders", "copy"]);
    let copy = visit.ok(&["topic", "describe", "copy"]);
    assert!(copy.contains("compact,delete") && copy.contains("PARTITIONS  5"), "{copy}");

    let unknown = visit.refused(&["topic", "config", "get", "orders", "retention"], 2);
    assert!(unknown.contains("orders has no option retention"), "{unknown}");
    let wrong = visit.refused(&["topic", "config", "set", "orders", "retention.ms=soon"], 1);
    assert!(wrong.contains("INVALID_CONFIG"), "{wrong}");
}

#[test]
fn a_clone_has_the_records_too_where_that_is_wanted() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    let lines = [
        r#"{"partition":0,"timestamp":1700000000000,"key":"a","value":"1","headers":[["h","x"],["h",null]]}"#,
        r#"{"partition":1,"timestamp":1600000000000,"key":null,"value":{"base64":"/wA="}}"#,
        r#"{"partition":1,"timestamp":1700000000002,"key":"","value":null}"#,
    ];
    visit.fed(&["produce", "orders", "-i", "ndjson"], (lines.join("\n") + "\n").as_bytes());
    let cloned = visit.ok(&["topic", "clone", "orders", "copy", "--data"]);
    assert!(cloned.ends_with("copy  copied\n"), "{cloned}");
    visit.ok(&["topic", "clone", "orders", "bare"]);
    let records = |topic: &str| {
        let read = visit.ok(&["consume", topic, "-e", "-o", "ndjson"]);
        let mut lines: Vec<String> = read.lines().map(|line| line.replace(topic, "it")).collect();
        lines.sort();
        lines
    };
    assert_eq!(records("orders").len(), 3);
    assert_eq!(records("copy"), records("orders"));
    assert_eq!(records("bare"), [""; 0]);
    let again = visit.refused(&["topic", "clone", "orders", "copy", "--data"], 1);
    assert!(again.contains("TOPIC_ALREADY_EXISTS"), "{again}");
    let missing = visit.refused(&["topic", "clone", "none", "copy"], 1);
    assert!(missing.contains("there is no topic none"), "{missing}");
}

#[test]
fn rows_of_several_topics_say_whose_they_are() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "bills", "-p", "1"]);
    let shown = visit.ok(&["topic", "describe", "orders", "bills", "-o", "csv"]);
    for line in ["TOPIC,PARTITION,LEADER,", "bills,0,1,", "orders,0,1,"] {
        assert!(shown.lines().any(|it| it.starts_with(line)), "{line} in {shown}");
    }
    let exported = visit.ok(&["topic", "export", "-o", "json"]);
    assert!(exported.find("bills") < exported.find("orders"), "{exported}");
}

#[test]
fn the_oldest_records_are_trimmed_when_that_is_confirmed() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    let line =
        |digit: i64| format!("{{\"value\":\"{digit}\",\"timestamp\":{}}}\n", 1_700_000_000_000 + digit);
    let lines: String = (0..10).map(line).collect();
    visit.fed(&["produce", "orders", "-i", "ndjson", "-p", "1"], lines.as_bytes());
    let trim = |before: &str, flag: &str| visit.ok(&["topic", "trim", "orders", "--before", before, flag]);
    let row = "PARTITION  START  NEW-START\n        1      0          3\n";
    assert_eq!(trim("3", "--dry-run"), row);
    assert_eq!(visit.ok(&["consume", "orders", "-e"]).lines().count(), 10);
    assert!(
        visit.refused(&["topic", "trim", "orders", "--before", "3"], 2).contains("delete up to 3 records")
    );
    assert_eq!(trim("3", "--yes"), row);
    assert_eq!(visit.ok(&["consume", "orders", "-e"]), "3\n4\n5\n6\n7\n8\n9\n");
    trim("@1700000000007", "--yes");
    assert_eq!(visit.ok(&["consume", "orders", "-e"]), "7\n8\n9\n");
    trim("end", "--yes");
    assert_eq!(visit.ok(&["consume", "orders", "-e"]), "");
    assert!(visit.refused(&["topic", "trim", "orders", "--before", "soon"], 2).contains("--before soon"));
}
