//! Replaying the logs that a Kafka node left gives what the node told of them.

#![allow(clippy::unwrap_used, reason = "a test ends at what it does not expect")]

mod common;

use ottla_records::{Attributes, BatchHeader};
use ottla_replica::{
    AbortedTransaction, Command, EpochEntry, Event, Marker, Outcome, ProducerEntry, Recovered, Recovery,
    Replica, Replicas, Settings,
};
use serde_json::Value;

/// When the node was asked, give or take an hour, and the longest `producer.id.expiration.ms`, as it was set.
const ASKED_AT: i64 = 1_795_226_000_000;
const EXPIRATION_MS: i64 = 2_147_483_647;
/// The node's epoch in the run in which it was asked.
const LEADER_EPOCH: i32 = 8;

#[test]
fn offsets_are_those_that_the_node_told() {
    for (directory, state) in [("clean", "state"), ("killed", "stateAfterRecovery")] {
        let manifest = manifest(directory);
        let partitions = partitions(&manifest[state]);
        assert_eq!(partitions.len(), 32, "{directory}");
        for (name, told) in partitions {
            let replica = lead(recover(&manifest, &name), LEADER_EPOCH);
            let ours = [replica.log_start_offset(), replica.high_watermark(), replica.last_stable_offset()];
            let told =
                ["logStartOffset", "highWatermark", "lastStableOffset"].map(|field| told[field].as_i64());
            assert_eq!(ours.map(Some), told, "{name} of {directory}");
        }
    }
}

/// The clean node was asked while it still knew producers of old timestamps, so it tells nothing of recovery.
#[test]
fn producers_are_those_that_the_node_told_after_its_recovery() {
    let manifest = manifest("killed");
    let state = &manifest["stateAfterRecovery"];
    for (name, _) in partitions(state) {
        let ours: Vec<_> = recover(&manifest, &name).producers().map(described).collect();
        let told = state["producers"][&name].as_array().cloned().unwrap_or_default();
        assert_eq!(ours, told, "{name}");
    }
}

/// As DescribeProducers answers, but for the timestamp.
fn described(entry: ProducerEntry) -> Value {
    serde_json::json!({
        "producerId": entry.producer_id,
        "producerEpoch": entry.producer_epoch,
        "lastSequence": entry.last_sequence,
        "coordinatorEpoch": entry.coordinator_epoch,
        "currentTransactionStartOffset": entry.transaction_start.unwrap_or(-1),
    })
}

#[test]
fn aborted_transactions_are_those_of_the_transaction_indexes() {
    for directory in ["clean", "killed"] {
        let manifest = manifest(directory);
        for (name, log) in whole_logs(&manifest) {
            let mut recovery = Recovery::new(0, 0, []);
            for segment in log["segments"].as_array().unwrap() {
                let aborted: Vec<_> =
                    batches(segment).filter_map(|batch| replay(&mut recovery, batch)).collect();
                let expected = segment["abortedTransactions"].as_array().unwrap();
                let expected: Vec<_> = expected.iter().map(aborted_transaction).collect();
                assert_eq!(aborted, expected, "{name} of {directory}, {}", segment["file"]);
            }
        }
    }
}

#[test]
fn snapshots_tell_of_each_producer_what_its_batches_do() {
    for directory in ["clean", "killed"] {
        let manifest = manifest(directory);
        let mut compared = 0;
        for (name, log) in manifest["logs"].as_object().unwrap() {
            let mut recovery = Recovery::new(0, 0, []);
            let mut snapshots = log["producerSnapshots"].as_array().unwrap().iter().peekable();
            for batch in log["segments"].as_array().unwrap().iter().flat_map(batches) {
                while let Some(snapshot) = snapshots.next_if(|snapshot| is_reached(snapshot, batch)) {
                    compared += check_snapshot(&recovery, snapshot, name);
                }
                replay(&mut recovery, batch);
            }
            compared += snapshots.map(|snapshot| check_snapshot(&recovery, snapshot, name)).sum::<usize>();
        }
        assert!(compared > 100, "{directory}: {compared} entries were compared");
    }
}

fn is_reached(snapshot: &Value, next_batch: &Value) -> bool {
    snapshot["offset"].as_i64() <= next_batch["baseOffset"].as_i64()
}

/// A node forgets producers when it starts, so it may know fewer.
fn check_snapshot(recovery: &Recovery, snapshot: &Value, name: &str) -> usize {
    let entries = snapshot["producerEntries"].as_array().unwrap();
    for expected in entries.iter().map(snapshot_entry) {
        let ours = recovery.producers().find(|entry| entry.producer_id == expected.producer_id);
        assert_eq!(ours, Some(expected), "{name}, {}", snapshot["file"]);
    }
    entries.len()
}

#[test]
fn replayed_epochs_are_those_of_the_checkpoints() {
    for directory in ["clean", "killed"] {
        let manifest = manifest(directory);
        for (name, log) in whole_logs(&manifest) {
            let log_start = log_start(&manifest, name);
            let mut recovery = Recovery::new(log_start, log_start, []);
            let batches = log["segments"].as_array().unwrap().iter().flat_map(batches);
            for batch in batches.filter(|batch| batch["lastOffset"].as_i64() >= Some(log_start)) {
                replay(&mut recovery, batch);
            }
            let replica = finish(recovery, 0);
            // An epoch in which nothing was written is known to the checkpoint alone.
            let end = replica.log_end_offset();
            let expected: Vec<_> = epochs(log).filter(|entry| entry.start_offset < end).collect();
            assert_eq!(replica.epochs().entries(), expected, "{name} of {directory}");
        }
    }
}

fn manifest(directory: &str) -> Value {
    common::parse(&common::testdata(&format!("data-dir-{directory}.json.gz")))
}

/// Those that still have every batch and checkpoint. Compaction removes the first batches of epochs and of aborted
/// transactions, and deletion empties a checkpoint first.
fn whole_logs(manifest: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let is_whole = |name: &str| !name.starts_with("compacted-") && !name.ends_with("-delete");
    manifest["logs"].as_object().unwrap().iter().filter(move |(name, _)| is_whole(name))
}

/// The partitions that the node told of, by the names of their folders.
fn partitions(state: &Value) -> Vec<(String, Value)> {
    let topics = state["topics"].as_object().unwrap();
    let partition =
        |topic: &str, partition: &Value| (format!("{topic}-{}", partition["partition"]), partition.clone());
    topics
        .iter()
        .flat_map(|(topic, told)| {
            told["partitions"].as_array().unwrap().iter().map(move |told| partition(topic, told))
        })
        .collect()
}

/// Puts the partition together as after a kill: from its last snapshot, and the batches behind it.
fn recover(manifest: &Value, name: &str) -> Replica {
    let log = &manifest["logs"][name];
    let log_start = log_start(manifest, name);
    let segments = log["segments"].as_array().unwrap();
    let log_end = segments.iter().flat_map(batches).map(|batch| header(batch).next_offset()).max();
    let snapshots = log["producerSnapshots"].as_array().unwrap();
    let snapshot = snapshots.iter().rfind(|snapshot| snapshot["offset"].as_i64() <= log_end.or(Some(0)));
    let from = snapshot.map_or(log_start, |snapshot| snapshot["offset"].as_i64().unwrap());

    let mut recovery = Recovery::new(log_start, from, epochs(log));
    for entry in snapshot.iter().flat_map(|snapshot| snapshot["producerEntries"].as_array().unwrap()) {
        recovery.restore(&snapshot_entry(entry));
    }
    for batch in segments.iter().flat_map(batches).filter(|batch| batch["lastOffset"].as_i64() >= Some(from))
    {
        replay(&mut recovery, batch);
    }
    let high_watermark = checkpoint(manifest, "replication-offset-checkpoint", name).unwrap_or(0);
    finish(recovery, high_watermark)
}

fn finish(recovery: Recovery, high_watermark: i64) -> Replica {
    let settings = Settings { producer_id_expiration_ms: EXPIRATION_MS, ..Settings::default() };
    recovery.finish(ASKED_AT, Recovered { high_watermark, durable_end: i64::MAX }, settings)
}

fn log_start(manifest: &Value, name: &str) -> i64 {
    let first_segment = || manifest["logs"][name]["segments"][0]["baseOffset"].as_i64().unwrap();
    checkpoint(manifest, "log-start-offset-checkpoint", name).unwrap_or_else(first_segment)
}

fn lead(mut replica: Replica, epoch: i32) -> Replica {
    let mut out = Vec::new();
    replica.on(ASKED_AT, &Event::BecomeLeader { epoch, replicas: Replicas::default() }, &mut out);
    assert!(out.contains(&Command::SaveEpochs));
    assert_eq!(replica.high_watermark(), replica.log_end_offset());
    replica
}

/// What a checkpoint file has for a partition.
fn checkpoint(manifest: &Value, file: &str, name: &str) -> Option<i64> {
    let (topic, partition) = name.rsplit_once('-').unwrap();
    let partition: i64 = partition.parse().unwrap();
    let entries = manifest["checkpoints"][file].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["topic"] == topic && entry["partition"] == partition)?;
    entry["offset"].as_i64()
}

fn batches(segment: &Value) -> impl Iterator<Item = &Value> {
    segment["batches"].as_array().unwrap().iter()
}

fn replay(recovery: &mut Recovery, batch: &Value) -> Option<AbortedTransaction> {
    let completed = recovery.replay(&header(batch), marker(batch)).unwrap();
    completed.and_then(|completed| completed.aborted())
}

fn header(batch: &Value) -> BatchHeader {
    let number = |field: &str| batch[field].as_i64().unwrap_or_else(|| panic!("{field} of {batch}"));
    let int = |field: &str| i32::try_from(number(field)).unwrap();
    BatchHeader {
        base_offset: number("baseOffset"),
        length: 0,
        leader_epoch: int("partitionLeaderEpoch"),
        crc: 0,
        attributes: Attributes(i16::try_from(number("attributes")).unwrap()),
        last_offset_delta: i32::try_from(number("lastOffset") - number("baseOffset")).unwrap(),
        base_timestamp: 0,
        max_timestamp: number("maxTimestamp"),
        producer_id: number("producerId"),
        producer_epoch: i16::try_from(number("producerEpoch")).unwrap(),
        base_sequence: int("baseSequence"),
        record_count: int("count"),
    }
}

fn marker(batch: &Value) -> Option<Marker> {
    let decoded = &batch["records"].as_array()?.first()?["decoded"];
    let outcome = match (batch["control"].as_bool()?, decoded["type"].as_str()?) {
        (true, "COMMIT") => Outcome::Committed,
        (true, "ABORT") => Outcome::Aborted,
        _ => return None,
    };
    let coordinator_epoch = i32::try_from(decoded["coordinatorEpoch"].as_i64()?).unwrap();
    Some(Marker { outcome, coordinator_epoch })
}

fn epochs(log: &Value) -> impl Iterator<Item = EpochEntry> {
    log["leaderEpochs"].as_array().unwrap().iter().map(|entry| EpochEntry {
        epoch: i32::try_from(entry["epoch"].as_i64().unwrap()).unwrap(),
        start_offset: entry["startOffset"].as_i64().unwrap(),
    })
}

fn snapshot_entry(entry: &Value) -> ProducerEntry {
    let number = |field: &str| entry[field].as_i64().unwrap();
    let int = |field: &str| i32::try_from(number(field)).unwrap();
    ProducerEntry {
        producer_id: number("producerId"),
        producer_epoch: i16::try_from(number("epoch")).unwrap(),
        last_sequence: int("lastSequence"),
        last_offset: number("lastOffset"),
        offset_delta: int("offsetDelta"),
        timestamp: number("timestamp"),
        coordinator_epoch: int("coordinatorEpoch"),
        transaction_start: Some(number("currentTxnFirstOffset")).filter(|&offset| offset >= 0),
    }
}

fn aborted_transaction(entry: &Value) -> AbortedTransaction {
    let number = |field: &str| entry[field].as_i64().unwrap();
    AbortedTransaction {
        producer_id: number("producerId"),
        first_offset: number("firstOffset"),
        last_offset: number("lastOffset"),
        last_stable_offset: number("lastStableOffset"),
    }
}
