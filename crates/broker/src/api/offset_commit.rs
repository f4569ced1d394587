//! OffsetCommit: offsets of partitions that exist go to the group's shard; the others are refused here.

use ottla_coordinator::Response;
use ottla_wire::{
    ErrorCode,
    messages::{
        OffsetCommitRequest, OffsetCommitResponse,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic},
    },
};

use super::Context;

/// The first version that names topics by id.
const TOPIC_IDS_FROM: i16 = 10;

pub(crate) async fn handle(context: &Context<'_>, mut request: OffsetCommitRequest) -> OffsetCommitResponse {
    let refused = take_unknown(context, &mut request);
    if request.topics.is_empty() {
        return OffsetCommitResponse { topics: refused, ..Default::default() };
    }
    let asked = context.ask_group(&request.group_id, |shard, asked| {
        shard.commit_offsets(&asked.context, &request, asked.ticket, asked.out);
    });
    let committed = match asked.await {
        Ok(Response::OffsetCommit(response)) => response.topics,
        Ok(other) => unreachable!("an OffsetCommit was answered with {other:?}"),
        Err(error) => refuse_all(&request.topics, error),
    };
    OffsetCommitResponse { topics: merge(refused, committed), ..Default::default() }
}

/// Takes what does not exist out of the request, and answers it. Topics that are left have names.
fn take_unknown(context: &Context<'_>, request: &mut OffsetCommitRequest) -> Vec<OffsetCommitResponseTopic> {
    let mut refused = Vec::new();
    request.topics.retain_mut(|topic| {
        let topics = &context.broker.topics;
        let (found, error) = match context.version >= TOPIC_IDS_FROM {
            true => (topics.by_id(topic.topic_id), ErrorCode::UnknownTopicId),
            false => (topics.by_name(&topic.name), ErrorCode::UnknownTopicOrPartition),
        };
        let Some(found) = found else {
            refused.push(refuse(topic, &topic.partitions, error));
            return false;
        };
        topic.name = found.identity.name.clone();
        let exists = |p: &OffsetCommitRequestPartition| found.partition(p.partition_index).is_some();
        let (known, unknown): (Vec<_>, Vec<_>) = topic.partitions.drain(..).partition(exists);
        if !unknown.is_empty() {
            refused.push(refuse(topic, &unknown, ErrorCode::UnknownTopicOrPartition));
        }
        topic.partitions = known;
        !topic.partitions.is_empty()
    });
    refused
}

fn refuse_all(topics: &[OffsetCommitRequestTopic], error: ErrorCode) -> Vec<OffsetCommitResponseTopic> {
    topics.iter().map(|topic| refuse(topic, &topic.partitions, error)).collect()
}

fn refuse(
    topic: &OffsetCommitRequestTopic,
    partitions: &[OffsetCommitRequestPartition],
    error: ErrorCode,
) -> OffsetCommitResponseTopic {
    let refused = |partition: &OffsetCommitRequestPartition| OffsetCommitResponsePartition {
        partition_index: partition.partition_index,
        error_code: error.code(),
    };
    OffsetCommitResponseTopic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: partitions.iter().map(refused).collect(),
    }
}

/// One entry for each topic.
fn merge(
    mut topics: Vec<OffsetCommitResponseTopic>,
    more: Vec<OffsetCommitResponseTopic>,
) -> Vec<OffsetCommitResponseTopic> {
    for topic in more {
        match topics.iter_mut().find(|known| known.name == topic.name && known.topic_id == topic.topic_id) {
            Some(known) => known.partitions.extend(topic.partitions),
            None => topics.push(topic),
        }
    }
    topics
}
