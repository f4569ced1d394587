//! Share groups: a broker that ends sessions, moves partitions, is old and says what cannot be.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_client::config::{AcknowledgementMode, ConsumerConfig};
use ottla_client::share::{AcknowledgeType, ShareConsumer, ShareRecord};
use ottla_client::wire::messages::share_acknowledge_response::{
    PartitionData as AcknowledgedPartition, ShareAcknowledgeTopicResponse,
};
use ottla_client::wire::messages::share_fetch_response::{
    AcquiredRecords, PartitionData, ShareFetchableTopicResponse,
};
use ottla_client::wire::messages::share_group_heartbeat_response::{Assignment, TopicPartitions};
use ottla_client::wire::messages::{
    MetadataRequest, ShareAcknowledgeRequest, ShareAcknowledgeResponse, ShareFetchRequest,
    ShareFetchResponse, ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse,
};
use ottla_client::{ApiKey, Error, ErrorCode, TopicPartition, blocking};
use ottla_records::{BatchBuilder, BatchOptions};

use super::broker::{Answer, Broker, answer, cluster, topic};
use super::grouping::{coordinates, read};
use super::{DEADLINE, client, config};

/// A broker that leads `t`, coordinates the group and gives three records whenever it is asked.
pub(super) async fn sharer() -> Broker {
    let broker = Broker::start().await;
    broker.leads(&[("t", 1)]);
    coordinates(&broker, 0, &broker);
    lets_in(&broker);
    broker.on::<ShareFetchRequest>(|request, _| answer(records(&request)));
    broker.on::<ShareAcknowledgeRequest>(|request, _| answer(acknowledged(&request, ErrorCode::None)));
    broker
}

fn lets_in(broker: &Broker) {
    broker.on::<ShareGroupHeartbeatRequest>(|request, _| {
        let topic_id = topic("t", 1, 0).topic_id;
        let partitions = TopicPartitions { topic_id, partitions: vec![0] };
        answer(ShareGroupHeartbeatResponse {
            member_epoch: if request.member_epoch < 0 { request.member_epoch } else { 1 },
            heartbeat_interval_ms: 10,
            assignment: Some(Assignment { topic_partitions: vec![partitions] }),
            ..ShareGroupHeartbeatResponse::default()
        })
    });
}

fn records(_request: &ShareFetchRequest) -> ShareFetchResponse {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    for _ in 0..3 {
        builder.append(1_000, Some(b"k"), Some(b"v"), &[]).unwrap();
    }
    let acquired = AcquiredRecords { first_offset: 0, last_offset: 2, delivery_count: 1 };
    gives(PartitionData {
        records: Some(builder.build().unwrap().into_bytes().into()),
        acquired_records: vec![acquired],
        ..PartitionData::default()
    })
}

fn gives(data: PartitionData) -> ShareFetchResponse {
    let topic_id = topic("t", 1, 0).topic_id;
    ShareFetchResponse {
        acquisition_lock_timeout_ms: 30_000,
        responses: vec![ShareFetchableTopicResponse { topic_id, partitions: vec![data] }],
        ..ShareFetchResponse::default()
    }
}

fn acknowledged(request: &ShareAcknowledgeRequest, code: ErrorCode) -> ShareAcknowledgeResponse {
    let data = AcknowledgedPartition { error_code: code.code(), ..AcknowledgedPartition::default() };
    let topic = |topic_id| ShareAcknowledgeTopicResponse { topic_id, partitions: vec![data.clone()] };
    let responses = request.topics.iter().map(|told| topic(told.topic_id)).collect();
    ShareAcknowledgeResponse { responses, ..ShareAcknowledgeResponse::default() }
}

fn options() -> ConsumerConfig {
    ConsumerConfig::default()
        .group_id("g".to_owned())
        .fetch_max_wait(Duration::from_millis(20))
        .share_acknowledgement_mode(AcknowledgementMode::Explicit)
}

pub(super) fn consumer(brokers: &[&Broker]) -> ShareConsumer {
    let addresses: Vec<_> = brokers.iter().map(|broker| broker.address).collect();
    let consumer = ShareConsumer::new(client(&addresses), options()).unwrap();
    consumer.subscribe(["t"]);
    consumer
}

pub(super) async fn accept(consumer: &ShareConsumer) -> Vec<ShareRecord> {
    let records = consumer.poll(DEADLINE).await.unwrap();
    records.iter().for_each(|record| consumer.acknowledge(record, AcknowledgeType::Accept).unwrap());
    records
}

async fn commit(consumer: &ShareConsumer) -> Result<(), Error> {
    consumer.commit().await.remove(&TopicPartition::new("t", 0)).expect("something was to be told")
}

#[tokio::test]
async fn epochs_count_up_and_the_session_is_closed_with_what_was_said_last() {
    let broker = sharer().await;
    let consumer = consumer(&[&broker]);
    accept(&consumer).await;
    commit(&consumer).await.unwrap();
    accept(&consumer).await;
    accept(&consumer).await;
    consumer.close().await;
    let fetches: Vec<_> = read::<ShareFetchRequest>(&broker).iter().map(|f| f.share_session_epoch).collect();
    let told = read::<ShareAcknowledgeRequest>(&broker);
    let told: Vec<_> = told.iter().map(|told| (told.share_session_epoch, told.topics.len())).collect();
    assert_eq!((fetches, told), (vec![0, 2, 3], vec![(1, 1), (-1, 1)]));
    let heartbeats = read::<ShareGroupHeartbeatRequest>(&broker);
    assert_eq!(heartbeats.last().map(|heartbeat| heartbeat.member_epoch), Some(-1));
    assert!(heartbeats.iter().all(|heartbeat| heartbeat.member_id == heartbeats[0].member_id));
}

#[tokio::test]
async fn a_program_that_is_not_asynchronous_shares_too() {
    let broker = sharer().await;
    let address = broker.address;
    let sharing = tokio::task::spawn_blocking(move || {
        let client = blocking::Client::new(config(&[address])).unwrap();
        let consumer = client.share_consumer(options()).unwrap();
        consumer.subscribe(["t"]);
        let accept = |record: &ShareRecord| consumer.acknowledge(record, AcknowledgeType::Accept).unwrap();
        accept(&consumer.recv().unwrap());
        let others = consumer.poll(DEADLINE).unwrap();
        others.iter().for_each(accept);
        consumer.commit().remove(&TopicPartition::new("t", 0)).unwrap().unwrap();
        consumer.close();
        others.len()
    });
    assert_eq!(sharing.await.unwrap(), 2);
    let told = read::<ShareAcknowledgeRequest>(&broker);
    let partitions = told.iter().flat_map(|told| &told.topics).flat_map(|topic| &topic.partitions);
    let accepted = partitions.flat_map(|partition| &partition.acknowledgement_batches);
    assert_eq!(accepted.map(|batch| batch.last_offset).max(), Some(2));
    let heartbeats = read::<ShareGroupHeartbeatRequest>(&broker);
    assert_eq!(heartbeats.last().map(|heartbeat| heartbeat.member_epoch), Some(-1));
}

#[tokio::test]
async fn another_session_is_opened_where_one_is_not_known_or_there_were_too_many() {
    for code in [
        ErrorCode::ShareSessionNotFound,
        ErrorCode::InvalidShareSessionEpoch,
        ErrorCode::ShareSessionLimitReached,
    ] {
        let broker = sharer().await;
        let fetches = AtomicUsize::new(0);
        broker.on::<ShareFetchRequest>(move |request, _| match fetches.fetch_add(1, Ordering::Relaxed) {
            1 => answer(ShareFetchResponse { error_code: code.code(), ..ShareFetchResponse::default() }),
            _ => answer(records(&request)),
        });
        let consumer = consumer(&[&broker]);
        accept(&consumer).await;
        assert_eq!(accept(&consumer).await.len(), 3);
        let fetches = read::<ShareFetchRequest>(&broker);
        let seen: Vec<_> = fetches.iter().map(|f| (f.share_session_epoch, f.topics.len())).collect();
        assert_eq!(seen, [(0, 1), (1, 1), (0, 1)], "{code}");
        let lost = consumer.client().metrics().share.acknowledgements_failed;
        assert_eq!(lost, 3, "what the second fetch told was not heard");
    }
}

#[tokio::test]
async fn what_a_broker_that_went_away_was_told_failed_and_records_come_from_it_again() {
    let broker = sharer().await;
    let is_gone = Arc::new(AtomicBool::new(true));
    broker.on::<ShareAcknowledgeRequest>({
        let is_gone = is_gone.clone();
        move |request, _| match is_gone.swap(false, Ordering::Relaxed) {
            true => Answer::Close,
            false => answer(acknowledged(&request, ErrorCode::None)),
        }
    });
    let consumer = consumer(&[&broker]);
    accept(&consumer).await;
    assert!(matches!(commit(&consumer).await, Err(Error::Disconnected { .. })));
    assert_eq!(accept(&consumer).await.len(), 3);
    commit(&consumer).await.unwrap();
}

#[tokio::test]
async fn records_come_from_the_leader_that_a_broker_names() {
    let (first, second) = (sharer().await, sharer().await);
    let addresses = [first.address, second.address];
    let leader = Arc::new(Mutex::new(0));
    for broker in [&first, &second] {
        let leader = leader.clone();
        broker.on::<MetadataRequest>(move |_, _| {
            answer(cluster(&addresses, vec![topic("t", 1, *leader.lock().unwrap())]))
        });
        coordinates(broker, 1, &second);
    }
    first.on::<ShareFetchRequest>(move |_, _| {
        *leader.lock().unwrap() = 1;
        let mut data =
            PartitionData { error_code: ErrorCode::NotLeaderOrFollower.code(), ..PartitionData::default() };
        data.current_leader.leader_id = 1;
        data.current_leader.leader_epoch = 1;
        answer(gives(data))
    });
    let consumer = consumer(&[&first, &second]);
    assert_eq!(accept(&consumer).await.len(), 3);
    commit(&consumer).await.unwrap();
    assert_eq!(second.received::<ShareAcknowledgeRequest>().len(), 1);
    assert_eq!(first.received::<ShareFetchRequest>().len(), 1);
}

#[tokio::test]
async fn an_old_broker_is_named_as_that() {
    let broker = sharer().await;
    broker.serves(&[(ApiKey::ShareGroupHeartbeat, 0, 0)]);
    let consumer = consumer(&[&broker]);
    let error = consumer.poll(DEADLINE).await.unwrap_err();
    assert!(matches!(error, Error::UnsupportedVersion { api: ApiKey::ShareGroupHeartbeat, .. }), "{error}");
}

#[tokio::test]
async fn a_broker_that_renews_no_locks_is_not_told_to() {
    let broker = sharer().await;
    broker.serves(&[(ApiKey::ShareFetch, 1, 1), (ApiKey::ShareAcknowledge, 1, 1)]);
    let consumer = consumer(&[&broker]);
    let records = consumer.poll(DEADLINE).await.unwrap();
    for record in &records {
        consumer.acknowledge(record, AcknowledgeType::Renew).unwrap();
    }
    assert!(matches!(commit(&consumer).await, Err(Error::UnsupportedVersion { .. })));
    assert_eq!(broker.received::<ShareAcknowledgeRequest>().len(), 0);
}

#[tokio::test]
async fn what_a_broker_says_it_gave_and_did_not_is_a_gap() {
    let broker = sharer().await;
    let fetches = AtomicUsize::new(0);
    broker.on::<ShareFetchRequest>(move |request, _| {
        if fetches.fetch_add(1, Ordering::Relaxed) > 0 {
            return answer(records(&request));
        }
        let acquired =
            |(first_offset, last_offset)| AcquiredRecords { first_offset, last_offset, delivery_count: -1 };
        let acquired_records = [(7, 3), (-5, 9), (0, i64::MAX), (4, 4)].map(acquired).to_vec();
        answer(gives(PartitionData { acquired_records, ..PartitionData::default() }))
    });
    let consumer = consumer(&[&broker]);
    assert_eq!(accept(&consumer).await.len(), 3);
    let second = &read::<ShareFetchRequest>(&broker)[1];
    let told = &second.topics[0].partitions[0].acknowledgement_batches;
    assert_eq!((told.len(), told[0].first_offset, told[0].last_offset), (1, 0, i64::MAX));
    assert_eq!(told[0].acknowledge_types, [0]);
}

#[tokio::test]
async fn records_are_not_lost_with_a_poll_that_is_dropped() {
    let broker = sharer().await;
    broker.on::<ShareFetchRequest>(|request, _| {
        Answer::Late(Duration::from_millis(50), Box::new(answer(records(&request))))
    });
    let consumer = consumer(&[&broker]);
    assert!(consumer.poll(Duration::ZERO).await.unwrap().is_empty());
    let fetched = |broker: &Broker| !broker.received::<ShareFetchRequest>().is_empty();
    tokio::select! {
        biased;
        _ = consumer.poll(DEADLINE) => panic!("the answer is late"),
        () = broker.wait_until("it is asked", fetched) => {}
    }
    assert_eq!(accept(&consumer).await.len(), 3);
    assert_eq!(broker.received::<ShareFetchRequest>().len(), 1);
}

#[tokio::test]
async fn a_member_that_was_fenced_enters_again() {
    let broker = sharer().await;
    let heartbeats = AtomicUsize::new(0);
    let topic_id = topic("t", 1, 0).topic_id;
    broker.on::<ShareGroupHeartbeatRequest>(move |_, _| {
        let is_fenced = heartbeats.fetch_add(1, Ordering::Relaxed) == 1;
        let partitions = TopicPartitions { topic_id, partitions: vec![0] };
        answer(ShareGroupHeartbeatResponse {
            error_code: if is_fenced { ErrorCode::FencedMemberEpoch.code() } else { 0 },
            member_epoch: 1,
            heartbeat_interval_ms: 10,
            assignment: Some(Assignment { topic_partitions: vec![partitions] }),
            ..ShareGroupHeartbeatResponse::default()
        })
    });
    let consumer = consumer(&[&broker]);
    let enters = |broker: &Broker| {
        let heartbeats = read::<ShareGroupHeartbeatRequest>(broker);
        heartbeats.iter().filter(|heartbeat| heartbeat.member_epoch == 0).count() == 2
    };
    broker.wait_until("it entered twice", enters).await;
    assert_eq!(accept(&consumer).await.len(), 3);
}

#[tokio::test]
async fn options_that_share_groups_do_not_have_are_refused() {
    let check = |options: ConsumerConfig, option: &str| {
        let error = ShareConsumer::new(client(&["127.0.0.1:9".parse().unwrap()]), options).unwrap_err();
        assert!(error.to_string().starts_with(option), "{error}");
    };
    let options = ConsumerConfig::default();
    check(options.clone(), "group.id");
    check(options.clone().group_instance_id("me".to_owned()), "group.instance.id");
    check(options.group_remote_assignor("uniform".to_owned()), "group.remote.assignor");
}
