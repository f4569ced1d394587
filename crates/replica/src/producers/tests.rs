use ottla_records::{Attributes, NO_PRODUCER_EPOCH, NO_SEQUENCE};

use super::*;
use crate::transactions::Outcome;

pub(super) const PRODUCER: ProducerId = 7;

/// A batch of one producer: its epoch, its first sequence, the number of its records.
pub(super) type Sent = (ProducerEpoch, Sequence, i32);

pub(super) fn header((producer_epoch, base_sequence, record_count): Sent) -> BatchHeader {
    BatchHeader {
        base_offset: 0,
        length: 0,
        leader_epoch: 0,
        crc: 0,
        attributes: Attributes::default(),
        last_offset_delta: record_count - 1,
        base_timestamp: 0,
        max_timestamp: 1_000,
        producer_id: PRODUCER,
        producer_epoch,
        base_sequence,
        record_count,
    }
}

pub(super) fn transactional(sent: Sent) -> BatchHeader {
    BatchHeader { attributes: Attributes::default().with_transactional(true), ..header(sent) }
}

pub(super) fn marker(base_offset: Offset, producer_epoch: ProducerEpoch) -> BatchHeader {
    let attributes = Attributes::default().with_transactional(true).with_control(true);
    BatchHeader { base_offset, attributes, ..header((producer_epoch, NO_SEQUENCE, 1)) }
}

pub(super) const ABORT: Marker = Marker { outcome: Outcome::Aborted, coordinator_epoch: 3 };

/// What becomes of a batch.
#[derive(Debug, PartialEq)]
pub(super) enum Fate {
    At(Offset),
    DuplicateOf(Offset),
    OutOfOrder,
    Fenced,
    NotInTransaction,
}

/// Appends one batch behind another.
#[derive(Default)]
pub(super) struct Log {
    pub(super) producers: Producers,
    pub(super) end: Offset,
}

impl Log {
    fn of(sent: &[Sent]) -> Self {
        let mut log = Self::default();
        for &batch in sent {
            let end = log.end;
            assert_eq!(log.send(batch), Fate::At(end), "{batch:?}");
        }
        log
    }

    fn send(&mut self, sent: Sent) -> Fate {
        self.append(&header(sent), Origin::Client, None)
    }

    pub(super) fn append(
        &mut self,
        header: &BatchHeader,
        origin: Origin,
        guard: Option<VerificationGuard>,
    ) -> Fate {
        let before = self.producers.clone();
        match self.producers.append(header, self.end, origin, guard) {
            Ok(None) => {
                let base_offset = self.end;
                self.end += i64::from(header.record_count);
                Fate::At(base_offset)
            }
            Ok(Some(duplicate)) => {
                assert_eq!(
                    duplicate.last_offset - duplicate.base_offset,
                    i64::from(header.last_offset_delta)
                );
                assert_eq!((duplicate.timestamp, &self.producers), (1_000, &before));
                Fate::DuplicateOf(duplicate.base_offset)
            }
            Err(error) => {
                assert_eq!(self.producers, before, "a refused batch changes nothing");
                Fate::from(error)
            }
        }
    }
}

impl From<AppendError> for Fate {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::OutOfOrderSequence { .. } => Self::OutOfOrder,
            AppendError::InvalidProducerEpoch { .. } => Self::Fenced,
            AppendError::InvalidTransactionState { .. } => Self::NotInTransaction,
            AppendError::NotLeader
            | AppendError::TransactionCoordinatorFenced { .. }
            | AppendError::NotEnoughReplicas { .. }
            | AppendError::OffsetsExhausted { .. } => {
                panic!("not of a producer: {error}")
            }
        }
    }
}

#[test]
fn a_batch_must_follow_repeat_or_begin_anew() {
    let max = i32::MAX;
    let six: &[Sent] = &[(0, 0, 1), (0, 1, 1), (0, 2, 1), (0, 3, 1), (0, 4, 1), (0, 5, 1)];
    let cases: [(&str, &[Sent], Sent, Fate); 23] = [
        ("a new producer", &[], (0, 0, 3), Fate::At(0)),
        ("an unknown producer, whose state expired", &[], (4, 77, 3), Fate::At(0)),
        ("the next batch", &[(0, 0, 3)], (0, 3, 1), Fate::At(3)),
        ("a batch that left one out", &[(0, 0, 3)], (0, 4, 1), Fate::OutOfOrder),
        ("the same batch", &[(0, 0, 3)], (0, 0, 3), Fate::DuplicateOf(0)),
        ("a part of the last batch", &[(0, 0, 3)], (0, 0, 2), Fate::OutOfOrder),
        ("more than the last batch", &[(0, 0, 3)], (0, 0, 4), Fate::OutOfOrder),
        ("the batch before the last", &[(0, 0, 3), (0, 3, 2)], (0, 0, 3), Fate::DuplicateOf(0)),
        ("the fifth before the next", six, (0, 1, 1), Fate::DuplicateOf(1)),
        ("the sixth before the next", six, (0, 0, 1), Fate::OutOfOrder),
        ("the next of six", six, (0, 6, 1), Fate::At(6)),
        ("the first after the greatest", &[(0, max, 1)], (0, 0, 1), Fate::At(1)),
        ("a batch over the greatest", &[(0, max - 1, 1)], (0, max, 3), Fate::At(1)),
        ("the next after a batch over the greatest", &[(0, max, 3)], (0, 2, 1), Fate::At(3)),
        ("the same batch over the greatest", &[(0, max, 3)], (0, max, 3), Fate::DuplicateOf(0)),
        ("a new epoch", &[(0, 0, 3)], (1, 0, 2), Fate::At(3)),
        ("a new epoch that goes on counting", &[(0, 0, 3)], (1, 3, 2), Fate::OutOfOrder),
        ("an epoch that skips some", &[(0, 0, 3)], (9, 0, 2), Fate::At(3)),
        ("the old epoch", &[(0, 0, 3), (1, 0, 1)], (0, 3, 1), Fate::Fenced),
        ("the same batch of the old epoch", &[(0, 0, 3), (1, 0, 1)], (0, 0, 3), Fate::Fenced),
        ("the same sequences in a new epoch", &[(0, 0, 3)], (1, 0, 3), Fate::At(3)),
        ("the last batch of the new epoch", &[(0, 0, 3), (1, 0, 1)], (1, 0, 1), Fate::DuplicateOf(3)),
        ("a second unknown batch", &[(0, 77, 1)], (0, 79, 1), Fate::OutOfOrder),
    ];
    for (what, sent, batch, expected) in cases {
        assert_eq!(Log::of(sent).send(batch), expected, "{what}");
    }
}

#[test]
fn batches_without_a_producer_leave_nothing_behind() {
    for producer_id in [-1, -2, i64::MIN] {
        let mut log = Log::default();
        let anonymous = BatchHeader { producer_id, ..header((NO_PRODUCER_EPOCH, NO_SEQUENCE, 3)) };
        assert_eq!(log.append(&anonymous, Origin::Client, None), Fate::At(0));
        assert_eq!(log.append(&anonymous, Origin::Client, None), Fate::At(3));
        assert_eq!(log.producers, Producers::default());
    }
}

#[test]
fn a_coordinators_batches_have_no_sequence() {
    let mut log = Log::default();
    let offsets = header((2, NO_SEQUENCE, 1));
    assert_eq!(log.append(&offsets, Origin::Coordinator, None), Fate::At(0));
    assert_eq!(log.append(&offsets, Origin::Coordinator, None), Fate::At(1));
    assert_eq!(log.append(&header((1, NO_SEQUENCE, 1)), Origin::Coordinator, None), Fate::Fenced);
}

#[test]
fn producers_expire_by_the_timestamps_of_their_batches() {
    let cases =
        [(1_049, 50, true), (1_050, 50, false), (i64::MAX, 50, false), (0, 50, true), (1_000, 0, false)];
    for (now, expiration_ms, stays) in cases {
        let mut log = Log::of(&[(0, 0, 3)]);
        log.producers.expire(now, expiration_ms);
        assert_eq!(log.producers.entries().len() == 1, stays, "at {now}");
        let expected = if stays { Fate::OutOfOrder } else { Fate::At(3) };
        assert_eq!(log.send((0, 99, 1)), expected, "at {now}");
    }
}

#[test]
fn an_open_transaction_keeps_its_producer() {
    let mut producers = Producers::default();
    producers.remember(&transactional((0, 0, 2)), 10);
    producers.expire(i64::MAX, 50);
    assert_eq!(producers.entries().len(), 1);
    assert_eq!(producers.first_unstable(), Some(10));

    let completed = producers.remember_marker(&marker(12, 0), ABORT).unwrap();
    assert_eq!((completed.first_offset, completed.last_offset, completed.last_stable_offset), (10, 12, 13));
    producers.expire(i64::MAX, 50);
    assert_eq!(producers.entries().len(), 0);
}

#[test]
fn a_marker_without_a_transaction_only_moves_the_epochs() {
    let mut log = Log::of(&[(0, 0, 3)]);
    assert_eq!(log.producers.remember_marker(&marker(3, 1), ABORT), None);
    let entry = log.producers.entries().next().unwrap();
    assert_eq!((entry.producer_epoch, entry.coordinator_epoch, entry.last_sequence), (1, 3, NO_SEQUENCE));
    assert_eq!(log.send((1, 1, 1)), Fate::OutOfOrder);
    assert_eq!(log.send((0, 3, 1)), Fate::Fenced);
    assert_eq!(log.send((1, 0, 1)), Fate::At(3));
}

#[test]
fn a_marker_of_the_same_epoch_leaves_the_sequences() {
    let mut log = Log::of(&[(0, 0, 3)]);
    log.producers.remember_marker(&marker(3, 0), ABORT);
    log.end = 4;
    assert_eq!(log.send((0, 0, 3)), Fate::DuplicateOf(0));
    assert_eq!(log.send((0, 3, 1)), Fate::At(4));
}

#[test]
fn a_snapshot_keeps_the_last_batch_alone() {
    let log = Log::of(&[(2, 0, 3), (2, 3, 2)]);
    let entries: Vec<_> = log.producers.entries().collect();
    let expected = ProducerEntry {
        producer_id: PRODUCER,
        producer_epoch: 2,
        last_sequence: 4,
        last_offset: 4,
        offset_delta: 1,
        timestamp: 1_000,
        coordinator_epoch: -1,
        transaction_start: None,
    };
    assert_eq!(entries, [expected]);

    let mut restored = Log { producers: Producers::default(), end: 5 };
    restored.producers.restore(&expected);
    assert_eq!(restored.producers.entries().collect::<Vec<_>>(), entries);
    assert_eq!(restored.send((2, 3, 2)), Fate::DuplicateOf(3));
    assert_eq!(restored.send((2, 0, 3)), Fate::OutOfOrder);
    assert_eq!(restored.send((2, 5, 1)), Fate::At(5));
}

#[test]
fn a_snapshot_keeps_producers_without_a_batch_and_open_transactions() {
    let mut producers = Producers::default();
    producers.remember_marker(&marker(8, 4), ABORT);
    producers.remember(&BatchHeader { producer_id: 9, ..transactional((0, 0, 2)) }, 9);
    let entries: Vec<_> = producers.entries().collect();
    assert_eq!((entries[0].last_offset, entries[0].offset_delta), (-1, 0));
    assert_eq!(entries[1].transaction_start, Some(9));

    let mut restored = Producers::default();
    entries.iter().for_each(|entry| restored.restore(entry));
    assert_eq!(restored, producers);
}
