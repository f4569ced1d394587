//! ElectLeaders.

use ottla_wire::{
    ErrorCode,
    messages::{
        ElectLeadersRequest, ElectLeadersResponse, MetadataRecord, PartitionChangeRecord,
        elect_leaders_response::{PartitionResult, ReplicaElectionResult},
    },
};
use uuid::Uuid;

use super::{ApiError, Controller, Decision, fields, invalid_request};
use crate::{LeaderRecovery, Partition};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Election {
    /// The first replica leads again.
    Preferred,
    /// Any replica, even one that may lack records.
    Unclean,
}

impl Controller<'_> {
    pub fn elect_leaders(&self, request: &ElectLeadersRequest) -> Decision<ElectLeadersResponse> {
        let election = match request.election_type {
            0 => Election::Preferred,
            1 => Election::Unclean,
            other => return Decision::none(unknown_election(request, other)),
        };
        let mut records = Vec::new();
        let replica_election_results = match &request.topic_partitions {
            Some(_) => self.elect_among(request, election, &mut records),
            None => self.elect_everywhere(election, &mut records),
        };
        Decision {
            records,
            response: ElectLeadersResponse { replica_election_results, ..Default::default() },
        }
    }

    fn elect_among(
        &self,
        request: &ElectLeadersRequest,
        election: Election,
        records: &mut Vec<MetadataRecord>,
    ) -> Vec<ReplicaElectionResult> {
        let asked = request.topic_partitions.iter().flatten();
        let elected = asked.map(|topic| ReplicaElectionResult {
            topic: topic.topic.clone(),
            partition_result: topic
                .partitions
                .iter()
                .map(|partition| result(*partition, self.elect(&topic.topic, *partition, election, records)))
                .collect(),
        });
        elected.collect()
    }

    /// Partitions that have the leader that they should have are left out of the answer.
    fn elect_everywhere(
        &self,
        election: Election,
        records: &mut Vec<MetadataRecord>,
    ) -> Vec<ReplicaElectionResult> {
        let mut results = Vec::new();
        for topic in self.image.topics().sorted() {
            let needed = topic.partitions.iter().filter(|partition| !election.is_settled(partition));
            let elected = needed.map(|p| result(p.id, self.elect(&topic.name, p.id, election, records)));
            results.push(ReplicaElectionResult {
                topic: topic.name.clone(),
                partition_result: elected.collect(),
            });
        }
        results
    }

    fn elect(
        &self,
        name: &str,
        id: i32,
        election: Election,
        records: &mut Vec<MetadataRecord>,
    ) -> Result<(), ApiError> {
        let unknown = |message| ApiError::new(ErrorCode::UnknownTopicOrPartition, message);
        let topic = self.image.topics().by_name(name);
        let topic = topic.ok_or_else(|| unknown(format!("No such topic as {name}")))?;
        let partition = topic.partition(id);
        let partition = partition.ok_or_else(|| unknown(format!("No such partition as {name}-{id}")))?;
        if election.is_settled(partition) {
            let message = "Leader election not needed for topic partition.";
            return Err(ApiError::new(ErrorCode::ElectionNotNeeded, message));
        }
        records.push(self.election(topic.id, partition, election)?.into());
        Ok(())
    }

    fn election(
        &self,
        topic_id: Uuid,
        partition: &Partition,
        election: Election,
    ) -> Result<PartitionChangeRecord, ApiError> {
        let active = |id: &i32| self.image.cluster().is_active(*id);
        let in_sync = |id: &i32| partition.isr.contains(id);
        let unchanged = PartitionChangeRecord { partition_id: partition.id, topic_id, ..Default::default() };
        match election {
            Election::Preferred => {
                let leader = partition.preferred_leader().filter(|id| active(id) && in_sync(id));
                let leader = leader.ok_or_else(preferred_leader_not_available)?;
                Ok(PartitionChangeRecord { leader, ..unchanged })
            }
            Election::Unclean => {
                let clean = partition.replicas.iter().find(|id| active(id) && in_sync(id));
                if let Some(leader) = clean {
                    return Ok(PartitionChangeRecord { leader: *leader, ..unchanged });
                }
                let leader =
                    *partition.replicas.iter().find(|id| active(id)).ok_or_else(no_eligible_leader)?;
                let (isr, leader_recovery_state) = (Some(vec![leader]), LeaderRecovery::Recovering as i8);
                Ok(PartitionChangeRecord { leader, isr, leader_recovery_state, ..unchanged })
            }
        }
    }
}

impl Election {
    fn is_settled(self, partition: &Partition) -> bool {
        match self {
            Election::Preferred => partition.preferred_leader() == Some(partition.leader),
            Election::Unclean => partition.has_leader(),
        }
    }
}

fn result(partition_id: i32, result: Result<(), ApiError>) -> PartitionResult {
    let (error_code, error_message) = fields(result);
    PartitionResult { partition_id, error_code, error_message }
}

fn unknown_election(request: &ElectLeadersRequest, code: i8) -> ElectLeadersResponse {
    let error = invalid_request(format!("Unknown election type {code}"));
    let refused =
        |topic: &ottla_wire::messages::elect_leaders_request::TopicPartitions| ReplicaElectionResult {
            topic: topic.topic.clone(),
            partition_result: topic.partitions.iter().map(|id| result(*id, Err(error.clone()))).collect(),
        };
    ElectLeadersResponse {
        error_code: error.code.code(),
        replica_election_results: request.topic_partitions.iter().flatten().map(refused).collect(),
        ..Default::default()
    }
}

fn preferred_leader_not_available() -> ApiError {
    let message = "The preferred leader was not available.";
    ApiError::new(ErrorCode::PreferredLeaderNotAvailable, message)
}

fn no_eligible_leader() -> ApiError {
    let message = "Eligible topic partition leaders are not available.";
    ApiError::new(ErrorCode::EligibleLeadersNotAvailable, message)
}

#[cfg(test)]
mod tests {
    use ottla_wire::messages::elect_leaders_request::TopicPartitions;

    use super::*;
    use crate::decide::fixture::{NODE, Node, outcome};

    fn request(election_type: i8, asked: &[(&str, i32)]) -> ElectLeadersRequest {
        let topic = |(name, partition): &(&str, i32)| TopicPartitions {
            topic: (*name).into(),
            partitions: vec![*partition],
        };
        ElectLeadersRequest {
            election_type,
            topic_partitions: Some(asked.iter().map(topic).collect()),
            ..Default::default()
        }
    }

    #[test]
    fn elections_that_cannot_be_are_refused_in_kafkas_words() {
        use ErrorCode as E;
        let mut node = Node::new();
        node.create("t", 1);
        let not_needed = "Leader election not needed for topic partition.";
        for (election, topic, partition, code, message) in [
            (0, "t", 0, E::ElectionNotNeeded, not_needed),
            (1, "t", 0, E::ElectionNotNeeded, not_needed),
            (0, "t", 7, E::UnknownTopicOrPartition, "No such partition as t-7"),
            (0, "nope", 0, E::UnknownTopicOrPartition, "No such topic as nope"),
            (5, "t", 0, E::InvalidRequest, "Unknown election type 5"),
        ] {
            let decision = node.controller().elect_leaders(&request(election, &[(topic, partition)]));
            let result = &decision.response.replica_election_results[0].partition_result[0];
            assert_eq!(outcome(result.error_code, &result.error_message), (code, message));
            assert_eq!(
                decision.response.error_code,
                if election == 5 { E::InvalidRequest.code() } else { 0 }
            );
        }
    }

    #[test]
    fn among_all_partitions_those_with_their_leader_are_left_out() {
        let mut node = Node::new();
        node.create("t", 2);
        let request = ElectLeadersRequest { topic_partitions: None, ..Default::default() };
        let response = node.controller().elect_leaders(&request).response;
        let [topic] = &response.replica_election_results[..] else { panic!("one topic") };
        assert_eq!((&*topic.topic, topic.partition_result.len()), ("t", 0));
    }

    #[test]
    fn a_partition_without_leader_gets_one_only_from_a_broker_that_serves() {
        let mut node = Node::new();
        node.create("t", 1);
        let records = node.controller().shut_down_broker(NODE);
        node.replay(Decision { records, response: () });
        for (election, code) in
            [(0, ErrorCode::PreferredLeaderNotAvailable), (1, ErrorCode::EligibleLeadersNotAvailable)]
        {
            let decision = node.controller().elect_leaders(&request(election, &[("t", 0)]));
            let result = &decision.response.replica_election_results[0].partition_result[0];
            assert_eq!(result.error_code, code.code());
        }
    }
}
