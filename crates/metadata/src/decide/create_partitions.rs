//! CreatePartitions.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        CreatePartitionsRequest, CreatePartitionsResponse, MetadataRecord,
        create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic},
        create_partitions_response::CreatePartitionsTopicResult,
    },
};
use rustc_hash::FxHashMap;

use super::{ApiError, Controller, Decision, RECORDS_MAX, fields, invalid_request};
use crate::{Partition, Topic};

impl Controller<'_> {
    pub fn create_partitions(&self, request: &CreatePartitionsRequest) -> Decision<CreatePartitionsResponse> {
        let mut times: FxHashMap<&ByteString, usize> = FxHashMap::default();
        for topic in &request.topics {
            *times.entry(&topic.name).or_default() += 1;
        }
        let mut records = Vec::new();
        let mut results = Vec::with_capacity(request.topics.len());
        for topic in &request.topics {
            let grown = match times.remove(&topic.name) {
                Some(1) => self.grow(topic, &mut records),
                Some(_) => Err(invalid_request("Duplicate topic name.")),
                None => continue,
            };
            let (error_code, error_message) = fields(grown);
            results.push(CreatePartitionsTopicResult { name: topic.name.clone(), error_code, error_message });
        }
        let response = CreatePartitionsResponse { results, ..Default::default() };
        Decision { records, response }.unless(request.validate_only)
    }

    fn grow(
        &self,
        request: &CreatePartitionsTopic,
        records: &mut Vec<MetadataRecord>,
    ) -> Result<(), ApiError> {
        let topic = self
            .image
            .topics()
            .by_name(&request.name)
            .ok_or_else(|| ApiError::code(ErrorCode::UnknownTopicOrPartition))?;
        let first =
            i32::try_from(topic.partitions.len()).expect("a topic's partitions are numbered by an i32");
        check_count(request, first)?;
        let additional =
            usize::try_from(request.count - first).expect("the count was checked to be an increase");
        if records.len() + additional > RECORDS_MAX {
            let message = "Excessively large number of partitions per request.";
            return Err(ApiError::new(ErrorCode::PolicyViolation, message));
        }
        let partitions = match &request.assignments {
            Some(assignments) => self.assigned(topic, first, additional, assignments)?,
            None => self.place(first..request.count, replication_factor(topic))?,
        };
        records
            .extend(partitions.iter().map(|partition| MetadataRecord::from(partition.to_record(topic.id))));
        Ok(())
    }

    fn assigned(
        &self,
        topic: &Topic,
        first: i32,
        additional: usize,
        assignments: &[CreatePartitionsAssignment],
    ) -> Result<Vec<Partition>, ApiError> {
        if assignments.len() != additional {
            let message = format!(
                "Attempted to add {additional} additional partition(s), but only {} assignment(s) were specified.",
                assignments.len()
            );
            return Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, message));
        }
        let replicas = topic.partitions.first().map(|partition| partition.replicas.len());
        let assigned = |(id, assignment): (i32, &CreatePartitionsAssignment)| {
            self.check_assignment(&assignment.broker_ids, replicas)?;
            self.new_partition(id, &assignment.broker_ids)
        };
        (first..).zip(assignments).map(assigned).collect()
    }
}

fn check_count(request: &CreatePartitionsTopic, now: i32) -> Result<(), ApiError> {
    if request.count > now {
        return Ok(());
    }
    let message = if request.count == now {
        format!("Topic already has {now} partition(s).")
    } else {
        format!(
            "The topic {} currently has {now} partition(s); {} would not be an increase.",
            request.name, request.count
        )
    };
    Err(ApiError::new(ErrorCode::InvalidPartitions, message))
}

fn replication_factor(topic: &Topic) -> i16 {
    let replicas = topic.partitions.first().map_or(0, |partition| partition.replicas.len());
    i16::try_from(replicas).unwrap_or(i16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::fixture::{Node, outcome};

    fn request(name: &str, count: i32, assignments: Option<&[&[i32]]>) -> CreatePartitionsTopic {
        let assignment = |brokers: &&[i32]| CreatePartitionsAssignment { broker_ids: brokers.to_vec() };
        let assignments = assignments.map(|brokers| brokers.iter().map(assignment).collect());
        CreatePartitionsTopic { name: name.into(), count, assignments }
    }

    fn decide(node: &Node, topics: Vec<CreatePartitionsTopic>) -> Decision<CreatePartitionsResponse> {
        node.controller().create_partitions(&CreatePartitionsRequest { topics, ..Default::default() })
    }

    #[test]
    fn partitions_that_cannot_be_added_are_refused_in_kafkas_words() {
        use ErrorCode as E;
        let mut node = Node::new();
        node.create("t", 2);
        for (topic, code, message) in [
            (request("t", 2, None), E::InvalidPartitions, "Topic already has 2 partition(s)."),
            (
                request("t", 1, None),
                E::InvalidPartitions,
                "The topic t currently has 2 partition(s); 1 would not be an increase.",
            ),
            (
                request("t", -1, None),
                E::InvalidPartitions,
                "The topic t currently has 2 partition(s); -1 would not be an increase.",
            ),
            (request("nope", 3, None), E::UnknownTopicOrPartition, ""),
            (
                request("t", 3, Some(&[])),
                E::InvalidReplicaAssignment,
                "Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified.",
            ),
            (
                request("t", 3, Some(&[&[9]])),
                E::InvalidReplicaAssignment,
                "The manual partition assignment includes broker 9, but no such broker is registered.",
            ),
            (
                request("t", 3, Some(&[&[]])),
                E::InvalidReplicaAssignment,
                "The manual partition assignment includes an empty replica list.",
            ),
            (
                request("t", i32::MAX, None),
                E::PolicyViolation,
                "Excessively large number of partitions per request.",
            ),
        ] {
            let decision = decide(&node, vec![topic.clone()]);
            let result = &decision.response.results[0];
            assert_eq!(outcome(result.error_code, &result.error_message), (code, message), "{topic:?}");
            assert_eq!(decision.records, [], "{topic:?}");
        }
    }

    #[test]
    fn partitions_are_added_after_the_last() {
        let mut node = Node::new();
        node.create("t", 1);
        for topic in [request("t", 3, None), request("t", 4, Some(&[&[1]]))] {
            let decision = decide(&node, vec![topic]);
            node.replay(decision);
        }
        let topic = node.image.topics().by_name("t").expect("it was created");
        let ids: Vec<_> = topic.partitions.iter().map(|partition| partition.id).collect();
        assert_eq!(ids, [0, 1, 2, 3]);
    }

    #[test]
    fn a_topic_that_is_named_twice_is_answered_once() {
        let mut node = Node::new();
        node.create("t", 1);
        let decision = decide(&node, vec![request("t", 3, None), request("t", 4, None)]);
        let results = &decision.response.results;
        assert_eq!((results.len(), decision.records.len()), (1, 0));
        assert_eq!(outcome(results[0].error_code, &results[0].error_message).1, "Duplicate topic name.");
    }
}
