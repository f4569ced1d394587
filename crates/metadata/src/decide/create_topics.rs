//! CreateTopics.

use std::collections::BTreeMap;

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        ClearElrRecord, ConfigRecord, CreateTopicsRequest, CreateTopicsResponse, MetadataRecord, TopicRecord,
        create_topics_request::{CreatableReplicaAssignment, CreatableTopic},
        create_topics_response::CreatableTopicResult,
    },
};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{ApiError, Controller, Decision, MIN_INSYNC_REPLICAS, RECORDS_MAX, invalid_request};
use crate::{ConfigResource, Overrides, Partition, ResourceKind, names};

/// The number of partitions or replicas that means the default.
const DEFAULT: i32 = -1;

impl Controller<'_> {
    /// Each topic that can be created is; those that cannot have an error each. `new_id` gives the topics' ids.
    pub fn create_topics(
        &self,
        request: &CreateTopicsRequest,
        new_id: &mut dyn FnMut() -> Uuid,
    ) -> Decision<CreateTopicsResponse> {
        if self.partitions_asked_for(request) > RECORDS_MAX {
            return refuse_all(request, "Excessively large number of partitions per request.");
        }
        let mut records = Vec::new();
        let mut topics = Vec::with_capacity(request.topics.len());
        let mut refused = Vec::new();
        for (topic, times) in distinct(&request.topics) {
            if times > 1 {
                refused.push(failed(topic, invalid_request("Duplicate topic name.")));
            } else if topic.name == names::CLUSTER_METADATA {
                let message = format!("Creation of internal topic {} is prohibited.", topic.name);
                refused.push(failed(topic, invalid_request(message)));
            } else {
                let created = self.create_topic(topic, new_id, &mut records);
                topics.push(created.unwrap_or_else(|error| failed(topic, error)));
            }
        }
        if records.len() > RECORDS_MAX {
            return refuse_all(request, "Unable to perform excessively large batch operation.");
        }
        topics.append(&mut refused);
        let response = CreateTopicsResponse { topics, ..Default::default() };
        Decision { records, response }.unless(request.validate_only)
    }

    /// What counts is what would be created if nothing were wrong.
    fn partitions_asked_for(&self, request: &CreateTopicsRequest) -> usize {
        let count = |topic: &CreatableTopic| match topic.num_partitions {
            _ if !topic.assignments.is_empty() => topic.assignments.len(),
            DEFAULT => usize::try_from(self.settings.num_partitions).unwrap_or(0),
            asked => usize::try_from(asked).unwrap_or(0),
        };
        request.topics.iter().map(count).fold(0, usize::saturating_add)
    }

    fn create_topic(
        &self,
        topic: &CreatableTopic,
        new_id: &mut dyn FnMut() -> Uuid,
        records: &mut Vec<MetadataRecord>,
    ) -> Result<CreatableTopicResult, ApiError> {
        self.check_new_name(&topic.name)?;
        let overrides = self.check_new_configs(topic)?;
        let partitions = self.new_partitions(topic)?;
        let id = new_id();
        records.push(TopicRecord { name: topic.name.clone(), topic_id: id }.into());
        self.push_config_records(topic, records);
        records.extend(partitions.iter().map(|partition| MetadataRecord::from(partition.to_record(id))));
        Ok(self.created(topic, id, &overrides, &partitions))
    }

    fn check_new_name(&self, name: &ByteString) -> Result<(), ApiError> {
        let topics = self.image.topics();
        if topics.id(name).is_some() {
            return Err(ApiError::new(
                ErrorCode::TopicAlreadyExists,
                format!("Topic '{name}' already exists."),
            ));
        }
        let invalid = |message| Err(ApiError::new(ErrorCode::InvalidTopicException, message));
        if let Err(reason) = names::check(name) {
            return invalid(reason);
        }
        match topics.colliding(name) {
            Some(other) => invalid(format!("Topic '{name}' collides with existing topic: {other}")),
            None => Ok(()),
        }
    }

    fn check_new_configs(&self, topic: &CreatableTopic) -> Result<Overrides, ApiError> {
        let mut overrides = Overrides::new();
        let mut without_value = Vec::new();
        for config in &topic.configs {
            match &config.value {
                Some(value) => drop(overrides.insert(config.name.clone(), value.clone())),
                None => without_value.push(&*config.name),
            }
        }
        if !without_value.is_empty() {
            let message = format!("Null value not supported for topic configs: {}", without_value.join(","));
            return Err(ApiError::new(ErrorCode::InvalidConfig, message));
        }
        if !overrides.is_empty() {
            let resource = ConfigResource { kind: ResourceKind::Topic, name: topic.name.clone() };
            self.configs.check(&resource, &overrides)?;
        }
        Ok(overrides)
    }

    fn new_partitions(&self, topic: &CreatableTopic) -> Result<Vec<Partition>, ApiError> {
        if !topic.assignments.is_empty() {
            return self.assigned_partitions(topic);
        }
        let replicas = match topic.replication_factor {
            -1 => self.settings.replication_factor,
            factor if factor > 0 => factor,
            _ => {
                let message = "Replication factor must be larger than 0, or -1 to use the default value.";
                return Err(ApiError::new(ErrorCode::InvalidReplicationFactor, message));
            }
        };
        let partitions = match topic.num_partitions {
            DEFAULT => self.settings.num_partitions,
            number if number > 0 => number,
            _ => {
                let message = "Number of partitions was set to an invalid non-positive value.";
                return Err(ApiError::new(ErrorCode::InvalidPartitions, message));
            }
        };
        self.place(0..partitions, replicas).map_err(|error| unable_to_replicate(replicas, error))
    }

    fn assigned_partitions(&self, topic: &CreatableTopic) -> Result<Vec<Partition>, ApiError> {
        check_left_to_assignments(topic)?;
        let mut partitions: BTreeMap<i32, Partition> = BTreeMap::new();
        let mut replicas = None;
        for CreatableReplicaAssignment { partition_index, broker_ids } in &topic.assignments {
            if partitions.contains_key(partition_index) {
                let message =
                    format!("Found multiple manual partition assignments for partition {partition_index}");
                return Err(invalid_assignment(message));
            }
            self.check_assignment(broker_ids, replicas)?;
            replicas = Some(broker_ids.len());
            partitions.insert(*partition_index, self.new_partition(*partition_index, broker_ids)?);
        }
        if !partitions.keys().copied().eq((0..).take(partitions.len())) {
            return Err(invalid_assignment("partitions should be a consecutive 0-based integer sequence"));
        }
        Ok(partitions.into_values().collect())
    }

    /// Configs come after the topic and before its partitions.
    fn push_config_records(&self, topic: &CreatableTopic, records: &mut Vec<MetadataRecord>) {
        let mut clears_elr = false;
        for config in &topic.configs {
            clears_elr |= config.name == MIN_INSYNC_REPLICAS && self.image.elr_enabled();
            let record = ConfigRecord {
                resource_type: ResourceKind::Topic.code(),
                resource_name: topic.name.clone(),
                name: config.name.clone(),
                value: config.value.clone(),
            };
            records.push(record.into());
        }
        if clears_elr {
            records.push(ClearElrRecord { topic_name: topic.name.clone() }.into());
        }
    }

    fn created(
        &self,
        topic: &CreatableTopic,
        id: Uuid,
        overrides: &Overrides,
        partitions: &[Partition],
    ) -> CreatableTopicResult {
        let replicas = partitions.first().map_or(0, |partition| partition.replicas.len());
        CreatableTopicResult {
            name: topic.name.clone(),
            topic_id: id,
            error_message: None,
            num_partitions: i32::try_from(partitions.len()).unwrap_or(i32::MAX),
            replication_factor: i16::try_from(replicas).unwrap_or(i16::MAX),
            configs: Some(self.configs.describe_topic(overrides)),
            ..Default::default()
        }
    }
}

/// Every name once, in the order in which they first come, with how often it comes.
fn distinct(topics: &[CreatableTopic]) -> Vec<(&CreatableTopic, usize)> {
    let mut places: FxHashMap<&ByteString, usize> = FxHashMap::default();
    let mut distinct: Vec<(&CreatableTopic, usize)> = Vec::with_capacity(topics.len());
    for topic in topics {
        let place = *places.entry(&topic.name).or_insert(distinct.len());
        match distinct.get_mut(place) {
            Some((_, times)) => *times += 1,
            None => distinct.push((topic, 1)),
        }
    }
    distinct
}

/// With assignments, the numbers must be left open.
fn check_left_to_assignments(topic: &CreatableTopic) -> Result<(), ApiError> {
    let refused = |what| {
        invalid_request(format!("A manual partition assignment was specified, but {what} not set to -1."))
    };
    if topic.replication_factor != -1 {
        return Err(refused("replication factor was"));
    }
    if topic.num_partitions != DEFAULT {
        return Err(refused("numPartitions was"));
    }
    Ok(())
}

fn failed(topic: &CreatableTopic, error: ApiError) -> CreatableTopicResult {
    let (error_code, error_message) = error.fields();
    CreatableTopicResult { name: topic.name.clone(), error_code, error_message, ..Default::default() }
}

fn refuse_all(request: &CreateTopicsRequest, reason: &str) -> Decision<CreateTopicsResponse> {
    let error = ApiError::new(ErrorCode::PolicyViolation, reason);
    let topics = request.topics.iter().map(|topic| failed(topic, error.clone())).collect();
    Decision::none(CreateTopicsResponse { topics, ..Default::default() })
}

fn invalid_assignment(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidReplicaAssignment, message)
}

fn unable_to_replicate(replicas: i16, error: ApiError) -> ApiError {
    let reason = error.message.unwrap_or_default();
    ApiError::new(error.code, format!("Unable to replicate the partition {replicas} time(s): {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::fixture::{DIRECTORY, NODE, Node, creation, new_topic, outcome, with_config};

    fn assigned(name: &str, assignments: &[(i32, &[i32])]) -> CreatableTopic {
        let assignment = |(partition_index, brokers): &(i32, &[i32])| CreatableReplicaAssignment {
            partition_index: *partition_index,
            broker_ids: brokers.to_vec(),
        };
        CreatableTopic {
            assignments: assignments.iter().map(assignment).collect(),
            ..new_topic(name, -1, -1)
        }
    }

    fn check(topic: CreatableTopic, code: ErrorCode, message: &str) {
        let mut node = Node::new();
        node.create("a.b", 1);
        let decision = node.controller().create_topics(&creation(vec![topic.clone()]), &mut Uuid::nil);
        let [result] = &decision.response.topics[..] else { panic!("one result") };
        assert_eq!(outcome(result.error_code, &result.error_message), (code, message), "{topic:?}");
        assert_eq!(decision.records, [], "{topic:?}");
        assert_eq!(
            (result.topic_id, result.num_partitions, result.replication_factor),
            (Uuid::nil(), -1, -1)
        );
    }

    #[test]
    fn what_cannot_be_created_is_refused_in_kafkas_words() {
        use ErrorCode as E;
        let both = |partitions, replicas| CreatableTopic {
            num_partitions: partitions,
            replication_factor: replicas,
            ..assigned("t", &[(0, &[1])])
        };
        let positive = "Replication factor must be larger than 0, or -1 to use the default value.";
        let partitions = "Number of partitions was set to an invalid non-positive value.";
        let too_many = "Excessively large number of partitions per request.";
        for (topic, code, message) in [
            (new_topic("a.b", 2, 1), E::TopicAlreadyExists, "Topic 'a.b' already exists."),
            (
                new_topic("a_b", 2, 1),
                E::InvalidTopicException,
                "Topic 'a_b' collides with existing topic: a.b",
            ),
            (
                new_topic("", 2, 1),
                E::InvalidTopicException,
                "Topic name is invalid: the empty string is not allowed",
            ),
            (new_topic("t", 0, 1), E::InvalidPartitions, partitions),
            (new_topic("t", -2, 1), E::InvalidPartitions, partitions),
            (new_topic("t", 1, 0), E::InvalidReplicationFactor, positive),
            (new_topic("t", 0, -2), E::InvalidReplicationFactor, positive),
            (
                new_topic("t", 1, 2),
                E::InvalidReplicationFactor,
                "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached \
                 because only 1 broker(s) are registered or some brokers have all their log directories cordoned.",
            ),
            (new_topic("t", 10_001, 1), E::PolicyViolation, too_many),
            (new_topic("t", i32::MAX, 1), E::PolicyViolation, too_many),
            (
                new_topic("t", 10_000, 1),
                E::PolicyViolation,
                "Unable to perform excessively large batch operation.",
            ),
            (
                new_topic("__cluster_metadata", 1, 1),
                E::InvalidRequest,
                "Creation of internal topic __cluster_metadata is prohibited.",
            ),
            (
                both(1, -1),
                E::InvalidRequest,
                "A manual partition assignment was specified, but numPartitions was not set to -1.",
            ),
            (
                both(-1, 1),
                E::InvalidRequest,
                "A manual partition assignment was specified, but replication factor was not set to -1.",
            ),
            (
                assigned("t", &[(0, &[])]),
                E::InvalidReplicaAssignment,
                "The manual partition assignment includes an empty replica list.",
            ),
            (
                assigned("t", &[(0, &[1, 1])]),
                E::InvalidReplicaAssignment,
                "The manual partition assignment includes the broker 1 more than once.",
            ),
            (
                assigned("t", &[(0, &[9])]),
                E::InvalidReplicaAssignment,
                "The manual partition assignment includes broker 9, but no such broker is registered.",
            ),
            (
                assigned("t", &[(1, &[1])]),
                E::InvalidReplicaAssignment,
                "partitions should be a consecutive 0-based integer sequence",
            ),
            (
                assigned("t", &[(0, &[1]), (0, &[1])]),
                E::InvalidReplicaAssignment,
                "Found multiple manual partition assignments for partition 0",
            ),
            (
                with_config(new_topic("t", 1, 1), "retention.ms", None),
                E::InvalidConfig,
                "Null value not supported for topic configs: retention.ms",
            ),
            (
                with_config(new_topic("t", 1, 1), "retention.ms", Some("soon")),
                E::InvalidConfig,
                "Invalid value soon for configuration retention.ms: Not a number of type LONG",
            ),
            (
                with_config(new_topic("t", 1, 1), "no.such", Some("1")),
                E::InvalidConfig,
                "Unknown topic config name: no.such",
            ),
        ] {
            check(topic, code, message);
        }
    }

    #[test]
    fn a_topic_is_created_with_its_configs_and_partitions() {
        let mut node = Node::new();
        let topic = with_config(new_topic("t", 2, -1), "min.insync.replicas", Some("1"));
        let id = Uuid::from_u128(7);
        let decision = node.controller().create_topics(&creation(vec![topic]), &mut || id);
        let kinds: Vec<_> = decision.records.iter().map(MetadataRecord::name).collect();
        assert_eq!(
            kinds,
            ["TopicRecord", "ConfigRecord", "ClearElrRecord", "PartitionRecord", "PartitionRecord"]
        );
        let (response, _) = node.replay(decision);
        let created = &response.topics[0];
        assert_eq!((created.topic_id, created.num_partitions, created.replication_factor), (id, 2, 1));
        assert_eq!(created.configs.as_ref().map(Vec::len), Some(1));
        let topic = node.image.topics().by_name("t").expect("it was created");
        let partition = topic.partition(1).expect("it has two");
        assert_eq!((partition.leader, partition.leader_epoch), (NODE, 0));
        assert_eq!(
            (&*partition.replicas, &*partition.isr, &*partition.directories),
            (&[NODE][..], &[NODE][..], &[DIRECTORY][..])
        );
    }

    #[test]
    fn what_is_repeated_is_refused_and_the_rest_is_created() {
        let node = Node::new();
        let topics = vec![new_topic("twice", 1, 1), new_topic("once", 1, 1), new_topic("twice", 1, 1)];
        let response = node.controller().create_topics(&creation(topics), &mut Uuid::nil).response;
        let outcomes: Vec<_> = response
            .topics
            .iter()
            .map(|topic| (&*topic.name, outcome(topic.error_code, &topic.error_message)))
            .collect();
        let duplicate = (ErrorCode::InvalidRequest, "Duplicate topic name.");
        assert_eq!(outcomes, [("once", (ErrorCode::None, "")), ("twice", duplicate)]);
    }

    #[test]
    fn a_request_that_only_asks_changes_nothing() {
        let node = Node::new();
        let request = CreateTopicsRequest { validate_only: true, ..creation(vec![new_topic("t", 1, 1)]) };
        let decision = node.controller().create_topics(&request, &mut || Uuid::from_u128(7));
        assert_eq!((decision.records.len(), decision.response.topics[0].error_code), (0, 0));
    }

    #[test]
    fn a_hundred_topics_of_ninety_partitions_fit_in_one_request() {
        let mut node = Node::new();
        let topics = (0..100).map(|i| new_topic(&format!("t{i}"), 90, 1)).collect();
        let mut id = 0;
        let mut next = || {
            id += 1;
            Uuid::from_u128(id)
        };
        let decision = node.controller().create_topics(&creation(topics), &mut next);
        node.replay(decision);
        assert_eq!((node.image.topics().len(), node.image.topics().partition_count()), (100, 9000));
    }
}
