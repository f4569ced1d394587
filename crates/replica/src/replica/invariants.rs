//! Whatever happens to a replica, and in whatever order, these hold.

use ottla_records::{
    Attributes, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, ProducerEpoch, ProducerId, Sequence,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::marker::Marker;
use crate::recovery::{Recovered, Recovery};
use crate::transactions::Outcome;

/// What a producer sends.
#[derive(Clone, Debug)]
enum Sent {
    /// What comes next.
    Next,
    /// What it sent this many batches ago.
    Again(usize),
    /// Something else.
    Skipping(Sequence),
    /// The first batch of its next epoch.
    NextEpoch,
}

#[derive(Clone, Debug)]
enum Step {
    /// By a producer, or by none.
    Append {
        producer: Option<usize>,
        sent: Sent,
        record_count: i32,
    },
    /// Some of what is not yet durable becomes so.
    Durable {
        percent: i64,
    },
    /// A follower catches up by some of what it lacks.
    Fetched {
        percent: i64,
    },
    InSync(bool),
    DeleteRecords {
        percent: i64,
    },
    NextLeaderEpoch,
}

/// What is in the log before the replica leads: batches of transactions, and their ends.
#[derive(Clone, Copy, Debug)]
enum Past {
    Data { producer: usize, record_count: i32 },
    End { producer: usize, outcome: Outcome },
}

const PRODUCERS: usize = 3;
const FOLLOWER: i32 = 2;

fn past() -> impl Strategy<Value = Past> {
    let outcome = prop_oneof![Just(Outcome::Committed), Just(Outcome::Aborted)];
    prop_oneof![
        (0..PRODUCERS, 1..4).prop_map(|(producer, record_count)| Past::Data { producer, record_count }),
        (0..PRODUCERS, outcome).prop_map(|(producer, outcome)| Past::End { producer, outcome }),
    ]
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        4 => Just(Sent::Next),
        2 => (1_usize..8).prop_map(Sent::Again),
        1 => (0..i32::MAX).prop_map(Sent::Skipping),
        1 => Just(Sent::NextEpoch),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let append = (proptest::option::weighted(0.9, 0..PRODUCERS), sent(), 1..4);
    let append =
        append.prop_map(|(producer, sent, record_count)| Step::Append { producer, sent, record_count });
    prop_oneof![
        8 => append,
        2 => (0_i64..=100).prop_map(|percent| Step::Durable { percent }),
        2 => (0_i64..=100).prop_map(|percent| Step::Fetched { percent }),
        1 => any::<bool>().prop_map(Step::InSync),
        1 => (0_i64..=100).prop_map(|percent| Step::DeleteRecords { percent }),
        1 => Just(Step::NextLeaderEpoch),
    ]
}

/// The replica, and all that was ever written to it.
struct World {
    replica: Replica,
    history: Vec<(BatchHeader, Option<Marker>)>,
    /// The next epoch and sequence of each producer. They begin where sequences are about to wrap.
    next: [(ProducerEpoch, Sequence); PRODUCERS],
}

fn id(producer: usize) -> ProducerId {
    100 + ProducerId::try_from(producer).unwrap()
}

fn header(base_offset: Offset, record_count: i32) -> BatchHeader {
    BatchHeader {
        base_offset,
        length: 0,
        leader_epoch: 0,
        crc: 0,
        attributes: Attributes::default(),
        last_offset_delta: record_count - 1,
        base_timestamp: 0,
        max_timestamp: 0,
        producer_id: NO_PRODUCER_ID,
        producer_epoch: NO_PRODUCER_EPOCH,
        base_sequence: NO_SEQUENCE,
        record_count,
    }
}

fn past_header(past: Past, base_offset: Offset) -> (BatchHeader, Option<Marker>) {
    let transactional = Attributes::default().with_transactional(true);
    match past {
        Past::Data { producer, record_count } => {
            let header = BatchHeader {
                producer_id: id(producer),
                producer_epoch: 0,
                base_sequence: 0,
                ..header(base_offset, record_count)
            };
            (BatchHeader { attributes: transactional, ..header }, None)
        }
        Past::End { producer, outcome } => {
            let header =
                BatchHeader { producer_id: id(producer), producer_epoch: 0, ..header(base_offset, 1) };
            let marker = Marker { outcome, coordinator_epoch: 0 };
            (BatchHeader { attributes: transactional.with_control(true), ..header }, Some(marker))
        }
    }
}

/// The state that the batches alone give.
fn replay(history: &[(BatchHeader, Option<Marker>)], high_watermark: Offset) -> Replica {
    let mut recovery = Recovery::new(0, 0, []);
    for (header, marker) in history {
        recovery.replay(header, *marker).unwrap();
    }
    recovery.finish(0, Recovered { high_watermark, durable_end: i64::MAX }, Settings::default())
}

impl World {
    fn new(past: &[Past], high_watermark_percent: i64) -> Self {
        let mut history = Vec::new();
        let mut end = 0;
        for &past in past {
            history.push(past_header(past, end));
            end = history.last().map_or(0, |(header, _)| header.next_offset());
        }
        let replica = replay(&history, end * high_watermark_percent / 100);
        let mut world = Self { replica, history, next: [(1, i32::MAX - 3); PRODUCERS] };
        world.on(&Event::BecomeLeader {
            epoch: 1,
            replicas: Replicas { followers: vec![FOLLOWER], in_sync: vec![] },
        });
        world
    }

    fn on(&mut self, event: &Event) {
        self.replica.on(0, event, &mut Vec::new());
    }

    fn take(&mut self, step: Step) {
        let some = |from: Offset, to: Offset, percent: i64| from + (to - from) * percent / 100;
        let Replica { log_start, log_end, durable_end, high_watermark, leader_epoch, .. } = self.replica;
        match step {
            Step::Append { producer, sent, record_count } => self.append(producer, &sent, record_count),
            Step::Durable { percent } => {
                self.on(&Event::Durable { end: some(durable_end, log_end, percent) })
            }
            Step::Fetched { percent } => {
                let durable_end = some(high_watermark, log_end, percent);
                self.on(&Event::FollowerFetched { node: FOLLOWER, durable_end });
            }
            Step::InSync(in_sync) => {
                let in_sync = if in_sync { vec![FOLLOWER] } else { vec![] };
                self.on(&Event::ReplicasChanged(Replicas { followers: vec![FOLLOWER], in_sync }));
            }
            Step::DeleteRecords { percent } => {
                let offset = some(log_start, high_watermark, percent);
                assert_eq!(self.replica.delete_records(offset, &mut Vec::new()), Ok(offset));
            }
            Step::NextLeaderEpoch => {
                let replicas = Replicas { followers: vec![FOLLOWER], in_sync: vec![] };
                self.on(&Event::BecomeLeader { epoch: leader_epoch + 2, replicas });
            }
        }
    }

    fn append(&mut self, producer: Option<usize>, sent: &Sent, record_count: i32) {
        let header = self.header(producer, sent, record_count);
        let before = self.replica.clone();
        match self.replica.append(&header, Acks::All, Origin::Client, None) {
            Ok(Appended::New(place)) => self.wrote(producer, header, place, before.log_end),
            Ok(Appended::Duplicate { base_offset, last_offset, .. }) => {
                assert_eq!(self.replica, before, "a duplicate changes nothing");
                let original = self.original(&header).expect("a duplicate repeats something");
                assert_eq!((base_offset, last_offset), (original.base_offset, original.last_offset()));
            }
            Err(_) => assert_eq!(self.replica, before, "a refused batch changes nothing"),
        }
    }

    fn header(&self, producer: Option<usize>, sent: &Sent, record_count: i32) -> BatchHeader {
        let batch = header(0, record_count);
        let Some(producer) = producer else { return batch };
        let (epoch, sequence) = self.next[producer];
        let of = |producer_epoch, base_sequence| BatchHeader {
            producer_id: id(producer),
            producer_epoch,
            base_sequence,
            ..batch
        };
        match *sent {
            Sent::Next => of(epoch, sequence),
            Sent::Skipping(sequence) => of(epoch, sequence),
            Sent::NextEpoch => of(epoch + 1, 0),
            Sent::Again(back) => {
                let mut earlier = self.history.iter().rev().map(|(header, _)| header);
                let earlier =
                    earlier.by_ref().filter(|header| header.producer_id == id(producer)).nth(back - 1);
                earlier.map_or(batch, |&header| BatchHeader { base_offset: 0, leader_epoch: 0, ..header })
            }
        }
    }

    fn wrote(&mut self, producer: Option<usize>, header: BatchHeader, place: Place, log_end: Offset) {
        assert_eq!(place.base_offset, log_end, "offsets are dense");
        assert_eq!(place.last_offset - place.base_offset, i64::from(header.last_offset_delta));
        assert_eq!(place.leader_epoch, self.replica.leader_epoch());
        let Place { base_offset, leader_epoch, .. } = place;
        self.history.push((BatchHeader { base_offset, leader_epoch, ..header }, None));
        if let Some(producer) = producer.filter(|_| header.producer_id != NO_PRODUCER_ID) {
            let next = crate::sequence::advance(header.last_sequence(), 1);
            self.next[producer] = (header.producer_epoch, next);
        }
    }

    fn original(&self, repeated: &BatchHeader) -> Option<&BatchHeader> {
        let key = |header: &BatchHeader| {
            (header.producer_id, header.producer_epoch, header.base_sequence, header.record_count)
        };
        self.history.iter().rev().map(|(header, _)| header).find(|header| key(header) == key(repeated))
    }

    /// Returns the high watermark.
    fn check(&self, high_watermark_before: Offset) -> Offset {
        let replica = &self.replica;
        assert!(replica.log_start <= replica.last_stable_offset());
        assert!(replica.last_stable_offset() <= replica.high_watermark);
        assert!(replica.high_watermark <= replica.log_end);
        assert!(replica.durable_end <= replica.log_end);
        assert!(high_watermark_before <= replica.high_watermark, "the high watermark does not fall");
        replica.high_watermark
    }

    /// What is put together from the log is what was there before the restart.
    fn check_replay(&self) {
        let replayed = replay(&self.history, self.replica.high_watermark);
        assert_eq!(replayed.log_end, self.replica.log_end);
        assert_eq!(replayed.high_watermark, self.replica.high_watermark);
        assert_eq!(replayed.producers, self.replica.producers);
        let (epochs, replayed_epochs) = (self.with_records(&self.replica), self.with_records(&replayed));
        assert_eq!(replayed_epochs, epochs);
    }

    /// The epochs that still have records: batches tell of no others.
    fn with_records(&self, replica: &Replica) -> EpochCache {
        let mut epochs = replica.epochs.clone();
        epochs.truncate_from_start(self.replica.log_start);
        epochs.truncate_from_end(self.replica.log_end);
        epochs
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn offsets_are_dense_watermarks_ordered_and_replay_gives_the_same_state(
        past in vec(past(), 0..12),
        high_watermark_percent in 0_i64..=100,
        steps in vec(step(), 1..120),
    ) {
        let mut world = World::new(&past, high_watermark_percent);
        let mut high_watermark = 0;
        for step in steps {
            world.take(step);
            high_watermark = world.check(high_watermark);
        }
        world.check_replay();
    }
}
