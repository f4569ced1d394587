//! A log on a simulated disk, and batches that are easy to tell apart.

use std::path::PathBuf;
use std::sync::Arc;

use ottla_records::{AssignedBatch, BatchBuilder, BatchOptions, Batches, Epoch, Offset, Timestamp};

use crate::config::LogConfig;
use crate::disk::{Disk as _, SimDisk};
use crate::files::Files;
use crate::log::{Log, OpenOptions, Opened};

pub(crate) const FOLDER: &str = "/data/topic-0";

/// Small enough that a few batches fill a segment.
pub(crate) fn small() -> LogConfig {
    LogConfig {
        segment_bytes: 300,
        index_interval_bytes: 100,
        retention_ms: -1,
        segment_ms: i64::MAX,
        ..LogConfig::default()
    }
}

pub(crate) fn options(config: &LogConfig) -> OpenOptions {
    OpenOptions {
        folder: PathBuf::from(FOLDER),
        config: Arc::new(config.clone()),
        start_offset: 0,
        recovery_point: 0,
        is_clean: true,
        may_have_gaps: false,
        now_ms: 0,
    }
}

pub(crate) fn new_log(disk: &SimDisk, config: &LogConfig) -> Log {
    disk.create_dir_all(FOLDER.as_ref()).expect("a folder");
    disk.sync_dir("/data".as_ref()).expect("a durable folder");
    disk.sync_dir("/".as_ref()).expect("a durable folder");
    reopen(disk, &options(config)).log
}

pub(crate) fn reopen(disk: &SimDisk, options: &OpenOptions) -> Opened {
    try_reopen(disk, options).expect("a log that opens")
}

pub(crate) fn try_reopen(disk: &SimDisk, options: &OpenOptions) -> crate::Result<Opened> {
    Log::open(&Files::new(Arc::new(disk.clone()), 4), options)
}

/// `records` records from `offset` on, the value of each as long as 30 bytes and its own.
pub(crate) fn batch(offset: Offset, records: usize, timestamp: Timestamp) -> AssignedBatch {
    batch_of_epoch(offset, records, timestamp, 0)
}

pub(crate) fn batch_of_epoch(
    offset: Offset,
    records: usize,
    timestamp: Timestamp,
    leader_epoch: Epoch,
) -> AssignedBatch {
    let mut builder =
        BatchBuilder::new(BatchOptions { base_offset: offset, leader_epoch, ..BatchOptions::default() });
    for index in 0..records {
        let value = format!("value {:024}", offset + i64::try_from(index).expect("few"));
        builder.append(timestamp, None, Some(value.as_bytes()), &[]).expect("room in a batch");
    }
    AssignedBatch::from(builder.build().expect("a batch"))
}

/// Appends batches of one record each up to offset `end`; the record at offset N has the timestamp N.
pub(crate) fn fill(log: &mut Log, end: Offset) {
    while log.end_offset() < end {
        let offset = log.end_offset();
        log.append(&batch(offset, 1, offset), offset, Vec::new).expect("a place");
    }
}

/// The base offsets of the batches that a fetch gives.
pub(crate) fn fetch(log: &mut Log, from: Offset, bytes_max: usize, upper: Offset) -> Vec<Offset> {
    let read = log.read(from, bytes_max, upper, true).expect("a fetch");
    let bytes = read.load().expect("the bytes");
    assert_eq!(bytes.len(), read.bytes);
    Batches::new(bytes)
        .map(|batch| {
            let batch = batch.expect("a whole batch");
            assert!(batch.crc_is_valid());
            batch.header().base_offset
        })
        .collect()
}

pub(crate) fn fetch_all(log: &mut Log) -> Vec<Offset> {
    fetch(log, log.start_offset(), usize::MAX, Offset::MAX)
}
