//! Producers that a partition knows.

use ottla_wire::messages::DescribeProducersRequest;
use ottla_wire::messages::describe_producers_request::TopicRequest;

use super::{Admin, Results, by_topic, known};
use crate::{Offset, Result, TopicPartition};

/// An idempotent producer, as a partition's leader knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProducerState {
    /// Its id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i32,
    /// The sequence number of its last record.
    pub last_sequence: i32,
    /// When it last wrote, in milliseconds since the epoch.
    pub last_timestamp: i64,
    /// The epoch of the coordinator of its last transaction.
    pub coordinator_epoch: Option<i32>,
    /// Where its transaction begins, if one is open.
    pub current_transaction_start_offset: Option<Offset>,
}

impl Admin {
    /// The producers that have written to partitions lately.
    pub async fn describe_producers(
        &self,
        partitions: &[TopicPartition],
    ) -> Result<Results<TopicPartition, Vec<ProducerState>>> {
        let ask = |partitions: &[TopicPartition]| DescribeProducersRequest {
            topics: by_topic(partitions)
                .into_iter()
                .map(|(name, partition_indexes)| TopicRequest { name: name.into(), partition_indexes })
                .collect(),
        };
        self.ask_leaders(partitions.iter().cloned(), ask, |response, answer| {
            let mut results = Vec::new();
            for topic in &response.topics {
                for partition in &topic.partitions {
                    let (name, checked) = answer.of_partition(
                        &topic.name,
                        partition.partition_index,
                        partition.error_code,
                        partition.error_message.as_deref(),
                    );
                    let producers = partition.active_producers.iter().map(|producer| ProducerState {
                        producer_id: producer.producer_id,
                        producer_epoch: producer.producer_epoch,
                        last_sequence: producer.last_sequence,
                        last_timestamp: producer.last_timestamp,
                        coordinator_epoch: known(producer.coordinator_epoch),
                        current_transaction_start_offset: known(producer.current_txn_start_offset),
                    });
                    results.push((name, checked.map(|()| producers.collect())));
                }
            }
            results
        })
        .await
    }
}
