//! DescribeProducers: who has written to a partition with a producer id lately.

use std::sync::Arc;

use ottla_metadata::{ApiError, names};
use ottla_replica::ProducerEntry;
use ottla_wire::{
    ErrorCode,
    messages::{
        DescribeProducersRequest, DescribeProducersResponse,
        describe_producers_response::{PartitionResponse, ProducerState, TopicResponse},
    },
};

use super::{Context, unique::AskedPartitions};
use crate::{partition::Partition, topics::Topic};

/// In Kafka's words.
const UNKNOWN: &str = "This server does not host this topic-partition.";

pub(crate) async fn handle(
    context: &Context<'_>,
    request: DescribeProducersRequest,
) -> DescribeProducersResponse {
    let mut asked_before = AskedPartitions::new();
    let topics = request.topics.into_iter().filter_map(|mut asked| {
        if !asked_before.keep_new(&asked.name, &mut asked.partition_indexes) {
            return None;
        }
        let topic = find(context, &asked.name);
        let partitions = asked.partition_indexes.iter().map(|index| describe(&topic, *index));
        Some(TopicResponse { partitions: partitions.collect(), name: asked.name })
    });
    DescribeProducersResponse { topics: topics.collect(), ..Default::default() }
}

fn find(context: &Context<'_>, name: &str) -> Result<Arc<Topic>, ApiError> {
    names::check(name).map_err(|reason| ApiError::new(ErrorCode::InvalidTopicException, reason))?;
    let topic = context.broker.topics.by_name(name);
    topic.ok_or_else(|| ApiError::new(ErrorCode::UnknownTopicOrPartition, UNKNOWN))
}

fn describe(topic: &Result<Arc<Topic>, ApiError>, partition_index: i32) -> PartitionResponse {
    let found = topic.as_ref().map_err(ApiError::clone).and_then(|topic| {
        topic.partition(partition_index).ok_or_else(|| ApiError::code(ErrorCode::UnknownTopicOrPartition))
    });
    match found {
        Ok(partition) => {
            let active_producers = producers(&partition);
            PartitionResponse { partition_index, active_producers, ..Default::default() }
        }
        Err(error) => PartitionResponse {
            partition_index,
            error_code: error.code.code(),
            error_message: error.message.map(Into::into),
            ..Default::default()
        },
    }
}

fn producers(partition: &Partition) -> Vec<ProducerState> {
    partition.lock().replica.producers().map(|entry| state(&entry)).collect()
}

fn state(entry: &ProducerEntry) -> ProducerState {
    ProducerState {
        producer_id: entry.producer_id,
        producer_epoch: entry.producer_epoch.into(),
        last_sequence: entry.last_sequence,
        last_timestamp: entry.timestamp,
        coordinator_epoch: entry.coordinator_epoch,
        current_txn_start_offset: entry.transaction_start.unwrap_or(-1),
    }
}
