//! The plug is pulled after every operation, and what is left is every legal loss, or a sample of them.

use ottla_records::{AssignedBatch, BatchBuilder, BatchOptions, Offset};

use super::support::{FOLDER, batch, fetch_all, fill, new_log, options, reopen, small, try_reopen};
use crate::config::LogConfig;
use crate::disk::{Loss, SimDisk};
use crate::error::Error;
use crate::log::OpenOptions;

/// What was promised when the disk had made so many operations.
struct Promise {
    operations: usize,
    recovery_point: Offset,
}

/// Appends, writes and syncs across several segments.
fn workload(disk: &SimDisk) -> Vec<Promise> {
    let mut log = new_log(disk, &small());
    let mut promises = vec![Promise { operations: disk.operations(), recovery_point: 0 }];
    for round in 1..6 {
        fill(&mut log, round * 3);
        log.write_pending().expect("room");
        fill(&mut log, round * 4);
        if round % 2 == 0 {
            log.write_producer_snapshot(log.end_offset(), &[]);
        }
        let recovery_point = log.sync().expect("a sync");
        promises.push(Promise { operations: disk.operations(), recovery_point });
    }
    promises
}

#[test]
fn nothing_that_was_synced_is_lost_and_recovery_is_idempotent() {
    let disk = SimDisk::new();
    let promises = workload(&disk);
    let mut recoveries = 0;
    for (operations, before) in disk.prefixes() {
        let Some(promise) = promises.iter().rfind(|promise| promise.operations <= operations) else {
            continue;
        };
        let seed = u64::try_from(operations).expect("few");
        for crashed in before.crashes(24, seed) {
            check_recovered(&crashed, promise.recovery_point);
            recoveries += 1;
        }
    }
    assert!(recoveries > 500, "{recoveries}");
}

fn check_recovered(crashed: &SimDisk, recovery_point: Offset) {
    let options = OpenOptions { is_clean: false, recovery_point, ..options(&small()) };
    let mut log = reopen(crashed, &options).log;
    let end = log.end_offset();
    assert!(end >= recovery_point, "{end} of {recovery_point}");
    assert_eq!(fetch_all(&mut log), (0..end).collect::<Vec<_>>());
    let state = log.producer_state().expect("a state");
    assert!(state.replay_from <= recovery_point);

    let again = reopen(crashed, &options);
    assert_eq!((again.log.end_offset(), again.recovery.cut), (end, None));

    fill(&mut log, end + 5);
    log.close(Vec::new).expect("a clean stop");
    let mut reopened = reopen(&crashed.crash(Loss::Everything), &super::support::options(&small())).log;
    assert_eq!(fetch_all(&mut reopened), (0..end + 5).collect::<Vec<_>>());
    for timestamp in 0..end + 5 {
        let found = reopened.offset_for_timestamp(timestamp).expect("a lookup");
        assert_eq!(found.map(|found| found.offset), Some(timestamp));
    }
}

/// With every amount of room there is, from none to enough: what is given back is done by the next sync.
#[test]
fn a_sync_that_found_no_room_is_done_by_the_next_one() {
    for room in 0.. {
        let disk = SimDisk::new();
        let mut log = new_log(&disk, &small());
        fill(&mut log, 4);
        log.begin_epoch(1);
        log.write_producer_snapshot(4, &[]);
        disk.limit_room(room);
        let work = log.take_sync();
        let Err(error) = work.run() else { break };
        assert!(error.is_storage_full(), "{error}");
        log.not_synced(work);
        disk.limit_room(u64::MAX);
        assert_eq!(log.sync().expect("room again"), 4);
        check_recovered(&disk.crash(Loss::Everything), 4);
    }
}

#[test]
fn a_crash_during_retention_leaves_no_hole() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 20);
    let start = disk.operations();
    log.delete_records_before(16).expect("in range");
    log.apply_retention(0, 20, Vec::new).expect("a deletion").remove().expect("a removal");
    log.sync().expect("a sync");
    let mut recoveries = 0;
    for (operations, before) in disk.prefixes().filter(|(operations, _)| *operations > start) {
        for crashed in before.crashes(24, u64::try_from(operations).expect("few")) {
            let options = OpenOptions { is_clean: false, ..options(&small()) };
            let mut log = reopen(&crashed, &options).log;
            let found = fetch_all(&mut log);
            assert_eq!(found, (log.start_offset()..log.end_offset()).collect::<Vec<_>>());
            recoveries += 1;
        }
    }
    assert!(recoveries > 100, "{recoveries}");
    let options = OpenOptions { is_clean: false, ..options(&small()) };
    assert_eq!(reopen(&disk.crash(Loss::Everything), &options).log.end_offset(), 20);
}

#[test]
fn snapshots_of_the_past_are_removed() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    for end in 1..=8 {
        fill(&mut log, end);
        log.write_producer_snapshot(end, &[]);
        log.sync().expect("a sync");
    }
    assert_eq!(log.snapshot_offsets(), [3, 6, 7, 8]);
    let options = OpenOptions { is_clean: false, recovery_point: 8, ..options(&small()) };
    let log = reopen(&disk.crash(Loss::Nothing), &options).log;
    assert_eq!(log.snapshot_offsets(), [3, 6, 7, 8]);
    assert_eq!(log.producer_state().expect("a state").replay_from, 8);
}

#[test]
fn a_flipped_bit_below_the_recovery_point_is_reported_and_nothing_is_cut() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 8);
    log.sync().expect("a sync");
    let path = format!("{FOLDER}/00000000000000000006.log");
    disk.flip_bit(path.as_ref(), 80, 3);
    let options = OpenOptions { is_clean: false, recovery_point: 8, ..options(&small()) };
    let before = disk.operations();
    let error = try_reopen(&disk, &options).expect_err("corruption");
    assert!(matches!(error, Error::Corrupt { position: 0, .. }), "{error}");
    assert_eq!(disk.operations(), before);
}

#[test]
fn a_bad_batch_above_the_recovery_point_cuts_the_log_there() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 11);
    log.sync().expect("a sync");
    disk.flip_bit(format!("{FOLDER}/00000000000000000003.log").as_ref(), 180, 3);
    let options = OpenOptions { is_clean: false, recovery_point: 2, ..options(&small()) };
    let opened = reopen(&disk, &options);
    let cut = opened.recovery.cut.expect("a cut");
    let size = u64::try_from(batch(0, 1, 0).size_in_bytes()).expect("small");
    assert_eq!((cut.position, cut.offset, cut.bytes), (size, 4, 7 * size));
    let mut log = opened.log;
    assert_eq!(fetch_all(&mut log), [0, 1, 2, 3]);
    assert_eq!(log.snapshot_offsets(), [3]);
    fill(&mut log, 20);
    assert_eq!(fetch_all(&mut log), (0..20).collect::<Vec<_>>());
}

#[test]
fn a_log_that_is_shorter_than_its_recovery_point_says_so() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 4);
    log.sync().expect("a sync");
    let options = OpenOptions { is_clean: false, recovery_point: 9, ..options(&small()) };
    let opened = reopen(&disk, &options);
    assert_eq!(opened.recovery.missing_below, Some(9));
    assert_eq!((opened.log.end_offset(), opened.log.recovery_point()), (4, 4));
}

/// Offset and checksum of the last batch lie in different blocks.
#[test]
fn a_batch_whose_offset_was_torn_away_ends_the_log() {
    const BLOCK: usize = 512;
    let sized = |offset: Offset, size: usize| {
        let mut builder = BatchBuilder::new(BatchOptions { base_offset: offset, ..BatchOptions::default() });
        let overhead = 61 + 9;
        builder.append(offset, None, Some(&vec![b'v'; size - overhead]), &[]).expect("room in a batch");
        AssignedBatch::from(builder.build().expect("a batch"))
    };
    for torn in 8..=11 {
        let config = LogConfig { segment_bytes: 4096, ..small() };
        let disk = SimDisk::new();
        let mut log = new_log(&disk, &config);
        fill(&mut log, 1);
        let rest = BLOCK - torn - usize::try_from(log.size_in_bytes()).expect("small");
        log.append(&sized(1, rest), 0, Vec::new).expect("a place");
        assert_eq!(log.sync().expect("a sync"), 2);
        assert_eq!(log.size_in_bytes(), u64::try_from(BLOCK - torn).expect("small"));
        log.append(&sized(2, 200), 0, Vec::new).expect("a place");
        log.write_pending().expect("room");
        for crashed in disk.crashes(100, 0) {
            let options = OpenOptions { is_clean: false, recovery_point: 2, ..options(&config) };
            let mut log = reopen(&crashed, &options).log;
            let end = log.end_offset();
            assert!(end >= 2, "it ends at {end} with {torn} bytes torn away");
            fill(&mut log, end + 1);
            assert_eq!(fetch_all(&mut log), (0..=end).collect::<Vec<_>>(), "{torn} bytes torn away");
        }
    }
}
