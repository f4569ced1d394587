//! Producers that a partition knows.

use ottla_wire::messages::describe_producers_request::TopicRequest;
use ottla_wire::messages::{DescribeProducersRequest, DescribeProducersResponse};

use super::ask::Answer;
use super::{Admin, Results, by_topic, known};
use crate::{BrokerId, Call, Destination, Offset, Result, TopicPartition};

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

impl ProducerState {
    /// As much as is needed to abort a transaction, for brokers that do not tell of producers: those before Kafka 2.8.
    pub fn new(producer_id: i64, producer_epoch: i16, coordinator_epoch: i32) -> ProducerState {
        ProducerState {
            producer_id,
            producer_epoch: producer_epoch.into(),
            last_sequence: -1,
            last_timestamp: -1,
            coordinator_epoch: known(coordinator_epoch),
            current_transaction_start_offset: None,
        }
    }
}

impl Admin {
    /// The producers that have written to partitions lately.
    pub async fn describe_producers(
        &self,
        partitions: &[TopicPartition],
    ) -> Result<Results<TopicPartition, Vec<ProducerState>>> {
        self.ask_leaders(partitions.iter().cloned(), request, |response, answer| read(&response, answer))
            .await
    }

    /// The same, as this broker knows them, which need not lead the partitions.
    pub async fn describe_producers_at(
        &self,
        broker: BrokerId,
        partitions: &[TopicPartition],
    ) -> Result<Results<TopicPartition, Vec<ProducerState>>> {
        let call = Call::to(Destination::Broker(broker));
        let read = |response: DescribeProducersResponse, answer: &Answer| Ok(read(&response, answer));
        Ok(self.ask(&call, &request(partitions), read).await?.into_iter().collect())
    }
}

fn request(partitions: &[TopicPartition]) -> DescribeProducersRequest {
    let topics = by_topic(partitions).into_iter();
    let topics =
        topics.map(|(name, partition_indexes)| TopicRequest { name: name.into(), partition_indexes });
    DescribeProducersRequest { topics: topics.collect() }
}

fn read(
    response: &DescribeProducersResponse,
    answer: &Answer,
) -> Vec<(TopicPartition, Result<Vec<ProducerState>>)> {
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
}
