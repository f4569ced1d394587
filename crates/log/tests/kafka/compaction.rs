//! Our cleaner and Kafka's make the same of the same segments.
//!
//! The clean data directory holds what Kafka's last round read (`.deleted`) beside what it wrote.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use ottla_log::disk::RealDisk;
use ottla_log::{CleanupPolicy, Files, LastRecord, Log, LogConfig, OpenOptions};
use ottla_records::{Batch, Batches, Offset};

use crate::data_dir::{DataDir, array, number};

const DAY: i64 = 24 * 60 * 60 * 1000;

#[test]
fn a_round_over_transactions_writes_kafkas_bytes() {
    // Producer 27 ended with a marker.
    check_round(
        "compacted-tx-0",
        &[0, 31, 33],
        HashMap::from([(27, LastRecord { data_offset: None, producer_epoch: 21 })]),
    );
}

#[test]
fn a_round_over_keys_and_tombstones_writes_kafkas_bytes() {
    let last = |offset| LastRecord { data_offset: Some(offset), producer_epoch: 0 };
    check_round("compacted-after-0", &[0, 143], HashMap::from([(2019, last(182)), (2020, last(171))]));
}

/// `inputs` are the base offsets of what Kafka read; the first had been cleaned before.
fn check_round(folder: &str, inputs: &[Offset], producers: HashMap<i64, LastRecord>) {
    let cleaned_to = inputs[1];
    let dir = DataDir::clean();
    let temporary = tempfile::tempdir().expect("a folder");
    let (from, to) = (dir.path.join(folder), temporary.path().join(folder));
    copy_inputs(&from, &to, inputs);
    let segments = array(&dir.manifest["logs"][folder]["segments"]);
    let end = number(&segments[1]["baseOffset"]);
    let horizons =
        array(&segments[0]["batches"]).iter().filter_map(|batch| batch["deleteHorizonMs"].as_i64());
    let now_ms = horizons.max().expect("a tombstone or a marker") - DAY;

    let mut log = open(&to);
    let found = log.cleanable(now_ms, Some(cleaned_to), end).expect("an answer").expect("something to clean");
    assert_eq!((found.first_dirty, found.end), (cleaned_to, end));
    let cleaning = log.plan_cleaning(found, producers, now_ms).expect("a plan");
    let installed = log.install(cleaning.run(1 << 20).expect("a round")).expect("new segments");
    assert_eq!(installed.cleaned_to, end);
    for extension in ["log", "index", "timeindex", "txnindex"] {
        let name = format!("{:020}.{extension}", 0);
        let read = |dir: &Path| std::fs::read(dir.join(&name)).unwrap_or_default();
        if extension == "log" {
            assert_eq!(describe(read(&to)), describe(read(&from)), "{folder}");
        }
        assert_eq!(read(&to), read(&from), "{folder}/{name}");
    }
    log.close(Vec::new).expect("a clean stop");
    assert_eq!(open(&to).end_offset(), log.end_offset());
}

/// The segments that the last round read, under their own names, and those that it left alone.
fn copy_inputs(from: &Path, to: &Path, inputs: &[Offset]) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let name = entry.expect("a name").file_name().into_string().expect("a name");
        let is_deleted = name.ends_with(".deleted");
        let is_input = inputs.iter().any(|base| name.starts_with(&format!("{base:020}.")));
        if is_input == is_deleted {
            std::fs::copy(from.join(&name), to.join(name.trim_end_matches(".deleted"))).expect("a copy");
        }
    }
}

fn open(folder: &Path) -> Log {
    let files = Files::new(Arc::new(RealDisk), 8);
    let config = LogConfig {
        index_interval_bytes: 300,
        cleanup_policy: CleanupPolicy { delete: false, compact: true },
        ..LogConfig::default()
    };
    let options = OpenOptions {
        folder: folder.to_path_buf(),
        config: Arc::new(config),
        start_offset: 0,
        recovery_point: 0,
        is_clean: true,
        may_have_gaps: true,
        now_ms: 0,
    };
    Log::open(&files, &options).expect("a log").log
}

fn describe(bytes: Vec<u8>) -> Vec<String> {
    let line = |batch: Batch| {
        let header = batch.header();
        let (base, last, count) = (header.base_offset, header.last_offset(), header.record_count);
        format!("{base}..{last}: {count} records, {:?}", header.delete_horizon())
    };
    Batches::new(bytes.into()).map(|batch| line(batch.expect("a batch"))).collect()
}
