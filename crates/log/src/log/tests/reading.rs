use ottla_records::Batches;

use super::support::{batch, fetch, fill, new_log, options, reopen, small};
use crate::disk::{Call, SimDisk};
use crate::error::Error;
use crate::log::{Log, ReadResult, Slice};

/// The same log with everything in memory, with the first segments in files, with everything in files, and opened anew.
fn variants() -> Vec<(&'static str, Log)> {
    let in_memory = |disk: &SimDisk| {
        let mut log = new_log(disk, &small());
        for offset in (0..40).step_by(2) {
            log.append(&batch(offset, 2, offset), offset, Vec::new).expect("a place");
        }
        log
    };
    let memory = in_memory(&SimDisk::new());
    let mut mixed = new_log(&SimDisk::new(), &small());
    for offset in (0..40).step_by(2) {
        mixed.append(&batch(offset, 2, offset), offset, Vec::new).expect("a place");
        if offset == 26 {
            mixed.write_pending().expect("room");
        }
    }
    let mut written = in_memory(&SimDisk::new());
    written.write_pending().expect("room");
    let disk = SimDisk::new();
    in_memory(&disk).close(Vec::new).expect("a clean stop");
    let opened = reopen(&disk, &options(&small())).log;
    vec![("memory", memory), ("mixed", mixed), ("files", written), ("opened", opened)]
}

#[test]
fn every_fetch_gives_the_batches_from_its_offset_on() {
    for (name, mut log) in variants() {
        for from in 0..=40 {
            for bytes_max in [0, 1, 143, 144, 290, 600, 5000] {
                for upper in [0, from, from + 1, 17, 20, 40, 99] {
                    let found = fetch(&mut log, from, bytes_max, upper);
                    assert_eq!(found, expected(from, bytes_max, upper), "{name}: {from} {bytes_max} {upper}");
                }
            }
        }
    }
}

/// Twenty batches of two records and 143 bytes each.
fn expected(from: i64, bytes_max: usize, upper: i64) -> Vec<i64> {
    let size = batch(0, 2, 0).size_in_bytes();
    let batches = (0..40).step_by(2).filter(|base| base + 1 >= from && base + 1 < upper.min(40));
    let readable = if from < upper { batches.collect::<Vec<_>>() } else { Vec::new() };
    readable.into_iter().take((bytes_max / size).max(1)).collect()
}

#[test]
fn without_min_one_a_batch_that_is_too_large_is_left_out() {
    for (name, mut log) in variants() {
        assert!(log.read(6, 100, 40, false).expect("a fetch").is_empty(), "{name}");
    }
}

#[test]
fn offsets_outside_of_the_log_are_told_apart() {
    for (_, mut log) in variants() {
        assert!(log.read(40, 100, 40, true).expect("the end").is_empty());
        for offset in [-1, 41] {
            let error = log.read(offset, 100, 40, true).expect_err("nothing there");
            assert!(matches!(error, Error::OffsetOutOfRange { start: 0, end: 40, .. }), "{error}");
        }
    }
}

#[test]
fn a_slice_outlives_its_segment() {
    let mut log = new_log(&SimDisk::new(), &small());
    fill(&mut log, 8);
    log.write_pending().expect("room");
    let read = log.read(0, 1000, 8, true).expect("a fetch");
    assert!(read.slices.iter().all(|slice| matches!(slice, Slice::File { .. })));
    log.delete_records_before(8).expect("in range");
    log.apply_retention(0, 8, Vec::new).expect("a deletion").remove().expect("a removal");
    assert_eq!(read.load().expect("still readable").len(), read.bytes);
}

#[test]
fn a_reader_that_goes_on_needs_no_index() {
    let mut log = new_log(&SimDisk::new(), &small());
    fill(&mut log, 30);
    log.write_pending().expect("room");
    assert!(!log.is_hot(5));
    assert_eq!(fetch(&mut log, 0, 250, 30), [0, 1]);
    assert!(log.is_hot(2));
}

#[test]
fn an_index_that_lies_does_not_lead_astray() {
    let disk = SimDisk::new();
    let mut log = new_log(&disk, &small());
    fill(&mut log, 3);
    log.close(Vec::new).expect("a clean stop");
    disk.flip_bit("/data/topic-0/00000000000000000000.index".as_ref(), 7, 0);
    let mut log = reopen(&disk, &options(&small())).log;
    for from in 0..3 {
        assert_eq!(fetch(&mut log, from, 1, 3), [from]);
    }
}

/// Looks without waiting and loads what that lacks, until it lacks nothing. Also says how often it had to.
fn look_and_load<T>(log: &mut Log, look: impl Fn(&mut Log) -> crate::Result<T>) -> (T, usize) {
    for loads in 0..100 {
        match log.without_waiting(&look) {
            Err(Error::Cold(cold)) => cold.load().expect("a disk that reads"),
            found => return (found.expect("a look-up"), loads),
        }
    }
    panic!("what was loaded is not found in memory");
}

fn bases(read: &ReadResult) -> Vec<i64> {
    let bytes: Vec<u8> =
        read.slices.iter().flat_map(|slice| slice.load_cached().expect("in memory")).collect();
    Batches::new(bytes.into()).map(|batch| batch.expect("a whole batch").header().base_offset).collect()
}

/// A cleanly stopped log of forty records in twenty batches, opened again, of which nothing is in memory.
fn cold_log(disk: &SimDisk) -> Log {
    let mut log = new_log(disk, &small());
    for offset in (0..40).step_by(2) {
        log.append(&batch(offset, 2, offset), offset, Vec::new).expect("a place");
    }
    log.close(Vec::new).expect("a clean stop");
    let log = reopen(disk, &options(&small())).log;
    disk.drop_caches();
    log
}

#[test]
fn a_cold_fetch_says_what_it_lacks_and_then_gives_at_least_what_is_in_the_first_segment() {
    for (from, bytes_max, upper) in [(0, 5000, 40), (17, 290, 40), (31, 0, 40), (9, 5000, 20), (39, 600, 99)]
    {
        let disk = SimDisk::new();
        let mut log = cold_log(&disk);
        let (read, loads) = look_and_load(&mut log, |log| {
            let read = log.read(from, bytes_max, upper, true)?;
            read.slices.iter().try_for_each(|slice| slice.load_cached().map(drop))?;
            Ok(read)
        });
        assert!(loads > 0, "{from}: it was not cold");
        let (found, expected) = (bases(&read), expected(from, bytes_max, upper));
        assert!(!found.is_empty() && expected.starts_with(&found), "{from}: {found:?}");
        assert!(read.is_cut_short || found == expected, "{from}: {found:?}");
    }
}

#[test]
fn a_cold_look_up_by_time_finds_the_same_once_it_is_loaded() {
    for timestamp in [0, 7, 22, 38] {
        let mut log = cold_log(&SimDisk::new());
        let (found, loads) = look_and_load(&mut log, |log| log.offset_for_timestamp(timestamp));
        assert!(loads > 0, "{timestamp}: it was not cold");
        assert_eq!(found.map(|found| found.offset), Some((timestamp + 1) / 2 * 2), "{timestamp}");
    }
    let (found, _) = look_and_load(&mut cold_log(&SimDisk::new()), Log::max_timestamp);
    assert_eq!(found.map(|found| found.offset), Some(38));
}

#[test]
fn a_load_that_fails_says_why() {
    let disk = SimDisk::new();
    let mut log = cold_log(&disk);
    let error = log.without_waiting(|log| log.read(0, 5000, 40, true)).expect_err("it is cold");
    let Error::Cold(cold) = error else { panic!("{error}") };
    disk.fail(Call::Read, "", 0);
    assert!(matches!(cold.load(), Err(Error::Io { action: "read", .. })));
}
