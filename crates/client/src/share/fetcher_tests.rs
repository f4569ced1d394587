use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ottla_records::{BatchBuilder, BatchOptions};
use ottla_wire::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_wire::messages::share_acknowledge_response::{
    PartitionData as AcknowledgedPartition, ShareAcknowledgeTopicResponse,
};
use ottla_wire::messages::share_fetch_response::{
    AcquiredRecords, PartitionData, ShareFetchableTopicResponse,
};
use ottla_wire::messages::{
    MetadataResponse, ShareAcknowledgeRequest, ShareAcknowledgeResponse, ShareFetchRequest,
    ShareFetchResponse,
};
use ottla_wire::{ErrorCode, Uuid};
use tokio::time::Instant;

use super::acknowledgement::AcknowledgeType;
use super::commit::Outcome;
use super::fetcher::{Command, Settings, ShareFetcher};
use super::record::ShareRecord;
use crate::cluster::Cluster;
use crate::config::{AcknowledgementMode, AcquireMode, ClientConfig, ConsumerConfig};
use crate::{Error, TopicPartition, clock};

const TOPIC: Uuid = Uuid::from_u128(7);
const WITHIN: Duration = Duration::from_secs(60);
/// First and last offset, and what became of them.
type Range = (i64, i64, i8);

const LOCK: Duration = Duration::from_secs(30);

/// A core with the partitions 0 and 1 of the topic `t`, led by the brokers 0 and 1, and the time.
struct Bench {
    core: ShareFetcher,
    cluster: Cluster,
    now: Instant,
}

fn cluster(leaders: &[i32]) -> Cluster {
    let broker = |node_id| MetadataResponseBroker {
        node_id,
        host: "localhost".into(),
        port: 9092,
        ..MetadataResponseBroker::default()
    };
    let partition = |(at, leader_id): (usize, &i32)| MetadataResponsePartition {
        partition_index: i32::try_from(at).unwrap(),
        leader_id: *leader_id,
        ..MetadataResponsePartition::default()
    };
    let topic = MetadataResponseTopic {
        name: Some("t".into()),
        topic_id: TOPIC,
        partitions: leaders.iter().enumerate().map(partition).collect(),
        ..MetadataResponseTopic::default()
    };
    let response = MetadataResponse {
        brokers: leaders.iter().map(|leader| broker(*leader)).collect(),
        topics: vec![topic],
        ..MetadataResponse::default()
    };
    Cluster::default().merged(&response, true)
}

fn options() -> ConsumerConfig {
    ConsumerConfig::default().share_acknowledgement_mode(AcknowledgementMode::Explicit)
}

impl Bench {
    fn new(options: &ConsumerConfig) -> Bench {
        let settings = Settings::new(&ClientConfig::default(), options, "g", "me");
        let mut core = ShareFetcher::new(settings);
        core.topics = vec!["t".into()];
        core.assign(&BTreeSet::from([(TOPIC, 0), (TOPIC, 1)]));
        Bench { core, cluster: cluster(&[0, 1]), now: clock::now() }
    }

    /// With the records 0 to 2 of partition 0 given to the application.
    fn with_records() -> (Bench, Vec<ShareRecord>) {
        let mut bench = Bench::new(&options());
        bench.poll();
        bench.commands();
        bench.give(0, 3);
        bench.give(1, 0);
        let records = bench.take();
        assert_eq!(records.len(), 3);
        bench.core.end_polling();
        (bench, records)
    }

    fn poll(&mut self) {
        self.core.begin_polling(self.now).unwrap();
    }

    fn commands(&mut self) -> Vec<Command> {
        self.core.due(self.now, &self.cluster).commands
    }

    fn fetches(&mut self) -> Vec<(i32, ShareFetchRequest)> {
        let fetch = |command| match command {
            Command::Fetch(broker, request) => (broker, request),
            Command::Acknowledge(..) => panic!("fetches alone"),
        };
        self.commands().into_iter().map(fetch).collect()
    }

    fn acknowledgement(&mut self) -> ShareAcknowledgeRequest {
        match self.commands().pop() {
            Some(Command::Acknowledge(0, request)) => request,
            other => panic!("broker 0 is not told, but {other:?}"),
        }
    }

    /// A broker gives so many records of the partition of its number.
    fn give(&mut self, broker: i32, count: usize) {
        let last_offset = i64::try_from(count).unwrap() - 1;
        let acquired = AcquiredRecords { first_offset: 0, last_offset, delivery_count: 1 };
        self.answer_fetch(
            broker,
            PartitionData {
                records: (count > 0).then(|| batch(count).into()),
                acquired_records: if count > 0 { vec![acquired] } else { Vec::new() },
                ..PartitionData::default()
            },
        );
    }

    fn answer_fetch(&mut self, broker: i32, data: PartitionData) {
        let data = PartitionData { partition_index: broker, ..data };
        let topic = ShareFetchableTopicResponse { topic_id: TOPIC, partitions: vec![data] };
        let response = ShareFetchResponse {
            acquisition_lock_timeout_ms: i32::try_from(LOCK.as_millis()).unwrap(),
            responses: vec![topic],
            ..ShareFetchResponse::default()
        };
        self.core.fetched(broker, Ok(response), self.now);
    }

    fn take(&mut self) -> Vec<ShareRecord> {
        let mut records = Vec::new();
        self.core.take(100, &mut records, self.now).unwrap();
        records
    }

    /// Broker 0 answers what it was told of partition 0.
    fn answer(&mut self, code: ErrorCode) {
        let data = AcknowledgedPartition { error_code: code.code(), ..AcknowledgedPartition::default() };
        let topic = ShareAcknowledgeTopicResponse { topic_id: TOPIC, partitions: vec![data] };
        let response =
            ShareAcknowledgeResponse { responses: vec![topic], ..ShareAcknowledgeResponse::default() };
        self.core.told(0, Ok(response), self.now);
    }
}

fn batch(count: usize) -> bytes::Bytes {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    for _ in 0..count {
        builder.append(1_000, None, Some(b"value"), &[]).unwrap();
    }
    builder.build().unwrap().into_bytes()
}

/// What a fetch tells, and which partitions it names.
fn told(request: &ShareFetchRequest) -> Vec<(i32, Vec<Range>)> {
    let partitions = request.topics.iter().flat_map(|topic| &topic.partitions);
    partitions
        .map(|partition| {
            let batches = partition.acknowledgement_batches.iter();
            let batches = batches.map(|b| (b.first_offset, b.last_offset, b.acknowledge_types[0]));
            (partition.partition_index, batches.collect())
        })
        .collect()
}

fn acknowledged(request: &ShareAcknowledgeRequest) -> Vec<Range> {
    let partitions = request.topics.iter().flat_map(|topic| &topic.partitions);
    let batches = partitions.flat_map(|partition| &partition.acknowledgement_batches);
    batches.map(|b| (b.first_offset, b.last_offset, b.acknowledge_types[0])).collect()
}

fn outcome(mut outcome: tokio::sync::oneshot::Receiver<Outcome>) -> Option<ErrorCode> {
    let outcome = outcome.try_recv().expect("it is known");
    outcome[&TopicPartition::new("t", 0)].as_ref().err().and_then(Error::code)
}

#[test]
fn each_leader_is_asked_once_somebody_waits_and_while_there_is_nothing() {
    let mut bench = Bench::new(&options().fetch_max_bytes(1_000));
    assert!(bench.fetches().is_empty(), "nobody waits");
    bench.poll();
    let fetches = bench.fetches();
    let asked: Vec<_> = fetches.iter().map(|(broker, request)| (*broker, told(request))).collect();
    assert_eq!(asked, [(0, vec![(0, vec![])]), (1, vec![(1, vec![])])]);
    assert!(fetches.iter().all(|(_, request)| (request.max_bytes, request.share_session_epoch) == (500, 0)));
    bench.give(0, 3);
    bench.give(1, 0);
    assert!(bench.fetches().is_empty(), "there are records");
    bench.take();
    bench.core.end_polling();
    assert!(bench.fetches().is_empty(), "nobody waits any more");
}

#[test]
fn what_became_of_records_goes_with_the_next_fetch() {
    let (mut bench, records) = Bench::with_records();
    bench.core.acknowledge(&records[0], AcknowledgeType::Accept).unwrap();
    bench.core.acknowledge(&records[1], AcknowledgeType::Accept).unwrap();
    let error = bench.core.begin_polling(bench.now).unwrap_err();
    assert!(matches!(error, Error::Unacknowledged { count: 1 }));
    bench.core.acknowledge(&records[2], AcknowledgeType::Release).unwrap();
    bench.poll();
    let fetches = bench.fetches();
    assert_eq!(fetches[0].1.share_session_epoch, 1);
    assert_eq!(told(&fetches[0].1), [(0, vec![(0, 1, 1), (2, 2, 2)])]);
    assert_eq!(told(&fetches[1].1), []);
}

#[test]
fn implicitly_all_are_accepted_when_more_are_asked_for() {
    let mut bench = Bench::new(&ConsumerConfig::default());
    bench.poll();
    bench.commands();
    bench.give(0, 3);
    bench.give(1, 0);
    let records = bench.take();
    let error = bench.core.acknowledge(&records[0], AcknowledgeType::Reject).unwrap_err();
    assert!(matches!(error, Error::Config(_)));
    bench.poll();
    assert_eq!(told(&bench.fetches()[0].1), [(0, vec![(0, 2, 1)])]);
}

#[test]
fn a_commit_does_not_wait_for_records_and_knows_what_the_broker_said() {
    for (code, expected) in
        [(ErrorCode::None, None), (ErrorCode::InvalidRecordState, Some(ErrorCode::InvalidRecordState))]
    {
        let (mut bench, records) = Bench::with_records();
        bench.core.acknowledge(&records[1], AcknowledgeType::Reject).unwrap();
        let commit = bench.core.commit(bench.now, WITHIN).unwrap();
        assert_eq!(acknowledged(&bench.acknowledgement()), [(1, 1, 3)]);
        bench.answer(code);
        assert_eq!(outcome(commit), expected);
        assert!(bench.core.commit(bench.now, WITHIN).is_none(), "there is nothing to tell");
    }
}

#[test]
fn what_may_help_is_told_again_until_the_deadline() {
    let (mut bench, records) = Bench::with_records();
    bench.core.acknowledge(&records[0], AcknowledgeType::Accept).unwrap();
    let commit = bench.core.commit(bench.now, WITHIN).unwrap();
    bench.acknowledgement();
    bench.answer(ErrorCode::CoordinatorLoadInProgress);
    assert!(bench.commands().is_empty(), "it rests");
    bench.now += Duration::from_secs(1);
    assert_eq!(acknowledged(&bench.acknowledgement()), [(0, 0, 1)]);
    bench.answer(ErrorCode::CoordinatorLoadInProgress);
    bench.now += WITHIN;
    assert!(bench.commands().is_empty());
    let mut commit = commit;
    let known = commit.try_recv().unwrap();
    assert!(matches!(known[&TopicPartition::new("t", 0)], Err(Error::Timeout { .. })));
}

#[test]
fn nothing_is_told_of_a_session_that_ended() {
    let lost: [fn(&mut Bench); 2] = [
        |bench| {
            let response = ShareAcknowledgeResponse {
                error_code: ErrorCode::ShareSessionNotFound.code(),
                ..ShareAcknowledgeResponse::default()
            };
            bench.core.told(0, Ok(response), bench.now);
        },
        |bench| {
            bench.core.told(0, Err(Error::Closed("the client")), bench.now);
        },
    ];
    for lose in lost {
        let (mut bench, records) = Bench::with_records();
        bench.core.acknowledge(&records[0], AcknowledgeType::Accept).unwrap();
        let first = bench.core.commit(bench.now, WITHIN).unwrap();
        bench.acknowledgement();
        bench.core.acknowledge(&records[1], AcknowledgeType::Accept).unwrap();
        let second = bench.core.commit(bench.now, WITHIN).unwrap();
        lose(&mut bench);
        bench.now += Duration::from_secs(1);
        assert!(bench.commands().is_empty());
        assert_ne!(outcome(first), Some(ErrorCode::None));
        assert_eq!(outcome(second), Some(ErrorCode::InvalidRecordState));
        bench.core.acknowledge(&records[2], AcknowledgeType::Release).unwrap();
        bench.poll();
        let fetches = bench.fetches();
        let opened = fetches.iter().find(|(broker, _)| *broker == 0).unwrap();
        assert_eq!((opened.1.share_session_epoch, told(&opened.1)), (0, vec![(0, vec![])]));
    }
}

#[test]
fn records_that_are_renewed_come_again_and_nothing_else_before() {
    let (mut bench, records) = Bench::with_records();
    bench.core.acknowledge(&records[0], AcknowledgeType::Renew).unwrap();
    bench.core.acknowledge(&records[1], AcknowledgeType::Accept).unwrap();
    bench.core.acknowledge(&records[2], AcknowledgeType::Accept).unwrap();
    bench.poll();
    let request = bench.acknowledgement();
    assert!(request.is_renew_ack);
    assert_eq!(acknowledged(&request), [(0, 0, 4), (1, 2, 1)]);
    assert!(bench.take().is_empty());
    bench.answer(ErrorCode::None);
    assert!(bench.commands().is_empty());
    assert_eq!(bench.take(), records[..1]);
    bench.core.acknowledge(&records[0], AcknowledgeType::Accept).unwrap();
}

#[test]
fn records_whose_renewal_is_refused_are_gone() {
    let (mut bench, records) = Bench::with_records();
    for record in &records {
        bench.core.acknowledge(record, AcknowledgeType::Renew).unwrap();
    }
    bench.poll();
    bench.acknowledgement();
    bench.answer(ErrorCode::InvalidRecordState);
    assert_eq!(bench.fetches().len(), 2, "others are asked for");
    assert!(bench.take().is_empty());
}

#[test]
fn what_was_fetched_and_not_taken_while_its_lock_lasted_is_not_given() {
    let mut bench = Bench::new(&options());
    bench.poll();
    bench.commands();
    bench.give(0, 3);
    bench.give(1, 3);
    let mut records = Vec::new();
    bench.core.take(2, &mut records, bench.now).unwrap();
    bench.now += LOCK;
    assert!(bench.take().is_empty());
    assert_eq!(records.len(), 2);
}

#[test]
fn with_a_record_limit_one_broker_after_the_other_is_asked() {
    let mut bench = Bench::new(&options().share_acquire_mode(AcquireMode::RecordLimit));
    bench.poll();
    let mut asked = Vec::new();
    for _ in 0..4 {
        let fetches = bench.fetches();
        assert_eq!((fetches.len(), fetches[0].1.share_acquire_mode), (1, 1));
        asked.push(fetches[0].0);
        bench.give(fetches[0].0, 0);
    }
    assert_eq!(asked, [0, 1, 0, 1]);
}

#[test]
fn the_leader_that_a_broker_names_is_learnt_and_the_broker_rests() {
    let mut bench = Bench::new(&options());
    bench.poll();
    bench.commands();
    let data =
        PartitionData { error_code: ErrorCode::NotLeaderOrFollower.code(), ..PartitionData::default() };
    let mut data = PartitionData { partition_index: 0, ..data };
    data.current_leader.leader_id = 1;
    data.current_leader.leader_epoch = 5;
    let topic = ShareFetchableTopicResponse { topic_id: TOPIC, partitions: vec![data] };
    let response = ShareFetchResponse { responses: vec![topic], ..ShareFetchResponse::default() };
    let learnt = bench.core.fetched(0, Ok(response), bench.now);
    assert!(learnt.is_stale);
    assert_eq!(learnt.leaders.len(), 1);
    bench.give(1, 0);
    bench.cluster = cluster(&[1, 1]);
    let next = bench.fetches();
    assert_eq!((next.len(), next[0].0, told(&next[0].1)), (1, 1, vec![(0, vec![])]));
}

#[test]
fn a_session_with_a_broker_that_leads_nothing_any_more_is_closed() {
    let mut bench = Bench::new(&options());
    bench.poll();
    bench.commands();
    bench.give(0, 0);
    bench.give(1, 0);
    bench.cluster = cluster(&[1, 1]);
    let closing = bench.commands().into_iter().find_map(|command| match command {
        Command::Acknowledge(broker, request) => Some((broker, request.share_session_epoch)),
        Command::Fetch(..) => None,
    });
    assert_eq!(closing, Some((0, -1)));
}

#[test]
fn closing_tells_what_was_said_and_ends_all_sessions() {
    let (mut bench, records) = Bench::with_records();
    bench.core.acknowledge(&records[0], AcknowledgeType::Accept).unwrap();
    bench.core.close(bench.now);
    let mut closed = Vec::new();
    for command in bench.commands() {
        let Command::Acknowledge(broker, request) = command else { panic!("nothing is fetched") };
        assert_eq!(request.share_session_epoch, -1);
        closed.push((broker, acknowledged(&request)));
    }
    assert_eq!(closed, [(0, vec![(0, 0, 1)]), (1, vec![])]);
    assert!(!bench.core.is_closed());
    bench.answer(ErrorCode::None);
    bench.core.told(1, Err(Error::Closed("the client")), bench.now);
    assert!(bench.commands().is_empty());
    assert!(bench.core.is_closed());
}

#[test]
fn topics_and_leaders_that_are_not_known_are_asked_for() {
    let mut bench = Bench::new(&options());
    assert!(!bench.core.misses_leader(&bench.cluster));
    assert!(bench.core.misses_leader(&Cluster::default()));
    assert!(bench.core.misses_leader(&cluster(&[0, -1])));
    let unknown: Vec<Arc<str>> = vec!["u".into()];
    bench.core.topics = unknown;
    assert!(bench.core.misses_leader(&bench.cluster));
}

#[test]
fn gaps_of_a_former_leader_do_not_hold_up_what_the_new_one_gave() {
    let mut bench = Bench::new(&options());
    bench.poll();
    bench.commands();
    let acquired = vec![AcquiredRecords { first_offset: 0, last_offset: 0, delivery_count: 1 }];
    bench.answer_fetch(0, PartitionData { acquired_records: acquired.clone(), ..PartitionData::default() });
    let data = PartitionData {
        partition_index: 0,
        records: Some(batch(1).into()),
        acquired_records: acquired,
        ..PartitionData::default()
    };
    let topic = ShareFetchableTopicResponse { topic_id: TOPIC, partitions: vec![data] };
    let response = ShareFetchResponse { responses: vec![topic], ..ShareFetchResponse::default() };
    bench.core.fetched(1, Ok(response), bench.now);
    assert_eq!(bench.take().len(), 1);
    bench.core.end_polling();
    assert_eq!(acknowledged(&bench.acknowledgement()), [(0, 0, 0)]);
}
