//! DescribeQuorum: who votes on the metadata log, and how far it is. This node alone does.

use ottla_metadata::names;
use ottla_wire::{
    ErrorCode,
    messages::{
        DescribeQuorumRequest, DescribeQuorumResponse, describe_quorum_request,
        describe_quorum_response::{Listener, Node, PartitionData, ReplicaState, TopicData},
    },
};

use super::Context;
use crate::clock;

const METADATA_PARTITION: i32 = 0;
const UNKNOWN: &str = "This server does not host this topic-partition.";

pub(crate) async fn handle(context: &Context<'_>, request: DescribeQuorumRequest) -> DescribeQuorumResponse {
    if !is_about_metadata(&request.topics) {
        return unknown(request.topics);
    }
    let partition = describe(context);
    let topic = TopicData { topic_name: names::CLUSTER_METADATA.into(), partitions: vec![partition] };
    DescribeQuorumResponse {
        error_message: None,
        topics: vec![topic],
        nodes: nodes(context),
        ..Default::default()
    }
}

fn is_about_metadata(topics: &[describe_quorum_request::TopicData]) -> bool {
    matches!(topics, [topic] if &*topic.topic_name == names::CLUSTER_METADATA
        && matches!(topic.partitions[..], [ref partition] if partition.partition_index == METADATA_PARTITION))
}

fn unknown(topics: Vec<describe_quorum_request::TopicData>) -> DescribeQuorumResponse {
    let partition = |asked: &describe_quorum_request::PartitionData| PartitionData {
        partition_index: asked.partition_index,
        error_code: ErrorCode::UnknownTopicOrPartition.code(),
        error_message: Some(UNKNOWN.into()),
        ..Default::default()
    };
    let topics = topics.into_iter().map(|topic| TopicData {
        partitions: topic.partitions.iter().map(partition).collect(),
        topic_name: topic.topic_name,
    });
    DescribeQuorumResponse { topics: topics.collect(), ..Default::default() }
}

/// The leader has what it has appended, and is never behind.
fn describe(context: &Context<'_>) -> PartitionData {
    let (identity, metadata) = (&context.broker.identity, &context.broker.metadata);
    let (end, now) = (metadata.end_offset(), clock::wall_ms());
    let leader = ReplicaState {
        replica_id: identity.node_id,
        replica_directory_id: identity.directory_id,
        log_end_offset: end,
        last_fetch_timestamp: now,
        last_caught_up_timestamp: now,
    };
    PartitionData {
        partition_index: METADATA_PARTITION,
        leader_id: identity.node_id,
        leader_epoch: metadata.epoch(),
        high_watermark: end,
        error_message: None,
        current_voters: vec![leader],
        ..Default::default()
    }
}

fn nodes(context: &Context<'_>) -> Vec<Node> {
    let node_id = context.broker.identity.node_id;
    let image = context.broker.metadata.image();
    let endpoints = image.cluster().broker(node_id).into_iter().flat_map(|broker| &broker.endpoints);
    let listeners = endpoints.map(|endpoint| Listener {
        name: endpoint.name.clone(),
        host: endpoint.host.clone(),
        port: endpoint.port,
    });
    vec![Node { node_id, listeners: listeners.collect() }]
}
