//! What groups committed: classic, consumer and streams groups alike.

use std::collections::BTreeMap;

use ottla_wire::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use ottla_wire::messages::offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
use ottla_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use ottla_wire::messages::{
    OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest, OffsetFetchResponse,
};

use super::about;
use crate::admin::ask::Answer;
use crate::admin::{Admin, Results, by_topic, by_topic_with, known, text};
use crate::group::CommittedOffset;
use crate::{Offset, Result, TopicPartition};

impl Admin {
    /// What a group committed, of these partitions or, if none are named, of all; a partition without an offset has none.
    ///
    /// With `require_stable` it waits for transactions that are about to commit offsets (KIP-447).
    pub async fn list_group_offsets(
        &self,
        group: &str,
        partitions: Option<&[TopicPartition]>,
        require_stable: bool,
    ) -> Result<Results<TopicPartition, Option<CommittedOffset>>> {
        let request = fetch_request(group, partitions, require_stable);
        // Version 10 has ids in place of names; all partitions can be asked for since 2, stable ones alone since 7.
        let version = if require_stable { 7 } else { 2 };
        self.ask_coordinator(group, version..=9, &request, |response, answer| {
            fetched(&response, group, answer)
        })
        .await
    }

    /// Sets where a group is. It must have no members, or the partitions must be those of nobody.
    pub async fn alter_group_offsets(
        &self,
        group: &str,
        offsets: &BTreeMap<TopicPartition, CommittedOffset>,
    ) -> Result<Results<TopicPartition, ()>> {
        let topics = by_topic_with(offsets).into_iter().map(|(topic, partitions)| OffsetCommitRequestTopic {
            name: topic.into(),
            partitions: partitions
                .into_iter()
                .map(|(partition_index, committed)| OffsetCommitRequestPartition {
                    partition_index,
                    committed_offset: committed.offset,
                    committed_leader_epoch: committed.leader_epoch.unwrap_or(-1),
                    committed_metadata: Some((&*committed.metadata).into()),
                    ..OffsetCommitRequestPartition::default()
                })
                .collect(),
            ..OffsetCommitRequestTopic::default()
        });
        let request = OffsetCommitRequest {
            group_id: group.into(),
            topics: topics.collect(),
            ..OffsetCommitRequest::default()
        };
        self.ask_coordinator(group, 2..=9, &request, |response, answer| {
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

/// One request for all versions: up to 7 the group stands by itself, from 8 on in a list.
fn fetch_request(
    group: &str,
    partitions: Option<&[TopicPartition]>,
    require_stable: bool,
) -> OffsetFetchRequest {
    let topics = partitions.map(by_topic);
    let alone = topics.iter().flatten().map(|(topic, partitions)| OffsetFetchRequestTopic {
        name: (*topic).into(),
        partition_indexes: partitions.clone(),
    });
    let listed = topics.iter().flatten().map(|(topic, partitions)| OffsetFetchRequestTopics {
        name: (*topic).into(),
        partition_indexes: partitions.clone(),
        ..OffsetFetchRequestTopics::default()
    });
    OffsetFetchRequest {
        group_id: group.into(),
        topics: topics.is_some().then(|| alone.collect()),
        groups: vec![OffsetFetchRequestGroup {
            group_id: group.into(),
            topics: topics.is_some().then(|| listed.collect()),
            ..OffsetFetchRequestGroup::default()
        }],
        require_stable,
    }
}

fn fetched(
    response: &OffsetFetchResponse,
    group: &str,
    answer: &Answer,
) -> Result<Results<TopicPartition, Option<CommittedOffset>>> {
    let code = response.groups.first().map_or(response.error_code, |group| group.error_code);
    answer.check_about(code, None, about(group))?;
    let mut results = Results::new();
    let mut add = |topic: &str, number, code, offset, epoch, metadata: Option<&str>| {
        let (name, checked) = answer.of_partition(topic, number, code, None);
        let committed = known(offset).map(|offset: Offset| CommittedOffset {
            offset,
            leader_epoch: known(epoch),
            metadata: text(metadata.unwrap_or_default()),
        });
        results.insert(name, checked.map(|()| committed));
    };
    for topic in response.groups.iter().flat_map(|group| &group.topics) {
        for it in &topic.partitions {
            let metadata = it.metadata.as_deref();
            let epoch = it.committed_leader_epoch;
            add(&topic.name, it.partition_index, it.error_code, it.committed_offset, epoch, metadata);
        }
    }
    for topic in &response.topics {
        for it in &topic.partitions {
            let metadata = it.metadata.as_deref();
            let epoch = it.committed_leader_epoch;
            add(&topic.name, it.partition_index, it.error_code, it.committed_offset, epoch, metadata);
        }
    }
    Ok(results)
}
