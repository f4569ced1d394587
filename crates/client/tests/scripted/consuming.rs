//! Consuming: what is asked of brokers, and what becomes of what they answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_client::config::{ConsumerConfig, OffsetReset};
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::wire::messages::fetch_response::{FetchableTopicResponse, LeaderIdAndEpoch, PartitionData};
use ottla_client::wire::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use ottla_client::wire::messages::{
    FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest,
};
use ottla_client::{ApiKey, Error, ErrorCode, TopicPartition};
use ottla_records::{BatchBuilder, BatchOptions};

use super::broker::{Answer, Broker, Received, answer, cluster, topic};
use super::{DEADLINE, client};

fn partition() -> TopicPartition {
    TopicPartition::new("t", 0)
}

fn consumer_of(broker: &Broker, start: StartAt) -> Consumer {
    let config = ConsumerConfig::default().fetch_max_wait(Duration::from_millis(20));
    let consumer = Consumer::new(client(&[broker.address]), config).unwrap();
    consumer.assign([(partition(), start)]).unwrap();
    consumer
}

/// Partition 0 of the topic `t`, as the request calls it, from an offset on: so many records, in one batch.
fn records(request: &FetchRequest, session_id: i32, from: i64, count: usize) -> FetchResponse {
    let mut builder = BatchBuilder::new(BatchOptions { base_offset: from, ..BatchOptions::default() });
    for _ in 0..count {
        builder.append(1_000, Some(b"k"), Some(b"v"), &[]).unwrap();
    }
    let bytes = if count == 0 { bytes::Bytes::new() } else { builder.build().unwrap().into_bytes() };
    let data = PartitionData { high_watermark: 10, records: Some(bytes.into()), ..PartitionData::default() };
    response(request, session_id, data)
}

fn response(request: &FetchRequest, session_id: i32, data: PartitionData) -> FetchResponse {
    let named = request.topics.first();
    let topic = FetchableTopicResponse {
        topic: named.map(|topic| topic.topic.clone()).unwrap_or_default(),
        topic_id: named.map(|topic| topic.topic_id).unwrap_or_default(),
        partitions: vec![data],
    };
    FetchResponse { session_id, responses: vec![topic], ..FetchResponse::default() }
}

/// As a broker without news does.
fn nothing(session_id: i32) -> Answer {
    let empty = FetchResponse { session_id, ..FetchResponse::default() };
    Answer::Late(Duration::from_millis(20), Box::new(answer(empty)))
}

/// A broker that has one batch of records from 0 to 2, and sessions from Fetch version 7 on.
pub(crate) async fn broker_with_records() -> Broker {
    let broker = Broker::start().await;
    broker.leads(&[("t", 1)]);
    broker.on::<FetchRequest>(|request, received| {
        let session = if received.version >= 7 { 5 } else { 0 };
        let wanted = request.topics.first().map(|topic| topic.partitions[0].fetch_offset);
        if wanted == Some(0) { answer(records(&request, session, 0, 3)) } else { nothing(session) }
    });
    broker
}

async fn recv(consumer: &Consumer, count: usize) -> Vec<ConsumerRecord> {
    let mut records = Vec::new();
    while records.len() < count {
        let received = tokio::time::timeout(DEADLINE, consumer.recv()).await;
        records.push(received.expect("records come").unwrap());
    }
    records
}

fn fetches(broker: &Broker) -> Vec<FetchRequest> {
    broker.received::<FetchRequest>().iter().map(Received::read).collect()
}

#[tokio::test]
async fn records_are_fetched_from_brokers_of_every_age() {
    for max in [4, 6, 11, 12, 17] {
        let broker = broker_with_records().await;
        broker.serves(&[(ApiKey::Fetch, 4, max)]);
        let consumer = consumer_of(&broker, StartAt::Offset(0));
        let records = recv(&consumer, 3).await;
        let offsets: Vec<i64> = records.iter().map(|record| record.offset).collect();
        assert_eq!(offsets, [0, 1, 2], "version {max}");
        assert_eq!((records[0].high_watermark, records[0].lag()), (10, 9));
        assert_eq!(broker.received::<FetchRequest>()[0].version, max);
    }
}

#[tokio::test]
async fn a_session_names_a_partition_once_and_is_closed_with_the_consumer() {
    let broker = broker_with_records().await;
    let consumer = consumer_of(&broker, StartAt::Offset(0));
    recv(&consumer, 3).await;
    broker.wait_until("there are four fetches", |broker| broker.received::<FetchRequest>().len() >= 4).await;
    consumer.close().await;
    let fetches = fetches(&broker);
    let seen: Vec<_> = fetches.iter().map(|fetch| (fetch.session_id, fetch.session_epoch)).collect();
    assert_eq!(seen[..4], [(0, 0), (5, 1), (5, 2), (5, 3)]);
    let named: Vec<_> = fetches.iter().map(|fetch| fetch.topics.len()).collect();
    assert_eq!(named[..4], [1, 1, 0, 0], "once to begin with and once where the offset moved on");
    assert_eq!(*seen.last().unwrap(), (5, -1));
}

#[tokio::test]
async fn closing_does_not_wait_for_a_fetch_that_waits_for_records() {
    let broker = Broker::start().await;
    broker.leads(&[("t", 1)]);
    broker.on::<FetchRequest>(|request, _| match request.session_epoch {
        0 => answer(records(&request, 5, 0, 3)),
        -1 => answer(FetchResponse { session_id: 0, ..FetchResponse::default() }),
        _ => Answer::Late(DEADLINE, Box::new(nothing(5))),
    });
    let consumer = consumer_of(&broker, StartAt::Offset(0));
    recv(&consumer, 3).await;
    broker.wait_until("a fetch waits", |broker| broker.received::<FetchRequest>().len() == 2).await;
    tokio::time::timeout(DEADLINE / 2, consumer.close()).await.expect("it closes");
    assert_eq!(fetches(&broker).last().map(|fetch| fetch.session_epoch), Some(-1));
}

#[tokio::test]
async fn a_leader_that_moved_is_followed_with_the_first_answer_that_says_so() {
    let brokers = [Broker::start().await, broker_with_records().await];
    let addresses = [brokers[0].address, brokers[1].address];
    for broker in &brokers {
        // They know of it last.
        broker.on::<MetadataRequest>(move |_, _| answer(cluster(&addresses, vec![topic("t", 1, 0)])));
    }
    brokers[0].on::<FetchRequest>(|request, _| {
        let moved = PartitionData {
            error_code: ErrorCode::NotLeaderOrFollower.code(),
            current_leader: LeaderIdAndEpoch { leader_id: 1, leader_epoch: 7 },
            ..PartitionData::default()
        };
        answer(response(&request, 5, moved))
    });
    let consumer = consumer_of(&brokers[0], StartAt::Offset(0));
    assert_eq!(recv(&consumer, 3).await.len(), 3);
    assert_eq!(fetches(&brokers[0]).len(), 1);
}

#[tokio::test]
async fn a_broker_that_goes_away_in_the_middle_costs_no_record_and_gives_none_twice() {
    let broker = Broker::start().await;
    broker.leads(&[("t", 1)]);
    let mut asked = 0;
    broker.on::<FetchRequest>(move |request, _| {
        asked += 1;
        let from = request.topics.first().map_or(10, |topic| topic.partitions[0].fetch_offset);
        match asked % 3 {
            _ if from >= 9 => nothing(5),
            0 => Answer::Close,
            _ => answer(records(&request, 5, from, 1)),
        }
    });
    let consumer = consumer_of(&broker, StartAt::Offset(0));
    let offsets: Vec<i64> = recv(&consumer, 9).await.iter().map(|record| record.offset).collect();
    assert_eq!(offsets, (0..9).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_topic_that_appears_later_is_consumed_then() {
    let broker = broker_with_records().await;
    let address = broker.address;
    let mut asked = 0;
    broker.on::<MetadataRequest>(move |_, _| {
        asked += 1;
        let mut told = topic("t", 1, 0);
        if asked < 4 {
            told.error_code = ErrorCode::UnknownTopicOrPartition.code();
        }
        answer(cluster(&[address], vec![told]))
    });
    assert_eq!(recv(&consumer_of(&broker, StartAt::Offset(0)), 3).await.len(), 3);
}

#[tokio::test]
async fn offsets_are_asked_for_again_while_that_may_help() {
    let broker = Broker::start().await;
    broker.leads(&[("t", 1)]);
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    broker.on::<ListOffsetsRequest>(move |request, _| {
        *count.lock().unwrap() += 1;
        let code = match *count.lock().unwrap() {
            1 => ErrorCode::LeaderNotAvailable,
            2 => ErrorCode::None,
            _ => ErrorCode::TopicAuthorizationFailed,
        };
        let told = ListOffsetsPartitionResponse {
            error_code: code.code(),
            offset: request.topics[0].partitions[0].timestamp + 7,
            ..ListOffsetsPartitionResponse::default()
        };
        let topic = ListOffsetsTopicResponse { name: "t".into(), partitions: vec![told] };
        answer(ListOffsetsResponse { topics: vec![topic], ..ListOffsetsResponse::default() })
    });
    let consumer = Consumer::new(client(&[broker.address]), ConsumerConfig::default()).unwrap();
    let ends = consumer.end_offsets(&[partition()]).await.unwrap();
    assert_eq!(ends[&partition()], 6);
    assert_eq!(*asked.lock().unwrap(), 2);
    let error = consumer.beginning_offsets(&[partition()]).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::TopicAuthorizationFailed));
    assert_eq!(error.topic_partition(), Some(&partition()));
}

#[tokio::test]
async fn a_consumer_without_a_policy_tells_that_its_offset_is_gone() {
    let broker = Broker::start().await;
    broker.leads(&[("t", 1)]);
    broker.on::<FetchRequest>(|request, _| {
        let gone =
            PartitionData { error_code: ErrorCode::OffsetOutOfRange.code(), ..PartitionData::default() };
        answer(response(&request, 0, gone))
    });
    let config = ConsumerConfig::default().auto_offset_reset(OffsetReset::None);
    let consumer = Consumer::new(client(&[broker.address]), config).unwrap();
    assert!(matches!(consumer.assign([(partition(), StartAt::Reset)]), Err(Error::Config(_))));
    consumer.assign([(partition(), StartAt::Offset(42))]).unwrap();
    let error = consumer.poll(DEADLINE).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OffsetOutOfRange));
    assert!(!error.is_retriable(), "{error}");
}
