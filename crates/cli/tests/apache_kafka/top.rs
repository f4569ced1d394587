//! `ottla top` for somebody who may not see everything.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::kafka::Kafka;
use crate::support::{json_lines, run};

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
