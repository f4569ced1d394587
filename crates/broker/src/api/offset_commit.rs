//! OffsetCommit: offsets of partitions that exist go to the group's shard; the others are refused here.

use std::collections::hash_map::Entry;

use bytestring::ByteString;
use ottla_coordinator::Response;
use ottla_wire::{
    ErrorCode, Uuid,
    messages::{
        OffsetCommitRequest, OffsetCommitResponse,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic},
    },
};
use rustc_hash::FxHashMap;

use super::Context;

/// The first version that names topics by id.
const TOPIC_IDS_FROM: i16 = 10;

pub(crate) async fn handle(context: &Context<'_>, mut request: OffsetCommitRequest) -> OffsetCommitResponse {
    let mut answers = Answers::default();
    refuse_unknown(context, &mut request, &mut answers);
    if !request.topics.is_empty() {
        commit(context, &request).await.into_iter().for_each(|topic| answers.add(topic));
    }
    OffsetCommitResponse { topics: answers.into_topics(), ..Default::default() }
}

async fn commit(context: &Context<'_>, request: &OffsetCommitRequest) -> Vec<OffsetCommitResponseTopic> {
    let asked = context.ask_group(&request.group_id, |shard, asked| {
        shard.commit_offsets(&asked.context, request, asked.ticket, asked.out);
    });
    match asked.await {
        Ok(Response::OffsetCommit(response)) => response.topics,
        Ok(other) => unreachable!("an OffsetCommit was answered with {other:?}"),
        Err(error) => refuse_all(request, error),
    }
}

pub(super) fn refuse_all(request: &OffsetCommitRequest, error: ErrorCode) -> Vec<OffsetCommitResponseTopic> {
    request.topics.iter().map(|topic| refuse(topic, &topic.partitions, error)).collect()
}

/// Takes what does not exist out of the request, and answers it. Topics that are left have names and ids, whatever the
/// version: what is committed for a topic is none of a later one's that has its name.
pub(super) fn refuse_unknown(
    context: &Context<'_>,
    request: &mut OffsetCommitRequest,
    answers: &mut Answers,
) {
    let image = context.broker.metadata.image();
    let topics = image.topics();
    request.topics.retain_mut(|topic| {
        let (found, error) = match context.version >= TOPIC_IDS_FROM {
            true => (topics.by_id(topic.topic_id), ErrorCode::UnknownTopicId),
            false => (topics.by_name(&topic.name), ErrorCode::UnknownTopicOrPartition),
        };
        let Some(found) = found else {
            answers.add(refuse(topic, &topic.partitions, error));
            return false;
        };
        topic.name = found.name.clone();
        topic.topic_id = found.id;
        let exists = |p: &OffsetCommitRequestPartition| found.partition(p.partition_index).is_some();
        let (known, unknown): (Vec<_>, Vec<_>) = topic.partitions.drain(..).partition(exists);
        if !unknown.is_empty() {
            answers.add(refuse(topic, &unknown, ErrorCode::UnknownTopicOrPartition));
        }
        topic.partitions = known;
        !topic.partitions.is_empty()
    });
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

/// The topics of the response: one entry for each, however often it was named.
#[derive(Debug, Default)]
pub(super) struct Answers {
    topics: Vec<OffsetCommitResponseTopic>,
    places: FxHashMap<(ByteString, Uuid), usize>,
}

impl Answers {
    pub(super) fn into_topics(self) -> Vec<OffsetCommitResponseTopic> {
        self.topics
    }

    pub(super) fn add(&mut self, topic: OffsetCommitResponseTopic) {
        match self.places.entry((topic.name.clone(), topic.topic_id)) {
            Entry::Occupied(place) => self.topics[*place.get()].partitions.extend(topic.partitions),
            Entry::Vacant(place) => {
                place.insert(self.topics.len());
                self.topics.push(topic);
            }
        }
    }
}
