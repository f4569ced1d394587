//! What clients may do to one transactional id, in any order, through kills and failures.

use std::collections::BTreeMap;

use ottla_wire::ErrorCode;
use proptest::prelude::*;

use super::harness::*;
use crate::{ProducerIdentity, TransactionResponse, TransactionState, transaction::metadata::Transaction};

/// Two clients, of which each knows what it was told last: the first of version 1, the second of version 2.
#[derive(Clone, Debug)]
enum Act {
    Init(usize),
    /// Names the epoch that it has.
    GoOn(usize),
    Add(usize, i32),
    End(usize, bool),
    /// The first of the partitions that markers were sent to takes its own, or all do.
    OneMarker,
    AllMarkers,
    Pass(u64),
    SlowDisk(bool),
    FailNextAppend,
    Kill,
}

fn act() -> impl Strategy<Value = Act> {
    let client = || 0..2usize;
    prop_oneof![
        3 => client().prop_map(Act::Init),
        2 => client().prop_map(Act::GoOn),
        8 => (client(), 0..3i32).prop_map(|(client, partition)| Act::Add(client, partition)),
        6 => (client(), any::<bool>()).prop_map(|(client, commit)| Act::End(client, commit)),
        3 => Just(Act::OneMarker),
        4 => Just(Act::AllMarkers),
        2 => prop_oneof![Just(1u64), Just(30_000), Just(80_000), Just(9 * 24 * 3_600_000)].prop_map(Act::Pass),
        2 => any::<bool>().prop_map(Act::SlowDisk),
        1 => Just(Act::FailNextAppend),
        1 => Just(Act::Kill),
    ]
}

struct Walk {
    bench: Bench,
    known: [ProducerIdentity; 2],
    /// How the transaction ends whose markers have that identity, as a client was told or a partition.
    ends: BTreeMap<(i64, i16), bool>,
    /// The greatest epoch that a client was given of each id.
    given: BTreeMap<i64, i16>,
}

const VERSIONS: [i16; 2] = [V1, V2];

impl Walk {
    fn new() -> Walk {
        let known = [ProducerIdentity::NONE; 2];
        Walk { bench: Bench::new(), known, ends: BTreeMap::new(), given: BTreeMap::new() }
    }

    fn play(&mut self, acts: &[Act]) {
        for act in acts {
            let before = self.bench.shard.transaction(ID).cloned();
            self.act(act);
            self.check_sent();
            if !matches!(act, Act::Pass(_) | Act::Kill)
                && let (Some(before), Some(after)) = (before, self.bench.shard.transaction(ID))
            {
                check_step(&before, after);
            }
        }
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Init(client) => self.init(client, ProducerIdentity::NONE),
            Act::GoOn(client) => self.init(client, self.known[client]),
            Act::Add(client, partition) => {
                self.bench.ask_add(self.known[client], &[at("t", partition)], VERSIONS[client]);
            }
            Act::End(client, commit) => self.end(client, commit),
            Act::OneMarker => {
                if let Some(markers) = self.bench.sent.first().cloned() {
                    self.bench.marked(&markers, &markers.partitions[..1]);
                }
            }
            Act::AllMarkers => self.bench.write_markers(),
            Act::Pass(ms) => self.bench.sleep(ms),
            Act::SlowDisk(slow) => {
                self.bench.slow_disk = slow;
                if !slow {
                    self.bench.flush();
                }
            }
            Act::FailNextAppend => self.bench.append_error = Some(ErrorCode::KafkaStorageError),
            Act::Kill => self.bench = self.bench.restarted(),
        }
    }

    fn init(&mut self, client: usize, expected: ProducerIdentity) {
        let ticket = self.bench.ask_init(&init(expected));
        if let Some(TransactionResponse::Producer(Ok(producer))) = self.bench.answer(ticket) {
            let last = self.given.entry(producer.id).or_insert(-1);
            assert!(producer.epoch >= *last, "epochs never fall: {producer:?} after {last}");
            *last = producer.epoch;
            self.known[client] = producer;
        }
    }

    fn end(&mut self, client: usize, commit: bool) {
        let asking = self.known[client];
        let ticket = self.bench.ask_end(asking, commit, VERSIONS[client]);
        let Some(TransactionResponse::Producer(Ok(next))) = self.bench.answer(ticket) else { return };
        if VERSIONS[client] == V2 {
            self.ended((asking.id, asking.epoch + 1), commit);
            self.known[client] = next;
        }
    }

    fn check_sent(&mut self) {
        for markers in self.bench.sent.clone() {
            assert!(!markers.partitions.is_empty());
            if markers.transaction_version == V2 {
                self.ended((markers.producer.id, markers.producer.epoch), markers.commit);
            }
        }
    }

    fn ended(&mut self, marker: (i64, i16), commit: bool) {
        let known = *self.ends.entry(marker).or_insert(commit);
        assert_eq!(known, commit, "the transaction that {marker:?} ends");
    }
}

/// What one act may make of an id. More than one step follows only where there was nothing to write.
fn check_step(before: &Transaction, after: &Transaction) {
    use TransactionState::{Empty, Ongoing};
    let (from, to) = (before.state, after.state);
    let fits = if from == to {
        true
    } else if from == Ongoing {
        to.is_ending()
    } else if from.is_ending() {
        to.is_complete() && to.commits() == from.commits()
    } else {
        to == Ongoing || to.is_ending() || to.is_complete() || to == Empty
    };
    assert!(fits, "{before:?} became {after:?}");
    assert!(after.producer_id != before.producer_id || after.epoch >= before.epoch, "{before:?}, {after:?}");
    assert_eq!(after.start_ms < 0, to == Empty, "{after:?}");
}

proptest! {
    #[test]
    fn no_transaction_ends_in_two_ways(acts in prop::collection::vec(act(), 1..200)) {
        Walk::new().play(&acts);
    }

    #[test]
    fn a_restart_finds_what_was_there(acts in prop::collection::vec(act(), 1..100)) {
        let mut walk = Walk::new();
        walk.play(&acts);
        walk.bench.append_error = None;
        walk.bench.slow_disk = false;
        walk.bench.flush();
        let found = walk.bench.restarted();
        // Which partitions have their markers, and which epoch was the last, only the living know.
        let stored = |t: &Transaction| Transaction { last_epoch: -1, partitions: Default::default(), ..t.clone() };
        let (found, known) = (found.shard.transaction(ID), walk.bench.shard.transaction(ID));
        prop_assert_eq!(found.map(stored), known.map(stored));
    }

    #[test]
    fn everything_ends_and_is_forgotten_when_clients_are_gone(acts in prop::collection::vec(act(), 1..100)) {
        let mut walk = Walk::new();
        walk.play(&acts);
        let bench = &mut walk.bench;
        bench.append_error = None;
        bench.slow_disk = false;
        bench.flush();
        bench.sleep(80_000);
        bench.write_markers();
        bench.sleep(1000);
        prop_assert!(bench.shard.transaction(ID).is_none_or(|t| t.state.is_idle()));
        bench.sleep(8 * 24 * 3_600_000);
        prop_assert!(bench.shard.transaction(ID).is_none());
    }
}
