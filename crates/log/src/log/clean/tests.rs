use std::collections::{BTreeMap, HashMap};

use ottla_records::{AssignedBatch, BatchBuilder, BatchOptions, Batches, Limits, Offset};

use super::{Cleanable, Installed, LastRecord};
use crate::config::{CleanupPolicy, LogConfig};
use crate::disk::{Call, Disk as _, SimDisk};
use crate::error::Error;
use crate::log::tests::support::{FOLDER, new_log, options, reopen, small};
use crate::log::{Log, OpenOptions};

const DELETE_RETENTION_MS: i64 = 1000;
const KEY_BYTES_MAX: usize = 1 << 20;

fn compacted() -> LogConfig {
    LogConfig {
        cleanup_policy: CleanupPolicy { delete: false, compact: true },
        delete_retention_ms: DELETE_RETENTION_MS,
        min_cleanable_dirty_ratio: 0.0,
        ..small()
    }
}

/// One record: its value is its offset, or none.
fn keyed(offset: Offset, key: &str, is_tombstone: bool, producer_id: i64) -> AssignedBatch {
    let options = BatchOptions {
        base_offset: offset,
        leader_epoch: 0,
        producer_id,
        producer_epoch: 0,
        base_sequence: i32::try_from(offset).expect("few"),
        ..BatchOptions::default()
    };
    let mut builder = BatchBuilder::new(options);
    let value = format!("{offset:020}");
    let value = (!is_tombstone).then_some(value.as_bytes());
    builder.append(offset, Some(key.as_bytes()), value, &[]).expect("room in a batch");
    AssignedBatch::from(builder.build().expect("a batch"))
}

/// Each character is the key of a record, in upper case of a tombstone.
fn append_keys(log: &mut Log, keys: &str) {
    for key in keys.chars() {
        let name = key.to_ascii_lowercase().to_string();
        let batch = keyed(log.end_offset(), &name, key.is_ascii_uppercase(), 7);
        log.append(&batch, 0, Vec::new).expect("a place");
    }
}

/// A log with these records, and the segment behind them still active.
fn log_of(disk: &SimDisk, keys: &str) -> Log {
    let mut log = new_log(disk, &compacted());
    append_keys(&mut log, keys);
    log.roll(0, Vec::new);
    log.sync().expect("a sync");
    log
}

fn clean(log: &mut Log, cleaned_to: Offset, now_ms: i64, key_bytes_max: usize) -> Option<Installed> {
    let cleanable = log.cleanable(now_ms, Some(cleaned_to), log.recovery_point()).expect("an answer")?;
    let cleaning = log.plan_cleaning(cleanable, HashMap::new(), now_ms).expect("a plan");
    Some(log.install(cleaning.run(key_bytes_max).expect("a round")).expect("new segments"))
}

/// Offset and key of every record, a tombstone's in upper case.
fn contents(log: &mut Log) -> Vec<(Offset, String)> {
    let read = log.read(log.start_offset(), usize::MAX, Offset::MAX, true).expect("a fetch");
    let mut found = Vec::new();
    for batch in Batches::new(read.load().expect("the bytes")) {
        let batch = batch.expect("a batch");
        assert!(batch.crc_is_valid());
        for record in batch.records(&Limits::default()).expect("records") {
            let record = record.expect("a record");
            let key = String::from_utf8(record.key.expect("a key").to_vec()).expect("text");
            let key = if record.value.is_none() { key.to_uppercase() } else { key };
            found.push((record.offset, key));
        }
    }
    found
}

fn text(contents: &[(Offset, String)]) -> String {
    contents.iter().map(|(offset, key)| format!("{offset}{key} ")).collect()
}

#[test]
fn of_each_key_the_last_record_stays_at_its_offset() {
    for (keys, left) in [
        ("abcabc", "3a 4b 5c "),
        ("aaaaaaaaaa", "9a "),
        ("abcdef", "0a 1b 2c 3d 4e 5f "),
        ("abA", "1b 2A "),
        ("Aab", "1a 2b "),
    ] {
        let mut log = log_of(&SimDisk::new(), keys);
        let end = log.end_offset();
        let installed = clean(&mut log, 0, 0, KEY_BYTES_MAX).expect("something to clean");
        assert_eq!(text(&contents(&mut log)), left, "{keys}");
        assert_eq!((installed.cleaned_to, log.end_offset()), (end, end));
        assert!(clean(&mut log, end, 0, KEY_BYTES_MAX).is_none(), "nothing is dirty any more");
    }
}

#[test]
fn a_tombstone_goes_when_its_time_has_come() {
    let mut log = log_of(&SimDisk::new(), "abA");
    for (now_ms, more, left) in
        [(50, "c", "1b 2A 3c "), (1049, "d", "1b 2A 3c 4d "), (1051, "e", "1b 3c 4d 5e ")]
    {
        assert!(clean(&mut log, 0, now_ms, KEY_BYTES_MAX).expect("a round").cleaned_to > 0);
        append_keys(&mut log, more);
        log.roll(0, Vec::new);
        log.sync().expect("a sync");
        assert_eq!(text(&contents(&mut log)), left, "at {now_ms}");
    }
}

#[test]
fn small_segments_are_merged() {
    let mut log = log_of(&SimDisk::new(), "ababababababababcd");
    let before = log.segment_count();
    clean(&mut log, 0, 0, KEY_BYTES_MAX).expect("a round");
    append_keys(&mut log, "e");
    log.roll(0, Vec::new);
    log.sync().expect("a sync");
    clean(&mut log, 18, 0, KEY_BYTES_MAX).expect("a round");
    assert!(before >= 7 && log.segment_count() <= 4, "{before} and {}", log.segment_count());
    assert_eq!(text(&contents(&mut log)), "14a 15b 16c 17d 18e ");
}

#[test]
fn rounds_whose_keys_do_not_fit_memory_end_up_the_same() {
    let keys = "abcdefghijklmnopabcdefghijklmnop";
    let mut log = log_of(&SimDisk::new(), keys);
    let (mut cleaned_to, mut rounds) = (0, 0);
    while let Some(installed) = clean(&mut log, cleaned_to, 0, 200) {
        assert!(installed.cleaned_to > cleaned_to, "no progress");
        cleaned_to = installed.cleaned_to;
        rounds += 1;
    }
    assert!(rounds > 5);
    let left: String = contents(&mut log).into_iter().map(|(_, key)| key).collect();
    assert_eq!(left, "abcdefghijklmnop");
}

#[test]
fn the_last_batch_of_a_producer_stays_without_its_records() {
    let mut log = new_log(&SimDisk::new(), &compacted());
    for (key, producer_id) in [("a", 1), ("a", 2), ("b", 2), ("a", 3), ("b", 3)] {
        let batch = keyed(log.end_offset(), key, false, producer_id);
        log.append(&batch, 0, Vec::new).expect("a place");
    }
    log.roll(0, Vec::new);
    log.sync().expect("a sync");
    let found = log.cleanable(0, None, 5).expect("an answer").expect("something to clean");
    let last = |offset| LastRecord { data_offset: Some(offset), producer_epoch: 0 };
    let cleaning = log.plan_cleaning(found, HashMap::from([(2, last(2))]), 0).expect("a plan");
    let _installed = log.install(cleaning.run(KEY_BYTES_MAX).expect("a round")).expect("new segments");
    assert_eq!(text(&contents(&mut log)), "3a 4b ");
    let mut batches = Vec::new();
    log.replay(0, |batch| batches.push((batch.header().producer_id, batch.header().last_sequence())))
        .expect("batches");
    assert_eq!(batches, [(2, 2), (3, 3), (3, 4)]);
}

#[test]
fn what_is_young_or_not_durable_is_left_alone() {
    let cleanable = |config: LogConfig, now_ms, limit| -> Option<(Offset, Offset, bool)> {
        let mut log = new_log(&SimDisk::new(), &config);
        append_keys(&mut log, "aaaaaaaaa");
        let found: Option<Cleanable> = log.cleanable(now_ms, None, limit).expect("an answer");
        found.map(|found| (found.first_dirty, found.end, found.is_overdue))
    };
    let lagging = LogConfig { min_compaction_lag_ms: 100, ..compacted() };
    let overdue = LogConfig { max_compaction_lag_ms: 100, ..compacted() };
    let two_per_segment = LogConfig { segment_bytes: 200, ..compacted() };
    for (name, config, now_ms, limit, found) in [
        ("all but the active segment", two_per_segment.clone(), 0, 9, Some((0, 8, false))),
        ("only what is durable", two_per_segment.clone(), 0, 5, Some((0, 4, false))),
        ("nothing is durable", two_per_segment, 0, 1, None),
        ("record 3 is young", LogConfig { segment_bytes: 200, ..lagging }, 102, 9, Some((0, 2, false))),
        (
            "the first record is too old",
            LogConfig { segment_bytes: 200, ..overdue },
            101,
            9,
            Some((0, 8, true)),
        ),
    ] {
        assert_eq!(cleanable(config, now_ms, limit), found, "{name}");
    }
}

#[test]
fn appending_and_reading_go_on_during_a_round() {
    let mut log = log_of(&SimDisk::new(), "abcabc");
    let found = log.cleanable(0, None, 6).expect("an answer").expect("something to clean");
    let before = log.read(0, usize::MAX, 6, true).expect("a fetch");
    let cleaning = log.plan_cleaning(found, HashMap::new(), 0).expect("a plan");
    append_keys(&mut log, "abcd");
    assert!(matches!(log.truncate_to(2), Err(Error::Busy { .. })));
    let cleaned = cleaning.run(KEY_BYTES_MAX).expect("a round");
    let syncing = log.take_sync();
    let installed = log.install(cleaned).expect("new segments");
    installed.deleted.remove().expect("a removal");
    syncing.run().expect("a sync");
    log.synced(syncing);
    assert_eq!(before.load().expect("the old bytes").len(), before.bytes);
    assert_eq!(text(&contents(&mut log)), "3a 4b 5c 6a 7b 8c 9d ");
}

#[test]
fn a_round_that_fails_leaves_nothing_behind() {
    for skip in 0..6 {
        let disk = SimDisk::new();
        let mut log = log_of(&disk, "abcabcabcdef");
        let found = log.cleanable(0, None, 12).expect("an answer").expect("something to clean");
        let cleaning = log.plan_cleaning(found, HashMap::new(), 0).expect("a plan");
        disk.fail(Call::Write, ".cleaned", skip);
        if cleaning.run(KEY_BYTES_MAX).is_ok() {
            continue;
        }
        let names = disk.list(FOLDER.as_ref()).expect("a folder");
        let temporary = |name: &str| name.ends_with(".cleaned") || name.ends_with(".swap");
        assert!(names.iter().all(|entry| !temporary(&entry.name)), "{names:?}");
        assert_eq!(contents(&mut log).len(), 12);
    }
}

#[test]
fn a_crash_at_any_point_of_a_round_leaves_every_key_with_its_last_value() {
    let keys = "abcabcdbcadEabcdefabcABd";
    let disk = SimDisk::new();
    let mut log = log_of(&disk, keys);
    let end = log.end_offset();
    let start = disk.operations();
    clean(&mut log, 0, 0, KEY_BYTES_MAX).expect("a round").deleted.remove().expect("a removal");
    log.sync().expect("a sync");
    let mut last = BTreeMap::new();
    for (offset, key) in (0..).zip(keys.chars()) {
        last.insert(key.to_ascii_lowercase(), (offset, key.to_string()));
    }
    let mut recoveries = 0;
    for (operations, before) in disk.prefixes().filter(|(operations, _)| *operations >= start) {
        for crashed in before.crashes(12, u64::try_from(operations).expect("few")) {
            let options = OpenOptions { is_clean: false, recovery_point: end, ..options(&compacted()) };
            let mut log = reopen(&crashed, &options).log;
            assert_eq!(log.end_offset(), end);
            check_contents(&contents(&mut log), &last, keys);
            let again = contents(&mut reopen(&crashed, &options).log);
            assert_eq!(again, contents(&mut log));
            recoveries += 1;
        }
    }
    assert!(recoveries > 150, "{recoveries}");
}

/// Only records that were written, in order, none twice, and the last of each key among them.
fn check_contents(found: &[(Offset, String)], last: &BTreeMap<char, (Offset, String)>, keys: &str) {
    assert!(found.is_sorted_by(|one, next| one.0 < next.0), "{found:?}");
    for (offset, key) in found {
        let at = usize::try_from(*offset).expect("an offset");
        assert_eq!(keys.get(at..=at), Some(key.as_str()));
    }
    for wanted in last.values() {
        assert!(found.contains(wanted), "{wanted:?} is missing in {found:?}");
    }
}

#[test]
fn a_round_gives_up_when_its_log_is_to_be_deleted() {
    let disk = SimDisk::new();
    let mut log = log_of(&disk, "abcabc");
    let cleanable =
        log.cleanable(0, None, log.recovery_point()).expect("an answer").expect("something to clean");
    let cleaning = log.plan_cleaning(cleanable, HashMap::new(), 0).expect("a plan");
    let before = disk.list(FOLDER.as_ref()).expect("a folder");
    let unique = uuid::Uuid::from_u128(7);
    assert!(matches!(log.mark_folder_deleted(unique), Err(Error::Busy { .. })));
    assert!(matches!(cleaning.run(KEY_BYTES_MAX), Err(Error::Deleted { .. })));
    assert_eq!(disk.list(FOLDER.as_ref()).expect("a folder"), before);
    log.mark_folder_deleted(unique).expect("nobody works on it any more");
}
