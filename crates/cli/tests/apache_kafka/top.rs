//! `ottla top` for somebody who may not see everything, and where one of several brokers goes.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::kafka::Kafka;
use crate::support::{json_lines, run, wait_until};

fn ok(kafka: &Kafka, line: &str) -> String {
    let ended = run(&mut kafka.shell(line));
    assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
    ended.stdout
}

#[test]
fn what_may_not_be_seen_stays_empty_and_is_told() {
    let kafka = Kafka::start();
    let [_, _, (sasl, _), _] = kafka.ports();
    let properties = format!(
        "bootstrap.servers=127.0.0.1:{sasl}\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n\
         sasl.username=guest\nsasl.password=guest\n"
    );
    fs::write(Path::new(&kafka.folder()).join("guest.properties"), properties).unwrap();
    ok(&kafka, "ottla topic create seen hidden -p 1");
    ok(&kafka, "echo one | ottla produce seen");
    for group in ["seen", "hidden"] {
        ok(&kafka, &format!("ottla group seek {group} --to 0 --topic seen --execute"));
    }
    ok(&kafka, "ottla acl create --allow User:guest --operation describe --topic seen --group seen");
    let line =
        "env -u OTTLA_BROKERS ottla top -n 1 --interval 50ms -o ndjson --command-config guest.properties";
    let round = json_lines(&ok(&kafka, line)).remove(0);
    let [topic] = &round["topics"].as_array().unwrap()[..] else { panic!("one topic: {round}") };
    assert_eq!((&topic["topic"], &topic["recordsPerSecond"]), (&"seen".into(), &0.0.into()), "{round}");
    assert_eq!((&topic["bytes"], &topic["bytesPerSecond"]), (&Value::Null, &Value::Null), "{round}");
    let [group] = &round["groups"].as_array().unwrap()[..] else { panic!("one group: {round}") };
    assert_eq!((&group["group"], &group["lag"]), (&"seen".into(), &1.into()), "{round}");
    let note = round["notes"][0].as_str().unwrap();
    assert!(note.starts_with("DescribeLogDirs: CLUSTER_AUTHORIZATION_FAILED, from broker "), "{round}");
    assert_eq!(round["notes"].as_array().unwrap().len(), 1, "{round}");
}

/// Topics that are led by both brokers and by the second alone, with groups that are behind in them.
const TOPICS: [&str; 8] = [
    "ottla topic create spread --replica-assignment 1:3,3:1",
    "ottla topic create alone --replica-assignment 3",
    "seq 100 | ottla produce spread -p 0",
    "seq 100 | ottla produce spread -p 1",
    "seq 100 | ottla produce alone",
    // Neighbours among the partitions that keep offsets, which are on different brokers.
    "ottla group seek a --to 40 --topic spread --topic alone --execute",
    "ottla group seek b --to 40 --topic spread --topic alone --execute",
    "ottla group seek b --to 90 --topic alone --execute",
];

fn row<'a>(round: &'a Value, list: &str, name: &str) -> Option<&'a Value> {
    let field = list.trim_end_matches('s');
    round[list].as_array().unwrap().iter().find(|row| row[field] == name)
}

/// Rounds until one is so; none of them may tell that less than nothing was written, or that a lag shrank.
fn watch(kafka: &Kafka, what: &str, mut is_so: impl FnMut(&Value) -> bool) -> Value {
    let mut command =
        kafka.shell("exec ottla top --interval 200ms -n 300 -o ndjson --topic spread --topic alone");
    let mut top = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(top.stdout.take().unwrap()).lines();
    let found = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap()).find(|round| {
        let topics = ["spread", "alone"].iter().filter_map(|name| row(round, "topics", name));
        let groups = ["a", "b"].iter().filter_map(|name| row(round, "groups", name));
        for row in topics.chain(groups) {
            for rate in ["recordsPerSecond", "bytesPerSecond", "lagPerSecond"] {
                assert!(row[rate].as_f64().is_none_or(|rate| rate >= 0.0), "{rate} in {row} of {round}");
            }
        }
        is_so(round)
    });
    top.kill().unwrap();
    top.wait().unwrap();
    found.unwrap_or_else(|| panic!("in vain waited until {what}"))
}

#[test]
fn brokers_tell_together_and_what_one_takes_with_it_is_told() {
    let kafka = Kafka::start();
    let other = kafka.start_another(3);
    wait_until("both brokers are there", || {
        json_lines(&ok(&kafka, "ottla cluster brokers -o ndjson")).len() == 2
    });
    TOPICS.iter().for_each(|line| drop(ok(&kafka, line)));

    let all_is_well = |round: &Value| round["isHealthy"] == true && round["brokerCount"] == 2;
    let round = watch(&kafka, "all is well", all_is_well);
    assert_eq!((&round["notes"], &round["leaderless"]), (&Value::Array(Vec::new()), &0.into()), "{round}");
    for (topic, partitions) in [("spread", 2), ("alone", 1)] {
        let row = row(&round, "topics", topic).unwrap();
        assert_eq!(
            (&row["partitions"], &row["recordsPerSecond"]),
            (&partitions.into(), &0.0.into()),
            "{round}"
        );
        assert!(row["bytes"].as_i64().unwrap() > 100 * partitions, "{round}");
    }
    for (group, lag) in [("a", 180), ("b", 130)] {
        let row = row(&round, "groups", group).unwrap();
        assert_eq!((&row["lag"], &row["lagPerSecond"]), (&lag.into(), &0.0.into()), "{round}");
    }

    // The second partition's leader moves to the first broker, and what is written meanwhile counts.
    let turned = r#"{"version":1,"partitions":[{"topic":"spread","partition":1,"replicas":[1,3]}]}"#;
    fs::write(Path::new(&kafka.folder()).join("turned.json"), turned).unwrap();
    ok(&kafka, "ottla partition reassign execute turned.json --yes");
    let mut writing = kafka
        .shell("exec ottla produce spread -p 1 --rate 100 --repeat 1000000")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut writing.stdin.take().unwrap(), b"a\n").unwrap();
    let is_written =
        |round: &Value| row(round, "topics", "spread").unwrap()["recordsPerSecond"].as_f64() > Some(0.0);
    watch(&kafka, "something is written", is_written);
    ok(&kafka, "ottla partition elect spread:1");
    watch(&kafka, "something is written to the new leader", is_written);
    writing.kill().unwrap();
    writing.wait().unwrap();

    other.kill();
    let [.., (port, _)] = kafka.ports();
    let mut is_told = false;
    let round = watch(&kafka, "the broker is missed", |round| {
        let notes = round["notes"].to_string();
        is_told |= notes.contains(&format!("127.0.0.1:{port}"));
        round["brokerCount"] == 1
    });
    assert!(is_told, "{round}");
    assert_eq!(
        (&round["isHealthy"], row(&round, "topics", "alone").unwrap()["leaderless"].as_i64()),
        (&false.into(), Some(1)),
        "{round}"
    );
    assert_eq!(row(&round, "topics", "spread").unwrap()["underReplicated"], 2, "{round}");
}
