//! Metadata: brokers, topics and their leaders; missing topics are created where client and broker both allow it.

use ottla_metadata::{Controller, Image, Topic, names};
use ottla_wire::{
    ByteString, ErrorCode, Uuid,
    messages::{
        CreateTopicsRequest, MetadataRequest, MetadataResponse,
        metadata_request::MetadataRequestTopic,
        metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic},
    },
};

use super::{Context, operations, unique::unique_by};
use crate::random;

/// Clients below this version always allow that topics are created.
const MAY_CREATE_FROM: i16 = 4;
/// Versions below this one have a field for topic ids and no use for it.
const TOPIC_IDS_FROM: i16 = 12;

pub(crate) async fn handle(context: &Context<'_>, request: MetadataRequest) -> MetadataResponse {
    let wanted = match (&request.topics, context.version) {
        (None, _) => None,
        // In version 0 an empty list means all.
        (Some(topics), 0) if topics.is_empty() => None,
        (Some(topics), _) => Some(topics.as_slice()),
    };
    let mut topics = match wanted {
        None => all_topics(&context.broker.metadata.image()),
        Some(wanted) if !makes_sense(wanted, context.version) => return refused(wanted),
        Some(wanted) => named_topics(context, &request, wanted).await,
    };
    if request.include_topic_authorized_operations {
        let named = topics.iter_mut().filter(|topic| topic.name.is_some());
        named.for_each(|topic| topic.topic_authorized_operations = operations::OF_TOPIC);
    }
    let mut response = MetadataResponse {
        cluster_id: Some(context.broker.identity.cluster_id.clone()),
        controller_id: context.broker.identity.node_id,
        brokers: brokers(context, &context.broker.metadata.image()),
        topics,
        ..Default::default()
    };
    if request.include_cluster_authorized_operations {
        response.cluster_authorized_operations = operations::OF_CLUSTER;
    }
    response
}

/// A topic has a name; it has an id instead in the versions that look topics up by id, and in none before.
fn makes_sense(wanted: &[MetadataRequestTopic], version: i16) -> bool {
    wanted.iter().all(|topic| match (&topic.name, topic.topic_id.is_nil()) {
        (Some(_), true) => true,
        (None, true) => false,
        (_, false) => version >= TOPIC_IDS_FROM,
    })
}

fn refused(wanted: &[MetadataRequestTopic]) -> MetadataResponse {
    let error_code = ErrorCode::InvalidRequest.code();
    let topics = wanted.iter().map(|topic| MetadataResponseTopic {
        error_code,
        name: Some(topic.name.clone().unwrap_or_default()),
        topic_id: topic.topic_id,
        ..Default::default()
    });
    MetadataResponse { topics: topics.collect(), error_code, ..Default::default() }
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

/// Each topic once. Who gives ids is asked for these alone.
fn look_up(image: &Image, wanted: &[MetadataRequestTopic]) -> Vec<MetadataResponseTopic> {
    let topics = image.topics();
    let ids: Vec<Uuid> = wanted.iter().map(|topic| topic.topic_id).filter(|id| !id.is_nil()).collect();
    if ids.is_empty() {
        let find = |name: &ByteString| {
            topics.by_name(name).map_or_else(|| missing_name(name), |topic| describe(topic))
        };
        return unique_by(wanted.iter().filter_map(|topic| topic.name.as_ref()), |name| *name).map(find).collect();
    }
    let find = |id| topics.by_id(id).map_or_else(|| unknown_id(id), |topic| describe(topic));
    unique_by(ids, |id| *id).map(find).collect()
}

fn missing_name(name: &ByteString) -> MetadataResponseTopic {
    let error = match names::check(name) {
        Ok(()) => ErrorCode::UnknownTopicOrPartition,
        Err(_) => ErrorCode::InvalidTopicException,
    };
    MetadataResponseTopic {
        error_code: error.code(),
        is_internal: names::is_internal(name),
        name: Some(name.clone()),
        ..Default::default()
    }
}

fn unknown_id(topic_id: Uuid) -> MetadataResponseTopic {
    let error_code = ErrorCode::UnknownTopicId.code();
    MetadataResponseTopic { error_code, name: None, topic_id, ..Default::default() }
}

/// Creates the topics that there are not, and puts them into the answer, or what stands against them.
async fn create_missing(context: &Context<'_>, found: &mut [MetadataResponseTopic]) {
    let missing =
        |topic: &&mut MetadataResponseTopic| topic.error_code == ErrorCode::UnknownTopicOrPartition.code();
    let names: Vec<ByteString> = found.iter_mut().filter(missing).filter_map(|t| t.name.clone()).collect();
    if names.is_empty() {
        return;
    }
    let create = move |controller: &Controller<'_>| {
        let topics = names.iter().map(|name| controller.auto_created_topic(name)).collect();
        let request = CreateTopicsRequest { topics, ..Default::default() };
        controller.create_topics(&request, &mut random::uuid)
    };
    let created = context.decide(create).await;
    let image = context.broker.metadata.image();
    for topic in found.iter_mut().filter(missing) {
        let Some(name) = &topic.name else { continue };
        match image.topics().by_name(name) {
            Some(created) => *topic = describe(created),
            None => {
                let result = created.topics.iter().find(|result| result.name == *name);
                topic.error_code = result.map_or(topic.error_code, |result| result.error_code);
            }
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
