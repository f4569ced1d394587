//! DescribeProducers: who has written to a partition with a producer id lately.

use std::sync::Arc;

use ottla_replica::ProducerEntry;
use ottla_wire::{
    ErrorCode,
    messages::{
        DescribeProducersRequest, DescribeProducersResponse,
        describe_producers_response::{PartitionResponse, ProducerState, TopicResponse},
    },
};

use super::Context;
use crate::{partition::Partition, topics::Topic};

pub(crate) async fn handle(
    context: &Context<'_>,
    request: DescribeProducersRequest,
) -> DescribeProducersResponse {
    let topics = request.topics.into_iter().map(|asked| {
        let topic = context.broker.topics.by_name(&asked.name);
        let partitions = asked.partition_indexes.iter().map(|index| describe(topic.as_deref(), *index));
        TopicResponse { partitions: partitions.collect(), name: asked.name }
    });
    DescribeProducersResponse { topics: topics.collect(), ..Default::default() }
}

fn describe(topic: Option<&Topic>, partition_index: i32) -> PartitionResponse {
    let found = topic.and_then(|topic| topic.partition(partition_index));
    match found {
        Some(partition) => PartitionResponse {
            partition_index,
            active_producers: producers(&partition),
            ..Default::default()
        },
        None => PartitionResponse {
            partition_index,
            error_code: ErrorCode::UnknownTopicOrPartition.code(),
            ..Default::default()
        },
    }
}

fn producers(partition: &Arc<Partition>) -> Vec<ProducerState> {
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
