//! OffsetFetch, of one group.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
        offset_fetch_response::{
            OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
        },
    },
};
use uuid::Uuid;

use super::GroupOffsets;
use crate::CommittedOffset;

/// The committed offsets of the partitions that are asked for, or of all if none are named. With `require_stable`,
/// partitions for which a transaction is open are refused.
pub(crate) fn fetch(
    offsets: Option<&GroupOffsets>,
    request: &OffsetFetchRequestGroup,
    require_stable: bool,
) -> OffsetFetchResponseGroup {
    let is_unstable =
        |topic: &str, p: i32| require_stable && offsets.is_some_and(|offsets| offsets.is_unstable(topic, p));
    let topics = match &request.topics {
        Some(topics) => topics.iter().map(|topic| named(offsets, topic, is_unstable)).collect(),
        None => offsets.map(|offsets| all(offsets, is_unstable)).unwrap_or_default(),
    };
    OffsetFetchResponseGroup { group_id: request.group_id.clone(), topics, ..Default::default() }
}

fn named(
    offsets: Option<&GroupOffsets>,
    topic: &OffsetFetchRequestTopics,
    is_unstable: impl Fn(&str, i32) -> bool,
) -> OffsetFetchResponseTopics {
    let committed = offsets.and_then(|offsets| offsets.committed.topic(&topic.name));
    let partitions = topic.partition_indexes.iter().map(|&partition| {
        let offset = committed.and_then(|partitions| partitions.get(&partition));
        let offset = offset.filter(|offset| is_of_topic(offset, topic.topic_id));
        answer(partition, offset, is_unstable(&topic.name, partition))
    });
    OffsetFetchResponseTopics {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: partitions.collect(),
    }
}

fn all(offsets: &GroupOffsets, is_unstable: impl Fn(&str, i32) -> bool) -> Vec<OffsetFetchResponseTopics> {
    let topics = offsets.committed.topics().map(|(name, partitions)| OffsetFetchResponseTopics {
        name: name.clone(),
        topic_id: Uuid::nil(),
        partitions: partitions
            .iter()
            .map(|(&p, offset)| answer(p, Some(offset), is_unstable(name, p)))
            .collect(),
    });
    topics.collect()
}

/// An offset of a topic that was deleted is none of the topic that has its name now.
fn is_of_topic(offset: &CommittedOffset, asked: Uuid) -> bool {
    offset.topic_id == asked || offset.topic_id.is_nil() || asked.is_nil()
}

fn answer(
    partition_index: i32,
    offset: Option<&CommittedOffset>,
    is_unstable: bool,
) -> OffsetFetchResponsePartitions {
    let error = if is_unstable { ErrorCode::UnstableOffsetCommit } else { ErrorCode::None };
    let offset = offset.filter(|_| !is_unstable);
    OffsetFetchResponsePartitions {
        partition_index,
        committed_offset: offset.map_or(-1, |offset| offset.offset),
        committed_leader_epoch: offset.map_or(-1, |offset| offset.leader_epoch),
        metadata: Some(offset.map_or_else(ByteString::new, |offset| offset.metadata.clone())),
        error_code: error.code(),
    }
}
