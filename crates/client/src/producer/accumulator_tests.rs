use std::time::Duration;

use ottla_wire::ErrorCode;
use ottla_wire::messages::MetadataResponse;
use ottla_wire::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use tokio::sync::Semaphore;

use super::*;
use crate::backoff::Backoff;
use crate::clock;
use crate::partitioner::{PartitionerKind, PartitionerOptions, SplitMix64};

#[path = "accumulator/transactional_tests.rs"]
mod transactional;

/// A producer without a network: time goes on when it is told to.
struct Bench {
    accumulator: Accumulator,
    cluster: Arc<Cluster>,
    memory: Arc<Semaphore>,
    now: Instant,
}

const LINGER: Duration = Duration::from_millis(5);
const IDENTITY: Identity = Identity { id: 9, epoch: 0 };

fn options() -> Options {
    Options {
        batch_size: 300,
        batch_records: 100,
        linger: LINGER,
        delivery_timeout: Duration::from_secs(120),
        retries: 3,
        max_in_flight: 5,
        max_request_size: 1_000_000,
        metadata_max_idle: Duration::from_secs(300),
        availability_timeout: Duration::ZERO,
        is_idempotent: true,
        backoff: Backoff { first: Duration::from_millis(100), max: Duration::from_secs(1) },
    }
}

/// Two brokers, and a topic `t` with two partitions: broker 0 leads partition 0, broker 1 partition 1.
fn cluster(leaders: [i32; 2]) -> Arc<Cluster> {
    let broker = |node_id| MetadataResponseBroker {
        node_id,
        host: "b".into(),
        port: 9092,
        ..MetadataResponseBroker::default()
    };
    let partition = |partition_index: i32, leader_id| MetadataResponsePartition {
        partition_index,
        leader_id,
        ..MetadataResponsePartition::default()
    };
    let topic = MetadataResponseTopic {
        name: Some("t".into()),
        partitions: vec![partition(0, leaders[0]), partition(1, leaders[1])],
        ..MetadataResponseTopic::default()
    };
    let response =
        MetadataResponse { brokers: vec![broker(0), broker(1)], topics: vec![topic], ..Default::default() };
    Arc::new(Cluster::default().merged(&response, true))
}

impl Bench {
    fn new(options: Options) -> Bench {
        let mut bench = Bench::with(options, None);
        bench.accumulator.set_identity(IDENTITY);
        bench
    }

    fn with(options: Options, transactions: Option<Transactions>) -> Bench {
        let build = || PartitionerKind::JavaBuiltIn.build(PartitionerOptions::default(), SplitMix64::new(1));
        let mut topics = Topics::new(Box::new(build));
        let cluster = cluster([0, 1]);
        topics.learn(cluster.topic("t").unwrap());
        let accumulator = Accumulator::new(options, topics, transactions);
        Bench { accumulator, cluster, memory: Arc::new(Semaphore::new(1_000_000)), now: clock::now() }
    }

    /// With one record written in each partition, which has the number 0, so that more may be on their way at once.
    fn begun(options: Options) -> Bench {
        let mut bench = Bench::new(options);
        let _written = [bench.send(0), bench.send(1)];
        bench.pass(LINGER);
        for batch in bench.sent() {
            bench.answer(batch, written(0));
        }
        bench
    }

    /// A record of some hundred bytes: a batch holds one.
    fn send(&mut self, partition: i32) -> Delivery {
        self.send_sized(partition, 250)
    }

    fn send_sized(&mut self, partition: i32, bytes: usize) -> Delivery {
        let record = ProducerRecord::new("t").partition(partition).value(vec![7; bytes]);
        let memory = self.memory.clone().try_acquire_many_owned(300).unwrap();
        self.accumulator.append(&record, 0, memory, self.now).unwrap().expect("the topic is known").0
    }

    fn plan(&mut self) -> Plan {
        self.accumulator.plan(self.now, &self.cluster.clone())
    }

    /// What goes out now: partition, first number and count of each batch.
    fn sent(&mut self) -> Vec<(TopicPartition, Batch)> {
        self.plan().parcels.into_iter().flat_map(|parcel| parcel.batches).collect()
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn answer(&mut self, (partition, batch): (TopicPartition, Batch), answer: Answer) {
        self.accumulator.came_back(partition.partition);
        self.accumulator.answered(&partition, batch, answer, (false, 0.5), self.now);
    }

    fn refuse(&mut self, batch: (TopicPartition, Batch), code: ErrorCode) {
        self.answer(batch, refused(code));
    }

    /// Past any pause.
    fn rest(&mut self) {
        self.pass(Duration::from_secs(2));
    }
}

fn written(base_offset: i64) -> Answer {
    Answer::Written(Written { base_offset: Some(base_offset), append_time: None })
}

fn refused(code: ErrorCode) -> Answer {
    Answer::Refused(ResponseError::new(ottla_wire::ApiKey::Produce, code.code()))
}

fn lost() -> Answer {
    Answer::Lost(Error::Disconnected {
        broker: "b:9092".into(),
        api: ottla_wire::ApiKey::Produce,
        reason: "cut".into(),
    })
}

/// Epoch and first number of each batch.
fn numbers(sent: &[(TopicPartition, Batch)]) -> Vec<(i16, i32)> {
    let numbers = sent.iter().map(|(_, batch)| batch.numbers.expect("it has numbers"));
    numbers.map(|numbers| (numbers.identity.epoch, numbers.base_sequence())).collect()
}

fn offset(delivery: &Delivery) -> Option<i64> {
    delivery.now().expect("it ended").expect("it is written").offset
}

fn code(delivery: &Delivery) -> Option<ErrorCode> {
    delivery.now().expect("it ended").expect_err("it failed").code()
}

#[tokio::test]
async fn a_batch_is_full_with_so_many_records_too() {
    let mut bench = Bench::new(Options { batch_records: 2, ..options() });
    let _deliveries = [0, 0, 0].map(|partition| bench.send_sized(partition, 1));
    let sent: Vec<_> = bench.sent().iter().map(|(_, batch)| batch.count()).collect();
    assert_eq!(sent, [2], "the third waits for more");
}

#[tokio::test]
async fn a_batch_goes_when_it_has_lingered_or_is_full() {
    let mut bench = Bench::begun(options());
    let _first = bench.send_sized(0, 10);
    let plan = bench.plan();
    assert!(plan.parcels.is_empty());
    assert_eq!(plan.wake_at, Some(bench.now + LINGER));
    let _second = bench.send_sized(0, 10);
    bench.pass(LINGER);
    let sent = bench.sent();
    assert_eq!(sent.iter().map(|(_, batch)| batch.count()).collect::<Vec<_>>(), [2]);
    let _full = bench.send_sized(0, 300);
    assert_eq!(bench.sent().len(), 1);
}

#[tokio::test]
async fn one_request_takes_a_batch_of_each_partition_that_the_broker_leads() {
    let mut bench = Bench::begun(options());
    bench.cluster = cluster([1, 1]);
    let _sent = [bench.send(0), bench.send(1), bench.send(0)];
    bench.pass(LINGER);
    let parcels = bench.plan().parcels;
    let sizes: Vec<_> = parcels.iter().map(|parcel| (parcel.broker, parcel.batches.len())).collect();
    assert_eq!(sizes, [(1, 2), (1, 1)]);
}

#[tokio::test]
async fn no_more_than_five_requests_wait_for_a_broker() {
    let mut bench = Bench::begun(options());
    let _deliveries: Vec<_> = (0..7).map(|_| bench.send(0)).collect();
    bench.pass(LINGER);
    let mut sent = bench.sent();
    assert_eq!(sent.len(), 5);
    let first = sent.remove(0);
    bench.answer(first, written(0));
    assert_eq!(numbers(&bench.sent()), [(0, 6)]);
}

#[tokio::test]
async fn the_first_batch_for_a_broker_that_may_know_nothing_goes_alone() {
    let mut bench = Bench::new(options());
    let _deliveries: Vec<_> = (0..3).map(|_| bench.send(0)).collect();
    bench.pass(LINGER);
    let mut sent = bench.sent();
    assert_eq!(numbers(&sent), [(0, 0)]);
    bench.answer(sent.remove(0), lost());
    bench.rest();
    let mut again = bench.sent();
    assert_eq!(numbers(&again), [(0, 0)], "it is not known to be written yet");
    bench.answer(again.remove(0), written(0));
    assert_eq!(numbers(&bench.sent()), [(0, 1), (0, 2)]);
}

#[tokio::test]
async fn what_was_lost_is_sent_again_as_it_was_and_nothing_overtakes_it() {
    let mut bench = Bench::begun(options());
    let deliveries: Vec<_> = (0..3).map(|_| bench.send(0)).collect();
    bench.pass(LINGER);
    for batch in bench.sent().into_iter().rev() {
        bench.answer(batch, lost());
    }
    assert!(bench.sent().is_empty(), "it pauses first");
    let _later = bench.send(0);
    bench.rest();
    for number in 1..4 {
        let mut sent = bench.sent();
        let expected = if number == 3 { 2 } else { 1 };
        assert_eq!(sent.len(), expected, "the later one goes with the last that was sent before");
        assert_eq!(numbers(&sent)[0], (0, number));
        bench.answer(sent.remove(0), written(number.into()));
    }
    let offsets: Vec<_> = deliveries.iter().map(offset).collect();
    assert_eq!(offsets, [Some(1), Some(2), Some(3)]);
}

#[tokio::test]
async fn a_batch_that_was_written_before_counts_as_written() {
    let mut bench = Bench::new(options());
    let delivery = bench.send(0);
    bench.pass(LINGER);
    let sent = bench.sent().remove(0);
    bench.refuse(sent, ErrorCode::DuplicateSequenceNumber);
    assert_eq!(offset(&delivery), None);
}

#[tokio::test]
async fn those_behind_one_that_is_refused_for_good_begin_a_new_epoch() {
    let mut bench = Bench::begun(options());
    let deliveries: Vec<_> = (0..3).map(|_| bench.send(0)).collect();
    bench.pass(LINGER);
    let mut sent = bench.sent();
    bench.refuse(sent.remove(0), ErrorCode::InvalidTimestamp);
    assert_eq!(code(&deliveries[0]), Some(ErrorCode::InvalidTimestamp));
    bench.refuse(sent.remove(0), ErrorCode::OutOfOrderSequenceNumber);
    bench.rest();
    assert!(bench.sent().is_empty(), "of the third nothing is known yet");
    bench.answer(sent.remove(0), lost());
    bench.rest();
    for number in 0..2 {
        let mut again = bench.sent();
        assert_eq!(numbers(&again), [(1, number)], "the first of an epoch goes alone");
        bench.answer(again.remove(0), written(number.into()));
    }
    assert_eq!((offset(&deliveries[1]), offset(&deliveries[2])), (Some(0), Some(1)));
}

#[tokio::test]
async fn the_broker_that_forgot_the_producer_gets_what_it_never_wrote_in_a_new_epoch() {
    for code in
        [ErrorCode::UnknownProducerId, ErrorCode::OutOfOrderSequenceNumber, ErrorCode::InvalidProducerEpoch]
    {
        let mut bench = Bench::new(options());
        let delivery = bench.send(0);
        bench.pass(LINGER);
        let sent = bench.sent().remove(0);
        bench.refuse(sent, code);
        bench.rest();
        let again = bench.sent();
        assert_eq!(numbers(&again), [(1, 0)], "{code}");
        again.into_iter().for_each(|batch| bench.answer(batch, written(0)));
        assert_eq!(offset(&delivery), Some(0));
    }
}

#[tokio::test]
async fn other_partitions_keep_their_epoch() {
    let mut bench = Bench::new(options());
    let _deliveries = [bench.send(0), bench.send(1)];
    bench.pass(LINGER);
    let mut sent = bench.sent();
    let (first, second) = (sent.remove(0), sent.remove(0));
    bench.refuse(first, ErrorCode::UnknownProducerId);
    bench.answer(second, written(0));
    let _more = bench.send(1);
    bench.rest();
    assert_eq!(numbers(&bench.sent()), [(1, 0), (0, 1)]);
}

#[tokio::test]
async fn a_batch_that_is_too_large_goes_in_two_with_the_numbers_that_it_had() {
    let mut bench = Bench::begun(options());
    let deliveries: Vec<_> = (0..3).map(|_| bench.send_sized(0, 10)).collect();
    let behind = bench.send(0);
    bench.pass(LINGER);
    let mut sent = bench.sent();
    let (large, last) = (sent.remove(0), sent.remove(0));
    bench.refuse(large, ErrorCode::MessageTooLarge);
    bench.refuse(last, ErrorCode::OutOfOrderSequenceNumber);
    for (number, base) in [(1, 100), (3, 102), (4, 103)] {
        bench.rest();
        let mut sent = bench.sent();
        assert_eq!(numbers(&sent), [(0, number)]);
        bench.answer(sent.remove(0), written(base));
    }
    let offsets: Vec<_> = deliveries.iter().chain([&behind]).map(offset).collect();
    assert_eq!(offsets, [100, 101, 102, 103].map(Some));
    assert_eq!(bench.memory.available_permits(), 1_000_000);
}

#[tokio::test]
async fn a_record_that_is_too_large_alone_fails() {
    let mut bench = Bench::new(options());
    let delivery = bench.send(0);
    bench.pass(LINGER);
    let sent = bench.sent().remove(0);
    bench.refuse(sent, ErrorCode::MessageTooLarge);
    assert_eq!(code(&delivery), Some(ErrorCode::MessageTooLarge));
    assert!(bench.accumulator.is_empty());
}

#[tokio::test]
async fn what_is_not_written_in_time_fails_and_tells_why_the_last_try_did() {
    let mut bench = Bench::new(options());
    let delivery = bench.send(0);
    bench.pass(LINGER);
    let sent = bench.sent().remove(0);
    bench.refuse(sent, ErrorCode::NotEnoughReplicas);
    let plan = bench.plan();
    assert!(plan.wake_at.is_some());
    bench.pass(options().delivery_timeout);
    assert!(bench.sent().is_empty());
    let error = delivery.now().unwrap().unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert_eq!(error.code(), Some(ErrorCode::NotEnoughReplicas));
    let _next = bench.send(0);
    bench.pass(LINGER);
    assert_eq!(numbers(&bench.sent()), [(1, 0)]);
}

#[tokio::test]
async fn tries_are_counted() {
    let mut bench = Bench::new(Options { is_idempotent: false, retries: 2, ..options() });
    let delivery = bench.send(0);
    bench.pass(LINGER);
    for _ in 0..3 {
        let mut sent = bench.sent();
        bench.refuse(sent.remove(0), ErrorCode::NotLeaderOrFollower);
        bench.rest();
    }
    assert_eq!(code(&delivery), Some(ErrorCode::NotLeaderOrFollower));
}

#[tokio::test]
async fn a_topic_that_is_not_sent_to_for_long_is_forgotten_once_nothing_waits_for_it() {
    let mut bench = Bench::new(options());
    let _delivery = bench.send(0);
    bench.pass(LINGER);
    let mut sent = bench.sent();
    bench.pass(options().metadata_max_idle);
    bench.plan();
    assert!(bench.accumulator.topics.is_known("t"), "a batch is on its way");
    bench.answer(sent.remove(0), written(0));
    bench.plan();
    assert!(!bench.accumulator.topics.is_known("t"));
    let memory = bench.memory.clone().try_acquire_many_owned(300).unwrap();
    let again = bench.accumulator.append(&ProducerRecord::new("t"), 0, memory, bench.now);
    assert!(again.unwrap().is_none());
}

#[tokio::test]
async fn a_partition_whose_broker_takes_nothing_gets_no_records_without_a_key() {
    let availability_timeout = Duration::from_millis(100);
    let mut bench = Bench::new(Options { availability_timeout, ..options() });
    bench.cluster = cluster([-1, 1]);
    let _stuck = bench.send(0);
    bench.cluster = cluster([0, 1]);
    bench.accumulator.in_flight.insert(0, options().max_in_flight);
    bench.pass(LINGER + availability_timeout);
    bench.plan();
    for _ in 0..20 {
        let memory = bench.memory.clone().try_acquire_many_owned(300).unwrap();
        let record = ProducerRecord::new("t").value(vec![7; 250]);
        let appended = bench.accumulator.append(&record, 0, memory, bench.now).unwrap();
        let (delivery, _) = appended.expect("the topic is known");
        assert_eq!(delivery.topic_partition().partition, 1);
    }
}

#[tokio::test]
async fn a_partition_without_a_leader_waits_and_is_told() {
    let mut bench = Bench::new(options());
    bench.cluster = cluster([-1, 1]);
    let _delivery = bench.send(0);
    bench.pass(LINGER);
    let plan = bench.plan();
    assert!(plan.parcels.is_empty() && plan.is_leaderless);
    bench.cluster = cluster([1, 1]);
    assert_eq!(bench.sent().len(), 1);
}

#[tokio::test]
async fn without_an_id_nothing_goes_and_the_last_epoch_asks_for_another_id() {
    let mut bench = Bench::new(options());
    bench.accumulator.set_identity(Identity { id: 9, epoch: i16::MAX - 1 });
    let _delivery = bench.send(0);
    bench.pass(LINGER);
    let sent = bench.sent().remove(0);
    bench.refuse(sent, ErrorCode::UnknownProducerId);
    bench.rest();
    let plan = bench.plan();
    assert!(plan.parcels.is_empty() && plan.needs_identity);
    bench.accumulator.set_identity(Identity { id: 10, epoch: 0 });
    let sent = bench.sent();
    assert_eq!(sent[0].1.numbers.unwrap().identity, Identity { id: 10, epoch: 0 });
}

#[tokio::test]
async fn being_refused_as_somebody_ends_everything() {
    let mut bench = Bench::new(options());
    let deliveries = [bench.send(0), bench.send(1), bench.send(1)];
    bench.pass(LINGER);
    let mut sent = bench.sent();
    let _waits = bench.send(1);
    bench.refuse(sent.remove(0), ErrorCode::ClusterAuthorizationFailed);
    for batch in sent {
        bench.answer(batch, lost());
    }
    for delivery in &deliveries {
        assert_eq!(code(delivery), Some(ErrorCode::ClusterAuthorizationFailed));
    }
    assert!(bench.accumulator.check_open().unwrap_err().is_fatal());
    assert!(bench.accumulator.is_empty());
}

#[tokio::test]
async fn a_batch_that_is_dropped_tells_those_who_wait() {
    let mut bench = Bench::new(options());
    let delivery = bench.send(0);
    bench.pass(LINGER);
    drop(bench.sent());
    assert!(matches!(delivery.await, Err(Error::Closed(_))));
}

#[tokio::test]
async fn a_flush_waits_for_what_waits_and_for_what_is_on_its_way() {
    let mut bench = Bench::begun(options());
    let _first = bench.send(0);
    bench.pass(LINGER);
    let mut sent = bench.sent();
    let _second = bench.send_sized(0, 10);
    let outcomes = bench.accumulator.flush();
    assert_eq!(outcomes.len(), 2);
    sent.extend(bench.sent());
    assert_eq!(sent.len(), 2, "nothing lingers");
    for batch in sent {
        bench.answer(batch, written(0));
    }
    for (outcome, count) in outcomes {
        outcome.ended(count).await;
    }
}
