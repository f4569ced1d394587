//! Offsets of partitions: where they begin and end, and where a time begins.

use std::collections::BTreeMap;

use ottla_wire::messages::ListOffsetsRequest;
use ottla_wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};

use super::{Admin, Results, by_topic_with, known};
use crate::config::IsolationLevel;
use crate::{Epoch, Offset, Result, TopicPartition};

/// Which offset is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OffsetSpec {
    /// Of the first record that is there.
    Earliest,
    /// After the last record that readers see: the end of committed transactions under
    /// [`IsolationLevel::ReadCommitted`].
    Latest,
    /// Of the first record whose timestamp, in milliseconds since the epoch, is at least that.
    Timestamp(i64),
    /// Of the record with the greatest timestamp (KIP-734).
    MaxTimestamp,
    /// Of the first record on the leader's own disk (KIP-405).
    EarliestLocal,
    /// Of the last record in remote storage (KIP-1005).
    LatestTiered,
    /// Of the first record that is to be copied to remote storage (KIP-1023).
    EarliestPendingUpload,
}

impl OffsetSpec {
    fn timestamp(self) -> i64 {
        match self {
            OffsetSpec::Timestamp(timestamp) => timestamp,
            OffsetSpec::Latest => -1,
            OffsetSpec::Earliest => -2,
            OffsetSpec::MaxTimestamp => -3,
            OffsetSpec::EarliestLocal => -4,
            OffsetSpec::LatestTiered => -5,
            OffsetSpec::EarliestPendingUpload => -6,
        }
    }

    /// The first version of the request that can express it.
    fn version(self) -> i16 {
        match self {
            OffsetSpec::Timestamp(_) | OffsetSpec::Latest | OffsetSpec::Earliest => 1,
            OffsetSpec::MaxTimestamp => 7,
            OffsetSpec::EarliestLocal => 8,
            OffsetSpec::LatestTiered => 9,
            OffsetSpec::EarliestPendingUpload => 11,
        }
    }
}

/// An offset that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedOffset {
    /// The offset; none where no record is meant, as after the last timestamp.
    pub offset: Option<Offset>,
    /// The timestamp of the record there, where one is meant.
    pub timestamp: Option<i64>,
    /// The term of the leader that wrote it.
    pub leader_epoch: Option<Epoch>,
}

impl Admin {
    /// Offsets of partitions.
    pub async fn list_offsets(
        &self,
        specs: &BTreeMap<TopicPartition, OffsetSpec>,
        isolation: IsolationLevel,
    ) -> Result<Results<TopicPartition, ListedOffset>> {
        let version = specs.values().map(|spec| spec.version()).max().unwrap_or(1);
        let isolation_level = i8::from(isolation == IsolationLevel::ReadCommitted);
        let ask = |partitions: &[TopicPartition]| {
            let wanted = partitions.iter().map(|partition| (partition, specs[partition].timestamp()));
            let topics = by_topic_with(wanted).into_iter().map(|(topic, partitions)| ListOffsetsTopic {
                name: topic.into(),
                partitions: partitions
                    .into_iter()
                    .map(|(partition_index, timestamp)| ListOffsetsPartition {
                        partition_index,
                        timestamp,
                        ..ListOffsetsPartition::default()
                    })
                    .collect(),
            });
            ListOffsetsRequest {
                replica_id: -1,
                isolation_level,
                topics: topics.collect(),
                timeout_ms: self.timeout_ms(),
            }
        };
        self.ask_leaders_in(version, specs.keys().cloned(), ask, |response, answer| {
            let mut results = Vec::new();
            for topic in &response.topics {
                for partition in &topic.partitions {
                    let (name, checked) = answer.of_partition(
                        &topic.name,
                        partition.partition_index,
                        partition.error_code,
                        None,
                    );
                    let listed = checked.map(|()| ListedOffset {
                        offset: known(partition.offset),
                        timestamp: known(partition.timestamp),
                        leader_epoch: known(partition.leader_epoch),
                    });
                    results.push((name, listed));
                }
            }
            results
        })
        .await
    }
}
