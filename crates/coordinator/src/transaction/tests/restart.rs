//! A kill at every step: what was durable is what the next process goes on with.

use ottla_wire::ErrorCode;

use super::harness::*;
use crate::TransactionState;

#[test]
fn markers_are_sent_again_until_all_are_written() {
    for commit in [true, false] {
        let mut bench = Bench::new();
        let writer = bench.begun(V2);
        bench.end(writer, commit, V2).unwrap();
        let markers = bench.sent[0].clone();
        bench.marked(&markers, &[at("t", 0)]);

        let mut next = bench.restarted();
        assert_eq!(next.sent, [markers], "all of them: which were written is not stored");
        next.write_markers();
        assert!(next.state().is_complete());
        assert_eq!(next.state().commits(), commit);
        let last = next.restarted();
        assert!(last.sent.is_empty());
        assert_eq!(last.state(), next.state());
    }
}

#[test]
fn an_open_transaction_goes_on_and_times_out_as_if_nothing_had_been() {
    let mut bench = Bench::new();
    let writer = bench.begun(V2);
    bench.sleep(30_000);
    let mut next = bench.restarted();
    assert_eq!(next.state(), TransactionState::Ongoing);
    assert_eq!(next.add(writer, V2), ErrorCode::None);
    assert_eq!(next.end(writer, true, V2), Ok(producer(writer.id, 1)));

    let mut next = bench.restarted();
    next.sleep(40_000);
    assert_eq!(next.state(), TransactionState::PrepareAbort);
    assert_eq!(next.end(writer, true, V2), Err(ErrorCode::ConcurrentTransactions));
    next.write_markers();
    assert_eq!(next.end(writer, true, V2), Err(ErrorCode::InvalidTxnState));
}

#[test]
fn what_was_not_durable_was_not_told_and_has_not_happened() {
    let mut bench = Bench::new();
    let writer = bench.begun(V2);
    bench.slow_disk = true;
    let ticket = bench.ask_end(writer, true, V2);
    assert_eq!((bench.answer(ticket), bench.sent.len()), (None, 0));
    let mut next = bench.restarted();
    assert_eq!(next.state(), TransactionState::Ongoing);
    assert_eq!(next.end(writer, false, V2), Ok(producer(writer.id, 1)), "it may still end otherwise");
}

#[test]
fn an_end_without_partitions_is_completed() {
    let mut bench = Bench::new();
    let writer = bench.init().unwrap();
    bench.slow_disk = true;
    bench.ask_end(writer, false, V2);
    bench.durable = bench.log.len();
    assert_eq!(bench.state(), TransactionState::PrepareAbort);
    assert_eq!(bench.restarted().state(), TransactionState::CompleteAbort);
}

#[test]
fn a_producer_that_asks_again_after_a_restart_is_answered_as_before() {
    let mut bench = Bench::new();
    let writer = bench.begun(V2);
    let next = bench.end(writer, true, V2).unwrap();
    bench.write_markers();
    assert_eq!(bench.restarted().end(writer, true, V2), Ok(next));
}
