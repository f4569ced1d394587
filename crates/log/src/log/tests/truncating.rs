use super::support::{batch_of_epoch, fetch_all, fill, new_log, options, reopen, small};
use crate::disk::{Loss, SimDisk};
use crate::error::Error;
use crate::format::EpochEntry;
use crate::log::OpenOptions;

#[test]
fn a_truncated_log_ends_where_it_was_told_to() {
    for written in [false, true] {
        for end in 0..=20 {
            let disk = SimDisk::new();
            let mut log = new_log(&disk, &small());
            fill(&mut log, 20);
            if written {
                log.sync().expect("a sync");
            }
            log.truncate_to(end).expect("a truncation");
            assert_eq!(fetch_all(&mut log), (0..end).collect::<Vec<_>>());
            assert!(log.recovery_point() <= end && log.snapshot_offsets().iter().all(|at| *at <= end));
            fill(&mut log, end + 5);
            log.close(Vec::new).expect("a clean stop");
            let mut again = reopen(&disk, &options(&small())).log;
            assert_eq!(fetch_all(&mut again), (0..end + 5).collect::<Vec<_>>());
            assert_eq!(
                again.offset_for_timestamp(end + 2).expect("a lookup").map(|f| f.offset),
                Some(end + 2)
            );
        }
    }
}

#[test]
fn epochs_that_begin_behind_the_cut_go() {
    let mut log = new_log(&SimDisk::new(), &small());
    for (offset, epoch) in [(0, 0), (1, 0), (2, 3), (3, 5)] {
        log.append(&batch_of_epoch(offset, 1, 0, epoch), 0, Vec::new).expect("a place");
    }
    assert_eq!(log.end_of_epoch(4).map(|end| (end.epoch, end.end_offset)), Some((3, 3)));
    log.truncate_to(3).expect("a truncation");
    assert_eq!(log.latest_epoch(), Some(3));
    log.truncate_fully_and_start_at(50).expect("a truncation");
    assert_eq!((log.start_offset(), log.end_offset(), log.latest_epoch()), (50, 50, None));
    log.begin_epoch(9);
    assert_eq!(log.epoch_entries(), [EpochEntry { epoch: 9, start_offset: 50 }]);
}

#[test]
fn an_empty_log_goes_on_where_it_was_told_to() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 5);
    log.sync().expect("a sync");
    log.truncate_fully_and_start_at(50).expect("a truncation");
    for is_clean in [false, true] {
        let options = OpenOptions { is_clean, ..options(&small()) };
        let again = reopen(&disk.crash(Loss::Everything), &options).log;
        assert_eq!((again.start_offset(), again.end_offset()), (50, 50));
    }
}

#[test]
fn a_log_that_is_being_written_is_not_truncated() {
    let mut log = new_log(&SimDisk::new(), &small());
    fill(&mut log, 5);
    let writes = log.take_writes();
    assert!(matches!(log.truncate_to(2), Err(Error::Busy { .. })));
    drop(writes);
    log.truncate_to(2).expect("a truncation");
}
