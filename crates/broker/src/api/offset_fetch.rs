//! OffsetFetch: the committed offsets of one group, or from version 8 on of several.

use bytestring::ByteString;
use ottla_coordinator::Response;
use ottla_metadata::Image;
use ottla_wire::{
    ErrorCode, Uuid,
    messages::{
        OffsetFetchRequest, OffsetFetchResponse,
        offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
        offset_fetch_response::{
            OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
            OffsetFetchResponseTopic, OffsetFetchResponseTopics,
        },
    },
};

use super::{Context, unique::{AskedPartitions, unique_by}};

/// The first version that has a place for an error of the whole group.
const GROUP_ERROR_FROM: i16 = 2;
/// The first version that asks for several groups.
const SEVERAL_FROM: i16 = 8;
/// The first version that names topics by id.
const TOPIC_IDS_FROM: i16 = 10;

pub(crate) async fn handle(context: &Context<'_>, request: OffsetFetchRequest) -> OffsetFetchResponse {
    if context.version < SEVERAL_FROM {
        let asked = only_group(&request);
        let fetched = fetch(context, asked.clone(), request.require_stable).await;
        return single(context.version, &asked, fetched);
    }
    let mut groups = Vec::with_capacity(request.groups.len().min(64));
    for group in unique_by(request.groups, |group| group.group_id.clone()) {
        groups.push(fetch(context, group, request.require_stable).await);
    }
    OffsetFetchResponse { groups, ..Default::default() }
}

/// An old request, in the form of the new ones.
fn only_group(request: &OffsetFetchRequest) -> OffsetFetchRequestGroup {
    let topics = request.topics.as_ref().map(|topics| {
        let topic = |topic: &ottla_wire::messages::offset_fetch_request::OffsetFetchRequestTopic| {
            OffsetFetchRequestTopics {
                name: topic.name.clone(),
                partition_indexes: topic.partition_indexes.clone(),
                ..Default::default()
            }
        };
        topics.iter().map(topic).collect()
    });
    OffsetFetchRequestGroup { group_id: request.group_id.clone(), topics, ..Default::default() }
}

async fn fetch(
    context: &Context<'_>,
    mut group: OffsetFetchRequestGroup,
    require_stable: bool,
) -> OffsetFetchResponseGroup {
    let by_id = context.version >= TOPIC_IDS_FROM;
    let asks_for_all = group.topics.is_none();
    ask_once(&mut group);
    let mut refused = Vec::new();
    if by_id {
        refused = name_topics(context, &mut group);
    } else {
        identify_topics(context, &mut group);
    }
    let asked = context.ask_group(&group.group_id, |shard, asked| {
        shard.fetch_offsets(&group, require_stable, asked.ticket, asked.out);
    });
    let mut fetched = match asked.await {
        Ok(Response::OffsetFetch(fetched)) => fetched,
        Ok(other) => unreachable!("an OffsetFetch was answered with {other:?}"),
        Err(error) => failed(group.group_id, error),
    };
    if fetched.error_code == ErrorCode::None.code() {
        fetched.topics.extend(refused);
    }
    if by_id && asks_for_all {
        let image = context.broker.metadata.image();
        fetched.topics.retain_mut(|topic| identify(&image, topic));
    }
    fetched
}

/// Leaves out what the group is asked for again.
fn ask_once(group: &mut OffsetFetchRequestGroup) {
    let mut asked = AskedPartitions::new();
    if let Some(topics) = &mut group.topics {
        topics.retain_mut(|topic| {
            asked.keep_new(&(topic.topic_id, topic.name.clone()), &mut topic.partition_indexes)
        });
    }
}

/// Gives the topics that are asked for by id their names; those that there are not are taken out and answered.
fn name_topics(context: &Context<'_>, group: &mut OffsetFetchRequestGroup) -> Vec<OffsetFetchResponseTopics> {
    let mut refused = Vec::new();
    let image = context.broker.metadata.image();
    if let Some(topics) = &mut group.topics {
        topics.retain_mut(|topic| match image.topics().by_id(topic.topic_id) {
            Some(found) => {
                topic.name = found.name.clone();
                true
            }
            None => {
                refused.push(unknown_id(topic));
                false
            }
        });
    }
    refused
}

/// Gives the topics that are asked for by name their ids, so that none is told what was committed for an earlier one.
fn identify_topics(context: &Context<'_>, group: &mut OffsetFetchRequestGroup) {
    let image = context.broker.metadata.image();
    for topic in group.topics.iter_mut().flatten() {
        topic.topic_id = image.topics().by_name(&topic.name).map(|found| found.id).unwrap_or_default();
    }
}

fn unknown_id(topic: &OffsetFetchRequestTopics) -> OffsetFetchResponseTopics {
    let unknown = |&partition_index| OffsetFetchResponsePartitions {
        partition_index,
        committed_offset: -1,
        metadata: Some(ByteString::new()),
        error_code: ErrorCode::UnknownTopicId.code(),
        ..Default::default()
    };
    OffsetFetchResponseTopics {
        topic_id: topic.topic_id,
        partitions: topic.partition_indexes.iter().map(unknown).collect(),
        ..Default::default()
    }
}

/// Gives a topic its id; one that is gone cannot be told of.
fn identify(image: &Image, topic: &mut OffsetFetchResponseTopics) -> bool {
    if let Some(found) = image.topics().by_name(&topic.name) {
        topic.topic_id = found.id;
    }
    topic.topic_id != Uuid::nil()
}

fn failed(group_id: ByteString, error: ErrorCode) -> OffsetFetchResponseGroup {
    OffsetFetchResponseGroup { group_id, error_code: error.code(), ..Default::default() }
}

/// The answer to an old request. Before there was a place for an error of the group, each partition told it.
fn single(
    version: i16,
    asked: &OffsetFetchRequestGroup,
    fetched: OffsetFetchResponseGroup,
) -> OffsetFetchResponse {
    let topics = if version < GROUP_ERROR_FROM && fetched.error_code != ErrorCode::None.code() {
        asked.topics.iter().flatten().map(|topic| failed_topic(topic, fetched.error_code)).collect()
    } else {
        fetched.topics.into_iter().map(old_topic).collect()
    };
    OffsetFetchResponse { topics, error_code: fetched.error_code, ..Default::default() }
}

fn failed_topic(topic: &OffsetFetchRequestTopics, error_code: i16) -> OffsetFetchResponseTopic {
    let failed = |&partition_index| OffsetFetchResponsePartition {
        partition_index,
        committed_offset: -1,
        metadata: Some(ByteString::new()),
        error_code,
        ..Default::default()
    };
    OffsetFetchResponseTopic {
        name: topic.name.clone(),
        partitions: topic.partition_indexes.iter().map(failed).collect(),
    }
}

fn old_topic(topic: OffsetFetchResponseTopics) -> OffsetFetchResponseTopic {
    let partition = |p: OffsetFetchResponsePartitions| OffsetFetchResponsePartition {
        partition_index: p.partition_index,
        committed_offset: p.committed_offset,
        committed_leader_epoch: p.committed_leader_epoch,
        metadata: p.metadata,
        error_code: p.error_code,
    };
    OffsetFetchResponseTopic {
        name: topic.name,
        partitions: topic.partitions.into_iter().map(partition).collect(),
    }
}
