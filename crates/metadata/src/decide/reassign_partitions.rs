//! AlterPartitionReassignments and ListPartitionReassignments.
//!
//! A reassignment begins here: the new replicas are added, those to go are marked. It ends when the new ones are in sync,
//! which the leader reports; on a single node there is none to add, so none is ever under way.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
        ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, MetadataRecord,
        PartitionChangeRecord,
        alter_partition_reassignments_request::ReassignableTopic,
        alter_partition_reassignments_response::{ReassignablePartitionResponse, ReassignableTopicResponse},
        list_partition_reassignments_response::{OngoingPartitionReassignment, OngoingTopicReassignment},
    },
};
use uuid::Uuid;

use super::{ApiError, Controller, Decision, fields};
use crate::{Partition, Topic};

impl Controller<'_> {
    pub fn alter_partition_reassignments(
        &self,
        request: &AlterPartitionReassignmentsRequest,
    ) -> Decision<AlterPartitionReassignmentsResponse> {
        let mut records = Vec::new();
        let responses =
            request.topics.iter().map(|topic| self.reassign_topic(request, topic, &mut records)).collect();
        let response = AlterPartitionReassignmentsResponse {
            allow_replication_factor_change: request.allow_replication_factor_change,
            error_message: None,
            responses,
            ..Default::default()
        };
        Decision { records, response }
    }

    fn reassign_topic(
        &self,
        request: &AlterPartitionReassignmentsRequest,
        topic: &ReassignableTopic,
        records: &mut Vec<MetadataRecord>,
    ) -> ReassignableTopicResponse {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for partition in &topic.partitions {
            let target = partition.replicas.as_deref();
            let change = self.reassign(request, &topic.name, partition.partition_index, target);
            let (error_code, error_message) = fields(change.map(|change| records.extend(change)));
            let partition_index = partition.partition_index;
            partitions.push(ReassignablePartitionResponse { partition_index, error_code, error_message });
        }
        ReassignableTopicResponse { name: topic.name.clone(), partitions }
    }

    fn reassign(
        &self,
        request: &AlterPartitionReassignmentsRequest,
        name: &ByteString,
        id: i32,
        target: Option<&[i32]>,
    ) -> Result<Option<MetadataRecord>, ApiError> {
        let unknown = |message| ApiError::new(ErrorCode::UnknownTopicOrPartition, message);
        let topic = self.image.topics().by_name(name);
        let topic = topic.ok_or_else(|| unknown(format!("Unable to find a topic named {name}.")))?;
        let partition = topic.partition(id);
        let partition = partition.ok_or_else(|| unknown(format!("Unable to find partition {name}:{id}.")))?;
        let Some(target) = target else { return cancel(topic, partition).map(Some) };
        self.check_assignment(target, None)?;
        if !request.allow_replication_factor_change {
            check_replication_factor(partition, target)?;
        }
        Ok(self.begin(topic.id, partition, target))
    }

    /// None where the replicas are those that are asked for.
    fn begin(&self, topic_id: Uuid, partition: &Partition, target: &[i32]) -> Option<MetadataRecord> {
        let current = settled_replicas(partition);
        let removing: Vec<i32> = current.iter().copied().filter(|id| !target.contains(id)).collect();
        let adding: Vec<i32> = target.iter().copied().filter(|id| !current.contains(id)).collect();
        let replicas: Vec<i32> = target.iter().chain(&removing).copied().collect();
        if *replicas == *partition.replicas && removing.is_empty() && adding.is_empty() {
            return None;
        }
        let record = PartitionChangeRecord {
            partition_id: partition.id,
            topic_id,
            directories: Some(self.directories(partition, &replicas)),
            replicas: Some(replicas),
            removing_replicas: Some(removing),
            adding_replicas: Some(adding),
            ..Default::default()
        };
        Some(record.into())
    }

    /// Where a replica already is, it stays.
    fn directories(&self, partition: &Partition, replicas: &[i32]) -> Vec<Uuid> {
        let directory = |id: &i32| {
            let place = partition.replicas.iter().position(|other| other == id);
            let now = place.and_then(|place| partition.directories.get(place)).copied();
            let broker = self.image.cluster().broker(*id);
            now.or_else(|| broker.map(crate::Broker::directory_for_new_replica)).unwrap_or_default()
        };
        replicas.iter().map(directory).collect()
    }

    pub fn list_partition_reassignments(
        &self,
        request: &ListPartitionReassignmentsRequest,
    ) -> ListPartitionReassignmentsResponse {
        let topics = self.image.topics();
        let reassignments = match &request.topics {
            None => {
                topics.sorted().iter().filter_map(|topic| ongoing(topic, topic.partitions.iter())).collect()
            }
            Some(asked) => asked
                .iter()
                .filter_map(|asked| {
                    let topic = topics.by_name(&asked.name)?;
                    ongoing(topic, asked.partition_indexes.iter().filter_map(|id| topic.partition(*id)))
                })
                .collect(),
        };
        ListPartitionReassignmentsResponse {
            topics: reassignments,
            error_message: None,
            ..Default::default()
        }
    }
}

/// Back to the replicas from before the reassignment; the leader stays if it is among them.
fn cancel(topic: &Topic, partition: &Partition) -> Result<MetadataRecord, ApiError> {
    if !partition.is_reassigning() {
        return Err(ApiError::code(ErrorCode::NoReassignmentInProgress));
    }
    let replicas = settled_replicas(partition);
    let isr: Vec<i32> = partition.isr.iter().copied().filter(|id| replicas.contains(id)).collect();
    let Some(first) = isr.first().copied() else {
        let message = format!(
            "Unable to revert partition assignment for {}:{} because it would require an unclean leader election.",
            topic.name, partition.id
        );
        return Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, message));
    };
    let directory = |id: &i32| {
        let place = partition.replicas.iter().position(|other| other == id);
        place.and_then(|place| partition.directories.get(place)).copied().unwrap_or_default()
    };
    let mut record = PartitionChangeRecord {
        partition_id: partition.id,
        topic_id: topic.id,
        directories: Some(replicas.iter().map(directory).collect()),
        removing_replicas: Some(Vec::new()),
        adding_replicas: Some(Vec::new()),
        ..Default::default()
    };
    if !isr.contains(&partition.leader) {
        record.leader = first;
    }
    (record.isr, record.replicas) = (Some(isr), Some(replicas));
    Ok(record.into())
}

/// Those from before a reassignment that is under way.
fn settled_replicas(partition: &Partition) -> Vec<i32> {
    partition.replicas.iter().copied().filter(|id| !partition.adding.contains(id)).collect()
}

fn check_replication_factor(partition: &Partition, target: &[i32]) -> Result<(), ApiError> {
    let (now, then) = (settled_replicas(partition).len(), target.len());
    if now == then {
        return Ok(());
    }
    let message = format!("The replication factor is changed from {now} to {then}");
    Err(ApiError::new(ErrorCode::InvalidReplicationFactor, message))
}

fn ongoing<'a>(
    topic: &Topic,
    partitions: impl Iterator<Item = &'a Partition>,
) -> Option<OngoingTopicReassignment> {
    let reassignment = |partition: &Partition| OngoingPartitionReassignment {
        partition_index: partition.id,
        replicas: partition.replicas.to_vec(),
        adding_replicas: partition.adding.to_vec(),
        removing_replicas: partition.removing.to_vec(),
    };
    let partitions: Vec<_> = partitions.filter(|p| p.is_reassigning()).map(reassignment).collect();
    (!partitions.is_empty()).then(|| OngoingTopicReassignment { name: topic.name.clone(), partitions })
}

#[cfg(test)]
mod tests {
    use ottla_wire::messages::alter_partition_reassignments_request::ReassignablePartition;

    use super::*;
    use crate::decide::fixture::{Node, outcome};

    fn request(
        name: &str,
        partition_index: i32,
        replicas: Option<&[i32]>,
    ) -> AlterPartitionReassignmentsRequest {
        let partition = ReassignablePartition { partition_index, replicas: replicas.map(<[i32]>::to_vec) };
        AlterPartitionReassignmentsRequest {
            topics: vec![ReassignableTopic { name: name.into(), partitions: vec![partition] }],
            ..Default::default()
        }
    }

    #[test]
    fn on_one_node_there_is_nothing_to_reassign_to() {
        use ErrorCode as E;
        let mut node = Node::new();
        node.create("t", 1);
        for (request, code, message) in [
            (request("t", 0, Some(&[1])), E::None, ""),
            (request("t", 0, None), E::NoReassignmentInProgress, ""),
            (request("t", 9, Some(&[1])), E::UnknownTopicOrPartition, "Unable to find partition t:9."),
            (
                request("nope", 0, Some(&[1])),
                E::UnknownTopicOrPartition,
                "Unable to find a topic named nope.",
            ),
            (
                request("t", 0, Some(&[9])),
                E::InvalidReplicaAssignment,
                "The manual partition assignment includes broker 9, but no such broker is registered.",
            ),
            (
                request("t", 0, Some(&[1, 1])),
                E::InvalidReplicaAssignment,
                "The manual partition assignment includes the broker 1 more than once.",
            ),
            (
                request("t", 0, Some(&[])),
                E::InvalidReplicaAssignment,
                "The manual partition assignment includes an empty replica list.",
            ),
        ] {
            let decision = node.controller().alter_partition_reassignments(&request);
            let result = &decision.response.responses[0].partitions[0];
            assert_eq!(outcome(result.error_code, &result.error_message), (code, message), "{request:?}");
            assert_eq!((decision.response.error_code, decision.records.len()), (0, 0));
        }
        let listed = node.controller().list_partition_reassignments(&Default::default());
        assert_eq!((listed.topics.len(), listed.error_message), (0, None));
    }

    #[test]
    fn a_reassignment_can_be_seen_and_cancelled() {
        let mut node = Node::new();
        let second = crate::BrokerRegistration {
            id: 2,
            incarnation: Uuid::from_u128(2),
            endpoints: Vec::new(),
            rack: None,
            directories: vec![Uuid::from_u128(0xD2)],
        };
        let decision = node.controller().register_broker(&second, 100);
        node.create("t", 1);
        node.replay(decision);
        let decision = node.controller().alter_partition_reassignments(&request("t", 0, Some(&[2])));
        node.replay(decision);
        let listed = node.controller().list_partition_reassignments(&Default::default()).topics;
        let ongoing = &listed[0].partitions[0];
        assert_eq!(
            (&ongoing.replicas[..], &ongoing.adding_replicas[..], &ongoing.removing_replicas[..]),
            (&[2, 1][..], &[2][..], &[1][..])
        );
        let decision = node.controller().alter_partition_reassignments(&request("t", 0, None));
        node.replay(decision);
        let topic = node.image.topics().by_name("t").expect("it was created");
        let partition = &topic.partitions[0];
        assert_eq!(
            (&*partition.replicas, partition.leader, partition.is_reassigning()),
            (&[1][..], 1, false)
        );
    }
}
