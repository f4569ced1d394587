//! A producer against brokers that refuse, move, are full, old and slow.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_client::config::ProducerConfig;
use ottla_client::producer::{
    Producer, ProducerInterceptor, ProducerMessage, ProducerRecord, RecordMetadata, Returns,
};
use ottla_client::wire::messages::produce_response::{
    LeaderIdAndEpoch, PartitionProduceResponse, TopicProduceResponse,
};
use ottla_client::wire::messages::{
    InitProducerIdRequest, InitProducerIdResponse, MetadataRequest, ProduceRequest, ProduceResponse,
};
use ottla_client::{ApiKey, Error, ErrorCode};

use super::broker::{Answer, Broker, answer, cluster, topic};
use super::{DEADLINE, client, config};

/// What the broker says of each partition of a request.
pub(super) fn say(
    request: &ProduceRequest,
    mut each: impl FnMut(i32, usize) -> PartitionProduceResponse,
) -> ProduceResponse {
    let responses = request.topic_data.iter().map(|topic| {
        let partitions = topic.partition_data.iter().map(|partition| {
            let size = partition.records.as_ref().map_or(0, ottla_client::wire::Records::len);
            PartitionProduceResponse { index: partition.index, ..each(partition.index, size) }
        });
        TopicProduceResponse {
            name: topic.name.clone(),
            topic_id: topic.topic_id,
            partition_responses: partitions.collect(),
        }
    });
    ProduceResponse { responses: responses.collect(), ..Default::default() }
}

pub(super) fn written(base_offset: i64) -> PartitionProduceResponse {
    PartitionProduceResponse { base_offset, log_append_time_ms: -1, ..Default::default() }
}

fn refused(code: ErrorCode) -> PartitionProduceResponse {
    PartitionProduceResponse { error_code: code.code(), base_offset: -1, ..Default::default() }
}

/// A broker that leads `t` with so many partitions, and writes everything at the offset 0.
pub(super) async fn willing(partitions: i32) -> Broker {
    let broker = Broker::start().await;
    broker.leads(&[("t", partitions)]);
    gives_producer_ids(&broker);
    broker.on::<ProduceRequest>(|request, _| answer(say(&request, |_, _| written(0))));
    broker
}

pub(super) fn gives_producer_ids(broker: &Broker) {
    broker.on::<InitProducerIdRequest>(|_, _| {
        answer(InitProducerIdResponse { producer_id: 5, producer_epoch: 0, ..Default::default() })
    });
}

fn producer(broker: &Broker, options: ProducerConfig) -> Producer {
    client(&[broker.address]).producer(options.linger(Duration::from_millis(1))).unwrap()
}

fn record(value: &'static str) -> ProducerRecord {
    ProducerRecord::new("t").partition(0).value(value)
}

#[tokio::test]
async fn records_that_are_sent_together_go_in_one_batch_and_each_learns_its_offset() {
    let broker = willing(1).await;
    broker.on::<ProduceRequest>(|request, _| answer(say(&request, |_, _| written(40))));
    let producer = producer(&broker, ProducerConfig::default());
    let written = producer.send_all(["a", "b", "c"].map(record)).await;
    let offsets: Vec<_> = written.into_iter().map(|written| written.unwrap().offset).collect();
    assert_eq!(offsets, [Some(40), Some(41), Some(42)]);
    assert_eq!(broker.received::<ProduceRequest>().len(), 1);
}

#[tokio::test]
async fn a_broker_of_kafka_0_11_is_written_to_by_the_names_of_topics() {
    let broker = willing(1).await;
    broker.serves(&[
        (ApiKey::Produce, 0, 3),
        (ApiKey::Metadata, 0, 4),
        (ApiKey::InitProducerId, 0, 0),
        (ApiKey::ApiVersions, 0, 1),
    ]);
    let written = producer(&broker, ProducerConfig::default()).send_and_wait(record("v")).await.unwrap();
    assert_eq!(written.offset, Some(0));
    let received = &broker.received::<ProduceRequest>()[0];
    assert_eq!((received.version, &*received.read::<ProduceRequest>().topic_data[0].name), (3, "t"));
}

#[tokio::test]
async fn a_leader_that_moves_is_followed_whether_the_old_one_tells_the_new_one_or_not() {
    for is_told in [true, false] {
        let (old, new) = (willing(1).await, willing(1).await);
        let addresses = [old.address, new.address];
        let leader = Arc::new(Mutex::new(0));
        for broker in [&old, &new] {
            let leader = leader.clone();
            broker.on::<MetadataRequest>(move |_, _| {
                answer(cluster(&addresses, vec![topic("t", 1, *leader.lock().unwrap())]))
            });
        }
        let moved = leader.clone();
        old.on::<ProduceRequest>(move |request, _| {
            *moved.lock().unwrap() = 1;
            let current_leader = if is_told {
                LeaderIdAndEpoch { leader_id: 1, leader_epoch: 1 }
            } else {
                LeaderIdAndEpoch::default()
            };
            let refusal = refused(ErrorCode::NotLeaderOrFollower);
            answer(say(&request, |_, _| PartitionProduceResponse {
                current_leader: current_leader.clone(),
                ..refusal.clone()
            }))
        });
        let written = producer(&old, ProducerConfig::default()).send_and_wait(record("v")).await.unwrap();
        assert_eq!(written.offset, Some(0));
        assert_eq!((old.received::<ProduceRequest>().len(), new.received::<ProduceRequest>().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_batch_that_the_broker_finds_too_large_is_sent_in_parts() {
    let broker = willing(1).await;
    let next = Arc::new(Mutex::new(0));
    broker.on::<ProduceRequest>(move |request, _| {
        let next = next.clone();
        answer(say(&request, move |_, size| {
            if size > 400 {
                return refused(ErrorCode::MessageTooLarge);
            }
            let mut next = next.lock().unwrap();
            *next += 1_000;
            written(*next)
        }))
    });
    let producer = producer(&broker, ProducerConfig::default());
    let records = (0..8)
        .map(|_| record("a value of some length, so that eight of them are larger than the broker likes"));
    for written in producer.send_all(records).await {
        assert!(written.unwrap().offset.unwrap() >= 1_000);
    }
    let alone = producer.send_and_wait(ProducerRecord::new("t").value(vec![7; 1_000])).await.unwrap_err();
    assert_eq!(alone.code(), Some(ErrorCode::MessageTooLarge));
    assert_eq!(alone.topic_partition().unwrap().to_string(), "t-0");
}

#[tokio::test]
async fn a_record_that_is_larger_than_a_request_may_be_is_refused_at_once() {
    let broker = willing(1).await;
    let producer = producer(&broker, ProducerConfig::default().max_request_size(1_000_usize));
    let error = producer.send(ProducerRecord::new("t").value(vec![7; 1_000])).await.unwrap_err();
    assert!(matches!(error, Error::RecordTooLarge { option: "max.request.size", .. }), "{error}");
}

#[tokio::test]
async fn when_the_memory_is_full_trying_to_send_is_refused_and_sending_waits_for_room() {
    let broker = willing(1).await;
    let gate = Arc::new(Mutex::new(true));
    let shut = gate.clone();
    broker.on::<ProduceRequest>(move |request, _| match *shut.lock().unwrap() {
        true => Answer::Late(Duration::from_millis(100), Box::new(answer(say(&request, |_, _| written(0))))),
        false => answer(say(&request, |_, _| written(0))),
    });
    let producer = producer(&broker, ProducerConfig::default().buffer_memory(2_000_usize));
    let large = || ProducerRecord::new("t").value(vec![7; 1_500]);
    let first = producer.send(large()).await.unwrap();
    let error = producer.try_send(large()).unwrap_err();
    assert!(matches!(error, Error::BufferFull) && error.is_retriable(), "{error}");
    let second = producer.send(large()).await.unwrap();
    assert!(first.now().is_some(), "the room is the first one's");
    *gate.lock().unwrap() = false;
    second.await.unwrap();
    let third = producer.try_send(large()).unwrap();
    producer.flush().await;
    assert!(third.now().unwrap().is_ok());
}

#[tokio::test]
async fn for_room_is_waited_no_longer_than_max_block() {
    let broker = willing(1).await;
    broker.on::<ProduceRequest>(|_, _| Answer::Nothing);
    let options = ProducerConfig::default().buffer_memory(2_000_usize).max_block(Duration::from_millis(300));
    let producer = producer(&broker, options);
    let large = || ProducerRecord::new("t").value(vec![7; 1_500]);
    let _first = producer.send(large()).await.unwrap();
    let error = producer.send(large()).await.unwrap_err();
    assert!(error.to_string().contains("buffer.memory is full"), "{error}");
}

#[tokio::test]
async fn what_is_not_delivered_when_a_producer_must_close_fails_and_so_does_what_is_sent_later() {
    let broker = willing(1).await;
    broker.on::<ProduceRequest>(|_, _| Answer::Nothing);
    let producer = producer(&broker, ProducerConfig::default());
    let delivery = producer.send(record("v")).await.unwrap();
    let error = producer.close(Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert!(matches!(delivery.await, Err(Error::Closed(_))));
    assert!(matches!(producer.send(record("v")).await, Err(Error::Closed(_))));
}

#[tokio::test]
async fn dropping_the_producer_gives_up_what_waits_and_closes_its_connections() {
    let broker = willing(1).await;
    broker.on::<ProduceRequest>(|_, _| Answer::Nothing);
    let producer = Producer::new(config(&[broker.address]), ProducerConfig::default()).unwrap();
    let delivery = producer.send(record("v")).await.unwrap();
    broker.wait_until("it was sent", |broker| !broker.received::<ProduceRequest>().is_empty()).await;
    drop(producer);
    let outcome = tokio::time::timeout(DEADLINE, delivery.into_future()).await.unwrap();
    assert!(matches!(outcome, Err(Error::Closed(_))));
    broker.wait_until("connections are closed", |broker| broker.connections().1 == 0).await;
}

#[tokio::test]
async fn a_topic_is_made_only_after_the_broker_said_that_there_is_none() {
    let broker = willing(1).await;
    let address = broker.address;
    broker.on::<MetadataRequest>(move |request, _| {
        let mut found = topic("t", 1, 0);
        if !request.allow_auto_topic_creation {
            found.error_code = ErrorCode::UnknownTopicOrPartition.code();
        }
        answer(cluster(&[address], vec![found]))
    });
    producer(&broker, ProducerConfig::default()).send_and_wait(record("v")).await.unwrap();
    let asked = broker.received::<MetadataRequest>();
    let made: Vec<bool> =
        asked.iter().map(|asked| asked.read::<MetadataRequest>().allow_auto_topic_creation).collect();
    assert!(!made[0] && made.contains(&true), "{made:?}");
}

#[tokio::test]
async fn a_partition_that_is_not_there_is_refused() {
    let broker = willing(2).await;
    let error =
        producer(&broker, ProducerConfig::default()).send(record("v").partition(2)).await.unwrap_err();
    assert_eq!(error.to_string(), "t: partition 2 was asked for, and the topic has 2");
}

#[tokio::test]
async fn who_may_not_write_learns_it_and_can_go_on_with_other_topics() {
    let broker = willing(1).await;
    let mut is_first = true;
    broker.on::<ProduceRequest>(move |request, _| {
        let is_refused = std::mem::take(&mut is_first);
        answer(say(&request, move |_, _| match is_refused {
            true => refused(ErrorCode::TopicAuthorizationFailed),
            false => written(0),
        }))
    });
    let producer = producer(&broker, ProducerConfig::default());
    let error = producer.send_and_wait(record("v")).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::TopicAuthorizationFailed));
    assert!(error.advice().is_some() && !error.is_fatal());
    producer.send_and_wait(record("v")).await.unwrap();
}

/// A broker that writes what goes to partition 0 and refuses the rest.
async fn choosy() -> Broker {
    let broker = willing(2).await;
    broker.on::<ProduceRequest>(|request, _| {
        let each = |partition, _| match partition {
            0 => written(7),
            _ => refused(ErrorCode::InvalidRecord),
        };
        answer(say(&request, each))
    });
    broker
}

#[tokio::test]
async fn results_come_as_a_stream_with_what_was_beside_their_records() {
    for (returns, expected) in [
        (Returns::All, vec![(1, Some(7)), (2, None), (3, None)]),
        (Returns::Errors, vec![(2, None), (3, None)]),
    ] {
        let broker = choosy().await;
        let (input, mut outcomes) = producer(&broker, ProducerConfig::default()).asynchronous(returns);
        let to = |partition| ProducerRecord::new("t").partition(partition).value("v");
        for (record, number) in [(to(0), 1), (to(1), 2), (to(9), 3)] {
            input.clone().send(ProducerMessage::new(record, number)).await;
        }
        drop(input);
        let mut found = Vec::new();
        while let Some(outcome) = outcomes.recv().await {
            found.push((outcome.message.metadata, outcome.result.ok().and_then(|written| written.offset)));
        }
        found.sort_unstable();
        assert_eq!(found, expected, "{returns:?}");
    }
}

#[tokio::test]
async fn results_that_nobody_takes_hold_new_messages_back_and_a_dropped_stream_does_not() {
    let broker = willing(1).await;
    let options = ProducerConfig::default().buffer_memory(1_500_usize).batch_size(0_usize);
    let (input, mut outcomes) = producer(&broker, options).asynchronous(Returns::All);
    let message = || ProducerMessage::new(record("v").header("h", vec![7; 500]), ());
    input.send(message()).await;
    input.send(message()).await;
    let mut third = Box::pin(input.send(message()));
    let waited = tokio::time::timeout(Duration::from_millis(100), &mut third).await;
    assert!(waited.is_err(), "there is room for two");
    outcomes.recv().await.unwrap().result.unwrap();
    third.await;
    drop(outcomes);
    for _ in 0..5 {
        input.send(message()).await;
    }
}

/// Adds a header, and writes down what it is told.
#[derive(Default)]
struct Witness {
    told: Mutex<Vec<(String, Option<ErrorCode>)>>,
}

impl ProducerInterceptor for Witness {
    fn on_send(&self, record: ProducerRecord) -> ProducerRecord {
        record.header("seen", "yes")
    }

    fn on_acknowledgement(&self, record: &ProducerRecord, result: &Result<RecordMetadata, Error>) {
        assert_eq!(record.headers.len(), 1);
        let value = String::from_utf8(record.value.as_deref().unwrap().to_vec()).unwrap();
        let code = result.as_ref().err().map(|error| error.code().unwrap_or(ErrorCode::UnknownServerError));
        self.told.lock().unwrap().push((value, code));
    }
}

#[tokio::test]
async fn interceptors_see_each_record_before_it_is_sent_and_after_it_has_ended() {
    let broker = choosy().await;
    let witness = Arc::new(Witness::default());
    let options = ProducerConfig::default().linger(Duration::from_millis(1));
    let builder = client(&[broker.address]).producer_builder(options).interceptor(witness.clone());
    let producer = builder.build().unwrap();
    let to = |partition, value: &'static str| ProducerRecord::new("t").partition(partition).value(value);
    let results = producer.send_all([to(0, "written"), to(1, "refused"), to(9, "nowhere")]).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    producer.close(DEADLINE).await.unwrap();
    let mut told = witness.told.lock().unwrap().clone();
    told.sort();
    let expected = [
        ("nowhere".to_owned(), Some(ErrorCode::UnknownServerError)),
        ("refused".to_owned(), Some(ErrorCode::InvalidRecord)),
        ("written".to_owned(), None),
    ];
    assert_eq!(told, expected);
}
