use ottla_wire::{ErrorCode, messages::InitProducerIdRequest};

use super::harness::*;
use crate::{ProducerIdentity, TransactionResponse, TransactionState};

#[test]
fn each_initialization_bumps_the_epoch_of_the_same_id() {
    let mut bench = Bench::new();
    for epoch in 0..4 {
        assert_eq!(bench.init(), Ok(producer(FIRST_ID, epoch)));
    }
    assert_eq!(bench.state(), TransactionState::Empty);
    assert_eq!(bench.ids.start, FIRST_ID + 1, "one id was used");
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let check = |change: fn(&mut InitProducerIdRequest), expected| {
        let mut bench = Bench::new();
        let mut request = init(ProducerIdentity::NONE);
        change(&mut request);
        let ticket = bench.ask_init(&request);
        assert_eq!(bench.answer(ticket), Some(TransactionResponse::Producer(Err(expected))), "{request:?}");
        assert!(bench.log.is_empty());
    };
    check(|r| r.transactional_id = Some("".into()), ErrorCode::InvalidRequest);
    check(|r| r.transactional_id = Some("x".repeat(40_000).into()), ErrorCode::InvalidRequest);
    check(|r| r.transaction_timeout_ms = 0, ErrorCode::InvalidTransactionTimeout);
    check(|r| r.transaction_timeout_ms = -1, ErrorCode::InvalidTransactionTimeout);
    check(|r| r.transaction_timeout_ms = 900_001, ErrorCode::InvalidTransactionTimeout);
    check(|r| r.enable_2pc = true, ErrorCode::TransactionalIdAuthorizationFailed);
    check(|r| r.keep_prepared_txn = true, ErrorCode::UnsupportedVersion);
}

#[test]
fn an_open_transaction_is_aborted_first_and_its_producer_fenced() {
    for version in [V1, V2] {
        let mut bench = Bench::new();
        let old = bench.begun(version);
        assert_eq!(bench.init(), Err(ErrorCode::ConcurrentTransactions));
        assert_eq!(bench.state(), TransactionState::PrepareAbort);
        assert_eq!(bench.init(), Err(ErrorCode::ConcurrentTransactions), "markers are being written");
        let markers = bench.sent[0].clone();
        assert_eq!((markers.commit, markers.producer), (false, producer(old.id, 1)));
        assert_eq!((markers.coordinator_epoch, markers.transaction_version), (EPOCH, V2));
        bench.write_markers();
        assert_eq!(bench.state(), TransactionState::CompleteAbort);
        assert_eq!(bench.init(), Ok(producer(old.id, 2)));
        assert_eq!(bench.add(old, version), ErrorCode::ProducerFenced);
        assert_eq!(bench.end(old, true, version), Err(ErrorCode::ProducerFenced));
    }
}

/// KIP-360: a producer that names its id and epoch goes on as itself, unless another has come.
#[test]
fn a_producer_that_names_itself_goes_on_unless_it_was_fenced() {
    let mut bench = Bench::new();
    let first = bench.init_as(producer(5, 3)).expect("nothing is known that it could contradict");
    assert_eq!(first, producer(FIRST_ID, 0));
    assert_eq!(bench.init_as(first), Ok(producer(FIRST_ID, 1)));
    assert_eq!(bench.init_as(first), Ok(producer(FIRST_ID, 1)), "sent again: its answer was lost");
    assert_eq!(bench.init_as(producer(FIRST_ID, 1)), Ok(producer(FIRST_ID, 2)));
    assert_eq!(bench.init_as(producer(FIRST_ID, 0)), Err(ErrorCode::ProducerFenced));
    assert_eq!(bench.init_as(producer(FIRST_ID + 1, 2)), Err(ErrorCode::ProducerFenced));
    assert_eq!(bench.init(), Ok(producer(FIRST_ID, 3)));
    assert_eq!(bench.init_as(producer(FIRST_ID, 2)), Err(ErrorCode::ProducerFenced), "another has come");
}

#[test]
fn without_an_id_to_give_a_producer_tries_again() {
    let mut bench = Bench::new();
    bench.ids = 5..5;
    assert_eq!(bench.init(), Err(ErrorCode::CoordinatorLoadInProgress));
    bench.ids = 5..6;
    assert_eq!(bench.init(), Ok(producer(5, 0)));
    assert_eq!(bench.init(), Ok(producer(5, 1)), "its own id is enough");
}

#[test]
fn a_new_timeout_holds_from_the_next_transaction_on() {
    let mut bench = Bench::new();
    let old = bench.begun(V2);
    assert_eq!(bench.end(old, true, V2), Ok(producer(old.id, 1)));
    bench.write_markers();
    let ticket =
        bench.ask_init(&InitProducerIdRequest { transaction_timeout_ms: 17, ..init(ProducerIdentity::NONE) });
    assert_eq!(bench.answer(ticket), Some(TransactionResponse::Producer(Ok(producer(old.id, 2)))));
    assert_eq!(bench.transaction().timeout_ms, 17);
}
