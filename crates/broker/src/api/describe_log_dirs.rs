//! DescribeLogDirs: how much lies in the data directory, partition by partition, and how much room there is.

use ottla_wire::{
    ByteString, ErrorCode,
    messages::{
        DescribeLogDirsRequest, DescribeLogDirsResponse,
        describe_log_dirs_response::{DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic},
    },
};

use super::Context;
use crate::{partition::Partition, storage::Storage, topics::Topics};

/// The system does not say.
const UNKNOWN: i64 = -1;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: DescribeLogDirsRequest,
) -> DescribeLogDirsResponse {
    let topics = match &request.topics {
        None => all(&context.broker.topics),
        Some(asked) => {
            let named = |name: &ByteString, indexes: &[i32]| {
                let topic = context.broker.topics.by_name(name)?;
                let partitions = indexes.iter().filter_map(|index| topic.partition(*index));
                described(name.clone(), partitions.map(|partition| describe(&partition)).collect())
            };
            asked.iter().filter_map(|topic| named(&topic.topic, &topic.partitions)).collect()
        }
    };
    let (total_bytes, usable_bytes) = space(&context.broker.storage);
    let dir = DescribeLogDirsResult {
        error_code: ErrorCode::None.code(),
        log_dir: context.broker.storage.dir.to_string_lossy().into_owned().into(),
        topics,
        total_bytes,
        usable_bytes,
        is_cordoned: false,
    };
    DescribeLogDirsResponse { results: vec![dir], ..Default::default() }
}

fn all(topics: &Topics) -> Vec<DescribeLogDirsTopic> {
    let all = topics.all();
    let described = all.iter().filter_map(|topic| {
        let partitions = topic.partitions();
        described(topic.identity.name.clone(), partitions.iter().map(|one| describe(one)).collect())
    });
    described.collect()
}

/// A topic of which nothing is here is not told of.
fn described(name: ByteString, partitions: Vec<DescribeLogDirsPartition>) -> Option<DescribeLogDirsTopic> {
    (!partitions.is_empty()).then_some(DescribeLogDirsTopic { name, partitions })
}

fn describe(partition: &Partition) -> DescribeLogDirsPartition {
    let bytes = partition.lock().log.size_in_bytes();
    DescribeLogDirsPartition {
        partition_index: partition.index,
        partition_size: i64::try_from(bytes).unwrap_or(i64::MAX),
        // This is the leader: it lags behind nobody.
        offset_lag: 0,
        is_future_key: false,
    }
}

fn space(storage: &Storage) -> (i64, i64) {
    let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    match storage.files.disk().free_space(&storage.dir) {
        Ok(space) => (bytes(space.total), bytes(space.free)),
        Err(error) => {
            tracing::warn!(dir = %storage.dir.display(), %error, "cannot tell how much space there is");
            (UNKNOWN, UNKNOWN)
        }
    }
}
