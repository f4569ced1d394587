use std::path::Path;

use uuid::Uuid;

use super::support::{FOLDER, fetch_all, fill, new_log, options, reopen, small};
use crate::config::{CleanupPolicy, LogConfig};
use crate::disk::{Disk as _, SimDisk};
use crate::log::{OpenOptions, remove_folder};

/// Ten segments of three batches; the record at offset N has the timestamp N.
const END: i64 = 30;

fn start_after(config: LogConfig, now_ms: i64, high_watermark: i64, deleted_before: i64) -> (i64, i64) {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &config);
    fill(&mut log, END);
    log.delete_records_before(deleted_before).expect("in range");
    log.apply_retention(now_ms, high_watermark, Vec::new).expect("a deletion").remove().expect("a removal");
    let batches = fetch_all(&mut log);
    assert_eq!(batches, (log.start_offset()..END).collect::<Vec<_>>());
    log.close(Vec::new).expect("a clean stop");
    let again = reopen(&disk, &OpenOptions { start_offset: deleted_before, ..options(&config) }).log;
    assert_eq!((again.start_offset(), again.end_offset()), (log.start_offset(), log.end_offset()));
    (log.start_offset(), log.end_offset())
}

#[test]
fn whole_segments_go_by_time_size_and_start() {
    let keep_ms = |ms| LogConfig { retention_ms: ms, ..small() };
    let keep_bytes = |bytes| LogConfig { retention_bytes: bytes, ..small() };
    let compacted =
        LogConfig { cleanup_policy: CleanupPolicy { delete: false, compact: true }, ..keep_ms(0) };
    for (name, config, now_ms, high_watermark, deleted_before, start) in [
        ("nothing is old", keep_ms(100), 30, END, 0, 0),
        ("two segments are old", keep_ms(10), 16, END, 0, 6),
        ("the high watermark holds them", keep_ms(10), 16, 5, 0, 3),
        ("all is old", keep_ms(10), 1000, END, 0, END),
        ("the size fits", keep_bytes(10_000), 0, END, 0, 0),
        ("four segments are left", keep_bytes(1000), 0, END, 0, 18),
        ("nothing may stay", keep_bytes(0), 0, END, 0, END),
        ("the start lies within a segment", keep_ms(-1), 0, END, 7, 7),
        ("compaction alone keeps what is old", compacted, 1000, END, 7, 7),
    ] {
        assert_eq!(start_after(config, now_ms, high_watermark, deleted_before), (start, END), "{name}");
    }
}

#[test]
fn a_start_within_a_segment_needs_a_checkpoint() {
    let mut log = new_log(&SimDisk::new(), &small());
    fill(&mut log, END);
    assert!(!log.start_needs_checkpoint());
    assert!(log.delete_records_before(7).expect("in range"));
    assert!(!log.delete_records_before(5).expect("in range"));
    let deleted = log.apply_retention(0, END, Vec::new).expect("a deletion");
    assert!(log.start_needs_checkpoint());
    assert_eq!(deleted.paths().len(), 6, "three files of each segment");
}

#[test]
fn what_was_deleted_and_not_removed_goes_at_the_next_start() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, END);
    log.delete_records_before(7).expect("in range");
    let _forgotten = log.apply_retention(0, END, Vec::new).expect("a deletion");
    log.close(Vec::new).expect("a clean stop");
    let log = reopen(&disk, &OpenOptions { start_offset: 7, ..options(&small()) }).log;
    assert_eq!((log.start_offset(), log.end_offset()), (7, END));
    let names = disk.list(FOLDER.as_ref()).expect("a folder");
    assert!(names.iter().all(|entry| !entry.name.ends_with(".deleted")));
}

#[test]
fn nothing_is_deleted_while_writes_are_out() {
    let mut log = new_log(&SimDisk::new(), &small());
    fill(&mut log, END);
    let writes = log.take_writes();
    log.delete_records_before(7).expect("in range");
    assert!(log.apply_retention(0, END, Vec::new).expect("no error").is_empty());
    writes.run().expect("room");
    log.written(writes);
    assert!(!log.apply_retention(0, END, Vec::new).expect("a deletion").is_empty());
}

#[test]
fn a_deleted_partition_changes_its_name_at_once() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 3);
    log.write_pending().expect("room");
    let folder = log.mark_folder_deleted(Uuid::from_u128(5)).expect("a rename");
    assert_eq!(folder, Path::new("/data/topic-0.00000000000000000000000000000005-delete"));
    assert!(!disk.exists(FOLDER.as_ref()).expect("an answer"));
    remove_folder(&disk, &folder).expect("a removal");
    assert!(!disk.exists(&folder).expect("an answer"));
}
