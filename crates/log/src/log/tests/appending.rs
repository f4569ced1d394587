use super::support::{batch, fetch_all, fill, new_log, options, reopen, small};
use crate::config::LogConfig;
use crate::disk::SimDisk;
use crate::error::Error;
use crate::log::Log;

#[test]
fn appending_touches_no_disk_until_it_is_written() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    let before = disk.operations();
    fill(&mut log, 20);
    assert_eq!(disk.operations(), before);
    assert!(log.unwritten_bytes() > 0);
    assert_eq!(fetch_all(&mut log), (0..20).collect::<Vec<_>>());
    log.write_pending().expect("room");
    assert_eq!((log.unwritten_bytes(), log.written_end()), (0, 20));
    assert_eq!(fetch_all(&mut log), (0..20).collect::<Vec<_>>());
}

#[test]
fn a_batch_must_follow_the_end_and_fit_a_segment() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 3);
    for offset in [0, 2] {
        let error = log.append(&batch(offset, 1, 0), 0, Vec::new).expect_err("an offset that is taken");
        assert!(matches!(error, Error::OutOfOrder { end: 3, .. }), "{error}");
    }
    let error = log.append(&batch(3, 20, 0), 0, Vec::new).expect_err("a batch that is too large");
    assert!(matches!(error, Error::BatchTooLarge { limit: 300, .. }), "{error}");
    log.append(&batch(7, 1, 0), 0, Vec::new).expect("a gap, as compaction leaves it");
    assert_eq!(fetch_all(&mut log), [0, 1, 2, 7]);
}

fn segments_after(config: &LogConfig, appends: &[(i64, i64)]) -> usize {
    let mut log = new_log(&SimDisk::new(), config);
    for (timestamp, now_ms) in appends {
        log.append(&batch(log.end_offset(), 1, *timestamp), *now_ms, Vec::new).expect("a place");
    }
    log.segment_count()
}

#[test]
fn segments_roll_by_size_time_and_index() {
    let wide = LogConfig { segment_ms: 100, ..LogConfig::default() };
    let tight_index = LogConfig { segment_index_bytes: 24, segment_bytes: 1 << 20, ..small() };
    for (name, config, appends, segments) in [
        ("four of 98 bytes are more than 300", small(), vec![(0, 0); 4], 2),
        ("record time counts", wide.clone(), vec![(1000, 0), (1100, 9999), (1101, 0)], 2),
        ("the clock counts where records have no time", wide.clone(), vec![(-1, 0), (-1, 100), (-1, 101)], 2),
        ("an old record does not roll", wide, vec![(1000, 0), (5, 0)], 1),
        ("the time index keeps a slot for the close", tight_index, vec![(1, 0), (2, 0), (3, 0), (4, 0)], 2),
    ] {
        assert_eq!(segments_after(&config, &appends), segments, "{name}");
    }
}

#[test]
fn an_offset_that_outgrows_its_index_opens_a_segment() {
    let mut log = new_log(&SimDisk::new(), &small());
    fill(&mut log, 1);
    let far = i64::from(i32::MAX) + 1;
    assert!(log.append(&batch(far, 1, 0), 0, Vec::new).expect("a place").rolled);
    assert_eq!(fetch_all(&mut log), [0, far]);
}

#[test]
fn a_roll_asks_for_the_producers_and_keeps_them() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 4);
    log.sync().expect("a sync");
    assert_eq!(log.snapshot_offsets(), [3]);
    assert_eq!(log.producer_state().expect("a state").replay_from, 3);
    let mut replayed = Vec::new();
    log.replay(3, |batch| replayed.push(batch.header().base_offset)).expect("batches");
    assert_eq!(replayed, [3]);
}

#[test]
fn writes_may_be_taken_twice_and_confirmed_in_any_order() {
    for second_first in [false, true] {
        let disk = SimDisk::new();
        let mut log = new_log(&disk, &small());
        fill(&mut log, 7);
        let first = log.take_writes();
        fill(&mut log, 12);
        let second = log.take_sync();
        first.run().expect("room");
        second.run().expect("room");
        if second_first {
            log.synced(second);
            log.written(first);
        } else {
            log.written(first);
            log.synced(second);
        }
        assert_eq!((log.unwritten_bytes(), log.recovery_point()), (0, 12));
        assert_eq!(fetch_all(&mut log), (0..12).collect::<Vec<_>>());
        check_reopened(&disk, &mut log);
    }
}

#[test]
fn a_write_that_failed_is_repeated() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 7);
    disk.limit_room(150);
    assert!(log.write_pending().expect_err("a full disk").is_storage_full());
    assert_eq!(fetch_all(&mut log), (0..7).collect::<Vec<_>>());
    disk.limit_room(u64::MAX);
    log.write_pending().expect("room again");
    check_reopened(&disk, &mut log);
}

/// After a clean stop everything is found again, and appending goes on.
fn check_reopened(disk: &SimDisk, log: &mut Log) {
    let expected = fetch_all(log);
    log.close(Vec::new).expect("a clean stop");
    let opened = reopen(disk, &options(&small()));
    assert_eq!(opened.recovery, Default::default());
    let mut log = opened.log;
    assert_eq!(fetch_all(&mut log), expected);
    let end = log.end_offset();
    fill(&mut log, end + 9);
    assert_eq!(fetch_all(&mut log).len(), expected.len() + 9);
}

#[test]
fn a_log_that_nothing_happened_to_is_closed_without_a_call() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 5);
    log.close(Vec::new).expect("a clean stop");
    let before = disk.operations();
    let mut log = reopen(&disk, &options(&small())).log;
    log.close(Vec::new).expect("a clean stop");
    assert_eq!(disk.operations(), before);
}
