//! The cluster and its one node: brokers, quorum, features, leaders, directories.

use ottla_wire::{
    ErrorCode,
    messages::{
        AlterReplicaLogDirsRequest, ApiVersionsRequest, DescribeClusterRequest, DescribeLogDirsRequest,
        DescribeQuorumRequest, ElectLeadersRequest, ListConfigResourcesRequest, OffsetForLeaderEpochRequest,
        UnregisterBrokerRequest,
        alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic},
        describe_quorum_request,
        elect_leaders_request::TopicPartitions,
        offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic},
    },
};

use crate::{
    node::{Client, Node},
    records::produce,
};

const BROKER_ENDPOINT: i8 = 1;
const CONTROLLER_ENDPOINT: i8 = 2;

#[tokio::test]
async fn a_cluster_tells_its_brokers_to_who_takes_it_for_brokers() {
    let node = Node::start().await;
    let mut client = node.client().await;
    for (endpoint_type, version, expected) in [
        (BROKER_ENDPOINT, 2, ErrorCode::None),
        (CONTROLLER_ENDPOINT, 2, ErrorCode::MismatchedEndpointType),
        (9, 1, ErrorCode::UnsupportedEndpointType),
    ] {
        let request = DescribeClusterRequest { endpoint_type, ..Default::default() };
        let response = client.call(version, &request).await;
        assert_eq!(response.error_code, expected.code(), "{endpoint_type}");
        assert_eq!(response.brokers.len(), usize::from(expected == ErrorCode::None));
    }
    node.stop().await;
}

#[tokio::test]
async fn the_quorum_is_this_node_which_has_all_there_is() {
    let node = Node::start().await;
    let mut client = node.client().await;
    for (topic_name, partition_index, expected) in
        [("__cluster_metadata", 0, 0), ("__cluster_metadata", 1, 3), ("t", 0, 3)]
    {
        let partitions = vec![describe_quorum_request::PartitionData { partition_index }];
        let topic = describe_quorum_request::TopicData { topic_name: topic_name.into(), partitions };
        let response = client.call(2, &DescribeQuorumRequest { topics: vec![topic] }).await;
        let partition = &response.topics[0].partitions[0];
        assert_eq!((response.error_code, partition.error_code), (0, expected), "{topic_name}");
        if expected == 0 {
            let voters: Vec<_> =
                partition.current_voters.iter().map(|one| (one.replica_id, one.log_end_offset)).collect();
            assert_eq!((partition.leader_id, voters), (1, vec![(1, partition.high_watermark)]));
            assert_eq!(response.nodes.len(), 1);
        }
    }
    node.stop().await;
}

#[tokio::test]
async fn the_only_broker_stays_registered() {
    let node = Node::start().await;
    let mut client = node.client().await;
    for (broker_id, expected) in [(1, ErrorCode::InvalidRequest), (2, ErrorCode::BrokerIdNotRegistered)] {
        let response = client.call(0, &UnregisterBrokerRequest { broker_id }).await;
        assert_eq!(response.error_code, expected.code(), "{broker_id}");
    }
    node.stop().await;
}

#[tokio::test]
async fn features_without_requests_behind_them_are_not_told() {
    let node = Node::start().await;
    let mut client = node.client().await;
    let (client_software_name, client_software_version) = ("tester".into(), "1".into());
    let request = ApiVersionsRequest { client_software_name, client_software_version };
    let told = client.call(4, &request).await;
    let names: Vec<&str> = told.finalized_features.iter().map(|feature| &*feature.name).collect();
    assert!(names.contains(&"metadata.version"), "{names:?}");
    for (feature, api_key) in [("group.version", 68), ("share.version", 76), ("transaction.version", 26)] {
        let is_served = told.api_keys.iter().any(|api| api.api_key == api_key);
        assert_eq!(names.contains(&feature), is_served, "{feature}");
    }
    node.stop().await;
}

#[tokio::test]
async fn a_partition_that_has_its_leader_needs_no_election() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic("t", 1).await;
    let topic = TopicPartitions { topic: "t".into(), partitions: vec![0, 1] };
    let request = ElectLeadersRequest { topic_partitions: Some(vec![topic]), ..Default::default() };
    let response = client.call(2, &request).await;
    let codes: Vec<i16> =
        response.replica_election_results[0].partition_result.iter().map(|one| one.error_code).collect();
    assert_eq!(codes, [ErrorCode::ElectionNotNeeded.code(), ErrorCode::UnknownTopicOrPartition.code()]);
    node.stop().await;
}

#[tokio::test]
async fn replicas_stay_in_the_directory_that_there_is() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic("t", 1).await;
    let described = client.call(4, &DescribeLogDirsRequest { topics: None }).await;
    let here = &described.results[0].log_dir;
    for (path, partition, expected) in [
        (&**here, 0, ErrorCode::None),
        (&**here, 1, ErrorCode::UnknownTopicOrPartition),
        ("/elsewhere", 0, ErrorCode::LogDirNotFound),
    ] {
        let topic = AlterReplicaLogDirTopic { name: "t".into(), partitions: vec![partition] };
        let dir = AlterReplicaLogDir { path: path.into(), topics: vec![topic] };
        let response = client.call(2, &AlterReplicaLogDirsRequest { dirs: vec![dir] }).await;
        assert_eq!(response.results[0].partitions[0].error_code, expected.code(), "{path} {partition}");
    }
    node.stop().await;
}

#[tokio::test]
async fn what_can_be_configured_is_listed_by_kind() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic("t", 1).await;
    for (types, expected) in
        [(&[][..], &[("t", 2), ("1", 4), ("1", 8)][..]), (&[2], &[("t", 2)]), (&[4, 16, 32], &[("1", 4)])]
    {
        let request = ListConfigResourcesRequest { resource_types: types.to_vec() };
        let listed = client.call(1, &request).await.config_resources;
        let listed: Vec<_> = listed.iter().map(|one| (&*one.resource_name, one.resource_type)).collect();
        assert_eq!(listed, expected, "{types:?}");
    }
    let request = ListConfigResourcesRequest { resource_types: vec![1] };
    assert_eq!(client.call(1, &request).await.error_code, ErrorCode::UnsupportedVersion.code());
    node.stop().await;
}

/// Epoch and end, as the answer has them.
async fn end_of(
    client: &mut Client,
    leader_epoch: i32,
    current_leader_epoch: i32,
) -> Result<(i32, i64), i16> {
    let partition = OffsetForLeaderPartition { partition: 0, current_leader_epoch, leader_epoch };
    let topic = OffsetForLeaderTopic { topic: "t".into(), partitions: vec![partition] };
    let request = OffsetForLeaderEpochRequest { replica_id: -1, topics: vec![topic] };
    let answer = client.call(4, &request).await.topics.remove(0).partitions.remove(0);
    if answer.error_code == 0 { Ok((answer.leader_epoch, answer.end_offset)) } else { Err(answer.error_code) }
}

#[tokio::test]
async fn a_leader_epoch_ends_where_the_next_one_begins() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic("t", 1).await;
    assert_eq!(produce(&mut client, "t", 0, b"v").await, 0);
    assert_eq!(end_of(&mut client, 0, -1).await, Ok((0, 1)));
    assert_eq!(end_of(&mut client, 1, -1).await, Ok((-1, -1)), "not yet");
    let node = node.restart().await;
    let mut client = node.client().await;
    assert_eq!(produce(&mut client, "t", 0, b"v").await, 0);
    assert_eq!(end_of(&mut client, 0, -1).await, Ok((0, 1)));
    assert_eq!(end_of(&mut client, 0, 0).await, Err(ErrorCode::FencedLeaderEpoch.code()));
    assert_eq!(end_of(&mut client, 0, 99).await, Err(ErrorCode::UnknownLeaderEpoch.code()));
    node.stop().await;
}
