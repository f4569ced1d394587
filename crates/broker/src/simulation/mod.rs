//! The whole storage on a simulated disk whose plug is pulled after every operation: metadata log, journal, segments,
//! checkpoints and their recovery, put together as a start of the broker does.
//!
//! ```text
//! script ──► node ──► disk ──► every prefix of its operations ──► every legal loss, or a sample ──► recovery
//!    └─────► history: what was promised when ────────────────────────────────────────► checks ◄───────┘
//! ```
//! `OTTLA_SEEDS=100` tries as many seeds, `OTTLA_SEEDS=17..18` this one.

mod checks;
mod damage;
mod flush;
mod history;
mod node;
mod random;
mod script;

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
    thread,
};

use checks::{check, contents};
use history::{Fate, History};
use node::Node;
use ottla_log::disk::{Loss, SimDisk};
use script::Script;

const STEPS: usize = 36;
/// Outcomes of a crash that are tried at each operation: all, if there are no more.
const CRASHES: usize = 6;
/// One crash in so many is followed by others, during its recovery and behind it.
const FOLLOWED: usize = 199;

fn seeds(default: u64) -> Range<u64> {
    let Ok(text) = std::env::var("OTTLA_SEEDS") else { return 0..default };
    let number = |text: &str| text.trim().parse::<u64>().expect("OTTLA_SEEDS is a number or a range");
    match text.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => 0..number(&text),
    }
}

struct Crash<'a> {
    history: &'a History,
    at: usize,
    fate: Fate,
    name: String,
}

impl Crash<'_> {
    fn fail(&self, error: impl std::fmt::Display) -> ! {
        panic!("{}: {error}", self.name)
    }

    fn open(&self, disk: &SimDisk) -> Node {
        Node::open(disk).unwrap_or_else(|error| self.fail(error))
    }

    fn check(&self, disk: &SimDisk) -> Node {
        let node = self.open(disk);
        check(&node, self.history, self.at, self.fate).unwrap_or_else(|error| self.fail(error));
        node
    }

    /// The plug is pulled again at every operation of the recovery: what the first one found, the next one finds.
    fn check_interrupted(&self, disk: &SimDisk) {
        let origin = disk.crash(Loss::Nothing);
        let found = contents(&self.check(&origin));
        for (at, prefix) in origin.prefixes() {
            for crashed in prefix.crashes(3, at as u64) {
                let again = contents(&self.check(&crashed));
                if again != found {
                    self.fail(format!(
                        "a recovery that was interrupted after {at} operations found something else"
                    ));
                }
            }
        }
    }

    /// Work goes on behind a recovery, and ends in another crash.
    fn check_later(&self, disk: &SimDisk, seed: u64) {
        let origin = disk.crash(Loss::Nothing);
        let node = self.check(&origin);
        let history = self.history.since(self.at, self.fate, |id| node.has_topic(*id));
        let mut script = Script::on(&origin, history, seed, node);
        script.note_found();
        script.go_on();
        let (at, name) = (origin.operations(), format!("{}, then more", self.name));
        let later = Crash { history: &script.history, at, fate: Fate::PowerLoss, name };
        for crashed in origin.crashes(4, seed) {
            later.check(&crashed);
        }
    }
}

fn run(seed: u64, steps: usize) -> Script {
    let mut script = Script::new(seed);
    for _ in 0..steps {
        script.step();
    }
    script
}

fn try_seed(seed: u64) -> usize {
    let script = run(seed, STEPS);
    let mut recoveries = 0;
    for (at, prefix) in script.disk.prefixes() {
        let history = &script.history;
        let outcomes = prefix.crashes(CRASHES, seed ^ at as u64);
        for (index, crashed) in outcomes.iter().enumerate() {
            let name = format!("crash {index} after {at} operations, behind\n{}\n", script.until(at));
            let crash = Crash { history, at, fate: Fate::PowerLoss, name };
            recoveries += 1;
            if recoveries % FOLLOWED == 0 {
                crash.check_later(crashed, seed);
                crash.check_interrupted(crashed);
            }
            crash.check(crashed);
        }
        let name = format!("death of the process after {at} operations, behind\n{}\n", script.until(at));
        Crash { history, at, fate: Fate::ProcessDeath, name }.check(&prefix.crash(Loss::Nothing));
    }
    recoveries
}

#[test]
fn nothing_that_was_acknowledged_is_lost_by_a_crash_at_any_time() {
    let seeds = Mutex::new(seeds(2));
    let work = || {
        while let Some(seed) = next(&seeds) {
            let recoveries = catch_unwind(AssertUnwindSafe(|| try_seed(seed)));
            let seen = |_| panic!("it was seed {seed}: OTTLA_SEEDS={seed}..{}", seed + 1);
            let recoveries = recoveries.unwrap_or_else(seen);
            assert!(recoveries > 1000, "{recoveries} of seed {seed}");
        }
    };
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
}

fn next(seeds: &Mutex<Range<u64>>) -> Option<u64> {
    seeds.lock().unwrap_or_else(PoisonError::into_inner).next()
}
