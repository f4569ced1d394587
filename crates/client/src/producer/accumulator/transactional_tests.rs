use super::TransactionVersion::{V1, V2};
use super::*;
use crate::producer::transaction::{Completion, Done, Step};

const NEXT: Identity = Identity { id: IDENTITY.id, epoch: IDENTITY.epoch + 1 };

impl Bench {
    /// With a transaction begun.
    fn transactional(version: TransactionVersion) -> Bench {
        let transactions = Transactions::new("t".into(), options().backoff);
        let mut bench = Bench::with(options(), Some(transactions));
        let initialized = bench.accumulator.init_transactions().unwrap();
        assert!(matches!(bench.step(Ok(Done::Initialized(IDENTITY, version))), Step::Init(None)));
        assert!(is_ok(&initialized));
        bench.accumulator.begin_transaction().unwrap();
        bench
    }

    /// What is asked for the transaction's sake, which is answered so.
    fn step(&mut self, outcome: Result<Done>) -> Step {
        let step = self.plan().step.expect("something is asked");
        self.accumulator.step_came_back(outcome, 0.5, self.now);
        step
    }

    fn code_of_next_send(&mut self) -> Option<ErrorCode> {
        let record = ProducerRecord::new("t").partition(0);
        let memory = self.memory.clone().try_acquire_many_owned(300).unwrap();
        self.accumulator.append(&record, 0, memory, self.now).expect_err("it is refused").code()
    }
}

fn is_ok(completion: &Completion) -> bool {
    matches!(completion.now(), Some(Ok(())))
}

#[tokio::test]
async fn with_v1_a_batch_waits_until_the_coordinator_knows_its_partition() {
    let mut bench = Bench::transactional(V1);
    let _delivery = bench.send(0);
    bench.pass(LINGER);
    let plan = bench.plan();
    assert!(plan.parcels.is_empty());
    assert!(matches!(plan.step, Some(Step::AddPartitions(..))));
    bench.accumulator.step_came_back(Ok(Done::Taken), 0.5, bench.now);
    let parcels = bench.plan().parcels;
    assert_eq!(parcels.iter().map(|parcel| parcel.transaction).collect::<Vec<_>>(), [Some(V1)]);
}

#[tokio::test]
async fn a_commit_waits_for_what_is_on_its_way_and_nothing_lingers() {
    let mut bench = Bench::transactional(V2);
    let _delivery = bench.send_sized(0, 10);
    let committed = bench.accumulator.commit_transaction().unwrap();
    let plan = bench.plan();
    assert!(plan.step.is_none());
    let batches = plan.parcels.into_iter().flat_map(|parcel| parcel.batches);
    batches.collect::<Vec<_>>().into_iter().for_each(|batch| bench.answer(batch, written(0)));
    assert!(matches!(bench.step(Ok(Done::Ended(Some(NEXT)))), Step::End { is_commit: true, .. }));
    assert!(is_ok(&committed));
}

#[tokio::test]
async fn the_next_transaction_begins_its_numbers_anew_with_v2_and_goes_on_with_v1() {
    for (version, expected) in [(V1, (IDENTITY.epoch, 1)), (V2, (NEXT.epoch, 0))] {
        let mut bench = Bench::transactional(version);
        for first in [(IDENTITY.epoch, 0), expected] {
            let _delivery = bench.send(0);
            if version == V1 {
                assert!(matches!(bench.step(Ok(Done::Taken)), Step::AddPartitions(..)));
            }
            bench.pass(LINGER);
            let mut sent = bench.sent();
            assert_eq!(numbers(&sent), [first], "{version:?}");
            bench.answer(sent.remove(0), written(0));
            bench.accumulator.commit_transaction().unwrap();
            bench.step(Ok(Done::Ended((version == V2).then_some(NEXT))));
            bench.accumulator.begin_transaction().unwrap();
        }
    }
}

#[tokio::test]
async fn one_batch_that_fails_takes_the_whole_transaction_with_it() {
    let mut bench = Bench::transactional(V2);
    let deliveries = [bench.send(0), bench.send(1), bench.send(1)];
    bench.pass(LINGER);
    let mut sent = bench.sent();
    assert_eq!(sent.len(), 2, "the third waits for the second");
    bench.refuse(sent.remove(0), ErrorCode::InvalidRecord);
    assert_eq!(code(&deliveries[0]), Some(ErrorCode::InvalidRecord));
    assert!(deliveries[2].now().unwrap().unwrap_err().is_abortable());
    assert_eq!(bench.code_of_next_send(), Some(ErrorCode::InvalidRecord));
    bench.answer(sent.remove(0), lost());
    assert!(deliveries[1].now().unwrap().unwrap_err().is_abortable(), "it is not sent again");

    let aborted = bench.accumulator.abort_transaction().unwrap();
    assert!(matches!(bench.step(Ok(Done::Ended(Some(NEXT)))), Step::End { is_commit: false, .. }));
    assert!(is_ok(&aborted));
    assert_eq!(bench.memory.available_permits(), 1_000_000);
}

#[tokio::test]
async fn an_epoch_is_never_taken_without_the_coordinator() {
    for code in
        [ErrorCode::OutOfOrderSequenceNumber, ErrorCode::UnknownProducerId, ErrorCode::InvalidProducerEpoch]
    {
        let mut bench = Bench::transactional(V1);
        let _delivery = bench.send(0);
        bench.step(Ok(Done::Taken));
        bench.pass(LINGER);
        let sent = bench.sent().remove(0);
        bench.refuse(sent, code);
        bench.rest();
        assert!(bench.sent().is_empty(), "{code}");
        bench.accumulator.abort_transaction().unwrap();
        bench.step(Ok(Done::Ended(None)));
        assert!(matches!(bench.step(Ok(Done::Initialized(NEXT, V1))), Step::Init(Some(IDENTITY))), "{code}");
    }
}

#[tokio::test]
async fn an_abort_drops_what_waits_and_waits_for_what_is_on_its_way() {
    let mut bench = Bench::transactional(V2);
    let (sent_before, waiting) = (bench.send(0), bench.send(0));
    bench.pass(LINGER);
    let mut sent = bench.sent();
    let aborted = bench.accumulator.abort_transaction().unwrap();
    assert!(matches!(waiting.now(), Some(Err(Error::TransactionAborted))));
    assert!(bench.plan().step.is_none());
    bench.answer(sent.remove(0), written(0));
    assert_eq!(offset(&sent_before), Some(0));
    bench.step(Ok(Done::Ended(Some(NEXT))));
    assert!(is_ok(&aborted));
}

#[tokio::test]
async fn a_fenced_producer_takes_nothing_more() {
    let mut bench = Bench::transactional(V2);
    let deliveries = [bench.send(0), bench.send(1)];
    bench.pass(LINGER);
    let mut sent = bench.sent();
    bench.refuse(sent.remove(0), ErrorCode::ProducerFenced);
    bench.answer(sent.remove(0), lost());
    assert_eq!(code(&deliveries[1]), Some(ErrorCode::ProducerFenced));
    assert!(matches!(bench.accumulator.begin_transaction(), Err(Error::ProducerFenced { .. })));
}
