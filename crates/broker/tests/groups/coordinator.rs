//! Where groups are kept, and whom clients ask for them.

use ottla_wire::{
    ErrorCode,
    messages::{DescribeGroupsRequest, FindCoordinatorRequest, HeartbeatRequest, ListGroupsRequest},
};

use crate::{
    membership::join,
    node::{Node, OFFSETS_PARTITIONS},
};

const OFFSETS: &str = "__consumer_offsets";

#[tokio::test]
async fn the_first_search_for_a_coordinator_creates_the_topic_that_keeps_groups() {
    let node = Node::start().await;
    let mut client = node.client().await;
    assert_eq!(client.partition_count(OFFSETS).await, None);
    let found = client.find_coordinator().await;
    assert_eq!(found.error_code, ErrorCode::None.code());
    assert_eq!((&*found.host, found.port), ("127.0.0.1", i32::from(node.address().port())));
    assert_eq!(client.partition_count(OFFSETS).await, Some(OFFSETS_PARTITIONS));
    let keys = vec!["one".into(), "other".into()];
    let both = client.call(6, &FindCoordinatorRequest { coordinator_keys: keys, ..Default::default() }).await;
    assert!(both.coordinators.iter().all(|one| one.node_id == 1 && one.error_code == 0), "{both:?}");
}

#[tokio::test]
async fn without_that_topic_there_are_no_groups_and_nobody_coordinates_them() {
    let node = Node::start().await;
    let mut client = node.client().await;
    let heartbeat = HeartbeatRequest { group_id: "g".into(), ..Default::default() };
    assert_eq!(client.call(4, &heartbeat).await.error_code, ErrorCode::NotCoordinator.code());
    assert_eq!(client.call(3, &join("g", "")).await.error_code, ErrorCode::NotCoordinator.code());
    let listed = client.call(4, &ListGroupsRequest::default()).await;
    assert_eq!((listed.error_code, listed.groups.len()), (ErrorCode::None.code(), 0));
}

#[tokio::test]
async fn kinds_of_coordinators_that_there_are_not_are_not_found() {
    let node = Node::start().await;
    let mut client = node.client().await;
    for (kind, expected) in [
        (1, ErrorCode::None),
        (2, ErrorCode::CoordinatorNotAvailable),
        (3, ErrorCode::InvalidRequest),
        (-1, ErrorCode::InvalidRequest),
    ] {
        let keys = vec!["key".into()];
        let request = FindCoordinatorRequest { key_type: kind, coordinator_keys: keys, ..Default::default() };
        let found = client.call(6, &request).await;
        assert_eq!(found.coordinators[0].error_code, expected.code(), "kind {kind}");
    }
}

#[tokio::test]
async fn groups_end_with_their_topic_and_begin_anew_with_the_next() {
    let node = Node::start().await;
    let mut waiting = node.group_client().await;
    let mut client = node.client().await;
    let first = client.call(3, &join("g", "")).await;
    assert_eq!(first.error_code, ErrorCode::None.code());
    waiting.send(3, &join("g", "")).await;
    let describe = DescribeGroupsRequest { groups: vec!["g".into()], ..Default::default() };
    client.until(5, &describe, |d| d.groups[0].members.len() == 2).await;

    client.delete_topic(OFFSETS).await;
    let answer = waiting.receive::<ottla_wire::messages::JoinGroupRequest>(3).await;
    assert_eq!(answer.error_code, ErrorCode::NotCoordinator.code());
    assert_eq!(client.call(3, &join("g", "")).await.error_code, ErrorCode::NotCoordinator.code());

    assert_eq!(client.find_coordinator().await.error_code, ErrorCode::None.code());
    let joined = client.call(3, &join("g", "")).await;
    assert_eq!((joined.error_code, joined.generation_id), (ErrorCode::None.code(), 1));
    node.stop().await;
}
