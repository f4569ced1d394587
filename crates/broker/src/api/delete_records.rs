//! DeleteRecords: the log of a partition begins later from now on.

use ottla_metadata::names;
use ottla_records::Offset;
use ottla_wire::{
    ErrorCode,
    messages::{
        DeleteRecordsRequest, DeleteRecordsResponse,
        delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult},
    },
};

use super::Context;
use crate::{partition::Partition, topics::Topic};

const NO_OFFSET: Offset = -1;

pub(crate) async fn handle(context: &Context<'_>, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let topics = request.topics.into_iter().map(|asked| {
        let topic = context.broker.topics.by_name(&asked.name);
        let partitions = asked.partitions.iter().map(|asked| {
            let (low_watermark, error) = match delete(topic.as_deref(), asked.partition_index, asked.offset) {
                Ok(log_start) => (log_start, ErrorCode::None),
                Err(error) => (NO_OFFSET, error),
            };
            DeleteRecordsPartitionResult {
                partition_index: asked.partition_index,
                low_watermark,
                error_code: error.code(),
            }
        });
        DeleteRecordsTopicResult { partitions: partitions.collect(), name: asked.name }
    });
    DeleteRecordsResponse { topics: topics.collect(), ..Default::default() }
}

fn delete(topic: Option<&Topic>, index: i32, offset: Offset) -> Result<Offset, ErrorCode> {
    let topic = topic.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let partition = topic.partition(index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if names::is_internal(&topic.identity.name) {
        return Err(ErrorCode::InvalidTopicException);
    }
    if is_only_compacted(&partition) {
        return Err(ErrorCode::PolicyViolation);
    }
    partition.delete_records(offset).map_err(|_out_of_range| ErrorCode::OffsetOutOfRange)
}

fn is_only_compacted(partition: &Partition) -> bool {
    let policy = partition.lock().settings.log.cleanup_policy;
    policy.compact && !policy.delete
}
