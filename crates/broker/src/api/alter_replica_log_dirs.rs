//! AlterReplicaLogDirs: there is one data directory, and every replica is in it.

use ottla_wire::{
    ByteString, ErrorCode,
    messages::{
        AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse,
        alter_replica_log_dirs_response::{AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult},
    },
};

use super::Context;

/// Longer than this a partition's folder cannot be called while it is moved: `TOPIC-PARTITION.32 digits-future`.
const FOLDER_LENGTH_MAX: usize = 255;
const FUTURE_SUFFIX_LENGTH: usize = ".".len() + 32 + "-future".len();

pub(crate) async fn handle(
    context: &Context<'_>,
    request: AlterReplicaLogDirsRequest,
) -> AlterReplicaLogDirsResponse {
    let mut results: Vec<AlterReplicaLogDirTopicResult> = Vec::new();
    for dir in &request.dirs {
        for topic in &dir.topics {
            let moved = topic.partitions.iter().map(|index| AlterReplicaLogDirPartitionResult {
                partition_index: *index,
                error_code: alter(context, &dir.path, &topic.name, *index).code(),
            });
            match results.iter_mut().find(|result| result.topic_name == topic.name) {
                Some(result) => result.partitions.extend(moved),
                None => results.push(AlterReplicaLogDirTopicResult {
                    topic_name: topic.name.clone(),
                    partitions: moved.collect(),
                }),
            }
        }
    }
    AlterReplicaLogDirsResponse { results, ..Default::default() }
}

fn alter(context: &Context<'_>, path: &str, name: &ByteString, index: i32) -> ErrorCode {
    if ottla_log::partition_folder(name, index).len() + FUTURE_SUFFIX_LENGTH > FOLDER_LENGTH_MAX {
        return ErrorCode::InvalidTopicException;
    }
    if context.broker.storage.dir.as_os_str() != path {
        return ErrorCode::LogDirNotFound;
    }
    match context.broker.topics.by_name(name).and_then(|topic| topic.partition(index)) {
        Some(_) => ErrorCode::None,
        None => ErrorCode::UnknownTopicOrPartition,
    }
}
