//! What is advertised works: every kind of request, in every version.

use std::collections::BTreeSet;

use ottla_wire::{
    ApiKey, Request,
    messages::{
        AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, AlterConfigsRequest,
        AlterPartitionReassignmentsRequest, AlterReplicaLogDirsRequest, ApiVersionsRequest,
        CreatePartitionsRequest, CreateTopicsRequest, DeleteGroupsRequest, DeleteRecordsRequest,
        DeleteTopicsRequest, DescribeClusterRequest, DescribeConfigsRequest, DescribeGroupsRequest,
        DescribeLogDirsRequest, DescribeProducersRequest, DescribeQuorumRequest,
        DescribeTopicPartitionsRequest, DescribeTransactionsRequest, ElectLeadersRequest, EndTxnRequest,
        FetchRequest, FindCoordinatorRequest, HeartbeatRequest, IncrementalAlterConfigsRequest,
        InitProducerIdRequest, JoinGroupRequest, LeaveGroupRequest, ListConfigResourcesRequest,
        ListGroupsRequest, ListOffsetsRequest, ListPartitionReassignmentsRequest, ListTransactionsRequest,
        MetadataRequest, OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest,
        OffsetForLeaderEpochRequest, ProduceRequest, SaslAuthenticateRequest, SaslHandshakeRequest,
        SyncGroupRequest, TxnOffsetCommitRequest, UnregisterBrokerRequest, UpdateFeaturesRequest,
        WriteTxnMarkersRequest,
        api_versions_response::ApiVersion,
        incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
    },
};

use crate::node::{Client, Node};

/// Asks in every version; the connection must survive it.
async fn ask<R: Request>(client: &mut Client, request: R, asked: &mut BTreeSet<ApiKey>) {
    let api = ApiKey::from_code(R::API_KEY).expect("requests have keys");
    for version in api.versions_with_removed() {
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
        AddOffsetsToTxnRequest,
        AddPartitionsToTxnRequest,
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
        DescribeTransactionsRequest,
        ElectLeadersRequest,
        EndTxnRequest,
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
        ListTransactionsRequest,
        MetadataRequest,
        OffsetCommitRequest,
        OffsetDeleteRequest,
        OffsetFetchRequest,
        OffsetForLeaderEpochRequest,
        SaslAuthenticateRequest,
        SaslHandshakeRequest,
        SyncGroupRequest,
        TxnOffsetCommitRequest,
        UnregisterBrokerRequest,
        UpdateFeaturesRequest,
        WriteTxnMarkersRequest,
    );
    ask(&mut client, ProduceRequest { acks: -1, ..Default::default() }, &mut asked).await;
    let advertised: BTreeSet<ApiKey> =
        advertised.api_keys.iter().filter_map(|api| ApiKey::from_code(api.api_key)).collect();
    assert_eq!(asked, advertised);
    node.stop().await;
}

/// The versions of each kind, as clients are told.
async fn ranges(client: &mut Client) -> Vec<(ApiKey, i16, i16)> {
    let told = client.call(3, &said("tester", "1")).await;
    let range = |api: &ApiVersion| {
        (ApiKey::from_code(api.api_key).expect("a known kind"), api.min_version, api.max_version)
    };
    told.api_keys.iter().map(range).collect()
}

fn said(name: &'static str, version: &'static str) -> ApiVersionsRequest {
    ApiVersionsRequest { client_software_name: name.into(), client_software_version: version.into() }
}

/// Alters the option for the only broker, or for one of its listeners.
async fn set_legacy(client: &mut Client, prefix: &str, value: &'static str) {
    let name = format!("{prefix}ottla.legacy.versions");
    let config = AlterableConfig { name: name.into(), config_operation: 0, value: Some(value.into()) };
    let resource =
        AlterConfigsResource { resource_type: 4, resource_name: "1".into(), configs: vec![config] };
    let request = IncrementalAlterConfigsRequest { resources: vec![resource], ..Default::default() };
    let response = &client.call(1, &request).await.responses[0];
    assert_eq!(response.error_code, 0, "{:?}", response.error_message);
}

#[tokio::test]
async fn what_kafka_4_removed_is_served_until_it_is_switched_off() {
    let node = Node::start().await;
    let mut client = node.client().await;
    let check = |ranges: Vec<(ApiKey, i16, i16)>, with_removed: bool| {
        for (api, min, max) in ranges {
            let all = if with_removed { api.versions_with_removed() } else { api.versions() };
            // librdkafka wants to see a Produce 0, even where there is none.
            let first = if api == ApiKey::Produce { 0 } else { *all.start() };
            assert_eq!((min, max), (first, *all.end()), "{api:?}");
        }
    };
    check(ranges(&mut client).await, true);
    client.call(0, &ListOffsetsRequest::default()).await;

    set_legacy(&mut client, "", "false").await;
    check(ranges(&mut client).await, false);
    for version in 0..4 {
        let mut refused = node.client().await;
        refused.send(version, &FetchRequest::default()).await;
        assert!(refused.is_closed().await, "{version}");
    }

    set_legacy(&mut client, "listener.name.plaintext.", "true").await;
    check(ranges(&mut client).await, true);
    client.call(0, &ListOffsetsRequest::default()).await;
    node.stop().await;
}
