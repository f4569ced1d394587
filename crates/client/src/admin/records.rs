//! Deleting the records before an offset.

use std::collections::BTreeMap;

use ottla_wire::messages::DeleteRecordsRequest;
use ottla_wire::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};

use super::{Admin, Results, by_topic_with};
use crate::{Offset, Result, TopicPartition};

impl Admin {
    /// Deletes all records before these offsets, -1 for all there are; gives the offset at which each partition begins now.
    pub async fn delete_records(
        &self,
        before: &BTreeMap<TopicPartition, Offset>,
    ) -> Result<Results<TopicPartition, Offset>> {
        let ask = |partitions: &[TopicPartition]| {
            let wanted = by_topic_with(partitions.iter().map(|partition| (partition, before[partition])));
            let topics = wanted.into_iter().map(|(topic, partitions)| DeleteRecordsTopic {
                name: topic.into(),
                partitions: partitions
                    .into_iter()
                    .map(|(partition_index, offset)| DeleteRecordsPartition { partition_index, offset })
                    .collect(),
            });
            DeleteRecordsRequest { topics: topics.collect(), timeout_ms: self.timeout_ms() }
        };
        self.ask_leaders(before.keys().cloned(), ask, |response, answer| {
            let mut results = Vec::new();
            for topic in &response.topics {
                for partition in &topic.partitions {
                    let (name, checked) = answer.of_partition(
                        &topic.name,
                        partition.partition_index,
                        partition.error_code,
                        None,
                    );
                    results.push((name, checked.map(|()| partition.low_watermark)));
                }
            }
            results
        })
        .await
    }
}
