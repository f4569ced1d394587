//! Moving partitions between brokers.

use std::collections::BTreeMap;

use ottla_wire::messages::alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic};
use ottla_wire::messages::list_partition_reassignments_request::ListPartitionReassignmentsTopics;
use ottla_wire::messages::{AlterPartitionReassignmentsRequest, ListPartitionReassignmentsRequest};

use super::{Admin, Results, by_topic, by_topic_with};
use crate::{BrokerId, Call, Destination, Result, TopicPartition};

/// A partition that is on the move.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reassignment {
    /// All who have it or will.
    pub replicas: Vec<BrokerId>,
    /// Those who are about to have it.
    pub adding: Vec<BrokerId>,
    /// Those who are about to have it no more.
    pub removing: Vec<BrokerId>,
}

impl Admin {
    /// Gives partitions other replicas, the preferred leader first; none ends a move that is under way. Done when it has begun.
    ///
    /// Unless `allow_replication_factor_change`, moves that would change the number of replicas are refused (KIP-860).
    pub async fn alter_partition_reassignments(
        &self,
        moves: &BTreeMap<TopicPartition, Option<Vec<BrokerId>>>,
        allow_replication_factor_change: bool,
    ) -> Result<Results<TopicPartition, ()>> {
        let topics = by_topic_with(moves).into_iter().map(|(topic, partitions)| ReassignableTopic {
            name: topic.into(),
            partitions: partitions
                .into_iter()
                .map(|(partition_index, replicas)| ReassignablePartition {
                    partition_index,
                    replicas: replicas.clone(),
                })
                .collect(),
        });
        let request = AlterPartitionReassignmentsRequest {
            timeout_ms: self.timeout_ms(),
            allow_replication_factor_change,
            topics: topics.collect(),
        };
        // A broker of before would change the number without being asked whether it may.
        let version = i16::from(!allow_replication_factor_change);
        let call = Call::to(Destination::Controller).versions(version..=i16::MAX);
        self.ask(&call, &request, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())?;
            let mut results = Results::new();
            for topic in &response.responses {
                for partition in &topic.partitions {
                    let (name, outcome) = answer.of_partition(
                        &topic.name,
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

    /// Partitions that are on the move, of these or of all.
    pub async fn list_partition_reassignments(
        &self,
        partitions: Option<&[TopicPartition]>,
    ) -> Result<BTreeMap<TopicPartition, Reassignment>> {
        let topics = partitions.map(|partitions| {
            let topics = by_topic(partitions).into_iter().map(|(topic, partition_indexes)| {
                ListPartitionReassignmentsTopics { name: topic.into(), partition_indexes }
            });
            topics.collect()
        });
        let request = ListPartitionReassignmentsRequest { timeout_ms: self.timeout_ms(), topics };
        self.ask_controller(&request, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())?;
            let mut moves = BTreeMap::new();
            for topic in &response.topics {
                for partition in &topic.partitions {
                    let name = TopicPartition::new(&*topic.name, partition.partition_index);
                    let reassignment = Reassignment {
                        replicas: partition.replicas.clone(),
                        adding: partition.adding_replicas.clone(),
                        removing: partition.removing_replicas.clone(),
                    };
                    moves.insert(name, reassignment);
                }
            }
            Ok(moves)
        })
        .await
    }
}
