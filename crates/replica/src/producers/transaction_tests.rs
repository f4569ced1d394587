//! Transactions of one producer: how they begin, go on and end.

use super::tests::{ABORT, Fate, Log, PRODUCER, Sent, header, marker, transactional};
use super::*;
use crate::transactions::Outcome;

const COMMIT: Marker = Marker { outcome: Outcome::Committed, coordinator_epoch: 3 };

/// What happens to a log in which one producer writes.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// The coordinator is asked for a batch of that epoch and sequence; the guard is the last one from here on.
    Ask(ProducerEpoch, Sequence),
    /// The same, by a producer whose epoch rises with each transaction.
    AskV2(ProducerEpoch, Sequence),
    /// A batch without a guard.
    Write(Sent),
    /// A batch that shows the last guard.
    Begin(Sent),
    /// A marker of that version.
    End(ProducerEpoch, i8),
}

impl Log {
    fn begin_verification(
        &mut self,
        epoch: ProducerEpoch,
        sequence: Sequence,
        bumps_epoch: bool,
    ) -> Option<VerificationGuard> {
        let batch =
            Unverified { producer_id: PRODUCER, producer_epoch: epoch, base_sequence: sequence, bumps_epoch };
        self.producers.begin_verification(1_000, &batch)
    }

    fn end(
        &mut self,
        epoch: ProducerEpoch,
        marked: Marker,
        version: i8,
    ) -> Result<Option<CompletedTransaction>, AppendError> {
        let before = self.producers.clone();
        let ended = self.producers.append_marker(&marker(self.end, epoch), marked, version);
        match &ended {
            Ok(_) => self.end += 1,
            Err(_) => assert_eq!(self.producers, before, "a refused marker changes nothing"),
        }
        ended
    }

    /// What became of the last act.
    fn play(acts: &[Act]) -> Fate {
        let mut log = Log::default();
        let mut guard = None;
        let mut fate = Fate::At(0);
        for act in acts {
            fate = match *act {
                Act::Ask(epoch, sequence) => {
                    guard = log.begin_verification(epoch, sequence, false);
                    Fate::At(log.end)
                }
                Act::AskV2(epoch, sequence) => {
                    guard = log.begin_verification(epoch, sequence, true);
                    Fate::At(log.end)
                }
                Act::Write(sent) => log.append(&transactional(sent), Origin::Client, None),
                Act::Begin(sent) => log.append(&transactional(sent), Origin::Client, guard),
                Act::End(epoch, version) => match log.end(epoch, COMMIT, version) {
                    Ok(_) => Fate::At(log.end - 1),
                    Err(error) => Fate::from(error),
                },
            };
        }
        fate
    }
}

#[test]
fn a_transaction_begins_with_the_word_of_its_coordinator_and_goes_on_without() {
    use Act::{Ask, AskV2, Begin, End, Write};
    let cases: [(&str, &[Act], Fate); 19] = [
        ("nobody was asked", &[Write((0, 0, 1))], Fate::NotInTransaction),
        ("asked, and not shown", &[Ask(0, 0), Write((0, 0, 1))], Fate::NotInTransaction),
        ("asked", &[Ask(0, 0), Begin((0, 0, 2))], Fate::At(0)),
        ("it goes on", &[Ask(0, 0), Begin((0, 0, 2)), Write((0, 2, 1))], Fate::At(2)),
        ("its first batch again", &[Ask(0, 0), Begin((0, 0, 2)), Write((0, 0, 2))], Fate::DuplicateOf(0)),
        ("ended meanwhile", &[Ask(0, 0), End(0, 0), Begin((0, 0, 1))], Fate::NotInTransaction),
        ("ended meanwhile, of version 2", &[Ask(0, 0), End(1, 2), Begin((0, 0, 1))], Fate::NotInTransaction),
        (
            "the next one, with the guard of the first",
            &[Ask(0, 0), Begin((0, 0, 1)), End(0, 0), Begin((0, 1, 1))],
            Fate::NotInTransaction,
        ),
        ("the next one", &[Ask(0, 0), Begin((0, 0, 1)), End(0, 0), Ask(0, 1), Begin((0, 1, 1))], Fate::At(2)),
        (
            "a new epoch within an open transaction",
            &[Ask(0, 0), Begin((0, 0, 1)), Write((1, 0, 1))],
            Fate::NotInTransaction,
        ),
        ("a batch that overtakes another", &[Ask(0, 0), Ask(0, 2), Begin((0, 2, 1))], Fate::OutOfOrder),
        ("the lower one", &[Ask(0, 2), Ask(0, 0), Begin((0, 0, 1))], Fate::At(0)),
        ("a higher epoch counts anew", &[Ask(0, 0), Ask(1, 5), Begin((1, 5, 1))], Fate::At(0)),
        ("an unknown producer in the middle", &[Ask(0, 5), Begin((0, 5, 1))], Fate::At(0)),
        ("an unknown producer whose epochs rise", &[AskV2(0, 5), Begin((0, 5, 1))], Fate::OutOfOrder),
        (
            "the next one, whose epoch rose",
            &[AskV2(0, 0), Begin((0, 0, 1)), End(1, 2), AskV2(1, 0), Begin((1, 0, 1))],
            Fate::At(2),
        ),
        (
            "the next one, asked for before the marker came",
            &[AskV2(0, 0), Begin((0, 0, 1)), AskV2(1, 0), End(1, 2), Begin((1, 0, 1))],
            Fate::At(2),
        ),
        (
            "the next one, asked for before its own marker came",
            &[AskV2(0, 0), Begin((0, 0, 1)), AskV2(1, 0), End(2, 2), Begin((1, 0, 1))],
            Fate::NotInTransaction,
        ),
        (
            "the next one, in its middle",
            &[AskV2(0, 0), Begin((0, 0, 1)), End(1, 2), AskV2(1, 1), Begin((1, 1, 1))],
            Fate::OutOfOrder,
        ),
    ];
    for (what, acts, expected) in cases {
        assert_eq!(Log::play(acts), expected, "{what}");
    }
}

#[test]
fn nobody_is_asked_for_a_transaction_that_is_open() {
    let mut log = Log::default();
    let guard = log.begin_verification(0, 0, false);
    assert_eq!(log.begin_verification(0, 0, false), guard, "those who ask at the same time share it");
    assert_eq!(log.append(&transactional((0, 0, 1)), Origin::Client, guard), Fate::At(0));
    assert_eq!(log.begin_verification(0, 1, false), None);
    assert!(log.begin_verification(1, 0, false).is_some(), "of a new epoch nothing is open");
    assert_eq!(log.append(&header((0, 1, 1)), Origin::Client, None), Fate::NotInTransaction);
}

#[test]
fn what_was_asked_is_forgotten_when_it_was_refused_or_is_old() {
    let mut log = Log::default();
    let refused = log.begin_verification(0, 0, false).unwrap();
    log.producers.end_verification(PRODUCER, refused);
    assert_eq!(log.append(&transactional((0, 0, 1)), Origin::Client, Some(refused)), Fate::NotInTransaction);

    let old = log.begin_verification(0, 0, false);
    assert_ne!(old, Some(refused));
    log.producers.end_verification(PRODUCER, refused);
    log.producers.expire(1_049, 50);
    assert_eq!(log.begin_verification(0, 0, false), old);
    log.producers.expire(1_050, 50);
    assert_eq!(
        log.producers,
        Producers { verifications: log.producers.verifications.clone(), ..Producers::default() }
    );
    assert_eq!(log.append(&transactional((0, 0, 1)), Origin::Client, old), Fate::NotInTransaction);
}

#[test]
fn markers_end_what_their_epoch_allows_them_to() {
    use Act::{Ask, AskV2, Begin, End};
    let max = ProducerEpoch::MAX;
    let cases: [(&str, &[Act], Fate); 10] = [
        ("nothing was written", &[End(0, 0)], Fate::At(0)),
        ("the transaction's epoch", &[Ask(4, 0), Begin((4, 0, 1)), End(4, 1)], Fate::At(1)),
        ("a coordinator that fences the producer", &[Ask(4, 0), Begin((4, 0, 1)), End(5, 1)], Fate::At(1)),
        ("an old epoch", &[Ask(4, 0), Begin((4, 0, 1)), End(3, 1)], Fate::Fenced),
        ("twice", &[Ask(4, 0), Begin((4, 0, 1)), End(4, 1), End(4, 1)], Fate::At(2)),
        ("version 2", &[AskV2(4, 0), Begin((4, 0, 1)), End(5, 2)], Fate::At(1)),
        ("version 2, twice", &[AskV2(4, 0), Begin((4, 0, 1)), End(5, 2), End(5, 2)], Fate::At(2)),
        ("version 2, late", &[AskV2(5, 0), Begin((5, 0, 1)), End(5, 2)], Fate::Fenced),
        ("version 2, late by more", &[AskV2(5, 0), Begin((5, 0, 1)), End(4, 2)], Fate::Fenced),
        ("version 2, of the last epoch", &[AskV2(max, 0), Begin((max, 0, 1)), End(max, 2)], Fate::At(1)),
    ];
    for (what, acts, expected) in cases {
        assert_eq!(Log::play(acts), expected, "{what}");
    }
}

#[test]
fn an_older_coordinator_ends_nothing() {
    let mut log = Log::default();
    let older = Marker { coordinator_epoch: 2, ..COMMIT };
    assert_eq!(log.end(0, ABORT, 0), Ok(None));
    let fenced = AppendError::TransactionCoordinatorFenced { producer_id: PRODUCER, epoch: 2, current: 3 };
    assert_eq!(log.end(0, older, 0), Err(fenced));
    assert_eq!(log.end(0, Marker { coordinator_epoch: 4, ..COMMIT }, 0), Ok(None));
}

#[test]
fn the_transaction_that_a_marker_ends_is_told() {
    let mut log = Log::default();
    let guard = log.begin_verification(0, 0, false);
    log.append(&transactional((0, 0, 3)), Origin::Client, guard);
    assert_eq!(log.producers.first_unstable(), Some(0));
    let ended = log.end(0, ABORT, 0).unwrap().unwrap();
    assert_eq!((ended.first_offset, ended.last_offset, ended.outcome), (0, 3, Outcome::Aborted));
    log.producers.high_watermark_advanced(4);
    assert_eq!(log.producers.first_unstable(), None);
}
