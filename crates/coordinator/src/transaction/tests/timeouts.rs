use std::time::Duration;

use ottla_wire::ErrorCode;

use super::harness::*;
use crate::{TransactionConfig, TransactionState};

#[test]
fn a_transaction_that_takes_too_long_is_aborted_at_the_next_look() {
    let (fenced, invalid) = (ErrorCode::ProducerFenced, ErrorCode::InvalidTxnState);
    for (version, told) in [(V1, fenced), (V2, invalid)] {
        let mut bench = Bench::new();
        let writer = bench.begun(version);
        bench.sleep(60_000);
        assert_eq!(bench.state(), TransactionState::Ongoing, "it may take as long as that");
        bench.sleep(10_000);
        assert_eq!(bench.state(), TransactionState::PrepareAbort);
        assert!(!bench.sent[0].commit);
        bench.write_markers();
        assert_eq!(bench.end(writer, true, version), Err(told));
        assert_eq!(bench.add(writer, version), ErrorCode::ProducerFenced);
    }
}

#[test]
fn a_producer_that_was_aborted_learns_of_it_and_goes_on() {
    let mut bench = Bench::new();
    let writer = bench.begun(V2);
    bench.sleep(70_000);
    bench.write_markers();
    let next = bench.end(writer, false, V2).expect("it is aborted, as it wants");
    assert_eq!(bench.add(next, V2), ErrorCode::None);

    let mut bench = Bench::new();
    let writer = bench.begun(V1);
    bench.sleep(70_000);
    bench.write_markers();
    assert_eq!(bench.init_as(writer), Ok(producer(writer.id, 1)));
    assert_eq!(bench.init_as(producer(writer.id, 1)), Ok(producer(writer.id, 2)));
    assert_eq!(bench.init_as(writer), Err(ErrorCode::ProducerFenced));
}

/// Of a cluster whose `transaction.version` is below 2.
#[test]
fn without_version_2_an_abort_fences_for_good() {
    let config = TransactionConfig { transaction_version: 1, ..TransactionConfig::default() };
    let mut bench = Bench::with(config);
    let writer = bench.begun(V1);
    bench.sleep(70_000);
    assert_eq!(bench.sent[0].producer, producer(writer.id, 1));
    assert_eq!(bench.sent[0].transaction_version, 0);
    bench.write_markers();
    assert_eq!(bench.init_as(writer), Err(ErrorCode::ProducerFenced));
}

#[test]
fn nobody_looks_for_timeouts_while_nothing_is_open() {
    let mut bench = Bench::new();
    let hour = Some(Duration::from_hours(1));
    assert_eq!(bench.shard.next_deadline(), hour, "the look for ids that are not used any more");
    let writer = bench.begun(V2);
    assert_eq!(bench.shard.next_deadline(), Some(Duration::from_secs(10)));
    bench.end(writer, true, V2).unwrap();
    bench.write_markers();
    bench.sleep(10_000);
    assert_eq!(bench.shard.next_deadline(), hour);
}

#[test]
fn an_abort_that_cannot_be_appended_is_tried_again() {
    let mut bench = Bench::new();
    bench.begun(V2);
    bench.sleep(60_000);
    bench.append_error = Some(ErrorCode::KafkaStorageError);
    bench.sleep(10_000);
    assert_eq!(bench.state(), TransactionState::Ongoing);
    bench.sleep(10_000);
    assert_eq!(bench.state(), TransactionState::PrepareAbort);
}

#[test]
fn ids_that_are_not_used_any_more_are_forgotten() {
    let config = TransactionConfig { id_expiration: Duration::from_hours(5), ..TransactionConfig::default() };
    let mut bench = Bench::with(config);
    let old = bench.init().unwrap();
    bench.sleep(4 * 3_600_000);
    assert!(bench.shard.transaction(ID).is_some());
    bench.sleep(3_600_000);
    assert!(bench.shard.transaction(ID).is_none());
    assert_eq!(bench.log.last().unwrap().value, None);
    assert_eq!(bench.add(old, V2), ErrorCode::InvalidProducerIdMapping);
    assert_eq!(bench.init(), Ok(producer(old.id + 1, 0)), "it is a new one");
    assert_eq!(bench.restarted().transaction().producer(), producer(old.id + 1, 0));
}

#[test]
fn an_id_with_markers_under_way_is_never_forgotten() {
    let mut bench = Bench::new();
    let writer = bench.begun(V2);
    bench.end(writer, true, V2).unwrap();
    bench.sleep(30 * 24 * 3_600_000);
    assert_eq!(bench.state(), TransactionState::PrepareCommit);
    bench.write_markers();
    bench.sleep(8 * 24 * 3_600_000);
    assert!(bench.shard.transaction(ID).is_none());
}
