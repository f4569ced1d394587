//! Offsets that are deleted: by request, with their group, with their topic.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        OffsetDeleteRequest, OffsetDeleteResponse,
        offset_delete_request::OffsetDeleteRequestTopic,
        offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic},
    },
};

use super::GroupOffsets;
use crate::{CommittedOffset, group::Group, record::Record};

/// OffsetDelete: the answer, and the records of what there is to delete.
pub(crate) fn delete(group: &Group, request: &OffsetDeleteRequest) -> (OffsetDeleteResponse, Vec<Record>) {
    let mut records = Vec::new();
    let topics = request.topics.iter().map(|topic| {
        let subscribed = group.is_subscribed_to(&topic.name);
        if !subscribed {
            records
                .extend(present(&group.offsets, topic).map(|p| tombstone(&request.group_id, &topic.name, p)));
        }
        answer(topic, if subscribed { ErrorCode::GroupSubscribedToTopic } else { ErrorCode::None })
    });
    let response = OffsetDeleteResponse { topics: topics.collect(), ..Default::default() };
    (response, records)
}

fn present(offsets: &GroupOffsets, topic: &OffsetDeleteRequestTopic) -> impl Iterator<Item = i32> {
    let exists =
        |p: &i32| offsets.committed.get(&topic.name, *p).is_some() || offsets.is_unstable(&topic.name, *p);
    topic.partitions.iter().map(|partition| partition.partition_index).filter(exists)
}

fn answer(topic: &OffsetDeleteRequestTopic, error: ErrorCode) -> OffsetDeleteResponseTopic {
    let partitions = topic.partitions.iter().map(|partition| OffsetDeleteResponsePartition {
        partition_index: partition.partition_index,
        error_code: error.code(),
    });
    OffsetDeleteResponseTopic { name: topic.name.clone(), partitions: partitions.collect() }
}

/// Deletes those of a group's offsets, committed or of an open transaction, that `concerns` tells.
pub(crate) fn tombstones(
    id: &ByteString,
    offsets: &GroupOffsets,
    concerns: impl Fn(&ByteString, &CommittedOffset) -> bool,
) -> Vec<Record> {
    let concerned = offsets.partitions().filter(|(topic, _, offset)| concerns(topic, offset));
    concerned.map(|(topic, partition, _)| tombstone(id, topic, partition)).collect()
}

pub(crate) fn tombstone(id: &ByteString, topic: &ByteString, partition: i32) -> Record {
    Record::Offset { group: id.clone(), topic: topic.clone(), partition, value: None }
}
