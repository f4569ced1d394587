//! Topics: create, delete, list, describe.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_wire::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use ottla_wire::messages::delete_topics_request::DeleteTopicState;
use ottla_wire::messages::describe_topic_partitions_request::TopicRequest;
use ottla_wire::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponsePartition;
use ottla_wire::messages::metadata_request::MetadataRequestTopic;
use ottla_wire::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use ottla_wire::messages::{
    CreateTopicsRequest, DeleteTopicsRequest, DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse, MetadataRequest, create_topics_response,
    describe_topic_partitions_request,
};
use ottla_wire::{ErrorCode, Uuid};

use super::acls::operations;
use super::ask::Answer;
use super::{Admin, Operations, Results, known, text};
use crate::error::Resource;
use crate::{BrokerId, Call, Destination, Epoch, Error, Result};

/// A topic that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    name: Arc<str>,
    partitions: i32,
    replication_factor: i16,
    replicas: Vec<Vec<BrokerId>>,
    configs: BTreeMap<String, String>,
}

impl NewTopic {
    /// With the broker's defaults for the number of partitions and replicas.
    pub fn new(name: &str) -> NewTopic {
        NewTopic {
            name: text(name),
            partitions: -1,
            replication_factor: -1,
            replicas: Vec::new(),
            configs: BTreeMap::new(),
        }
    }

    /// With so many partitions.
    #[must_use]
    pub fn partitions(mut self, partitions: i32) -> NewTopic {
        self.partitions = partitions;
        self
    }

    /// With so many replicas of each partition.
    #[must_use]
    pub fn replication_factor(mut self, replication_factor: i16) -> NewTopic {
        self.replication_factor = replication_factor;
        self
    }

    /// With the replicas of each partition, the preferred leader first; instead of numbers.
    #[must_use]
    pub fn replicas(mut self, replicas: Vec<Vec<BrokerId>>) -> NewTopic {
        self.replicas = replicas;
        self
    }

    /// With an option of its own.
    #[must_use]
    pub fn config(mut self, name: &str, value: &str) -> NewTopic {
        self.configs.insert(name.to_owned(), value.to_owned());
        self
    }

    fn to_message(&self) -> CreatableTopic {
        let numbers = if self.replicas.is_empty() {
            (self.partitions, self.replication_factor)
        } else {
            // Brokers refuse numbers beside replicas.
            (-1, -1)
        };
        let assignments = (0..).zip(&self.replicas).map(|(partition_index, brokers)| {
            CreatableReplicaAssignment { partition_index, broker_ids: brokers.clone() }
        });
        let configs = self.configs.iter().map(|(name, value)| CreatableTopicConfig {
            name: name.as_str().into(),
            value: Some(value.as_str().into()),
        });
        CreatableTopic {
            name: (&*self.name).into(),
            num_partitions: numbers.0,
            replication_factor: numbers.1,
            assignments: assignments.collect(),
            configs: configs.collect(),
        }
    }
}

/// A topic as it was made, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreatedTopic {
    /// Its id, where brokers tell it.
    pub id: Option<Uuid>,
    /// How many partitions it has; -1 where the broker does not tell.
    pub partitions: i32,
    /// How many replicas each has; -1 where the broker does not tell.
    pub replication_factor: i16,
    /// Its options, the defaults included, where the client may see them.
    pub configs: BTreeMap<String, Option<String>>,
}

/// A topic among others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicListing {
    /// Its name.
    pub name: Arc<str>,
    /// Its id, where brokers tell it.
    pub id: Option<Uuid>,
    /// Whether it is Kafka's own.
    pub is_internal: bool,
}

/// A topic and its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribedTopic {
    /// Its name.
    pub name: Arc<str>,
    /// Its id, where brokers tell it.
    pub id: Option<Uuid>,
    /// Whether it is Kafka's own.
    pub is_internal: bool,
    /// Its partitions by their numbers.
    pub partitions: Vec<DescribedPartition>,
    /// What the client may do with it, where the broker tells.
    pub authorized_operations: Option<Operations>,
}

/// A partition and its replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribedPartition {
    /// Its number.
    pub number: i32,
    /// The broker that leads it, if one does.
    pub leader: Option<BrokerId>,
    /// The leader's term, where brokers tell it.
    pub leader_epoch: Option<Epoch>,
    /// The brokers that have it, the preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// Those of them that are in sync.
    pub in_sync_replicas: Vec<BrokerId>,
    /// Those of them that are not there.
    pub offline_replicas: Vec<BrokerId>,
    /// Those that have everything that was acknowledged though they are not in sync (KIP-966), where brokers tell.
    pub eligible_leader_replicas: Option<Vec<BrokerId>>,
    /// Those that had when they were last heard of, where brokers tell.
    pub last_known_elr: Option<Vec<BrokerId>>,
}

impl Admin {
    /// Creates topics.
    pub async fn create_topics(&self, topics: &[NewTopic]) -> Result<Results<Arc<str>, CreatedTopic>> {
        self.create(topics, false).await
    }

    /// Whether these topics could be created, and what they would be.
    pub async fn validate_topics(&self, topics: &[NewTopic]) -> Result<Results<Arc<str>, CreatedTopic>> {
        self.create(topics, true).await
    }

    async fn create(
        &self,
        topics: &[NewTopic],
        validate_only: bool,
    ) -> Result<Results<Arc<str>, CreatedTopic>> {
        let request = CreateTopicsRequest {
            topics: topics.iter().map(NewTopic::to_message).collect(),
            timeout_ms: self.timeout_ms(),
            validate_only,
        };
        self.ask_controller(&request, |response, answer| {
            answer.check_carried_out(response.topics.iter().map(|topic| topic.error_code))?;
            let results = response.topics.iter().map(|topic| {
                let name = text(&topic.name);
                let about = Resource::Topic(name.clone());
                let checked = answer.check_about(topic.error_code, topic.error_message.as_deref(), about);
                (name, checked.map(|()| created(topic)))
            });
            Ok(results.collect())
        })
        .await
    }

    /// Deletes topics.
    pub async fn delete_topics(&self, names: &[&str]) -> Result<Results<Arc<str>, ()>> {
        let by_name = |name: &&str| DeleteTopicState { name: Some((*name).into()), topic_id: Uuid::nil() };
        let request = DeleteTopicsRequest {
            topics: names.iter().map(by_name).collect(),
            topic_names: names.iter().map(|name| (*name).into()).collect(),
            timeout_ms: self.timeout_ms(),
        };
        self.ask_controller(&request, |response, answer| {
            answer.check_carried_out(response.responses.iter().map(|topic| topic.error_code))?;
            let results = response.responses.iter().map(|topic| {
                let name = text(topic.name.as_deref().unwrap_or_default());
                let about = Resource::Topic(name.clone());
                (name, answer.check_about(topic.error_code, topic.error_message.as_deref(), about))
            });
            Ok(results.collect())
        })
        .await
    }

    /// Deletes topics by their ids, so that none of the same name that came later is meant.
    pub async fn delete_topics_by_id(&self, ids: &[Uuid]) -> Result<Results<Uuid, ()>> {
        let request = DeleteTopicsRequest {
            topics: ids.iter().map(|id| DeleteTopicState { name: None, topic_id: *id }).collect(),
            topic_names: Vec::new(),
            timeout_ms: self.timeout_ms(),
        };
        let call = Call::to(Destination::Controller).versions(6..=i16::MAX);
        self.ask(&call, &request, |response, answer| {
            answer.check_carried_out(response.responses.iter().map(|topic| topic.error_code))?;
            let results = response.responses.iter().map(|topic| {
                (topic.topic_id, answer.check(topic.error_code, topic.error_message.as_deref()))
            });
            Ok(results.collect())
        })
        .await
    }

    /// All topics that the client may see; Kafka's own too if `internal`.
    pub async fn list_topics(&self, internal: bool) -> Result<Vec<TopicListing>> {
        let request = MetadataRequest { topics: None, ..no_creation() };
        self.ask_any(&request, |response, answer| {
            answer.check(response.error_code, None)?;
            let visible = response.topics.iter().filter(|topic| internal || !topic.is_internal);
            let listed = visible.map(|topic| TopicListing {
                name: text(topic.name.as_deref().unwrap_or_default()),
                id: id(topic.topic_id),
                is_internal: topic.is_internal,
            });
            Ok(listed.collect())
        })
        .await
    }

    /// Topics and their partitions.
    pub async fn describe_topics(&self, names: &[&str]) -> Result<Results<Arc<str>, DescribedTopic>> {
        // To brokers no name at all means every topic.
        if names.is_empty() {
            return Ok(Results::new());
        }
        match self.describe_by_pages(names).await {
            Err(Error::UnsupportedVersion { .. }) => self.describe_by_metadata(names).await,
            described => described,
        }
    }

    /// So many partitions at a time as the broker likes to tell.
    async fn describe_by_pages(&self, names: &[&str]) -> Result<Results<Arc<str>, DescribedTopic>> {
        let mut request = DescribeTopicPartitionsRequest {
            topics: names.iter().map(|name| TopicRequest { name: (*name).into() }).collect(),
            ..DescribeTopicPartitionsRequest::default()
        };
        let mut results = Results::new();
        loop {
            let (page, next) = self.ask_any(&request, read_page).await?;
            for (name, described) in page {
                add_page(&mut results, name, described);
            }
            let Some(next) = next else { return Ok(results) };
            request.cursor = Some(next);
        }
    }

    /// From brokers before Kafka 3.7.
    async fn describe_by_metadata(&self, names: &[&str]) -> Result<Results<Arc<str>, DescribedTopic>> {
        let by_name =
            |name: &&str| MetadataRequestTopic { name: Some((*name).into()), topic_id: Uuid::nil() };
        let request = MetadataRequest {
            topics: Some(names.iter().map(by_name).collect()),
            include_topic_authorized_operations: true,
            ..no_creation()
        };
        self.ask_any(&request, |response, answer| {
            answer.check(response.error_code, None)?;
            let results = response.topics.iter().map(|topic| {
                let name = text(topic.name.as_deref().unwrap_or_default());
                let checked = answer.check_about(topic.error_code, None, Resource::Topic(name.clone()));
                (name, checked.map(|()| described(topic)))
            });
            Ok(results.collect())
        })
        .await
    }

    /// Topics, by their ids, and their partitions.
    pub async fn describe_topics_by_id(&self, ids: &[Uuid]) -> Result<Results<Uuid, DescribedTopic>> {
        let by_id = |id: &Uuid| MetadataRequestTopic { name: None, topic_id: *id };
        let request = MetadataRequest {
            topics: Some(ids.iter().map(by_id).collect()),
            include_topic_authorized_operations: true,
            ..no_creation()
        };
        let call = Call::to(Destination::Any).versions(12..=i16::MAX);
        self.ask(&call, &request, |response, answer| {
            answer.check(response.error_code, None)?;
            let results = response.topics.iter().map(|topic| {
                (topic.topic_id, answer.check(topic.error_code, None).map(|()| described(topic)))
            });
            Ok(results.collect())
        })
        .await
    }
}

type Page = Vec<(Arc<str>, Result<DescribedTopic>)>;

/// Some topics, and from where on to ask for more. A page that tells nothing is an error: there would be no end.
fn read_page(
    response: DescribeTopicPartitionsResponse,
    answer: &Answer,
) -> Result<(Page, Option<describe_topic_partitions_request::Cursor>)> {
    let told = response.topics.iter().any(|topic| topic.error_code != 0 || !topic.partitions.is_empty());
    if response.next_cursor.is_some() && !told {
        return Err(answer.lacks("any partition"));
    }
    let page = response.topics.iter().map(|topic| {
        let name = text(topic.name.as_deref().unwrap_or_default());
        let checked = answer.check_about(topic.error_code, None, Resource::Topic(name.clone()));
        let described = checked.map(|()| DescribedTopic {
            name: name.clone(),
            id: id(topic.topic_id),
            is_internal: topic.is_internal,
            partitions: topic.partitions.iter().map(partition_of_page).collect(),
            authorized_operations: operations(topic.topic_authorized_operations),
        });
        (name, described)
    });
    let next = response.next_cursor.as_ref().map(|cursor| describe_topic_partitions_request::Cursor {
        topic_name: cursor.topic_name.clone(),
        partition_index: cursor.partition_index,
    });
    Ok((page.collect(), next))
}

/// A topic's partitions may be spread over pages.
fn add_page(
    results: &mut Results<Arc<str>, DescribedTopic>,
    name: Arc<str>,
    described: Result<DescribedTopic>,
) {
    if let (Some(Ok(known)), Ok(more)) = (results.get_mut(&name), &described) {
        known.partitions.extend(more.partitions.iter().cloned());
    } else {
        results.insert(name, described);
    }
}

fn partition_of_page(partition: &DescribeTopicPartitionsResponsePartition) -> DescribedPartition {
    DescribedPartition {
        number: partition.partition_index,
        leader: known(partition.leader_id),
        leader_epoch: known(partition.leader_epoch),
        replicas: partition.replica_nodes.clone(),
        in_sync_replicas: partition.isr_nodes.clone(),
        offline_replicas: partition.offline_replicas.clone(),
        eligible_leader_replicas: partition.eligible_leader_replicas.clone(),
        last_known_elr: partition.last_known_elr.clone(),
    }
}

fn no_creation() -> MetadataRequest {
    MetadataRequest { allow_auto_topic_creation: false, ..MetadataRequest::default() }
}

fn id(id: Uuid) -> Option<Uuid> {
    (!id.is_nil()).then_some(id)
}

fn created(topic: &create_topics_response::CreatableTopicResult) -> CreatedTopic {
    let may_see = topic.topic_config_error_code == ErrorCode::None.code();
    let configs = topic.configs.iter().flatten().filter(|_| may_see);
    CreatedTopic {
        id: id(topic.topic_id),
        partitions: topic.num_partitions,
        replication_factor: topic.replication_factor,
        configs: configs
            .map(|config| (config.name.to_string(), config.value.as_deref().map(str::to_owned)))
            .collect(),
    }
}

fn described(topic: &MetadataResponseTopic) -> DescribedTopic {
    let mut partitions: Vec<DescribedPartition> = topic.partitions.iter().map(partition).collect();
    partitions.sort_by_key(|partition| partition.number);
    DescribedTopic {
        name: text(topic.name.as_deref().unwrap_or_default()),
        id: id(topic.topic_id),
        is_internal: topic.is_internal,
        partitions,
        authorized_operations: operations(topic.topic_authorized_operations),
    }
}

fn partition(partition: &MetadataResponsePartition) -> DescribedPartition {
    DescribedPartition {
        number: partition.partition_index,
        leader: known(partition.leader_id),
        leader_epoch: known(partition.leader_epoch),
        replicas: partition.replica_nodes.clone(),
        in_sync_replicas: partition.isr_nodes.clone(),
        offline_replicas: partition.offline_replicas.clone(),
        eligible_leader_replicas: None,
        last_known_elr: None,
    }
}
