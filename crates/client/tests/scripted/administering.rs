//! Administration while leaders, controllers and coordinators move, and with brokers that are old or do not answer.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use ottla_client::admin::{
    Admin, FeatureUpdate, NewTopic, OffsetReset, OffsetSpec, PlannedOffset, UpgradeType,
};
use ottla_client::config::IsolationLevel;
use ottla_client::wire::messages::create_topics_response::CreatableTopicResult;
use ottla_client::wire::messages::delete_groups_response::DeletableGroupResult;
use ottla_client::wire::messages::describe_cluster_response::DescribeClusterBroker;
use ottla_client::wire::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use ottla_client::wire::messages::{
    CreateTopicsRequest, CreateTopicsResponse, DeleteGroupsRequest, DeleteGroupsResponse,
    DeleteTopicsRequest, DescribeClusterRequest, DescribeClusterResponse, DescribeShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsResponse, FindCoordinatorRequest, FindCoordinatorResponse, ListOffsetsRequest,
    ListOffsetsResponse, MetadataRequest, OffsetFetchRequest, OffsetFetchResponse, UpdateFeaturesRequest,
    UpdateFeaturesResponse, describe_share_group_offsets_response, find_coordinator_response,
    offset_fetch_response,
};
use ottla_client::{ApiKey, Client, Error, ErrorCode, TopicPartition, Uuid};

use super::broker::{Answer, Broker, answer, cluster, topic};
use super::{DEADLINE, client, config};

fn admin(brokers: &[&Broker]) -> Admin {
    let addresses: Vec<_> = brokers.iter().map(|broker| broker.address).collect();
    Admin::new(client(&addresses)).within(DEADLINE)
}

fn none_then(count: usize, code: ErrorCode) -> impl FnMut() -> i16 + Send {
    let mut seen = 0;
    move || {
        seen += 1;
        if seen <= count { code.code() } else { ErrorCode::None.code() }
    }
}

fn created(request: &CreateTopicsRequest, code: i16) -> Answer {
    let topics = request.topics.iter().map(|topic| CreatableTopicResult {
        name: topic.name.clone(),
        error_code: code,
        ..Default::default()
    });
    answer(CreateTopicsResponse { topics: topics.collect(), ..Default::default() })
}

/// Each partition that was asked about, with this code, at this offset.
fn listed(request: &ListOffsetsRequest, outcome: impl Fn(i32) -> (ErrorCode, i64)) -> Answer {
    let topics = request.topics.iter().map(|topic| ListOffsetsTopicResponse {
        name: topic.name.clone(),
        partitions: topic
            .partitions
            .iter()
            .map(|partition| {
                let (code, offset) = outcome(partition.partition_index);
                ListOffsetsPartitionResponse {
                    partition_index: partition.partition_index,
                    error_code: code.code(),
                    offset,
                    ..Default::default()
                }
            })
            .collect(),
    });
    answer(ListOffsetsResponse { topics: topics.collect(), ..Default::default() })
}

fn latest(count: i32) -> BTreeMap<TopicPartition, OffsetSpec> {
    (0..count).map(|number| (TopicPartition::new("orders", number), OffsetSpec::Latest)).collect()
}

#[tokio::test]
async fn what_the_controller_asks_to_have_again_later_is_asked_again() {
    let broker = Broker::start().await;
    broker.leads(&[]);
    for code in [ErrorCode::NotController, ErrorCode::ThrottlingQuotaExceeded] {
        let mut next = none_then(2, code);
        broker.on::<CreateTopicsRequest>(move |request, _| created(&request, next()));
        let results = admin(&[&broker]).create_topics(&[NewTopic::new("orders")]).await.unwrap();
        results["orders"].as_ref().unwrap();
    }
    assert_eq!(broker.received::<CreateTopicsRequest>().len(), 6);
}

#[tokio::test]
async fn what_is_refused_is_not_asked_again() {
    let broker = Broker::start().await;
    broker.leads(&[]);
    broker.on::<CreateTopicsRequest>(|request, _| {
        created(&request, ErrorCode::InvalidReplicationFactor.code())
    });
    let results = admin(&[&broker]).create_topics(&[NewTopic::new("orders")]).await.unwrap();
    let error = results["orders"].as_ref().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidReplicationFactor));
    assert_eq!(broker.received::<CreateTopicsRequest>().len(), 1);
}

#[tokio::test]
async fn partitions_are_asked_about_at_their_new_leader_when_it_has_moved() {
    let (old, new) = (Broker::start().await, Broker::start().await);
    let addresses = [old.address, new.address];
    for broker in [&old, &new] {
        let mut led_by = vec![1, 1, 0].into_iter();
        broker.on::<MetadataRequest>(move |_, _| {
            // The first answer is not true any more.
            let leader = led_by.next_back().unwrap_or(1);
            answer(cluster(&addresses, vec![topic("orders", 2, leader)]))
        });
    }
    old.on::<ListOffsetsRequest>(|request, _| listed(&request, |_| (ErrorCode::NotLeaderOrFollower, -1)));
    new.on::<ListOffsetsRequest>(|request, _| {
        listed(&request, |number| (ErrorCode::None, i64::from(number)))
    });
    let admin = admin(&[&old]);
    let offsets = admin.list_offsets(&latest(2), IsolationLevel::ReadUncommitted).await.unwrap();
    let offsets: Vec<_> = offsets.into_values().map(|listed| listed.unwrap().offset).collect();
    assert_eq!(offsets, [Some(0), Some(1)]);
    assert!(!old.received::<ListOffsetsRequest>().is_empty());
}

#[tokio::test]
async fn only_partitions_without_a_final_answer_are_asked_about_again() {
    let broker = Broker::start().await;
    broker.leads(&[("orders", 3)]);
    let mut first = true;
    broker.on::<ListOffsetsRequest>(move |request, _| {
        let again = if std::mem::take(&mut first) { ErrorCode::OffsetNotAvailable } else { ErrorCode::None };
        listed(&request, |number| match number {
            0 => (ErrorCode::None, 7),
            1 => (ErrorCode::TopicAuthorizationFailed, -1),
            _ => (again, 9),
        })
    });
    let admin = admin(&[&broker]);
    let offsets = admin.list_offsets(&latest(3), IsolationLevel::ReadUncommitted).await.unwrap();
    let codes: Vec<_> =
        offsets.values().map(|it| it.as_ref().map(|it| it.offset).map_err(Error::code)).collect();
    assert_eq!(codes, [Ok(Some(7)), Err(Some(ErrorCode::TopicAuthorizationFailed)), Ok(Some(9))]);
    let asked: Vec<usize> = broker
        .received::<ListOffsetsRequest>()
        .iter()
        .map(|it| it.read::<ListOffsetsRequest>().topics[0].partitions.len())
        .collect();
    assert_eq!(asked, [3, 1]);
}

#[tokio::test]
async fn partitions_whose_leader_stays_away_each_tell_why() {
    let broker = Broker::start().await;
    broker.on::<MetadataRequest>({
        let address = broker.address;
        move |_, _| answer(cluster(&[address], vec![topic("orders", 2, -1)]))
    });
    let admin = admin(&[&broker]).within(Duration::from_millis(200));
    let offsets = admin.list_offsets(&latest(2), IsolationLevel::ReadUncommitted).await.unwrap();
    assert_eq!(offsets.len(), 2);
    for error in offsets.into_values().map(Result::unwrap_err) {
        assert_eq!(error.code(), Some(ErrorCode::LeaderNotAvailable), "{error}");
    }
}

#[tokio::test]
async fn a_reset_tells_of_each_partition_why_it_cannot_be_planned() {
    let broker = Broker::start().await;
    broker.leads(&[("orders", 4)]);
    coordinates(&broker);
    broker.on::<DescribeShareGroupOffsetsRequest>(|_, _| answer(started()));
    broker.on::<OffsetFetchRequest>(|_, received| answer(committed(received.version)));
    broker.on::<ListOffsetsRequest>(|request, _| {
        listed(&request, |number| match number {
            1 => (ErrorCode::TopicAuthorizationFailed, -1),
            _ => (ErrorCode::None, 100),
        })
    });
    let admin = admin(&[&broker]);
    let code =
        |it: ottla_client::Result<PlannedOffset>| it.map(|it| (it.from, it.to)).map_err(|it| it.code());
    let unauthorized = Err(Some(ErrorCode::TopicAuthorizationFailed));
    let of_group = admin.plan_offset_reset("billing", None, &OffsetReset::Latest).await.unwrap();
    let of_group: Vec<_> = of_group.into_values().map(code).collect();
    assert_eq!(of_group, [Ok((Some(5), 100)), unauthorized]);
    // It has not begun the last.
    let of_share = admin.plan_share_offset_reset("billing", None, &OffsetReset::Latest).await.unwrap();
    let of_share: Vec<_> = of_share.into_values().map(code).collect();
    assert_eq!(of_share, [Ok((Some(5), 100)), unauthorized, Err(Some(ErrorCode::UnknownServerError))]);
    let named = [0, 1, 3].map(|number| TopicPartition::new("orders", number));
    let of_named =
        admin.plan_share_offset_reset("billing", Some(&named), &OffsetReset::Latest).await.unwrap();
    let of_named: Vec<_> = of_named.into_values().map(code).collect();
    assert_eq!(of_named, [Ok((Some(5), 100)), unauthorized, Ok((None, 100))]);
}

/// Where a share group is in the partitions of a topic: of one it is not told, and one it has not begun.
fn started() -> DescribeShareGroupOffsetsResponse {
    let (known, unknown) = (ErrorCode::None, ErrorCode::UnknownServerError);
    let partitions = [(0, 5, known), (1, 5, known), (2, -1, unknown), (3, -1, known)];
    let partitions = partitions.map(|(partition_index, start_offset, code)| {
        describe_share_group_offsets_response::DescribeShareGroupOffsetsResponsePartition {
            partition_index,
            start_offset,
            error_code: code.code(),
            ..Default::default()
        }
    });
    let topic = describe_share_group_offsets_response::DescribeShareGroupOffsetsResponseTopic {
        topic_name: "orders".into(),
        partitions: partitions.to_vec(),
        ..Default::default()
    };
    let group = describe_share_group_offsets_response::DescribeShareGroupOffsetsResponseGroup {
        group_id: "billing".into(),
        topics: vec![topic],
        ..Default::default()
    };
    DescribeShareGroupOffsetsResponse { groups: vec![group], ..Default::default() }
}

#[tokio::test]
async fn a_group_is_asked_for_where_its_coordinator_has_gone() {
    let broker = Broker::start().await;
    broker.leads(&[]);
    coordinates(&broker);
    for code in [ErrorCode::NotCoordinator, ErrorCode::CoordinatorLoadInProgress] {
        let mut next = none_then(1, code);
        broker.on::<DeleteGroupsRequest>(move |request, _| {
            let result =
                DeletableGroupResult { group_id: request.groups_names[0].clone(), error_code: next() };
            answer(DeleteGroupsResponse { results: vec![result], ..Default::default() })
        });
        let deleted = admin(&[&broker]).delete_groups(&["billing"]).await.unwrap();
        deleted["billing"].as_ref().unwrap();
    }
    // Two admins each found it once, and one of them once more.
    assert_eq!(broker.received::<FindCoordinatorRequest>().len(), 3);
}

/// The broker says of itself that it coordinates everything.
fn coordinates(broker: &Broker) {
    let address = broker.address;
    broker.on::<FindCoordinatorRequest>(move |request, received| {
        let port = i32::from(address.port());
        let host = address.ip().to_string();
        let mut response = FindCoordinatorResponse::default();
        if received.version < 4 {
            (response.host, response.port) = (host.into(), port);
        } else {
            response.coordinators = vec![find_coordinator_response::Coordinator {
                key: request.coordinator_keys[0].clone(),
                host: host.into(),
                port,
                ..Default::default()
            }];
        }
        answer(response)
    });
}

#[tokio::test]
async fn committed_offsets_are_read_from_old_brokers_as_from_new_ones() {
    for newest in [2, 7, 8, 10] {
        let broker = Broker::start().await;
        broker.leads(&[]);
        coordinates(&broker);
        broker.serves(&[(ApiKey::OffsetFetch, 1, newest)]);
        broker.on::<OffsetFetchRequest>(|_, received| answer(committed(received.version)));
        let offsets = admin(&[&broker]).list_group_offsets("billing", None, false).await.unwrap();
        let offsets: Vec<_> = offsets.into_values().map(|it| it.unwrap().map(|it| it.offset)).collect();
        assert_eq!(offsets, [Some(5), None], "up to version {newest}");
        let request: OffsetFetchRequest = broker.received::<OffsetFetchRequest>()[0].read();
        let topics = if newest < 8 { request.topics.is_none() } else { request.groups[0].topics.is_none() };
        assert!(topics, "all partitions are asked for");
    }
}

#[tokio::test]
async fn offsets_that_a_transaction_is_about_to_commit_are_waited_for_no_longer_than_a_call_may_take() {
    let broker = Broker::start().await;
    broker.leads(&[]);
    coordinates(&broker);
    let mut code = none_then(2, ErrorCode::UnstableOffsetCommit);
    broker.on::<OffsetFetchRequest>(move |_, received| {
        let mut response = committed(received.version);
        response.groups[0].topics[0].partitions[1].error_code = code();
        answer(response)
    });
    let offsets = admin(&[&broker]).list_group_offsets("billing", None, true).await.unwrap();
    assert!(offsets.into_values().all(|offset| offset.is_ok()));
    assert_eq!(broker.received::<OffsetFetchRequest>().len(), 3);

    broker.on::<OffsetFetchRequest>(|_, received| {
        let mut response = committed(received.version);
        response.groups[0].topics[0].partitions[0].error_code = ErrorCode::UnstableOffsetCommit.code();
        answer(response)
    });
    let within = Duration::from_millis(50);
    let error = admin(&[&broker]).within(within).list_group_offsets("billing", None, true).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert_eq!(error.code(), Some(ErrorCode::UnstableOffsetCommit));
}

fn committed(version: i16) -> OffsetFetchResponse {
    let offsets = [(0, 5), (1, -1)];
    if version < 8 {
        let partitions = offsets.map(|(partition_index, committed_offset)| {
            offset_fetch_response::OffsetFetchResponsePartition {
                partition_index,
                committed_offset,
                ..Default::default()
            }
        });
        let topic = offset_fetch_response::OffsetFetchResponseTopic {
            name: "orders".into(),
            partitions: partitions.to_vec(),
        };
        return OffsetFetchResponse { topics: vec![topic], ..Default::default() };
    }
    let partitions = offsets.map(|(partition_index, committed_offset)| {
        offset_fetch_response::OffsetFetchResponsePartitions {
            partition_index,
            committed_offset,
            ..Default::default()
        }
    });
    let topic = offset_fetch_response::OffsetFetchResponseTopics {
        name: "orders".into(),
        partitions: partitions.to_vec(),
        ..Default::default()
    };
    let group = offset_fetch_response::OffsetFetchResponseGroup {
        group_id: "billing".into(),
        topics: vec![topic],
        ..Default::default()
    };
    OffsetFetchResponse { groups: vec![group], ..Default::default() }
}

#[tokio::test]
async fn what_a_broker_is_too_old_for_is_refused_before_it_is_asked() {
    let broker = Broker::start().await;
    broker.leads(&[]);
    broker.serves(&[(ApiKey::DeleteTopics, 1, 5)]);
    let error = admin(&[&broker]).delete_topics_by_id(&[Uuid::from_u128(7)]).await.unwrap_err();
    assert!(matches!(error, Error::UnsupportedVersion { api: ApiKey::DeleteTopics, .. }), "{error}");
    assert!(broker.received::<DeleteTopicsRequest>().is_empty());
}

#[tokio::test]
async fn a_call_ends_in_time_where_nobody_answers() {
    let broker = Broker::start().await;
    broker.leads(&[]);
    broker.on::<CreateTopicsRequest>(|_, _| Answer::Nothing);
    let admin = admin(&[&broker]).within(Duration::from_millis(100));
    let error = admin.create_topics(&[NewTopic::new("orders")]).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
}

/// Tells of these controllers, the second of which leads, if it is these that are asked for.
fn tells_controllers(broker: &Broker, controllers: &[SocketAddr]) {
    let controllers = controllers.to_vec();
    broker.on::<DescribeClusterRequest>(move |request, _| {
        if request.endpoint_type != 2 {
            let error_code = ErrorCode::MismatchedEndpointType.code();
            return answer(DescribeClusterResponse { error_code, ..Default::default() });
        }
        let brokers = (0..).zip(&controllers).map(|(broker_id, address)| DescribeClusterBroker {
            broker_id,
            host: address.ip().to_string().into(),
            port: address.port().into(),
            ..Default::default()
        });
        let (brokers, cluster_id) = (brokers.collect(), "scripted".into());
        answer(DescribeClusterResponse { brokers, cluster_id, controller_id: 1, ..Default::default() })
    });
}

#[tokio::test]
async fn controllers_are_asked_instead_of_brokers_and_the_one_that_leads_for_changes() {
    let (follower, leader) = (Broker::start().await, Broker::start().await);
    let addresses = [follower.address, leader.address];
    for controller in [&follower, &leader] {
        tells_controllers(controller, &addresses);
    }
    leader.on::<UpdateFeaturesRequest>(|_, _| answer(UpdateFeaturesResponse::default()));
    let client = Client::connect_to_controllers(config(&[follower.address])).await.unwrap();
    let admin = Admin::new(client.clone()).within(DEADLINE);
    let ids: Vec<_> =
        admin.describe_cluster(false).await.unwrap().brokers.iter().map(|node| node.id).collect();
    assert_eq!(ids, [0, 1]);
    let update = FeatureUpdate { level: 1, upgrade: UpgradeType::Upgrade };
    admin.update_features(&[("group.version", update)].into(), false).await.unwrap();
    assert_eq!(leader.received::<UpdateFeaturesRequest>().len(), 1);
    let error = client.all_topics().await.unwrap_err();
    assert!(matches!(&error, Error::Config(reason) if reason.contains("brokers are to be asked")), "{error}");
}
