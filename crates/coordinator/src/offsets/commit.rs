//! OffsetCommit: from the request to records.

use ottla_wire::{
    ErrorCode,
    messages::{
        OffsetCommitRequest, OffsetCommitResponse,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic},
    },
};
use uuid::Uuid;

use crate::{
    CommittedOffset, own,
    record::{Record, TEXT_MAX},
};

/// The answer, and the records of the partitions that are not refused.
pub(crate) fn commit(
    request: &OffsetCommitRequest,
    metadata_max: usize,
    now: i64,
) -> (OffsetCommitResponse, Vec<Record>) {
    let expire_timestamp = match request.retention_time_ms {
        -1 => -1,
        retention => now.saturating_add(retention).max(0),
    };
    let mut records = Vec::with_capacity(request.topics.iter().map(|topic| topic.partitions.len()).sum());
    let topics = request.topics.iter().map(|topic| {
        answer(topic, |partition| {
            if is_longer(partition.committed_metadata.as_deref().unwrap_or_default(), metadata_max) {
                return ErrorCode::OffsetMetadataTooLarge;
            }
            let value = committed_offset(topic.topic_id, partition, now, expire_timestamp);
            records.push(Record::Offset {
                group: request.group_id.clone(),
                topic: topic.name.clone(),
                partition: partition.partition_index,
                value: Some(value),
            });
            ErrorCode::None
        })
    });
    let response = OffsetCommitResponse { topics: topics.collect(), ..Default::default() };
    (response, records)
}

/// The answer if all of it is refused.
pub(crate) fn refuse(request: &OffsetCommitRequest, error: ErrorCode) -> OffsetCommitResponse {
    let topics = request.topics.iter().map(|topic| answer(topic, |_| error));
    OffsetCommitResponse { topics: topics.collect(), ..Default::default() }
}

fn answer(
    topic: &OffsetCommitRequestTopic,
    mut error: impl FnMut(&OffsetCommitRequestPartition) -> ErrorCode,
) -> OffsetCommitResponseTopic {
    let partitions = topic.partitions.iter().map(|partition| OffsetCommitResponsePartition {
        partition_index: partition.partition_index,
        error_code: error(partition).code(),
    });
    OffsetCommitResponseTopic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: partitions.collect(),
    }
}

/// Clients of version 1 may say when they commit.
///
/// The only version of the record that has an expiry lacks the leader epoch and the topic's ID: neither is kept then,
/// so that a restart changes nothing.
fn committed_offset(
    topic_id: Uuid,
    partition: &OffsetCommitRequestPartition,
    now: i64,
    expire_timestamp: i64,
) -> CommittedOffset {
    let has_expiry = expire_timestamp >= 0;
    CommittedOffset {
        record_offset: -1,
        offset: partition.committed_offset,
        leader_epoch: if has_expiry { -1 } else { partition.committed_leader_epoch.max(-1) },
        metadata: partition.committed_metadata.as_ref().map(own::text).unwrap_or_default(),
        commit_timestamp: match partition.commit_timestamp {
            -1 => now,
            said => said,
        },
        expire_timestamp,
        topic_id: if has_expiry { Uuid::nil() } else { topic_id },
    }
}

/// Compares a length in UTF-16 units, as Kafka counts, which is at most the length in bytes. No record holds more than
/// `TEXT_MAX`, whatever is allowed.
fn is_longer(text: &str, units_max: usize) -> bool {
    text.len() > TEXT_MAX || text.len() > units_max && text.encode_utf16().count() > units_max
}

/// Whether keys of records can be made of the request.
pub(crate) fn has_storable_names(request: &OffsetCommitRequest) -> bool {
    request.group_id.len() <= TEXT_MAX && request.topics.iter().all(|topic| topic.name.len() <= TEXT_MAX)
}
