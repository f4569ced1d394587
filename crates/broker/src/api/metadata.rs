//! Metadata: brokers, topics and their leaders; missing topics are created where client and broker both allow it.

use ottla_metadata::{Image, Topic, names};
use ottla_wire::{
    ByteString, ErrorCode, Uuid,
    messages::{
        CreateTopicsRequest, MetadataRequest, MetadataResponse,
        metadata_request::MetadataRequestTopic,
        metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic},
    },
};

use super::Context;
use crate::random;

/// Clients below this version always allow that topics are created.
const MAY_CREATE_FROM: i16 = 4;

pub(crate) async fn handle(context: &Context<'_>, request: MetadataRequest) -> MetadataResponse {
    let wanted = match (&request.topics, context.version) {
        (None, _) => None,
        // In version 0 an empty list means all.
        (Some(topics), 0) if topics.is_empty() => None,
        (Some(topics), _) => Some(topics.as_slice()),
    };
    let topics = match wanted {
        None => all_topics(&context.broker.metadata.image()),
        Some(wanted) => named_topics(context, &request, wanted).await,
    };
    let image = context.broker.metadata.image();
    MetadataResponse {
        brokers: brokers(context, &image),
        cluster_id: Some(context.broker.identity.cluster_id.clone()),
        controller_id: context.broker.identity.node_id,
        topics,
        ..Default::default()
    }
}

fn brokers(context: &Context<'_>, image: &Image) -> Vec<MetadataResponseBroker> {
    let listener = &context.connection.listener;
    let serving = image.cluster().brokers().filter(|broker| !broker.fenced);
    serving
        .filter_map(|broker| {
            let endpoint = broker.endpoint(listener)?;
            Some(MetadataResponseBroker {
                node_id: broker.id,
                host: endpoint.host.clone(),
                port: endpoint.port.into(),
                rack: broker.rack.clone(),
            })
        })
        .collect()
}

fn all_topics(image: &Image) -> Vec<MetadataResponseTopic> {
    image.topics().sorted().into_iter().map(|topic| describe(topic)).collect()
}

async fn named_topics(
    context: &Context<'_>,
    request: &MetadataRequest,
    wanted: &[MetadataRequestTopic],
) -> Vec<MetadataResponseTopic> {
    let mut found = look_up(&context.broker.metadata.image(), wanted);
    let may_create = context.version < MAY_CREATE_FROM || request.allow_auto_topic_creation;
    if may_create && context.broker.config().creation.auto_create {
        create_missing(context, &mut found).await;
    }
    found
}

fn look_up(image: &Image, wanted: &[MetadataRequestTopic]) -> Vec<MetadataResponseTopic> {
    let one = |topic: &MetadataRequestTopic| match &topic.name {
        Some(name) if topic.topic_id.is_nil() => match image.topics().by_name(name) {
            Some(topic) => describe(topic),
            None => missing_name(name.clone()),
        },
        name => match image.topics().by_id(topic.topic_id) {
            Some(topic) => describe(topic),
            None => unknown_id(topic.topic_id, name.clone()),
        },
    };
    wanted.iter().map(one).collect()
}

fn missing_name(name: ByteString) -> MetadataResponseTopic {
    let error = match names::check(&name) {
        Ok(()) => ErrorCode::UnknownTopicOrPartition,
        Err(_) => ErrorCode::InvalidTopicException,
    };
    MetadataResponseTopic {
        error_code: error.code(),
        is_internal: names::is_internal(&name),
        name: Some(name),
        ..Default::default()
    }
}

fn unknown_id(topic_id: Uuid, name: Option<ByteString>) -> MetadataResponseTopic {
    MetadataResponseTopic {
        error_code: ErrorCode::UnknownTopicId.code(),
        name,
        topic_id,
        ..Default::default()
    }
}

/// Creates the topics that there are not. The answer says as Kafka's does that they have no leader yet, or what
/// stands against them; clients ask again.
async fn create_missing(context: &Context<'_>, found: &mut [MetadataResponseTopic]) {
    let missing = |topic: &MetadataResponseTopic| {
        topic.error_code == ErrorCode::UnknownTopicOrPartition.code() && topic.name.is_some()
    };
    let names: Vec<ByteString> = found.iter().filter(|t| missing(t)).filter_map(|t| t.name.clone()).collect();
    if names.is_empty() {
        return;
    }
    let decided = context.broker.controller.decide(move |controller| {
        let topics = names.iter().map(|name| controller.auto_created_topic(name)).collect();
        let request = CreateTopicsRequest { topics, ..Default::default() };
        controller.create_topics(&request, &mut random::uuid)
    });
    let Ok(created) = decided.await else { return };
    for topic in found.iter_mut().filter(|topic| missing(topic)) {
        let result = created.topics.iter().find(|result| Some(&result.name) == topic.name.as_ref());
        let code = result.and_then(|result| ErrorCode::from_code(result.error_code));
        topic.error_code = match code {
            Some(ErrorCode::None | ErrorCode::TopicAlreadyExists) => ErrorCode::LeaderNotAvailable,
            Some(error) => error,
            None => ErrorCode::UnknownTopicOrPartition,
        }
        .code();
    }
    let image = context.broker.metadata.image();
    for topic in found.iter_mut().filter(|t| t.error_code == ErrorCode::LeaderNotAvailable.code()) {
        if let Some(created) = topic.name.as_ref().and_then(|name| image.topics().by_name(name)) {
            *topic = describe(created);
        }
    }
}

fn describe(topic: &Topic) -> MetadataResponseTopic {
    let partitions = topic.partitions.iter().map(|partition| MetadataResponsePartition {
        error_code: match partition.leader {
            -1 => ErrorCode::LeaderNotAvailable.code(),
            _ => ErrorCode::None.code(),
        },
        partition_index: partition.id,
        leader_id: partition.leader,
        leader_epoch: partition.leader_epoch,
        replica_nodes: partition.replicas.to_vec(),
        isr_nodes: partition.isr.to_vec(),
        offline_replicas: Vec::new(),
    });
    MetadataResponseTopic {
        error_code: ErrorCode::None.code(),
        name: Some(topic.name.clone()),
        topic_id: topic.id,
        is_internal: names::is_internal(&topic.name),
        partitions: partitions.collect(),
        ..Default::default()
    }
}
