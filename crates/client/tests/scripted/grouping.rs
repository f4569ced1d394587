//! Members of groups: a coordinator that rebalances, moves, fences and forgets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use ottla_client::config::{ConsumerConfig, GroupProtocol, OffsetReset};
use ottla_client::consumer::Consumer;
use ottla_client::group::CommittedOffset;
use ottla_client::wire::Message;
use ottla_client::wire::messages::consumer_group_heartbeat_response::{Assignment, TopicPartitions};
use ottla_client::wire::messages::find_coordinator_response::Coordinator;
use ottla_client::wire::messages::join_group_response::JoinGroupResponseMember;
use ottla_client::wire::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use ottla_client::wire::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use ottla_client::wire::messages::offset_fetch_request::OffsetFetchRequestGroup;
use ottla_client::wire::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
};
use ottla_client::wire::messages::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, FindCoordinatorRequest,
    FindCoordinatorResponse, HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse,
    LeaveGroupRequest, LeaveGroupResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest,
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse, SyncGroupRequest,
    SyncGroupResponse,
};
use ottla_client::{ErrorCode, TopicPartition};

use super::broker::{Answer, Broker, Received, answer, cluster, topic};
use super::consuming::broker_with_records;
use super::{DEADLINE, client};

/// A broker that leads `t`, coordinates the group and lets the member lead it. Each time it joins a generation begins.
pub(super) async fn coordinator() -> Broker {
    let broker = broker_with_records().await;
    coordinates(&broker, 0, &broker);
    let generations = AtomicI32::new(0);
    broker.on::<JoinGroupRequest>(move |request, _| {
        if request.member_id.is_empty() && request.group_instance_id.is_none() {
            return answer(JoinGroupResponse {
                error_code: ErrorCode::MemberIdRequired.code(),
                member_id: "me".into(),
                ..JoinGroupResponse::default()
            });
        }
        let metadata = request.protocols[0].metadata.clone();
        answer(JoinGroupResponse {
            generation_id: generations.fetch_add(1, Ordering::Relaxed) + 1,
            protocol_name: Some("range".into()),
            leader: "me".into(),
            member_id: "me".into(),
            members: vec![JoinGroupResponseMember { member_id: "me".into(), metadata, ..Default::default() }],
            ..JoinGroupResponse::default()
        })
    });
    broker.on::<SyncGroupRequest>(|request, _| {
        let assignment = request.assignments[0].assignment.clone();
        answer(SyncGroupResponse { assignment, ..SyncGroupResponse::default() })
    });
    broker.on::<HeartbeatRequest>(|_, _| answer(HeartbeatResponse::default()));
    broker.on::<LeaveGroupRequest>(|_, _| answer(LeaveGroupResponse::default()));
    broker.on::<OffsetFetchRequest>(|request, _| nothing_committed(&request));
    broker.on::<OffsetCommitRequest>(|request, _| committed(&request, ErrorCode::None));
    broker.on::<ListOffsetsRequest>(|_, _| {
        let told = ListOffsetsPartitionResponse { offset: 0, ..ListOffsetsPartitionResponse::default() };
        let topic = ListOffsetsTopicResponse { name: "t".into(), partitions: vec![told] };
        answer(ListOffsetsResponse { topics: vec![topic], ..ListOffsetsResponse::default() })
    });
    broker
}

/// Tells that another one coordinates.
pub(super) fn coordinates(broker: &Broker, id: i32, other: &Broker) {
    let (host, port) = (other.address.ip().to_string(), i32::from(other.address.port()));
    broker.on::<FindCoordinatorRequest>(move |request, _| {
        let key = request.coordinator_keys[0].clone();
        let found =
            Coordinator { key, node_id: id, host: host.as_str().into(), port, ..Coordinator::default() };
        answer(FindCoordinatorResponse { coordinators: vec![found], ..FindCoordinatorResponse::default() })
    });
}

fn nothing_committed(request: &OffsetFetchRequest) -> Answer {
    let partition = |index: &i32| OffsetFetchResponsePartitions {
        partition_index: *index,
        committed_offset: -1,
        ..OffsetFetchResponsePartitions::default()
    };
    let group = |group: &OffsetFetchRequestGroup| OffsetFetchResponseGroup {
        group_id: group.group_id.clone(),
        topics: group
            .topics
            .iter()
            .flatten()
            .map(|topic| OffsetFetchResponseTopics {
                name: topic.name.clone(),
                partitions: topic.partition_indexes.iter().map(partition).collect(),
                ..OffsetFetchResponseTopics::default()
            })
            .collect(),
        ..OffsetFetchResponseGroup::default()
    };
    let groups = request.groups.iter().map(group).collect();
    answer(OffsetFetchResponse { groups, ..OffsetFetchResponse::default() })
}

pub(super) fn committed(request: &OffsetCommitRequest, code: ErrorCode) -> Answer {
    let partition = OffsetCommitResponsePartition { error_code: code.code(), ..Default::default() };
    let topics = request.topics.iter().map(|topic| OffsetCommitResponseTopic {
        name: topic.name.clone(),
        partitions: vec![partition.clone()],
        ..OffsetCommitResponseTopic::default()
    });
    answer(OffsetCommitResponse { topics: topics.collect(), ..OffsetCommitResponse::default() })
}

pub(super) fn options() -> ConsumerConfig {
    ConsumerConfig::default()
        .group_id("g".to_owned())
        .enable_auto_commit(false)
        .auto_offset_reset(OffsetReset::Earliest)
        .heartbeat_interval(Duration::from_millis(10))
        .fetch_max_wait(Duration::from_millis(20))
}

/// A member that has consumed the first records.
async fn member(broker: &Broker, options: ConsumerConfig) -> Consumer {
    let consumer = Consumer::new(client(&[broker.address]), options).unwrap();
    consumer.subscribe(["t"]).unwrap();
    assert_eq!(consumer.poll(DEADLINE).await.unwrap().len(), 3);
    consumer
}

/// Asks for records until something is so.
async fn poll_until(consumer: &Consumer, is_so: impl Fn() -> bool) {
    while !is_so() {
        consumer.poll(Duration::from_millis(10)).await.unwrap();
    }
}

pub(super) fn read<R: ottla_client::wire::Request + Message>(broker: &Broker) -> Vec<R> {
    broker.received::<R>().iter().map(Received::read).collect()
}

#[tokio::test]
async fn a_member_leaves_when_it_is_closed_unless_it_is_static() {
    for (instance, expected) in [(None, 1), (Some("i".to_owned()), 0)] {
        let broker = coordinator().await;
        let consumer = member(&broker, options().group_instance_id(instance)).await;
        consumer.close().await;
        assert_eq!(broker.received::<LeaveGroupRequest>().len(), expected);
    }
}

#[tokio::test]
async fn a_commit_during_a_rebalance_is_refused_and_has_the_member_join() {
    let broker = coordinator().await;
    let consumer = member(&broker, options()).await;
    broker.on::<OffsetCommitRequest>(|request, _| committed(&request, ErrorCode::RebalanceInProgress));
    let error = consumer.commit().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::RebalanceInProgress));
    assert_eq!(error.topic_partition(), Some(&TopicPartition::new("t", 0)));
    poll_until(&consumer, || read::<JoinGroupRequest>(&broker).len() == 3).await;
    broker.on::<OffsetCommitRequest>(|request, _| committed(&request, ErrorCode::None));
    poll_until(&consumer, || consumer.group_metadata().unwrap().generation == 2).await;
    poll_until(&consumer, || consumer.assignment().len() == 1).await;
    assert_eq!(consumer.poll(DEADLINE).await.unwrap()[0].offset, 0, "nothing was committed");
    consumer.commit().await.unwrap();
    let last = read::<OffsetCommitRequest>(&broker).pop().unwrap();
    assert_eq!((last.generation_id_or_member_epoch, &*last.member_id), (2, "me"));
    assert_eq!(last.topics[0].partitions[0].committed_offset, 3);
}

#[tokio::test]
async fn a_coordinator_that_moves_is_followed_and_nobody_joins_again() {
    let brokers = [coordinator().await, coordinator().await];
    let addresses = [brokers[0].address, brokers[1].address];
    for broker in &brokers {
        broker.on::<MetadataRequest>(move |_, _| answer(cluster(&addresses, vec![topic("t", 1, 0)])));
    }
    coordinates(&brokers[1], 0, &brokers[0]);
    let consumer = member(&brokers[0], options()).await;
    brokers[0].on::<HeartbeatRequest>(|_, _| {
        answer(HeartbeatResponse { error_code: ErrorCode::NotCoordinator.code(), ..Default::default() })
    });
    for broker in &brokers {
        coordinates(broker, 1, &brokers[1]);
    }
    poll_until(&consumer, || brokers[1].received::<HeartbeatRequest>().len() > 2).await;
    consumer.commit().await.unwrap();
    assert_eq!(brokers[1].received::<OffsetCommitRequest>().len(), 1);
    assert_eq!(brokers[0].received::<JoinGroupRequest>().len(), 2, "once for its name and once to join");
    assert_eq!(brokers[1].received::<JoinGroupRequest>().len(), 0);
    assert_eq!(consumer.assignment().len(), 1);
}

#[tokio::test]
async fn who_was_forgotten_joins_anew_and_who_was_fenced_does_not() {
    for (code, is_fatal) in [(ErrorCode::UnknownMemberId, false), (ErrorCode::FencedInstanceId, true)] {
        let broker = coordinator().await;
        let consumer = member(&broker, options().group_instance_id("i".to_owned())).await;
        let told = Arc::new(AtomicI32::new(0));
        let count = told.clone();
        broker.on::<HeartbeatRequest>(move |_, _| {
            let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
            let error_code = if is_first { code.code() } else { ErrorCode::None.code() };
            answer(HeartbeatResponse { error_code, ..Default::default() })
        });
        let outcome = loop {
            match consumer.poll(Duration::from_millis(10)).await {
                Err(error) => break Err(error),
                Ok(_) if consumer.group_metadata().unwrap().generation == 2 => break Ok(()),
                Ok(_) => {}
            }
        };
        assert_eq!(outcome.as_ref().is_err_and(|error| error.is_fatal()), is_fatal, "{code}: {outcome:?}");
        assert_eq!(consumer.assignment().len(), usize::from(!is_fatal), "{code}");
    }
}

#[tokio::test]
async fn commits_are_done_in_the_order_in_which_they_are_asked_for() {
    let broker = coordinator().await;
    let consumer = member(&broker, options()).await;
    let to = |offset| [(TopicPartition::new("t", 0), CommittedOffset::new(offset))].into();
    let started = [1, 2].map(|offset| consumer.start_commit_offsets(to(offset)).unwrap());
    consumer.commit_offsets(to(3)).await.unwrap();
    for committing in started {
        committing.await.unwrap();
    }
    let offset = |request: &OffsetCommitRequest| request.topics[0].partitions[0].committed_offset;
    let offsets: Vec<_> = read(&broker).iter().map(offset).collect();
    assert_eq!(offsets, [1, 2, 3]);
}

#[tokio::test]
async fn how_long_committed_offsets_stay_is_told_if_it_is_not_the_brokers_to_say() {
    for (retention, expected) in [(None, (9, -1)), (Some(Duration::from_secs(60)), (4, 60_000))] {
        let broker = coordinator().await;
        let consumer = member(&broker, options().offset_retention(retention)).await;
        consumer.commit().await.unwrap();
        let commit = broker.received::<OffsetCommitRequest>().pop().unwrap();
        assert_eq!((commit.version, commit.read::<OffsetCommitRequest>().retention_time_ms), expected);
    }
    let is_static = options().offset_retention(Duration::from_secs(60)).group_instance_id("i".to_owned());
    assert!(Consumer::new(client(&[super::nobody().await]), is_static).is_err());
}

/// A broker that leads `t` and gives it to every member of the protocol `consumer`.
async fn assigning_coordinator() -> Broker {
    let broker = coordinator().await;
    broker.on::<ConsumerGroupHeartbeatRequest>(|request, _| {
        let topic_id = topic("t", 1, 0).topic_id;
        let given = TopicPartitions { topic_id, partitions: vec![0] };
        answer(ConsumerGroupHeartbeatResponse {
            member_epoch: request.member_epoch.max(1),
            heartbeat_interval_ms: 10,
            assignment: Some(Assignment { topic_partitions: vec![given] }),
            ..Default::default()
        })
    });
    broker
}

#[tokio::test]
async fn rebalances_are_counted_in_both_protocols() {
    for (protocol, strategies) in [
        (GroupProtocol::Classic, ConsumerConfig::default().partition_assignment_strategy),
        (GroupProtocol::Consumer, Vec::new()),
    ] {
        let broker = assigning_coordinator().await;
        let options = options().group_protocol(protocol).partition_assignment_strategy(strategies);
        let consumer = member(&broker, options).await;
        let counted = || consumer.client().metrics().group.rebalances.count();
        poll_until(&consumer, || counted() == 1).await;
        assert_eq!(consumer.assignment().len(), 1, "{protocol:?}");
    }
}
