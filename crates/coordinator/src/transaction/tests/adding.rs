use ottla_wire::ErrorCode;

use super::harness::*;
use crate::{ProducerIdentity, TransactionResponse, TransactionState};

#[test]
fn a_transaction_begins_with_its_first_partition_and_grows() {
    let mut bench = Bench::new();
    let writer = bench.init().unwrap();
    bench.sleep(100);
    assert_eq!(bench.add(writer, V2), ErrorCode::None);
    let records = bench.log.len();
    assert_eq!(bench.add(writer, V2), ErrorCode::None, "they are in it already");
    assert_eq!(bench.log.len(), records, "nothing is stored for that");
    bench.sleep(50);
    let ticket = bench.ask_add(writer, &[at("t", 1), at("u", 0)], V2);
    assert_eq!(bench.answer(ticket), Some(TransactionResponse::Partitions(vec![ErrorCode::None; 2])));
    let transaction = bench.transaction();
    assert_eq!(transaction.state, TransactionState::Ongoing);
    assert_eq!(transaction.topics(), [("t".into(), vec![0, 1]), ("u".into(), vec![0])]);
    assert_eq!((transaction.start_ms, transaction.update_ms), (START + 100, START + 150));
}

#[test]
fn who_may_add_is_who_was_initialized_last() {
    let mut bench = Bench::new();
    assert_eq!(bench.add(producer(1, 0), V2), ErrorCode::InvalidProducerIdMapping, "nobody was");
    let writer = bench.init().unwrap();
    for (asking, expected) in [
        (producer(writer.id + 1, 0), ErrorCode::InvalidProducerIdMapping),
        (producer(writer.id, -1), ErrorCode::ProducerFenced),
        (producer(writer.id, 1), ErrorCode::ProducerFenced),
        (ProducerIdentity::NONE, ErrorCode::InvalidProducerIdMapping),
        (writer, ErrorCode::None),
    ] {
        assert_eq!(bench.add(asking, V2), expected, "{asking:?}");
    }
}

#[test]
fn nothing_is_added_while_markers_are_written() {
    for commit in [true, false] {
        let mut bench = Bench::new();
        let writer = bench.begun(V2);
        let writer = bench.end(writer, commit, V2).unwrap();
        assert_eq!(bench.add(writer, V2), ErrorCode::ConcurrentTransactions);
        assert_eq!(bench.verify(writer, &[at("t", 0)]), [ErrorCode::ConcurrentTransactions]);
        bench.write_markers();
        assert_eq!(bench.add(writer, V2), ErrorCode::None);
    }
}

#[test]
fn a_partition_learns_whether_it_is_in_the_open_transaction() {
    let mut bench = Bench::new();
    let writer = bench.begun(V1);
    let asked = [at("t", 1), at("t", 2), at("t", 0)];
    let (none, abortable) = (ErrorCode::None, ErrorCode::TransactionAbortable);
    assert_eq!(bench.verify(writer, &asked), [none, abortable, none]);
    assert_eq!(bench.verify(producer(writer.id, 9), &asked), [ErrorCode::ProducerFenced; 3]);
    assert_eq!(bench.verify(producer(9, 0), &asked), [ErrorCode::InvalidProducerIdMapping; 3]);
    bench.end(writer, true, V1).unwrap();
    bench.write_markers();
    assert_eq!(bench.verify(writer, &asked), [abortable; 3]);
}

#[test]
fn answers_wait_until_what_they_tell_is_durable() {
    let mut bench = Bench::new();
    let writer = bench.init().unwrap();
    bench.slow_disk = true;
    let added = bench.ask_add(writer, &[at("t", 0)], V2);
    let again = bench.ask_add(writer, &[at("t", 0)], V2);
    let ended = bench.ask_end(writer, true, V2);
    for ticket in [added, again, ended] {
        assert_eq!(bench.answer(ticket), None);
    }
    assert!(bench.sent.is_empty(), "no marker before the decision is durable");
    bench.flush();
    let none = Some(TransactionResponse::Partitions(vec![ErrorCode::None]));
    assert_eq!((bench.answer(added), bench.answer(again)), (none.clone(), none));
    assert_eq!(bench.answer(ended), Some(TransactionResponse::Producer(Ok(producer(writer.id, 1)))));
    assert_eq!(bench.sent.len(), 1);
}

#[test]
fn what_cannot_be_appended_has_not_happened() {
    let append_errors = [
        (ErrorCode::KafkaStorageError, ErrorCode::NotCoordinator),
        (ErrorCode::NotEnoughReplicas, ErrorCode::CoordinatorNotAvailable),
        (ErrorCode::RecordListTooLarge, ErrorCode::UnknownServerError),
    ];
    for (error, told) in append_errors {
        let mut bench = Bench::new();
        let writer = bench.init().unwrap();
        bench.append_error = Some(error);
        assert_eq!(bench.add(writer, V2), told);
        assert_eq!(bench.state(), TransactionState::Empty);
        assert_eq!(bench.add(writer, V2), ErrorCode::None);
        bench.append_error = Some(error);
        assert_eq!(bench.end(writer, true, V2), Err(told));
        assert_eq!(bench.state(), TransactionState::Ongoing);
        assert_eq!(bench.end(writer, true, V2), Ok(producer(writer.id, 1)));
    }
}
