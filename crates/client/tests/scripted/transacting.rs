//! Transactions with coordinators that move, are busy, old, slow and silent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ottla_client::config::{ClientConfig, ProducerConfig};
use ottla_client::group::{CommittedOffset, GroupMetadata};
use ottla_client::producer::{Producer, ProducerRecord};
use ottla_client::wire::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use ottla_client::wire::messages::api_versions_response::FinalizedFeatureKey;
use ottla_client::wire::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, ApiVersionsRequest,
    ApiVersionsResponse, EndTxnRequest, EndTxnResponse, FindCoordinatorRequest, FindCoordinatorResponse,
    InitProducerIdRequest, InitProducerIdResponse, MetadataRequest, ProduceRequest, TxnOffsetCommitRequest,
};
use ottla_client::{ApiKey, Error, ErrorCode, TopicPartition};

use super::broker::{Answer, Broker, answer, cluster, ranges, topic};
use super::producing::{say, written};
use super::{DEADLINE, client, nobody};

/// A broker that leads `t`, coordinates everything, and does what it is asked, with transactions of this version.
async fn willing(version: i16) -> Broker {
    let broker = Broker::start().await;
    broker.leads(&[("t", 1)]);
    serves(&broker, version);
    broker.on::<InitProducerIdRequest>(|request, _| {
        let epoch = request.producer_epoch + 1;
        answer(InitProducerIdResponse { producer_id: 5, producer_epoch: epoch, ..Default::default() })
    });
    coordinates(&broker, &broker);
    broker.on::<AddPartitionsToTxnRequest>(|request, _| answer(added(&request, ErrorCode::None)));
    broker.on::<ProduceRequest>(|request, _| answer(say(&request, |_, _| written(0))));
    broker.on::<EndTxnRequest>(|request, received| answer(ended(&request, received.version)));
    broker
}

fn serves(broker: &Broker, transaction_version: i16) {
    let feature = FinalizedFeatureKey {
        name: "transaction.version".into(),
        max_version_level: transaction_version,
        min_version_level: transaction_version,
    };
    let response = ApiVersionsResponse {
        api_keys: ranges(&[]),
        finalized_features: vec![feature],
        ..Default::default()
    };
    broker.on::<ApiVersionsRequest>(move |_, _| answer(response.clone()));
}

/// `broker` says that `other`, which has the number 0, coordinates everything.
fn coordinates(broker: &Broker, other: &Broker) {
    let address = other.address;
    broker.on::<FindCoordinatorRequest>(move |request, _| {
        let key = request.coordinator_keys.first().cloned().unwrap_or_default();
        let coordinator = ottla_client::wire::messages::find_coordinator_response::Coordinator {
            key,
            node_id: 0,
            host: address.ip().to_string().into(),
            port: address.port().into(),
            ..Default::default()
        };
        answer(FindCoordinatorResponse {
            node_id: 0,
            host: address.ip().to_string().into(),
            port: address.port().into(),
            coordinators: vec![coordinator],
            ..Default::default()
        })
    });
}

fn added(request: &AddPartitionsToTxnRequest, code: ErrorCode) -> AddPartitionsToTxnResponse {
    let topic =
        |topic: &ottla_client::wire::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic| {
            let partitions = topic.partitions.iter();
            let result = |partition: &i32| AddPartitionsToTxnPartitionResult {
                partition_index: *partition,
                partition_error_code: code.code(),
            };
            AddPartitionsToTxnTopicResult {
                name: topic.name.clone(),
                results_by_partition: partitions.map(result).collect(),
            }
        };
    let topics = request.v3_and_below_topics.iter();
    AddPartitionsToTxnResponse {
        results_by_topic_v3_and_below: topics.map(topic).collect(),
        ..Default::default()
    }
}

fn ended(request: &EndTxnRequest, version: i16) -> EndTxnResponse {
    let (producer_id, producer_epoch) =
        if version >= 5 { (request.producer_id, request.producer_epoch + 1) } else { (-1, -1) };
    EndTxnResponse { producer_id, producer_epoch, ..Default::default() }
}

fn refused(code: ErrorCode) -> Answer {
    answer(EndTxnResponse {
        error_code: code.code(),
        producer_id: -1,
        producer_epoch: -1,
        ..Default::default()
    })
}

fn options() -> ProducerConfig {
    ProducerConfig::default().linger(Duration::from_millis(1)).transactional_id(Some("booking".to_owned()))
}

async fn initialized(broker: &Broker) -> Producer {
    let producer = client(&[broker.address]).producer(options()).unwrap();
    producer.init_transactions().await.unwrap();
    producer
}

async fn commit(producer: &Producer) -> Result<(), Error> {
    let work = async || {
        let _delivery = producer.send(ProducerRecord::new("t").value("v")).await?;
        Ok(())
    };
    producer.in_transaction(work).await
}

/// Whether each end was a commit, and the epoch that it ended.
fn ends(broker: &Broker) -> Vec<(bool, i16)> {
    let ends = broker.received::<EndTxnRequest>();
    ends.iter()
        .map(|received| received.read::<EndTxnRequest>())
        .map(|end| (end.committed, end.producer_epoch))
        .collect()
}

#[tokio::test]
async fn the_cluster_decides_who_tells_the_coordinator_of_partitions() {
    for (version, adds, epochs) in [(1, 2, [(true, 0), (true, 0)]), (2, 0, [(true, 0), (true, 1)])] {
        let broker = willing(version).await;
        let producer = initialized(&broker).await;
        for _ in 0..2 {
            commit(&producer).await.unwrap();
        }
        assert_eq!(broker.received::<AddPartitionsToTxnRequest>().len(), adds, "version {version}");
        assert_eq!(ends(&broker), epochs, "version {version}");
        let produced = broker.received::<ProduceRequest>();
        assert!(produced.iter().all(|received| (received.version >= 12) == (version == 2)));
        let request = produced[0].read::<ProduceRequest>();
        assert_eq!(request.transactional_id.as_deref(), Some("booking"));
    }
}

#[tokio::test]
async fn a_cluster_that_goes_over_to_version_2_is_followed_once_a_broker_told_so() {
    let broker = willing(1).await;
    let producer = initialized(&broker).await;
    commit(&producer).await.unwrap();
    serves(&broker, 2);
    let asked = AtomicUsize::new(0);
    broker.on::<EndTxnRequest>(move |request, received| match asked.fetch_add(1, Ordering::Relaxed) {
        // It tells whoever connects.
        0 => Answer::Close,
        _ => answer(ended(&request, received.version)),
    });
    for _ in 0..2 {
        commit(&producer).await.unwrap();
    }
    assert_eq!(ends(&broker), [(true, 0), (true, 0), (true, 0), (true, 1)]);
    let versions: Vec<_> = broker.received::<EndTxnRequest>().iter().map(|end| end.version >= 5).collect();
    assert_eq!(versions, [false, false, false, true]);
    assert_eq!(broker.received::<AddPartitionsToTxnRequest>().len(), 2);
    assert_eq!(broker.received::<InitProducerIdRequest>().len(), 2, "the second for a new epoch");
}

#[tokio::test]
async fn a_coordinator_that_moves_is_looked_up_and_asked_again() {
    let (first, second) = (willing(2).await, willing(2).await);
    let addresses = [second.address, first.address];
    first.on::<MetadataRequest>(move |_, _| answer(cluster(&addresses, vec![topic("t", 1, 1)])));
    // The first broker is number 1 in the cluster, and at the beginning the coordinator.
    let address = first.address;
    first.on::<FindCoordinatorRequest>(move |_, _| {
        let coordinator = ottla_client::wire::messages::find_coordinator_response::Coordinator {
            key: "booking".into(),
            node_id: 1,
            host: address.ip().to_string().into(),
            port: address.port().into(),
            ..Default::default()
        };
        answer(FindCoordinatorResponse { coordinators: vec![coordinator], ..Default::default() })
    });
    let producer = initialized(&first).await;
    coordinates(&first, &second);
    coordinates(&second, &second);
    first.on::<EndTxnRequest>(|_, _| refused(ErrorCode::NotCoordinator));
    commit(&producer).await.unwrap();
    assert_eq!((ends(&first), ends(&second)), (vec![(true, 0)], vec![(true, 0)]));
}

#[tokio::test]
async fn a_coordinator_that_still_ends_the_transaction_before_is_asked_again_soon() {
    let broker = willing(1).await;
    let asked = AtomicUsize::new(0);
    broker.on::<AddPartitionsToTxnRequest>(move |request, _| {
        let is_busy = asked.fetch_add(1, Ordering::Relaxed) < 3;
        answer(added(&request, if is_busy { ErrorCode::ConcurrentTransactions } else { ErrorCode::None }))
    });
    commit(&initialized(&broker).await).await.unwrap();
    assert_eq!(broker.received::<AddPartitionsToTxnRequest>().len(), 4);
    assert_eq!(broker.received::<ProduceRequest>().len(), 1);
}

#[tokio::test]
async fn an_end_whose_answer_is_lost_is_asked_for_again_as_it_was() {
    let broker = willing(2).await;
    let asked = AtomicUsize::new(0);
    broker.on::<EndTxnRequest>(move |request, received| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Answer::Close,
        _ => answer(ended(&request, received.version)),
    });
    commit(&initialized(&broker).await).await.unwrap();
    assert_eq!(ends(&broker), [(true, 0), (true, 0)]);
}

#[tokio::test]
async fn a_commit_that_takes_longer_than_max_block_goes_on_and_can_be_waited_for_again() {
    let broker = willing(2).await;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let mut is_released = false;
    broker.on::<EndTxnRequest>(move |request, received| {
        is_released = is_released || released.try_recv().is_ok();
        if is_released {
            answer(ended(&request, received.version))
        } else {
            refused(ErrorCode::CoordinatorLoadInProgress)
        }
    });
    let producer =
        client(&[broker.address]).producer(options().max_block(Duration::from_millis(200))).unwrap();
    producer.init_transactions().await.unwrap();
    let error = commit(&producer).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && error.is_retriable(), "{error}");
    assert!(matches!(producer.abort_transaction().await, Err(Error::TransactionState(_))));
    assert!(matches!(producer.begin_transaction(), Err(Error::TransactionState(_))));
    release.send(()).unwrap();
    producer.commit_transaction().await.unwrap();
    producer.begin_transaction().unwrap();
}

#[tokio::test]
async fn what_the_coordinator_calls_abortable_is_aborted_and_the_next_transaction_commits() {
    let broker = willing(2).await;
    broker.on::<EndTxnRequest>(|request, received| match request.committed && request.producer_epoch == 0 {
        true => refused(ErrorCode::TransactionAbortable),
        false => answer(ended(&request, received.version)),
    });
    let producer = initialized(&broker).await;
    let error = commit(&producer).await.unwrap_err();
    assert!(error.is_abortable() && error.code() == Some(ErrorCode::TransactionAbortable), "{error}");
    commit(&producer).await.unwrap();
    assert_eq!(ends(&broker), [(true, 0), (false, 0), (true, 1)]);
}

#[tokio::test]
async fn work_that_fails_aborts_its_transaction_and_its_error_is_told() {
    #[derive(Debug)]
    enum Failure {
        OfTheWork,
        OfTheClient(Error),
    }
    impl From<Error> for Failure {
        fn from(error: Error) -> Failure {
            Failure::OfTheClient(error)
        }
    }
    let broker = willing(2).await;
    let producer = initialized(&broker).await;
    let work = async || {
        let _delivery = producer.send(ProducerRecord::new("t").value("v")).await?;
        Err::<(), _>(Failure::OfTheWork)
    };
    match producer.in_transaction(work).await.unwrap_err() {
        Failure::OfTheWork => assert_eq!(ends(&broker), [(false, 0)]),
        Failure::OfTheClient(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_broker_of_kafka_0_11_has_transactions_but_knows_no_members() {
    let broker = willing(1).await;
    broker.serves(&[
        (ApiKey::ApiVersions, 0, 1),
        (ApiKey::Metadata, 0, 4),
        (ApiKey::Produce, 0, 3),
        (ApiKey::FindCoordinator, 0, 1),
        (ApiKey::InitProducerId, 0, 0),
        (ApiKey::AddPartitionsToTxn, 0, 0),
        (ApiKey::AddOffsetsToTxn, 0, 0),
        (ApiKey::TxnOffsetCommit, 0, 0),
        (ApiKey::EndTxn, 0, 0),
    ]);
    broker.on::<AddOffsetsToTxnRequest>(|_, _| {
        answer(ottla_client::wire::messages::AddOffsetsToTxnResponse::default())
    });
    broker.on::<TxnOffsetCommitRequest>(|_, _| {
        answer(ottla_client::wire::messages::TxnOffsetCommitResponse::default())
    });
    let producer = initialized(&broker).await;
    commit(&producer).await.unwrap();
    let offsets = || [(TopicPartition::new("t", 0), CommittedOffset::new(1))];
    let mut group = GroupMetadata::new("g");
    producer.begin_transaction().unwrap();
    producer.send_offsets_to_transaction(offsets(), &group).await.unwrap();
    group.member_id = "m-1".into();
    let error = producer.send_offsets_to_transaction(offsets(), &group).await.unwrap_err();
    assert!(error.is_abortable() && error.to_string().contains("TxnOffsetCommit"), "{error}");
    producer.abort_transaction().await.unwrap();
    assert_eq!(ends(&broker), [(true, 0), (false, 0)]);
}

#[tokio::test]
async fn a_producer_without_a_transactional_id_has_no_transactions() {
    let producer = client(&[nobody().await]).producer(ProducerConfig::default()).unwrap();
    assert!(matches!(producer.init_transactions().await, Err(Error::TransactionState(_))));
    assert!(matches!(producer.begin_transaction(), Err(Error::TransactionState(_))));
    producer.close(DEADLINE).await.unwrap();
}

#[tokio::test]
async fn with_a_transactional_id_nothing_is_sent_outside_of_transactions() {
    let broker = willing(2).await;
    let producer = initialized(&broker).await;
    let record = || ProducerRecord::new("t").value("v");
    assert!(matches!(producer.send(record()).await, Err(Error::TransactionState(_))));
    commit(&producer).await.unwrap();
    assert!(matches!(producer.send(record()).await, Err(Error::TransactionState(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_waits_has_transactions_too() {
    let broker = willing(2).await;
    let servers = broker.address.to_string();
    let program = tokio::task::spawn_blocking(move || {
        let client =
            ottla_client::blocking::Client::connect(ClientConfig::new(&servers).enable_metrics_push(false))
                .unwrap();
        let producer = client.producer(options()).unwrap();
        producer.init_transactions().unwrap();
        let send = || producer.send(ProducerRecord::new("t").value("v")).map(drop);
        producer.in_transaction(send).unwrap();
        let error = producer.in_transaction(|| send().and(Err::<(), _>(Error::BufferFull))).unwrap_err();
        assert!(matches!(error, Error::BufferFull));
        producer.begin_transaction().unwrap();
        let offsets = [(TopicPartition::new("t", 0), CommittedOffset::new(1))];
        producer.send_offsets_to_transaction(offsets, &GroupMetadata::new("g")).unwrap();
        producer.commit_transaction().unwrap();
    });
    broker.on::<TxnOffsetCommitRequest>(|_, _| {
        answer(ottla_client::wire::messages::TxnOffsetCommitResponse::default())
    });
    program.await.unwrap();
    assert_eq!(ends(&broker), [(true, 0), (false, 1), (true, 2)]);
}
