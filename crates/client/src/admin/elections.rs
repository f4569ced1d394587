//! Elections of partitions' leaders.

use ottla_wire::messages::ElectLeadersRequest;
use ottla_wire::messages::elect_leaders_request::TopicPartitions;

use super::{Admin, Results, by_topic};
use crate::{Result, TopicPartition};

/// Who may be elected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElectionType {
    /// The first of the replicas, if it is in sync.
    Preferred,
    /// Any replica, also one that lacks records that were acknowledged: these are lost then.
    Unclean,
}

impl Admin {
    /// Has leaders elected, of these partitions or, if none are named, of all that need it. Partitions of the latter kind that need no
    /// election are not among the results.
    pub async fn elect_leaders(
        &self,
        election: ElectionType,
        partitions: Option<&[TopicPartition]>,
    ) -> Result<Results<TopicPartition, ()>> {
        let wanted = partitions.map(|partitions| {
            let topics = by_topic(partitions).into_iter();
            topics.map(|(topic, partitions)| TopicPartitions { topic: topic.into(), partitions }).collect()
        });
        let request = ElectLeadersRequest {
            election_type: match election {
                ElectionType::Preferred => 0,
                ElectionType::Unclean => 1,
            },
            topic_partitions: wanted,
            timeout_ms: self.timeout_ms(),
        };
        self.ask_controller(&request, |response, answer| {
            answer.check(response.error_code, None)?;
            let mut results = Results::new();
            for topic in &response.replica_election_results {
                for partition in &topic.partition_result {
                    let (name, outcome) = answer.of_partition(
                        &topic.topic,
                        partition.partition_id,
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
}
