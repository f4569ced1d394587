use super::super::{Lsn, Step, lock};
use super::support::*;
use crate::disk::{Call, Loss};

#[test]
fn all_that_waits_becomes_durable_with_one_write_and_one_sync() {
    let mut world = World::new();
    world.write_each(0..1, 10);
    let lsns: Vec<_> = (1..=50).map(|number| world.append(number, 10, true)).collect();
    assert_eq!(lsns.first(), Some(&Lsn::new(2)));
    assert!(world.durable().len() == 1 && world.journal().durable() == Lsn::new(1));
    let before = world.disk.operations();
    assert_eq!(world.rounds.run(), Step::Worked);
    assert_eq!(world.disk.operations() - before, 2, "a write and a sync");
    assert_eq!(world.durable(), (0..=50).collect::<Vec<_>>());
    assert_eq!((world.journal().durable(), lock(&world.heard).up_to), (Lsn::new(51), Lsn::new(51)));
    assert_eq!(world.rounds.run(), Step::Idle);
}

#[test]
fn what_nobody_waits_for_is_told_written_and_synced_when_idle() {
    let mut world = World::new();
    world.append(1, 10, false);
    world.append(2, 10, false);
    world.rounds.run();
    assert_eq!((world.written(), world.durable()), (vec![1, 2], vec![]));
    assert_eq!(world.journal().durable(), Lsn::ZERO);
    assert_eq!(world.rounds.run(), Step::Worked);
    assert_eq!(world.durable(), [1, 2]);
}

#[test]
fn what_nobody_waits_for_becomes_durable_with_what_somebody_waits_for() {
    let mut world = World::new();
    world.append(1, 10, false);
    world.rounds.run();
    world.append(2, 10, false);
    world.append(3, 10, true);
    world.rounds.run();
    assert_eq!(world.written(), [1]);
    assert_eq!(world.durable(), [1, 2, 3]);
}

#[test]
fn what_nobody_waits_for_is_synced_before_there_is_much_of_it() {
    let mut world = World::new();
    world.append(1, OPTIONS.unsynced_bytes_max, false);
    world.rounds.run();
    assert_eq!(world.durable(), [1]);
}

#[test]
fn the_queue_counts_bytes_until_they_are_written() {
    let mut world = World::new();
    assert!(world.journal().has_room());
    world.append(1, OPTIONS.queued_bytes_max, true);
    assert!(world.journal().queued_bytes() > OPTIONS.queued_bytes_max && !world.journal().has_room());
    world.settle();
    assert_eq!(world.journal().queued_bytes(), 0);
    assert!(world.journal().has_room());
}

#[test]
fn an_entry_larger_than_a_file_gets_one_of_its_own() {
    let mut world = World::new();
    let size = 3 * usize::try_from(OPTIONS.file_bytes).unwrap();
    world.append(1, 10, true);
    world.append(2, size, true);
    world.append(3, 10, true);
    world.settle();
    let recovered = recover(&world.disk.crash(Loss::Everything)).unwrap();
    assert_eq!(numbers(&recovered), [1, 2, 3]);
    assert_eq!(recovered[1].batch, bytes(2, size));
}

#[test]
fn files_go_round() {
    let mut world = World::new();
    for number in 0..200 {
        world.write_each(number..number + 1, 3000);
        world.journal().prepare().unwrap();
        world.journal().release(world.journal().durable()).unwrap();
    }
    assert!(world.files().len() <= 3, "{:?}", world.files());
    assert_eq!(numbers(&recover(&world.disk).unwrap()), [0u64; 0]);
}

#[test]
fn files_that_were_of_use_once_are_removed_one_by_one() {
    let mut world = World::new();
    world.write_each(0..40, 3000);
    let peak = world.files().len();
    assert!(peak > 5);
    for left in [peak, peak, peak - 1, peak - 2] {
        world.journal().release(world.journal().durable()).unwrap();
        assert_eq!(world.files().len(), left);
    }
    for _ in 0..peak {
        world.journal().release(world.journal().durable()).unwrap();
    }
    assert_eq!(world.files().len(), 2, "the active one and one to go on with");
}

#[test]
fn the_pressure_is_told_and_released() {
    let mut world = World::new();
    let mut number = 0;
    while world.journal().has_room() {
        world.write_each(number..number + 1, 3000);
        number += 1;
    }
    let usage = world.journal().usage();
    assert!(usage.needed >= usage.limit);
    world.write_each(number..number + 10, 3000);
    assert_eq!(world.durable().len() as u64, number + 10, "the limit asks, it does not refuse");

    world.journal().release(usage.frees_next.unwrap()).unwrap();
    assert!(world.journal().usage().frees_next > usage.frees_next);
    world.journal().release(world.journal().durable()).unwrap();
    assert!(world.journal().has_room());
    assert_eq!(world.journal().usage().frees_next, None);
}

#[test]
fn what_is_not_durable_is_not_released() {
    let mut world = World::new();
    world.write_each(1..2, 10);
    world.append(2, 10, false);
    world.rounds.run();
    world.journal().release(Lsn::new(99)).unwrap();
    assert_eq!(world.journal().usage().released, Lsn::new(1));
}

/// Nothing behind a failure is durable, tried again or heard of.
fn check_failure(call: Call) {
    let mut world = World::new();
    world.write_each(1..4, 10);
    world.disk.fail(call, ".journal", 0);
    world.append(4, 10, true);
    assert_eq!(world.rounds.run(), Step::Failed);
    let operations = world.disk.operations();
    world.append(5, 10, true);
    assert_eq!(world.rounds.run(), Step::Failed);
    assert_eq!(world.disk.operations(), operations);
    assert_eq!(world.durable(), [1, 2, 3]);
    assert_eq!((world.journal().durable(), world.journal().queued_bytes()), (Lsn::new(3), 0));
    let failures = world.failures();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].contains(".journal"), "{failures:?}");
}

#[test]
fn a_failed_sync_is_the_end() {
    check_failure(Call::Sync);
}

#[test]
fn a_failed_write_is_the_end() {
    check_failure(Call::Write);
}

#[test]
fn a_full_disk_keeps_entries_waiting_but_for_those_that_files_have_room_for() {
    let mut world = World::new();
    world.disk.limit_room(0);
    world.write_each(1..3, 3000);
    assert_eq!(world.durable(), [1, 2]);
    world.write_each(3..6, 3000);
    let (durable, files) = (world.durable(), world.files());
    assert!(durable.len() < 5, "{durable:?}");
    assert_eq!(world.rounds.run(), Step::Full);
    assert_eq!((world.failures().len(), world.files()), (1, files));

    world.disk.limit_room(u64::MAX);
    world.settle();
    assert_eq!(world.durable(), [1, 2, 3, 4, 5]);
    assert_eq!(world.failures().len(), 1);
    assert_eq!(numbers(&recover(&world.disk.crash(Loss::Everything)).unwrap()), [1, 2, 3, 4, 5]);
}

/// In one round, of which a part was written before the disk was full.
#[test]
fn what_was_written_before_the_disk_was_full_is_not_written_again() {
    let mut world = World::new();
    world.disk.limit_room(0);
    for number in 1..20 {
        world.append(number, 3000, true);
    }
    assert_eq!(world.rounds.run(), Step::Full);
    assert!(world.durable().is_empty());
    world.disk.limit_room(u64::MAX);
    world.settle();
    assert_eq!(world.durable(), (1..20).collect::<Vec<_>>());
    assert_eq!(numbers(&recover(&world.disk.crash(Loss::Everything)).unwrap()), (1..20).collect::<Vec<_>>());
}

#[test]
fn a_file_that_cannot_be_prepared_costs_nothing_but_time() {
    let mut world = World::new();
    world.write_each(1..4, 3000);
    world.disk.fail(Call::Sync, ".tmp", 0);
    world.journal().prepare().unwrap_err();
    assert_eq!(world.files().len(), 1);
    world.write_each(4..20, 3000);
    assert_eq!(world.durable().len(), 19);
}
