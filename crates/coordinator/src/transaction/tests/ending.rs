use ottla_wire::ErrorCode;

use super::harness::*;
use crate::{ProducerIdentity, TransactionState};

#[test]
fn a_transaction_is_complete_once_every_partition_has_its_marker() {
    for (version, commit) in [(V1, true), (V1, false), (V2, true), (V2, false)] {
        let mut bench = Bench::new();
        let writer = bench.begun(version);
        let next = bench.end(writer, commit, version).unwrap();
        let markers = bench.sent.pop().unwrap();
        let epoch = if version == V2 { 1 } else { 0 };
        assert_eq!(markers.producer, producer(writer.id, epoch));
        assert_eq!((markers.commit, markers.transaction_version), (commit, version));
        assert_eq!(markers.partitions, [at("t", 0), at("t", 1)]);
        let expected = if version == V2 { producer(writer.id, 1) } else { ProducerIdentity::NONE };
        assert_eq!(next, expected);

        bench.marked(&markers, &[at("t", 1)]);
        assert!(bench.state().is_ending());
        bench.marked(&markers, &[at("t", 1)]);
        assert!(bench.state().is_ending(), "the same again is nothing new");
        bench.marked(&markers, &[at("t", 0)]);
        let complete =
            if commit { TransactionState::CompleteCommit } else { TransactionState::CompleteAbort };
        assert_eq!(bench.state(), complete);
        bench.marked(&markers, &[at("t", 0)]);
        assert_eq!(bench.state(), complete, "late news of a marker are none");
    }
}

/// Makes a transaction of each state, in epoch 5 of its producer where the end has not bumped it.
fn in_state(state: TransactionState, version: i16) -> (Bench, ProducerIdentity) {
    let mut bench = Bench::new();
    for _ in 0..5 {
        bench.init().unwrap();
    }
    let writer = bench.init().unwrap();
    if state == TransactionState::Empty {
        return (bench, writer);
    }
    assert_eq!(bench.add(writer, version), ErrorCode::None);
    if state != TransactionState::Ongoing {
        bench.end(writer, state.commits(), version).unwrap();
    }
    if state.is_complete() {
        bench.write_markers();
    }
    assert_eq!(bench.state(), state);
    let writer = bench.transaction().producer();
    (bench, writer)
}

#[test]
fn clients_before_version_2_end_what_is_open_and_may_say_it_again() {
    use TransactionState::{CompleteAbort, CompleteCommit, Empty, Ongoing, PrepareAbort, PrepareCommit};
    let (concurrent, invalid) = (Err(ErrorCode::ConcurrentTransactions), Err(ErrorCode::InvalidTxnState));
    let done = Ok(ProducerIdentity::NONE);
    for (state, commit, abort) in [
        (Empty, invalid, invalid),
        (Ongoing, done, done),
        (PrepareCommit, concurrent, concurrent),
        (PrepareAbort, concurrent, concurrent),
        (CompleteCommit, done, invalid),
        (CompleteAbort, invalid, done),
    ] {
        for (asked, expected) in [(true, commit), (false, abort)] {
            let (mut bench, writer) = in_state(state, V1);
            assert_eq!(bench.end(writer, asked, V1), expected, "{state:?}, commit: {asked}");
            for epoch in [writer.epoch - 1, writer.epoch + 1] {
                let (mut bench, writer) = in_state(state, V1);
                let other = bench.end(producer(writer.id, epoch), asked, V1);
                assert_eq!(other, Err(ErrorCode::ProducerFenced), "{state:?}");
            }
        }
    }
}

/// KIP-890's table: `Retry` names the epoch before.
#[test]
fn the_epoch_tells_clients_of_version_2_that_repeat_from_those_that_go_on() {
    use TransactionState::{CompleteAbort, CompleteCommit, Empty, Ongoing, PrepareAbort, PrepareCommit};
    let (fenced, invalid) = (Err(ErrorCode::ProducerFenced), Err(ErrorCode::InvalidTxnState));
    let concurrent = Err(ErrorCode::ConcurrentTransactions);
    let current = |bumps: i16| Ok(producer(FIRST_ID, bumps));
    for (state, epoch, commit, abort) in [
        (Empty, 4, fenced, fenced),
        (Empty, 5, invalid, current(6)),
        (Ongoing, 4, fenced, fenced),
        (Ongoing, 5, current(6), current(6)),
        (Ongoing, 6, fenced, fenced),
        (PrepareCommit, 5, concurrent, concurrent),
        (PrepareCommit, 6, concurrent, concurrent),
        (PrepareAbort, 5, concurrent, concurrent),
        (PrepareAbort, 6, concurrent, concurrent),
        (CompleteCommit, 4, fenced, fenced),
        (CompleteCommit, 5, current(6), invalid),
        (CompleteCommit, 6, invalid, current(7)),
        (CompleteAbort, 5, invalid, current(6)),
        (CompleteAbort, 6, invalid, current(7)),
        (CompleteAbort, 7, fenced, fenced),
    ] {
        for (asked, expected) in [(true, commit), (false, abort)] {
            let (mut bench, _) = in_state(state, V2);
            let answer = bench.end(producer(FIRST_ID, epoch), asked, V2);
            assert_eq!(answer, expected, "{state:?}, epoch {epoch}, commit: {asked}");
            let (mut bench, _) = in_state(state, V2);
            let other = bench.end(producer(FIRST_ID + 1, epoch), asked, V2);
            let expected = match state.is_ending() {
                true => ErrorCode::ConcurrentTransactions,
                false => ErrorCode::InvalidProducerIdMapping,
            };
            assert_eq!(other, Err(expected), "{state:?}");
        }
    }
}

#[test]
fn what_has_no_partition_is_complete_without_markers() {
    let (mut bench, writer) = in_state(TransactionState::Empty, V2);
    assert_eq!(bench.end(writer, false, V2), Ok(producer(writer.id, 6)));
    assert!(bench.sent.is_empty());
    assert_eq!(bench.state(), TransactionState::CompleteAbort);
    assert_eq!(bench.transaction().start_ms, START);
}

#[test]
fn a_completion_that_cannot_be_appended_is_tried_again() {
    let (mut bench, _) = in_state(TransactionState::PrepareCommit, V2);
    bench.append_error = Some(ErrorCode::KafkaStorageError);
    bench.write_markers();
    assert_eq!(bench.state(), TransactionState::PrepareCommit);
    bench.sleep(1000);
    assert_eq!(bench.state(), TransactionState::CompleteCommit);
}

#[test]
fn nobody_ends_a_transaction_that_is_not_known() {
    let mut bench = Bench::new();
    for version in [V1, V2] {
        assert_eq!(bench.end(producer(1, 0), true, version), Err(ErrorCode::InvalidProducerIdMapping));
    }
}

#[test]
fn all_who_wait_are_told_when_the_partition_is_gone() {
    let (mut bench, writer) = in_state(TransactionState::Ongoing, V2);
    bench.slow_disk = true;
    let ticket = bench.ask_end(writer, true, V2);
    let mut out = Vec::new();
    bench.shard.unload(&mut out);
    bench.carry_out(out);
    let answer = crate::TransactionResponse::Producer(Err(ErrorCode::NotCoordinator));
    assert_eq!(bench.answer(ticket), Some(answer));
}
