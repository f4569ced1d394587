//! ListOffsets version 0, of clients from before Kafka 0.10.1: not the offset of a timestamp, but the offsets at which the
//! segments begin that were there at that time, the last one first.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use ottla_log::disk::Disk;
use ottla_records::{Offset, Timestamp};
use ottla_wire::{
    ErrorCode,
    messages::{
        ListOffsetsRequest, ListOffsetsResponse,
        list_offsets_request::ListOffsetsPartition,
        list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse},
    },
};

use super::{Context, fetch::read_error};
use crate::{clock, partition::Partition};

const LATEST: Timestamp = -1;
const EARLIEST: Timestamp = -2;

pub(super) async fn handle(context: &Context<'_>, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let hosted = context.broker.topics.by_name(&topic.name);
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for asked in topic.partitions {
            let partition = hosted.as_ref().and_then(|hosted| hosted.partition(asked.partition_index));
            let found = look_up(context, partition, &asked).await;
            partitions.push(answer(&asked, found));
        }
        topics.push(ListOffsetsTopicResponse { name: topic.name, partitions });
    }
    ListOffsetsResponse { topics, ..Default::default() }
}

fn answer(
    asked: &ListOffsetsPartition,
    found: Result<Vec<Offset>, ErrorCode>,
) -> ListOffsetsPartitionResponse {
    let partition = ListOffsetsPartitionResponse {
        partition_index: asked.partition_index,
        ..ListOffsetsPartitionResponse::default()
    };
    match found {
        Ok(old_style_offsets) => ListOffsetsPartitionResponse { old_style_offsets, ..partition },
        Err(error) => ListOffsetsPartitionResponse { error_code: error.code(), ..partition },
    }
}

async fn look_up(
    context: &Context<'_>,
    partition: Option<Arc<Partition>>,
    asked: &ListOffsetsPartition,
) -> Result<Vec<Offset>, ErrorCode> {
    let partition = partition.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if asked.timestamp < EARLIEST {
        return Err(ErrorCode::UnsupportedVersion);
    }
    // Apache Kafka answers UNKNOWN_SERVER_ERROR.
    let count = usize::try_from(asked.max_num_offsets).map_err(|_negative| ErrorCode::InvalidRequest)?;
    let places = Places::of(&partition)?;
    let before = match asked.timestamp {
        LATEST => places.list.len(),
        EARLIEST => 1,
        timestamp => {
            let storage = Arc::clone(&context.broker.storage);
            let (list, now) = (places.list.clone(), clock::wall_ms());
            let seen =
                tokio::task::spawn_blocking(move || seen_by(storage.files.disk(), &list, timestamp, now));
            seen.await.map_err(|_panicked| ErrorCode::UnknownServerError)?
        }
    };
    Ok(places.last_of(before, count))
}

/// What may be told of a partition: where its segments begin, and where the log ends.
struct Places {
    list: Vec<Place>,
    high_watermark: Offset,
}

#[derive(Clone)]
struct Place {
    offset: Offset,
    /// Whose time of change is the place's. None: it changes now.
    file: Option<PathBuf>,
}

impl Places {
    fn of(partition: &Partition) -> Result<Places, ErrorCode> {
        let state = partition.lock();
        state.check_epoch(-1).map_err(|refused| read_error(&refused))?;
        let start = state.replica.log_start_offset();
        let segments = state.log.segments();
        let end = state.log.end_offset();
        let last_is_empty = segments.last().is_some_and(|last| last.base == end);
        let place = |segment: ottla_log::SegmentFile| Place {
            offset: segment.base.max(start),
            file: segment.is_written.then_some(segment.path),
        };
        let mut list: Vec<Place> = segments.into_iter().map(place).collect();
        if !last_is_empty {
            list.push(Place { offset: end, file: None });
        }
        Ok(Places { list, high_watermark: state.replica.high_watermark() })
    }

    /// The last `count` of the first `before` places, the last one first. What is not committed yet is not told of: the
    /// high watermark stands for it.
    fn last_of(&self, before: usize, count: usize) -> Vec<Offset> {
        let told = self.list.iter().take(before).rev().take(count);
        let mut offsets: Vec<Offset> = told.map(|place| place.offset).collect();
        let committed = offsets.partition_point(|offset| *offset > self.high_watermark);
        if committed > 0 {
            offsets.splice(..committed, [self.high_watermark]);
        }
        offsets
    }
}

/// How many of the places, from the first on, are there because of what was written at this time or before. It asks the
/// file system.
fn seen_by(disk: &dyn Disk, places: &[Place], timestamp: Timestamp, now: Timestamp) -> usize {
    let modified = |place: &Place| match &place.file {
        // A file that is gone by now was deleted since: what follows it is the start.
        Some(file) => disk.modified(file).map_or(Timestamp::MIN, wall_ms),
        None => now,
    };
    places.iter().rposition(|place| modified(place) <= timestamp).map_or(0, |last| last + 1)
}

fn wall_ms(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_places_come_first_and_none_above_the_high_watermark() {
        let check = |high_watermark, before, count, expected: &[Offset]| {
            let list = [0, 10, 20, 25].map(|offset| Place { offset, file: None }).to_vec();
            let places = Places { list, high_watermark };
            assert_eq!(places.last_of(before, count), expected, "{high_watermark} {before} {count}");
        };
        check(25, 4, 10, &[25, 20, 10, 0]);
        check(25, 4, 1, &[25]);
        check(25, 1, 1, &[0]);
        check(25, 2, 10, &[10, 0]);
        check(25, 4, 0, &[]);
        check(25, 0, 5, &[]);
        check(15, 4, 10, &[15, 10, 0]);
        check(20, 4, 10, &[20, 20, 10, 0]);
        check(0, 4, 10, &[0, 0]);
    }
}
