//! What groups committed: classic, consumer and streams groups alike.

use std::collections::BTreeMap;

use ottla_wire::ErrorCode;
use ottla_wire::messages::offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
use ottla_wire::messages::{OffsetDeleteRequest, OffsetFetchResponse};

use super::about;
use crate::admin::ask::Answer;
use crate::admin::{Admin, Results, by_topic};
use crate::group::{CommittedOffset, GroupMetadata, offsets};
use crate::{Result, TopicPartition};

impl Admin {
    /// What a group committed, of these partitions or, if none are named, of all; a partition without an offset has none.
    ///
    /// With `require_stable` it waits for transactions that are about to commit offsets (KIP-447), as long as a call may take.
    pub async fn list_group_offsets(
        &self,
        group: &str,
        partitions: Option<&[TopicPartition]>,
        require_stable: bool,
    ) -> Result<Results<TopicPartition, Option<CommittedOffset>>> {
        let request = offsets::fetch_request(group, partitions, require_stable);
        let versions = offsets::fetch_versions(require_stable);
        self.ask_coordinator(group, versions, &request, |response, answer| fetched(&response, group, answer))
            .await
    }

    /// Sets where a group is. It must have no members, or the partitions must be those of nobody.
    pub async fn alter_group_offsets(
        &self,
        group: &str,
        committed: &BTreeMap<TopicPartition, CommittedOffset>,
    ) -> Result<Results<TopicPartition, ()>> {
        let request = offsets::commit_request(&GroupMetadata::new(group), committed);
        self.ask_coordinator(group, offsets::COMMIT_VERSIONS, &request, |response, answer| {
            let codes = response.topics.iter().flat_map(|topic| &topic.partitions);
            answer.check_carried_out(codes.map(|partition| partition.error_code))?;
            let mut results = Results::new();
            for topic in &response.topics {
                for partition in &topic.partitions {
                    let (name, outcome) = answer.of_partition(
                        &topic.name,
                        partition.partition_index,
                        partition.error_code,
                        None,
                    );
                    results.insert(name, outcome);
                }
            }
            Ok(results)
        })
        .await
    }

    /// Forgets where a group is. Of topics that its members subscribe to that is refused.
    pub async fn delete_group_offsets(
        &self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<Results<TopicPartition, ()>> {
        let topics = by_topic(partitions).into_iter().map(|(topic, partitions)| OffsetDeleteRequestTopic {
            name: topic.into(),
            partitions: partitions
                .into_iter()
                .map(|partition_index| OffsetDeleteRequestPartition { partition_index })
                .collect(),
        });
        let request = OffsetDeleteRequest { group_id: group.into(), topics: topics.collect() };
        self.ask_coordinator(group, 0..=i16::MAX, &request, |response, answer| {
            answer.check_about(response.error_code, None, about(group))?;
            let mut results = Results::new();
            for topic in &response.topics {
                for partition in &topic.partitions {
                    let (name, outcome) = answer.of_partition(
                        &topic.name,
                        partition.partition_index,
                        partition.error_code,
                        None,
                    );
                    results.insert(name, outcome);
                }
            }
            Ok(results)
        })
        .await
    }
}

fn fetched(
    response: &OffsetFetchResponse,
    group: &str,
    answer: &Answer,
) -> Result<Results<TopicPartition, Option<CommittedOffset>>> {
    answer.check_about(offsets::fetched_code(response), None, about(group))?;
    let fetched = offsets::fetched(response);
    if let Some((partition, code, _)) =
        fetched.iter().find(|(_, code, _)| *code == ErrorCode::UnstableOffsetCommit.code())
    {
        // Without `require_stable` no broker says so.
        return answer
            .of_partition(&partition.topic, partition.partition, *code, None)
            .1
            .map(|()| Results::new());
    }
    let one = |(partition, code, committed): (TopicPartition, i16, Option<CommittedOffset>)| {
        let (name, checked) = answer.of_partition(&partition.topic, partition.partition, code, None);
        (name, checked.map(|()| committed))
    };
    Ok(fetched.into_iter().map(one).collect())
}
