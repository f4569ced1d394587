//! The logs of `__transaction_state` in the data directories that a Kafka node left.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::Path,
};

use bytes::Bytes;
use flate2::read::GzDecoder;
use ottla_wire::{decode_value, messages::TransactionLogValue};
use serde_json::Value;

use crate::{
    TransactionConfig, TransactionShard, appends::Stored, partition_for, transaction::record::Record,
};

fn manifest(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(format!("{name}.json.gz"));
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_reader(GzDecoder::new(file)).expect("manifests are JSON")
}

fn hex(value: &Value) -> Option<Bytes> {
    let digits = value.as_str()?;
    let byte = |i: usize| u8::from_str_radix(&digits[i..i + 2], 16).expect("manifests are in hex");
    Some((0..digits.len()).step_by(2).map(byte).collect())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list").as_slice()
}

/// The partitions of the topic, with their records.
fn partitions(manifest: &Value) -> Vec<Vec<&Value>> {
    let log = |partition: i32| manifest["logs"].get(format!("__transaction_state-{partition}"));
    (0..)
        .map_while(log)
        .map(|log| {
            let batches = list(&log["segments"]).iter().flat_map(|segment| list(&segment["batches"]));
            batches.flat_map(|batch| list(&batch["records"])).collect()
        })
        .collect()
}

fn load(records: &[&Value]) -> TransactionShard {
    let mut shard = TransactionShard::new(TransactionConfig::default(), 0);
    for record in records {
        let (key, value) = (hex(&record["key"]).expect("a key"), hex(&record["value"]));
        let offset = record["offset"].as_i64().unwrap();
        shard.replay(offset, &key, value.as_ref()).expect("Kafka wrote it");
    }
    shard
}

/// State, producer, timeout and partitions.
type Seen = (String, i64, i64, i64, BTreeSet<String>);

fn told(transaction: &Value) -> Seen {
    let number = |name: &str| transaction[name].as_i64().expect("a number");
    let partitions = list(&transaction["partitions"]).iter().map(|p| p.as_str().unwrap().to_owned());
    (
        transaction["state"].as_str().unwrap().to_owned(),
        number("producerId"),
        number("producerEpoch"),
        number("timeoutMs"),
        partitions.collect(),
    )
}

fn found(shard: &TransactionShard) -> BTreeMap<String, Seen> {
    let seen = |(id, entry): (&bytestring::ByteString, _)| {
        let entry: &crate::transaction::entry::Entry = entry;
        let t = &entry.transaction;
        let partitions = t.partitions.iter().map(|p| format!("{}-{}", p.topic, p.partition));
        let (id, state) = (id.to_string(), t.state.name().to_owned());
        (id, (state, t.producer_id, t.epoch.into(), t.timeout_ms.into(), partitions.collect()))
    };
    shard.entries.iter().map(seen).collect()
}

fn check(name: &str, state: &str) {
    let manifest = manifest(name);
    let partitions = partitions(&manifest);
    let mut transactions = BTreeMap::new();
    for (index, records) in (0..).zip(&partitions) {
        for (id, seen) in found(&load(records)) {
            assert_eq!(partition_for(&id, i32::try_from(partitions.len()).unwrap()), index, "{id}");
            transactions.insert(id, seen);
        }
    }
    let expected = list(&manifest[state]["transactions"]).iter();
    let expected: BTreeMap<String, Seen> =
        expected.map(|t| (t["transactionalId"].as_str().unwrap().to_owned(), told(t))).collect();
    assert!(!expected.is_empty());
    assert_eq!(transactions, expected, "{name}");
}

#[test]
fn a_cleanly_stopped_node_left_the_transactions_that_it_told_of() {
    check("data-dir-clean", "state");
}

#[test]
fn a_killed_node_left_the_transactions_that_it_told_of() {
    check("data-dir-killed", "stateAfterRecovery");
}

/// But for the order of topics and partitions, which is that of a hash table with Kafka.
#[test]
fn records_are_written_as_kafka_writes_them() {
    let manifest = manifest("data-dir-killed");
    let (mut compared, mut identical) = (0, 0);
    for stored in partitions(&manifest).into_iter().flatten() {
        let (Some(key), value) = (hex(&stored["key"]), hex(&stored["value"])) else { continue };
        let record = Record::decode(0, &key, value.as_ref()).unwrap().unwrap();
        let [written] = &Record::encode(&[record])[..] else { panic!("one record") };
        assert_eq!(written.key, key);
        assert_eq!(written.value.as_ref().map(sorted), value.as_ref().map(sorted), "{}", stored["decoded"]);
        identical += usize::from(written.value == value);
        compared += 1;
    }
    assert!(compared > 100 && identical > 100, "{compared}, {identical}");
}

fn sorted(value: &Bytes) -> (TransactionLogValue, usize) {
    let mut decoded: TransactionLogValue = decode_value(value).unwrap();
    let partitions = decoded.transaction_partitions.iter_mut().flatten();
    partitions.for_each(|topic| topic.partition_ids.sort_unstable());
    if let Some(topics) = &mut decoded.transaction_partitions {
        topics.sort_by(|a, b| a.topic.cmp(&b.topic));
    }
    (decoded, value.len())
}
