//! ListOffsets: the offset of a timestamp, or of one of the places that negative timestamps stand for.

use ottla_log::{FoundRecord, Log};
use ottla_records::{Epoch, Offset, Timestamp};
use ottla_wire::{
    ByteString, ErrorCode,
    messages::{
        ListOffsetsRequest, ListOffsetsResponse,
        list_offsets_request::ListOffsetsPartition,
        list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse},
    },
};
use rustc_hash::FxHashMap;

use super::{Context, fetch::read_error, segment_offsets};
use crate::partition::{Partition, ReadRefused};

/// The first version that asks for the offset of a timestamp.
const TIMESTAMPS_FROM: i16 = 1;

const LATEST: Timestamp = -1;
const EARLIEST: Timestamp = -2;
const MAX_TIMESTAMP: Timestamp = -3;
const EARLIEST_LOCAL: Timestamp = -4;
const LATEST_TIERED: Timestamp = -5;
const EARLIEST_PENDING_UPLOAD: Timestamp = -6;

const READ_COMMITTED: i8 = 1;
/// Who asks is a client and not a follower.
const CONSUMER: i32 = -1;

struct Found {
    offset: Offset,
    timestamp: Timestamp,
    leader_epoch: Epoch,
}

const NOTHING: Found = Found { offset: -1, timestamp: -1, leader_epoch: -1 };

pub(crate) async fn handle(context: &Context<'_>, request: ListOffsetsRequest) -> ListOffsetsResponse {
    if context.version < TIMESTAMPS_FROM {
        return segment_offsets::handle(context, request).await;
    }
    let mut times: FxHashMap<(&ByteString, i32), usize> = FxHashMap::default();
    for topic in &request.topics {
        for asked in &topic.partitions {
            *times.entry((&topic.name, asked.partition_index)).or_default() += 1;
        }
    }
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        let hosted = context.broker.topics.by_name(&topic.name);
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for asked in &topic.partitions {
            let partition = hosted.as_ref().and_then(|hosted| hosted.partition(asked.partition_index));
            partitions.push(match (times.remove(&(&topic.name, asked.partition_index)), partition) {
                (Some(1), Some(partition)) => answer(context, &request, asked, &partition).await,
                (Some(1), None) => refused(asked, ErrorCode::UnknownTopicOrPartition),
                // Which of several timestamps is meant?
                (Some(_), _) => refused(asked, ErrorCode::InvalidRequest),
                (None, _) => continue,
            });
        }
        topics.push(ListOffsetsTopicResponse { name: topic.name.clone(), partitions });
    }
    ListOffsetsResponse { topics, ..Default::default() }
}

async fn answer(
    context: &Context<'_>,
    request: &ListOffsetsRequest,
    asked: &ListOffsetsPartition,
    partition: &Partition,
) -> ListOffsetsPartitionResponse {
    if !is_supported(asked.timestamp, context.version) {
        return refused(asked, ErrorCode::UnsupportedVersion);
    }
    match context.broker.cold_reads.look_up(|| look_up(request, asked, partition)).await {
        Ok(found) => ListOffsetsPartitionResponse {
            partition_index: asked.partition_index,
            error_code: ErrorCode::None.code(),
            timestamp: found.timestamp,
            offset: found.offset,
            leader_epoch: found.leader_epoch,
            ..Default::default()
        },
        Err(error) => {
            tracing::debug!(topic = %partition.topic.name, partition = partition.index, %error, "no offset");
            refused(asked, read_error(&error))
        }
    }
}

fn is_supported(timestamp: Timestamp, version: i16) -> bool {
    match timestamp {
        MAX_TIMESTAMP => version >= 7,
        EARLIEST_LOCAL => version >= 8,
        LATEST_TIERED => version >= 9,
        EARLIEST_PENDING_UPLOAD => version >= 11,
        timestamp => timestamp >= EARLIEST,
    }
}

fn look_up(
    request: &ListOffsetsRequest,
    asked: &ListOffsetsPartition,
    partition: &Partition,
) -> Result<Found, ReadRefused> {
    let mut state = partition.lock();
    state.check_epoch(asked.current_leader_epoch)?;
    let replica = &state.replica;
    let start = replica.log_start_offset();
    let end = match (request.replica_id, request.isolation_level) {
        (CONSUMER, READ_COMMITTED) => replica.last_stable_offset(),
        (CONSUMER, _) => replica.high_watermark(),
        _ => replica.log_end_offset(),
    };
    let leader_epoch = replica.leader_epoch();
    let found = match asked.timestamp {
        LATEST => Found { offset: end, timestamp: -1, leader_epoch },
        EARLIEST | EARLIEST_LOCAL => {
            let epoch = state.log.epoch_of(start).unwrap_or(leader_epoch);
            Found { offset: start, timestamp: -1, leader_epoch: epoch }
        }
        // Nothing is tiered.
        LATEST_TIERED | EARLIEST_PENDING_UPLOAD => NOTHING,
        MAX_TIMESTAMP => timed(state.log.without_waiting(Log::max_timestamp)?, end),
        timestamp => timed(state.log.without_waiting(|log| log.offset_for_timestamp(timestamp))?, end),
    };
    Ok(found)
}

/// What was found by time, unless it lies above what the client may read.
fn timed(found: Option<FoundRecord>, end: Offset) -> Found {
    found.filter(|found| found.offset < end).map_or(NOTHING, |found| Found {
        offset: found.offset,
        timestamp: found.timestamp,
        leader_epoch: found.leader_epoch.unwrap_or(-1),
    })
}

fn refused(asked: &ListOffsetsPartition, error: ErrorCode) -> ListOffsetsPartitionResponse {
    ListOffsetsPartitionResponse {
        partition_index: asked.partition_index,
        error_code: error.code(),
        ..Default::default()
    }
}
