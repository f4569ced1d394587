//! `ottla txn`.

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::Visit;
use super::support::json_lines;

/// Nothing here takes that long, on any machine.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(60);

/// A producer with a transaction that has one record in topic `orders`.
fn open_transaction(visit: &Visit, id: &str) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &visit.brokers).set("transactional.id", id);
    let producer: BaseProducer = config.create().unwrap();
    producer.init_transactions(DEADLINE).unwrap();
    producer.begin_transaction().unwrap();
    let record: BaseRecord<'_, str, str> = BaseRecord::to("orders").partition(0).payload("a");
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(DEADLINE).unwrap();
    producer
}

#[test]
fn transactions_are_listed_described_and_aborted() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    let producer = open_transaction(&visit, "billing-1");
    let states = |args: &[&str]| -> Vec<String> {
        let args = [&["txn", "list", "-o", "ndjson"], args].concat();
        let rows = json_lines(&visit.ok(&args)).into_iter();
        rows.map(|row| row["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(&[]), ["Ongoing"]);
    for (filter, found) in [
        (["--state", "Ongoing"], 1),
        (["--state", "Empty"], 0),
        (["--matching", "billing-.*"], 1),
        (["--matching", "billing"], 0),
        (["--longer-than", "1h"], 0),
    ] {
        assert_eq!(states(&filter).len(), found, "{filter:?}");
    }
    let described = &json_lines(&visit.ok(&["txn", "describe", "billing-1", "-o", "ndjson"]))[0];
    assert_eq!(described["partitions"], serde_json::json!(["orders-0"]));
    assert!(described["openForMs"].is_i64(), "{described}");

    // Its coordinator will end it: it does not hang.
    assert_eq!(visit.ok(&["txn", "find-hanging", "--longer-than", "0s", "-o", "ndjson"]), "");
    assert!(visit.refused(&["txn", "abort", "billing-1"], 2).contains("--yes"));
    assert_eq!(visit.ok(&["txn", "abort", "billing-1", "-y"]), "NAME       RESULT\nbilling-1  aborted\n");
    assert!(producer.commit_transaction(DEADLINE).is_err(), "it is fenced");
    for line in [&["txn", "abort", "nobody", "-y"][..], &["txn", "describe", "nobody"]] {
        let unknown = visit.refused(line, 1);
        assert!(unknown.contains("TRANSACTIONAL_ID_NOT_FOUND"), "{unknown}");
    }
}

#[test]
fn a_transaction_is_aborted_where_it_is_open() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    let _producer = open_transaction(&visit, "billing-1");
    let at = |place: &str| visit.run(&["txn", "abort", "--at", place, "-y"]);
    assert!(at("orders:0@7").stderr.contains("no open transaction of orders-0 begins at offset 7"));
    assert!(at("orders:9@0").stderr.contains("orders has no partition 9"));
    assert_eq!(at("orders").code, Some(2));
    assert_eq!(at("orders:0@0").stdout, "NAME        RESULT\norders:0@0  aborted\n");
    assert!(at("orders:0@0").stderr.contains("no open transaction"));
}
