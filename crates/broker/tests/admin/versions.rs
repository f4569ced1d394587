//! What is advertised works: every kind of request, in every version.

use std::collections::BTreeSet;

use ottla_wire::{
    ApiKey, Request,
    messages::{
        AlterConfigsRequest, AlterPartitionReassignmentsRequest, AlterReplicaLogDirsRequest,
        ApiVersionsRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteGroupsRequest,
        DeleteRecordsRequest, DeleteTopicsRequest, DescribeClusterRequest, DescribeConfigsRequest,
        DescribeGroupsRequest, DescribeLogDirsRequest, DescribeProducersRequest, DescribeQuorumRequest,
        DescribeTopicPartitionsRequest, ElectLeadersRequest, FetchRequest, FindCoordinatorRequest,
        HeartbeatRequest, IncrementalAlterConfigsRequest, InitProducerIdRequest, JoinGroupRequest,
        LeaveGroupRequest, ListConfigResourcesRequest, ListGroupsRequest, ListOffsetsRequest,
        ListPartitionReassignmentsRequest, MetadataRequest, OffsetCommitRequest, OffsetDeleteRequest,
        OffsetFetchRequest, OffsetForLeaderEpochRequest, ProduceRequest, SaslAuthenticateRequest,
        SaslHandshakeRequest, SyncGroupRequest, UnregisterBrokerRequest, UpdateFeaturesRequest,
    },
};

use crate::node::{Client, Node};

/// Asks in every version; the connection must survive it.
async fn ask<R: Request>(client: &mut Client, request: R, asked: &mut BTreeSet<ApiKey>) {
    let api = ApiKey::from_code(R::API_KEY).expect("requests have keys");
    for version in api.versions() {
        client.call(version, &request).await;
    }
    asked.insert(api);
}

#[tokio::test]
async fn every_advertised_version_of_every_request_is_answered() {
    let node = Node::start().await;
    let mut client = node.client().await;
    let advertised = client.call(0, &ApiVersionsRequest::default()).await;
    let mut asked = BTreeSet::new();
    macro_rules! ask_all {
        ($($request:ident),* $(,)?) => {
            $(ask(&mut client, $request::default(), &mut asked).await;)*
        };
    }
    // Without anything in it a request is answered at once.
    ask_all!(
        AlterConfigsRequest,
        AlterPartitionReassignmentsRequest,
        AlterReplicaLogDirsRequest,
        ApiVersionsRequest,
        CreatePartitionsRequest,
        CreateTopicsRequest,
        DeleteGroupsRequest,
        DeleteRecordsRequest,
        DeleteTopicsRequest,
        DescribeClusterRequest,
        DescribeConfigsRequest,
        DescribeGroupsRequest,
        DescribeLogDirsRequest,
        DescribeProducersRequest,
        DescribeQuorumRequest,
        DescribeTopicPartitionsRequest,
        ElectLeadersRequest,
        FetchRequest,
        FindCoordinatorRequest,
        HeartbeatRequest,
        IncrementalAlterConfigsRequest,
        InitProducerIdRequest,
        JoinGroupRequest,
        LeaveGroupRequest,
        ListConfigResourcesRequest,
        ListGroupsRequest,
        ListOffsetsRequest,
        ListPartitionReassignmentsRequest,
        MetadataRequest,
        OffsetCommitRequest,
        OffsetDeleteRequest,
        OffsetFetchRequest,
        OffsetForLeaderEpochRequest,
        SaslAuthenticateRequest,
        SaslHandshakeRequest,
        SyncGroupRequest,
        UnregisterBrokerRequest,
        UpdateFeaturesRequest,
    );
    ask(&mut client, ProduceRequest { acks: -1, ..Default::default() }, &mut asked).await;
    let advertised: BTreeSet<ApiKey> =
        advertised.api_keys.iter().filter_map(|api| ApiKey::from_code(api.api_key)).collect();
    assert_eq!(asked, advertised);
    node.stop().await;
}
