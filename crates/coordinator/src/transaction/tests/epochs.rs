//! What happens when a producer's epochs are exhausted: the last but one is the last that a client has.

use ottla_wire::ErrorCode;

use super::harness::*;
use crate::TransactionState;

const LAST: i16 = i16::MAX - 1;

/// A producer in that epoch.
fn in_epoch(epoch: i16) -> Bench {
    let mut bench = Bench::new();
    let writer = bench.init().unwrap();
    let mut transaction = bench.transaction().clone();
    transaction.epoch = epoch;
    let mut out = Vec::new();
    bench.shard.change(ID, transaction, None, &mut out);
    bench.carry_out(out);
    assert_eq!(bench.transaction().producer(), producer(writer.id, epoch));
    bench
}

#[test]
fn an_initialization_goes_on_with_another_id() {
    let mut bench = in_epoch(LAST - 1);
    assert_eq!(bench.init(), Ok(producer(FIRST_ID, LAST)));
    assert_eq!(bench.init(), Ok(producer(FIRST_ID + 1, 0)));
    assert_eq!(bench.init(), Ok(producer(FIRST_ID + 1, 1)));
}

#[test]
fn a_producer_that_names_its_last_epoch_gets_another_id_and_may_ask_again() {
    let mut bench = in_epoch(LAST);
    assert_eq!(bench.init_as(producer(FIRST_ID, LAST - 1)), Err(ErrorCode::ProducerFenced));
    assert_eq!(bench.init_as(producer(FIRST_ID, LAST)), Ok(producer(FIRST_ID + 1, 0)));
    assert_eq!(bench.init_as(producer(FIRST_ID, LAST)), Ok(producer(FIRST_ID + 1, 0)), "sent again");
    assert_eq!(bench.init_as(producer(FIRST_ID + 1, 0)), Ok(producer(FIRST_ID + 1, 1)));
    assert_eq!(bench.init_as(producer(FIRST_ID, LAST)), Err(ErrorCode::ProducerFenced));
}

#[test]
fn an_end_in_the_last_epoch_goes_on_with_another_id() {
    for commit in [true, false] {
        let mut bench = in_epoch(LAST);
        let old = producer(FIRST_ID, LAST);
        assert_eq!(bench.add(old, V2), ErrorCode::None);
        bench.ids = 5..5;
        assert_eq!(bench.end(old, commit, V2), Err(ErrorCode::CoordinatorLoadInProgress));
        bench.ids = 5..6;
        assert_eq!(bench.end(old, commit, V2), Ok(producer(5, 0)));
        assert_eq!(bench.sent[0].producer, producer(FIRST_ID, i16::MAX), "the marker is the old id's");
        assert_eq!(bench.end(old, commit, V2), Err(ErrorCode::ConcurrentTransactions), "sent again");
        bench.write_markers();
        assert_eq!(bench.transaction().producer(), producer(5, 0));
        assert_eq!(bench.end(old, commit, V2), Ok(producer(5, 0)), "sent again");
        assert_eq!(bench.end(old, !commit, V2), Err(ErrorCode::InvalidTxnState));
        assert_eq!(bench.add(producer(5, 0), V2), ErrorCode::None);
    }
}

#[test]
fn a_fenced_producer_of_the_last_epoch_is_still_aborted() {
    let mut bench = in_epoch(LAST);
    assert_eq!(bench.add(producer(FIRST_ID, LAST), V2), ErrorCode::None);
    assert_eq!(bench.init(), Err(ErrorCode::ConcurrentTransactions));
    assert_eq!(bench.sent[0].producer, producer(FIRST_ID, i16::MAX));
    bench.write_markers();
    assert_eq!(bench.state(), TransactionState::CompleteAbort);
    assert_eq!(bench.init(), Ok(producer(FIRST_ID + 1, 0)));
}

#[test]
fn clients_before_version_2_stay_in_the_last_epoch() {
    let mut bench = in_epoch(LAST);
    let writer = producer(FIRST_ID, LAST);
    for _ in 0..3 {
        assert_eq!(bench.add(writer, V1), ErrorCode::None);
        assert!(bench.end(writer, true, V1).is_ok());
        bench.write_markers();
    }
    assert_eq!(bench.transaction().producer(), writer);
}
