use std::path::Path;
use std::sync::Arc;

use super::super::{Lsn, Options, Recovery};
use super::support::*;
use crate::disk::{Disk, Loss, SimDisk};

#[test]
fn entries_come_back_as_they_were_appended() {
    let mut world = World::new();
    let sizes = [0, 1, 3000, LARGE, 20, LARGE, 0];
    for (number, size) in (0..).zip(sizes) {
        world.append(number, size, true);
    }
    world.settle();
    let recovered = recover(&world.disk.crash(Loss::Everything)).unwrap();
    assert_eq!(recovered.len(), sizes.len());
    for ((found, size), number) in recovered.iter().zip(sizes).zip(0..) {
        let partition = i32::try_from(number % 3).unwrap();
        assert_eq!(found.lsn, Lsn::new(number + 1));
        assert_eq!((found.topic_id, found.partition), (topic(partition), partition));
        assert_eq!(found.batch, bytes(number, size));
    }
}

#[test]
fn a_new_directory_holds_nothing() {
    let world = World::new();
    assert_eq!(world.recovered, []);
    assert_eq!(world.journal().durable(), Lsn::ZERO);
    assert_eq!(recover(&world.disk.crash(Loss::Everything)).unwrap(), []);
}

#[test]
fn lsns_go_on_after_each_start() {
    let mut disk = new_disk();
    for start in 0..5 {
        let mut world = World::open(&disk).unwrap();
        assert_eq!(world.journal().durable(), Lsn::new(start * 20));
        assert_eq!(numbers(&world.recovered), (0..start * 20).collect::<Vec<_>>());
        world.write_each(start * 20..(start + 1) * 20, 3000);
        disk = world.disk.crash(Loss::Part { seed: start });
    }
}

#[test]
fn what_was_released_need_not_come_back_and_what_was_not_does() {
    let mut world = World::new();
    world.write_each(0..30, 3000);
    world.journal().release(Lsn::new(17)).unwrap();
    world.write_each(30..40, 3000);
    let recovered = recover(&world.disk.crash(Loss::Everything)).unwrap();
    assert_eq!(numbers(&recovered), (17..40).collect::<Vec<_>>());
}

#[test]
fn a_clean_stop_leaves_nothing_to_read() {
    let mut world = World::new();
    world.write_each(0..10, 3000);
    assert!(!world.journal().mark_clean().unwrap(), "nothing was released");
    world.journal().release(world.journal().durable()).unwrap();
    assert!(world.journal().mark_clean().unwrap());
    world.append(99, 10, true);
    world.settle();
    assert!(!world.durable().contains(&99), "it came after the end");

    let mut world = World::open(&world.disk.crash(Loss::Everything)).unwrap();
    assert_eq!((world.recovered.len(), world.journal().durable()), (0, Lsn::new(10)));
    world.write_each(10..12, 10);
    assert_eq!(numbers(&recover(&world.disk.crash(Loss::Everything)).unwrap()), [10, 11]);
}

/// An entry that was torn and given up must not come back when the new one in its place has the same size, so
/// that the stale ones behind it would follow it without a gap.
#[test]
fn entries_that_were_given_up_never_come_back() {
    // With the last of these, those that are given up lie in a file of their own, which is then used again.
    for durable in 1..=3 {
        check_given_up(durable);
    }
}

fn check_given_up(durable: u64) {
    let mut world = World::new();
    world.write_each(0..durable, 10);
    for number in durable..durable + 3 {
        world.append(number, 10, false);
        world.rounds.run();
    }
    for crashed in world.disk.crashes(1000, 1) {
        let found = recover(&crashed).unwrap().len() as u64;
        let mut world = World::open(&crashed).unwrap();
        world.write_each(100..101, 10);
        let expected: Vec<_> = (0..found).chain([100]).collect();
        for crashed in world.disk.crashes(20, 1) {
            assert_eq!(numbers(&recover(&crashed).unwrap()), expected);
        }
    }
}

/// The process died, not the machine: what it wrote is read from the page cache and served, so it must be
/// durable by then.
#[test]
fn what_was_recovered_survives_the_next_crash() {
    let mut world = World::new();
    world.write_each(0..2, 10);
    for number in 2..5 {
        world.append(number, 10, false);
        world.rounds.run();
    }
    let after_kill = World::open(&world.disk.crash(Loss::Nothing)).unwrap();
    assert_eq!(numbers(&after_kill.recovered), [0, 1, 2, 3, 4]);
    let again = World::open(&world.disk).unwrap();
    assert_eq!(numbers(&again.recovered), [0, 1, 2, 3, 4]);
    let after_crash = recover(&world.disk.crash(Loss::Everything)).unwrap();
    assert_eq!(numbers(&after_crash), [0, 1, 2, 3, 4]);
}

#[test]
fn reading_changes_nothing() {
    let mut world = World::new();
    world.write_each(0..20, 3000);
    let before = world.disk.operations();
    let first = recover(&world.disk).unwrap();
    assert_eq!(first, recover(&world.disk).unwrap());
    // That a directory is synced says nothing new.
    assert_eq!(world.disk.operations() - before, 2);
}

#[test]
#[should_panic(expected = "read to its end")]
fn a_journal_that_was_not_read_is_not_written() {
    let mut world = World::new();
    world.write_each(0..2, 10);
    let recovery = Recovery::open(Arc::new(world.disk), dir(), OPTIONS).unwrap();
    drop(recovery.finish::<u64, _>(|_| {}));
}

#[test]
fn half_prepared_files_are_removed() {
    let mut world = World::new();
    world.write_each(0..2, 3000);
    let before = world.disk.operations();
    assert!(world.journal().prepare().unwrap());
    for (_, prefix) in world.disk.prefixes().skip(before) {
        for crashed in prefix.crashes(20, 2) {
            let world = World::open(&crashed).unwrap();
            assert_eq!(numbers(&world.recovered), [0, 1]);
            assert!(!crashed.list(dir()).unwrap().iter().any(|entry| entry.name.ends_with(".tmp")));
        }
    }
}

#[test]
fn frames_of_another_directory_are_nothing() {
    let mut world = World::new();
    world.write_each(0..3, 10);
    let other = new_disk();
    let options = Options { salt: 99, ..OPTIONS };
    let recovery = Recovery::open(Arc::new(other.clone()), dir(), options).unwrap();
    drop(recovery);
    copy(&world.disk, &other, &world.files()[0]);
    assert_eq!(Recovery::open(Arc::new(other), dir(), options).unwrap().count(), 0);
}

fn copy(from: &SimDisk, to: &SimDisk, path: &Path) {
    use crate::disk::Mode;
    use std::io::IoSlice;
    let source = from.open(path, Mode::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(source.len().unwrap()).unwrap()];
    source.read_exact_at(&mut bytes, 0).unwrap();
    let target = to.open(path, Mode::Create).unwrap();
    target.write_all_at(&[IoSlice::new(&bytes)], 0).unwrap();
}
