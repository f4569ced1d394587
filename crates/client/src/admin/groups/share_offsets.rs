//! Where share groups are.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_wire::messages::alter_share_group_offsets_request::{
    AlterShareGroupOffsetsRequestPartition, AlterShareGroupOffsetsRequestTopic,
};
use ottla_wire::messages::delete_share_group_offsets_request::DeleteShareGroupOffsetsRequestTopic;
use ottla_wire::messages::describe_share_group_offsets_request::{
    DescribeShareGroupOffsetsRequestGroup, DescribeShareGroupOffsetsRequestTopic,
};
use ottla_wire::messages::{
    AlterShareGroupOffsetsRequest, DeleteShareGroupOffsetsRequest, DescribeShareGroupOffsetsRequest,
};

use super::about;
use crate::admin::{Admin, Results, by_topic, by_topic_with, known, text};
use crate::error::Resource;
use crate::{Epoch, Offset, Result, TopicPartition};

/// Where a share group is in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShareGroupOffset {
    /// The first record that is not done.
    pub start_offset: Offset,
    /// The term of the leader when that was written.
    pub leader_epoch: Option<Epoch>,
    /// How many records it has yet to do, where the broker tells.
    pub lag: Option<i64>,
}

impl Admin {
    /// Where a share group is, in these partitions or, if none are named, in all; a partition in which it has not begun has none.
    pub async fn list_share_group_offsets(
        &self,
        group: &str,
        partitions: Option<&[TopicPartition]>,
    ) -> Result<Results<TopicPartition, Option<ShareGroupOffset>>> {
        let topics = partitions.map(|partitions| {
            let topics = by_topic(partitions).into_iter().map(|(topic, partitions)| {
                DescribeShareGroupOffsetsRequestTopic { topic_name: topic.into(), partitions }
            });
            topics.collect()
        });
        let groups = vec![DescribeShareGroupOffsetsRequestGroup { group_id: group.into(), topics }];
        let request = DescribeShareGroupOffsetsRequest { groups };
        self.ask_coordinator(group, 0..=i16::MAX, &request, |response, answer| {
            let described = response.groups.first().ok_or_else(|| answer.lacks("the group"))?;
            answer.check_about(described.error_code, described.error_message.as_deref(), about(group))?;
            let mut results = Results::new();
            for topic in &described.topics {
                for partition in &topic.partitions {
                    let (name, checked) = answer.of_partition(
                        &topic.topic_name,
                        partition.partition_index,
                        partition.error_code,
                        partition.error_message.as_deref(),
                    );
                    let offset = known(partition.start_offset).map(|start_offset| ShareGroupOffset {
                        start_offset,
                        leader_epoch: known(partition.leader_epoch),
                        lag: known(partition.lag),
                    });
                    results.insert(name, checked.map(|()| offset));
                }
            }
            Ok(results)
        })
        .await
    }

    /// Has a share group, which must have no members, begin at these offsets.
    pub async fn alter_share_group_offsets(
        &self,
        group: &str,
        offsets: &BTreeMap<TopicPartition, Offset>,
    ) -> Result<Results<TopicPartition, ()>> {
        let topics = by_topic_with(offsets).into_iter().map(|(topic, partitions)| {
            let partitions = partitions.into_iter().map(|(partition_index, start_offset)| {
                AlterShareGroupOffsetsRequestPartition { partition_index, start_offset: *start_offset }
            });
            AlterShareGroupOffsetsRequestTopic { topic_name: topic.into(), partitions: partitions.collect() }
        });
        let request = AlterShareGroupOffsetsRequest { group_id: group.into(), topics: topics.collect() };
        self.ask_coordinator(group, 0..=i16::MAX, &request, |response, answer| {
            answer.check_about(response.error_code, response.error_message.as_deref(), about(group))?;
            let mut results = Results::new();
            for topic in &response.responses {
                for partition in &topic.partitions {
                    let (name, outcome) = answer.of_partition(
                        &topic.topic_name,
                        partition.partition_index,
                        partition.error_code,
                        partition.error_message.as_deref(),
                    );
                    results.insert(name, outcome);
                }
            }
            Ok(results)
        })
        .await
    }

    /// Forgets where a share group, which must have no members, is in topics.
    pub async fn delete_share_group_offsets(
        &self,
        group: &str,
        topics: &[&str],
    ) -> Result<Results<Arc<str>, ()>> {
        let named =
            topics.iter().map(|topic| DeleteShareGroupOffsetsRequestTopic { topic_name: (*topic).into() });
        let request = DeleteShareGroupOffsetsRequest { group_id: group.into(), topics: named.collect() };
        self.ask_coordinator(group, 0..=i16::MAX, &request, |response, answer| {
            answer.check_about(response.error_code, response.error_message.as_deref(), about(group))?;
            let results = response.responses.iter().map(|topic| {
                let name = text(&topic.topic_name);
                let about = Resource::Topic(name.clone());
                (name, answer.check_about(topic.error_code, topic.error_message.as_deref(), about))
            });
            Ok(results.collect())
        })
        .await
    }
}
