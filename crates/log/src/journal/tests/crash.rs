//! The plug is pulled after every operation of random work, with all legal losses where they are few and a
//! sample of them where they are many.

use std::collections::BTreeMap;

use super::super::{Lsn, lock};
use super::support::*;
use crate::disk::{Loss, SimDisk};

const CRASHES_MAX: usize = 24;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 27)) % limit
    }

    fn size(&mut self) -> usize {
        let sizes = [10, 400, 3000, LARGE];
        sizes[usize::try_from(self.below(4)).unwrap()]
    }
}

/// What was promised, and when: each with the number of operations from which on it holds.
#[derive(Default)]
struct Promises {
    sizes: BTreeMap<u64, usize>,
    lsns: BTreeMap<u64, Lsn>,
    durable: Vec<(u64, usize)>,
    released: Vec<(Lsn, usize)>,
}

impl Promises {
    /// The numbers that must be found after a crash behind this many operations.
    fn after(&self, operations: usize) -> Vec<u64> {
        let held = |at: &usize| *at <= operations;
        let released = self.released.iter().filter(|(_, at)| held(at)).map(|(lsn, _)| *lsn).max();
        let durable = self.durable.iter().filter(|(_, at)| held(at)).map(|(number, _)| *number);
        durable.filter(|number| self.lsns[number] > released.unwrap_or(Lsn::ZERO)).collect()
    }
}

struct Script {
    random: Random,
    world: World,
    promises: Promises,
    next: u64,
}

impl Script {
    fn new(seed: u64) -> Script {
        Script { random: Random(seed), world: World::new(), promises: Promises::default(), next: 0 }
    }

    fn step(&mut self) {
        match self.random.below(10) {
            0..6 => self.round(),
            6 => drop(self.world.journal().prepare().unwrap()),
            7..9 => self.release(),
            _ => self.die(),
        }
    }

    fn round(&mut self) {
        for _ in 0..=self.random.below(4) {
            let (size, sync) = (self.random.size(), self.random.below(3) > 0);
            let lsn = self.world.append(self.next, size, sync);
            self.promises.sizes.insert(self.next, size);
            self.promises.lsns.insert(self.next, lsn);
            self.next += 1;
        }
        self.world.rounds.run();
        self.collect();
    }

    fn collect(&mut self) {
        self.promises.durable.append(&mut lock(&self.world.heard).durable);
    }

    fn release(&mut self) {
        let durable = self.world.journal().durable();
        let up_to = Lsn::new(durable.get().saturating_sub(self.random.below(4)));
        self.promises.released.push((up_to, self.world.disk.operations()));
        self.world.journal().release(up_to).unwrap();
    }

    /// The process dies, the machine does not; another process goes on. What it finds it serves.
    fn die(&mut self) {
        self.world = World::open(&self.world.disk).unwrap();
        let now = self.world.disk.operations();
        for found in &self.world.recovered {
            self.promises.lsns.insert(number(found), found.lsn);
            self.promises.durable.push((number(found), now));
        }
    }
}

/// Holds for whatever a recovery finds.
fn check_found(disk: &SimDisk, promises: &Promises, promised: &[u64], case: &str) -> Vec<u64> {
    let found = recover(disk).unwrap_or_else(|error| panic!("{case}: {error}"));
    let numbers = numbers(&found);
    for pair in found.windows(2) {
        assert_eq!(pair[1].lsn, pair[0].lsn.next(), "{case}: a gap");
    }
    assert!(numbers.is_sorted_by(|a, b| a < b), "{case}: out of order: {numbers:?}");
    for (found, number) in found.iter().zip(&numbers) {
        assert_eq!(found.batch, bytes(*number, promises.sizes[number]), "{case}: changed");
    }
    let lost: Vec<_> = promised.iter().filter(|number| !numbers.contains(number)).collect();
    assert!(lost.is_empty(), "{case}: lost {lost:?} of {promised:?}, found {numbers:?}");
    numbers
}

/// A second crash, at any time during the recovery from the first and after it.
fn check_recovery(crashed: &SimDisk, promises: &Promises, promised: &[u64], case: &str) {
    let found = check_found(crashed, promises, promised, case);
    let mut world = World::open(crashed).unwrap();
    for (at, prefix) in world.disk.prefixes() {
        for again in prefix.crashes(4, 1) {
            check_found(&again, promises, promised, &format!("{case}, then at {at} of the recovery"));
        }
    }
    const LATER: u64 = 1 << 40;
    world.write_each(LATER..LATER + 1, 10);
    let expected: Vec<u64> = found.into_iter().chain([LATER]).collect();
    let after = recover(&world.disk.crash(Loss::Everything)).unwrap();
    assert_eq!(numbers(&after), expected, "{case}: after recovery and one more entry");
}

fn check(seed: u64, steps: usize) {
    let mut script = Script::new(seed);
    for _ in 0..steps {
        script.step();
    }
    let Script { world, promises, .. } = script;
    for (at, prefix) in world.disk.prefixes() {
        let promised = promises.after(at);
        for (index, crashed) in prefix.crashes(CRASHES_MAX, seed).iter().enumerate() {
            let case = format!("seed {seed}, crash {index} after {at} operations");
            check_found(crashed, &promises, &promised, &case);
            if index == at % CRASHES_MAX {
                check_recovery(crashed, &promises, &promised, &case);
            }
        }
    }
}

#[test]
fn nothing_durable_is_lost_by_a_crash_at_any_time() {
    for seed in 0..6 {
        check(seed, 40);
    }
}

#[test]
#[ignore = "takes minutes: run it after a change of the journal"]
fn nothing_durable_is_lost_by_a_crash_at_any_time_in_much_more_work() {
    for seed in 1000..1040 {
        check(seed, 60);
    }
}
