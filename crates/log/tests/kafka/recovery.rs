//! What our log finds is what the manifests say.

use std::collections::BTreeMap;

use ottla_log::format::{PartitionMetadata, decode_producer_snapshot, format_id};
use ottla_log::index::{AbortedTxn, IndexEntry, OffsetEntry, TimeEntry, decode_entries};
use ottla_log::{FileKind, FileName, Log};
use ottla_records::{Batches, ControlKey, ControlType, Limits, Offset};
use serde_json::Value;

use crate::data_dir::{DataDir, array, folder_name, number};

#[test]
fn after_a_clean_stop_everything_is_where_the_manifest_says() {
    let dir = DataDir::clean();
    for (folder, manifest) in dir.live_logs() {
        let mut opened = dir.open(folder);
        assert_eq!(opened.recovery, Default::default(), "{folder}");
        check_batches(folder, manifest, &mut opened.log);
        check_epochs(folder, manifest, &opened.log);
        check_indexes(folder, manifest, &dir);
        check_timestamps(folder, manifest, &mut opened.log);
        check_snapshots(folder, manifest, &dir, &opened.log);
        check_metadata(folder, manifest, &dir);
        check_offsets(folder, &dir.manifest["state"], &mut opened.log);
    }
}

#[test]
fn after_a_kill_recovery_finds_what_kafka_found() {
    let dir = DataDir::killed();
    for (folder, manifest) in dir.live_logs() {
        let mut opened = dir.open(folder);
        check_batches(folder, manifest, &mut opened.log);
        check_offsets(folder, &dir.manifest["stateAfterRecovery"], &mut opened.log);
        check_epochs(folder, manifest, &opened.log);
        let cut = opened.recovery.cut.map(|cut| cut.bytes);
        assert_eq!(cut, (folder == "torn-0").then_some(100), "{folder}");
    }
}

#[test]
fn indexes_that_were_lost_are_made_anew_as_kafka_had_them() {
    let (clean, killed) = (DataDir::clean(), DataDir::killed());
    let opened = killed.open("codec-none-0");
    let mut log = opened.log;
    log.sync().expect("a sync");
    let sizes = |dir: &DataDir, base, kind| {
        std::fs::read(FileName::new(base, kind).path(&dir.path.join("codec-none-0"))).expect("an index")
    };
    for base in [0, 21, 30, 53, 74, 83, 106, 127, 136] {
        for kind in [FileKind::OffsetIndex, FileKind::TimeIndex] {
            assert_eq!(sizes(&killed, base, kind), sizes(&clean, base, kind), "{base} {kind:?}");
        }
    }
}

#[test]
fn a_second_recovery_finds_the_same_as_the_first() {
    let dir = DataDir::killed();
    for (folder, manifest) in dir.live_logs() {
        dir.open(folder).log.sync().expect("a sync");
        let mut again = dir.open(folder);
        assert_eq!(again.recovery.cut, None, "{folder}");
        assert_eq!(again.recovery.rebuilt_indexes, [] as [Offset; 0], "{folder}");
        check_batches(folder, manifest, &mut again.log);
    }
}

#[test]
fn after_a_kill_the_transaction_indexes_are_completed_by_the_replay() {
    let dir = DataDir::killed();
    for (folder, manifest) in dir.live_logs().filter(|(folder, _)| !folder.starts_with("compacted-tx")) {
        let segments = array(&manifest["segments"]).iter();
        let wanted: Vec<_> = segments
            .flat_map(|segment| array(&segment["abortedTransactions"]))
            .map(|entry| AbortedTxn {
                producer_id: number(&entry["producerId"]),
                first_offset: number(&entry["firstOffset"]),
                last_offset: number(&entry["lastOffset"]),
                last_stable_offset: number(&entry["lastStableOffset"]),
            })
            .collect();
        // A second kill before the recovery point moves must find the same.
        for attempt in ["first", "second"] {
            let mut log = dir.open(folder).log;
            replay_transactions(&mut log);
            let found = log.aborted_transactions(log.start_offset(), Offset::MAX).expect("the indexes");
            assert_eq!(found, wanted, "{folder}, {attempt} start");
            log.sync().expect("a sync");
        }
    }
}

/// What a replica does at a start: follows the transactions, and tells the log which were aborted.
fn replay_transactions(log: &mut Log) {
    let state = log.producer_state().expect("a state");
    let mut open: BTreeMap<i64, Offset> = state
        .entries
        .iter()
        .filter(|entry| entry.current_txn_first_offset >= 0)
        .map(|entry| (entry.producer_id, entry.current_txn_first_offset))
        .collect();
    let mut aborted = Vec::new();
    log.replay(state.replay_from, |batch| {
        let header = *batch.header();
        let (producer_id, last_offset) = (header.producer_id, header.last_offset());
        if header.is_transactional() && !header.is_control() {
            open.entry(producer_id).or_insert(header.base_offset);
        } else if header.is_control()
            && header.is_transactional()
            && let Some(first_offset) = open.remove(&producer_id)
        {
            let marker = batch.records(&Limits::default()).expect("records").next().expect("a marker");
            let key =
                ControlKey::parse(&marker.expect("a marker").key.expect("a key")).expect("a control key");
            if key.control_type == ControlType::Abort {
                let last_stable_offset = open.values().min().copied().unwrap_or(last_offset + 1);
                aborted.push(AbortedTxn { producer_id, first_offset, last_offset, last_stable_offset });
            }
        }
    })
    .expect("a replay");
    aborted.into_iter().for_each(|entry| log.append_aborted(entry).expect("room in the index"));
}

/// Every batch, read by way of fetches of different sizes, is the manifest's.
fn check_batches(folder: &str, manifest: &Value, log: &mut Log) {
    let segments = array(&manifest["segments"]);
    let expected: Vec<_> = segments.iter().flat_map(|segment| array(&segment["batches"])).collect();
    for bytes_max in [1, 1000, 1 << 20] {
        let mut found = expected.iter();
        let mut offset =
            number_or(segments.first().map(|segment| &segment["baseOffset"]), 0).max(log.start_offset());
        while offset < log.end_offset() {
            let read = log.read(offset, bytes_max, Offset::MAX, true).expect("a fetch");
            for batch in Batches::new(read.load().expect("the bytes")) {
                let batch = batch.expect("a whole batch");
                let header = batch.header();
                let wanted =
                    found.find(|wanted| number(&wanted["lastOffset"]) >= offset).expect("another batch");
                assert_eq!(header.base_offset, number(&wanted["baseOffset"]), "{folder}");
                assert_eq!(i64::from(header.crc), number(&wanted["crc"]), "{folder}");
                assert!(batch.crc_is_valid());
                offset = header.next_offset();
            }
        }
        assert_eq!(found.count(), 0, "{folder}: batches that were not read");
    }
}

fn number_or(value: Option<&Value>, other: i64) -> i64 {
    value.map_or(other, number)
}

fn check_epochs(folder: &str, manifest: &Value, log: &Log) {
    let found: Vec<_> =
        log.epoch_entries().iter().map(|entry| (i64::from(entry.epoch), entry.start_offset)).collect();
    let wanted: Vec<_> = array(&manifest["leaderEpochs"])
        .iter()
        .map(|entry| (number(&entry["epoch"]), number(&entry["startOffset"])))
        .filter(|(_, start)| *start < log.end_offset())
        .collect();
    assert_eq!(found, wanted, "{folder}");
}

fn check_indexes(folder: &str, manifest: &Value, dir: &DataDir) {
    for segment in array(&manifest["segments"]) {
        let base = number(&segment["baseOffset"]);
        let offsets: Vec<OffsetEntry> = read_index(folder, dir, base, FileKind::OffsetIndex);
        let found = offsets.iter().map(|entry| (entry.offset, i64::from(entry.position)));
        check_entries(found, &segment["offsetIndex"], ["offset", "position"]);
        let times: Vec<TimeEntry> = read_index(folder, dir, base, FileKind::TimeIndex);
        check_entries(
            times.iter().map(|entry| (entry.timestamp, entry.offset)),
            &segment["timeIndex"],
            ["timestamp", "offset"],
        );
        let aborted: Vec<AbortedTxn> = read_index(folder, dir, base, FileKind::TxnIndex);
        let spans = aborted.iter().map(|entry| (entry.first_offset, entry.last_offset));
        check_entries(spans, &segment["abortedTransactions"], ["firstOffset", "lastOffset"]);
        let rest = aborted.iter().map(|entry| (entry.producer_id, entry.last_stable_offset));
        check_entries(rest, &segment["abortedTransactions"], ["producerId", "lastStableOffset"]);
    }
}

fn read_index<E: IndexEntry>(folder: &str, dir: &DataDir, base: Offset, kind: FileKind) -> Vec<E> {
    let path = FileName::new(base, kind).path(&dir.path.join(folder));
    std::fs::read(path).map(|bytes| decode_entries(base, &bytes)).unwrap_or_default()
}

fn check_entries(found: impl Iterator<Item = (i64, i64)>, manifest: &Value, keys: [&str; 2]) {
    let wanted = array(manifest).iter().map(|entry| (number(&entry[keys[0]]), number(&entry[keys[1]])));
    assert_eq!(found.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
}

fn check_snapshots(folder: &str, manifest: &Value, dir: &DataDir, log: &Log) {
    let snapshots = array(&manifest["producerSnapshots"]);
    let offsets: Vec<_> = snapshots.iter().map(|snapshot| number(&snapshot["offset"])).collect();
    assert_eq!(log.snapshot_offsets(), offsets, "{folder}");
    for snapshot in snapshots {
        let path = dir.path.join(folder).join(snapshot["file"].as_str().expect("a name"));
        let found =
            decode_producer_snapshot(&std::fs::read(path).expect("a snapshot")).expect("a whole snapshot");
        let wanted = array(&snapshot["producerEntries"]);
        assert_eq!(found.len(), wanted.len());
        for (found, wanted) in found.iter().zip(wanted) {
            assert_eq!(found.producer_id, number(&wanted["producerId"]));
            assert_eq!(i64::from(found.epoch), number(&wanted["epoch"]));
            assert_eq!(i64::from(found.last_sequence), number(&wanted["lastSequence"]));
            assert_eq!(found.last_offset, number(&wanted["lastOffset"]));
            assert_eq!(i64::from(found.offset_delta), number(&wanted["offsetDelta"]));
            assert_eq!(found.timestamp, number(&wanted["timestamp"]));
            assert_eq!(i64::from(found.coordinator_epoch), number(&wanted["coordinatorEpoch"]));
            assert_eq!(found.current_txn_first_offset, number(&wanted["currentTxnFirstOffset"]));
        }
    }
    if log.end_offset() > 0 {
        assert_eq!(log.producer_state().expect("a state").replay_from, log.end_offset(), "{folder}");
    }
}

fn check_metadata(folder: &str, manifest: &Value, dir: &DataDir) {
    let found = PartitionMetadata::read(dir.files.disk(), &dir.path.join(folder)).expect("metadata");
    let id = format_id(found.expect("a topic").topic_id);
    assert_eq!(manifest["partitionMetadata"]["topic_id"], id, "{folder}");
}

/// The start and the end that the node told its clients; the high watermark is the end on a single node.
fn check_offsets(folder: &str, state: &Value, log: &mut Log) {
    let name = folder_name(folder);
    let Some(partitions) = state["topics"][&name.topic]["partitions"].as_array() else { return };
    let partition =
        partitions.iter().find(|partition| number(&partition["partition"]) == i64::from(name.partition));
    let partition = partition.expect("the partition");
    assert_eq!(log.start_offset(), number(&partition["logStartOffset"]), "{folder}");
    assert_eq!(log.end_offset(), number(&partition["highWatermark"]), "{folder}");
    let latest = log.max_timestamp().expect("a lookup");
    assert_eq!(latest.map_or(-1, |found| found.timestamp), number(&partition["maxTimestamp"]), "{folder}");
    assert_eq!(
        latest.map_or(-1, |found| found.offset),
        number(&partition["offsetOfMaxTimestamp"]),
        "{folder}"
    );
}

/// By the records of the manifest, one after another.
fn check_timestamps(folder: &str, manifest: &Value, log: &mut Log) {
    let segments = array(&manifest["segments"]).iter().flat_map(|segment| array(&segment["batches"]));
    let records: Vec<(i64, i64)> = segments
        .flat_map(|batch| array(&batch["records"]))
        .map(|record| (number(&record["timestamp"]), number(&record["offset"])))
        .filter(|(_, offset)| *offset >= log.start_offset())
        .collect();
    let mut asked: Vec<i64> = records.iter().flat_map(|(time, _)| [time - 1, *time, time + 1]).collect();
    asked.sort_unstable();
    asked.dedup();
    for asked in asked {
        let wanted = records.iter().find(|(time, _)| *time >= asked);
        let found = log.offset_for_timestamp(asked).expect("a lookup");
        assert_eq!(
            found.map(|found| (found.timestamp, found.offset)),
            wanted.copied(),
            "{folder} at {asked}"
        );
    }
}
