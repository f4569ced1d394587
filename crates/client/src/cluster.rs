//! What is known of the cluster: brokers, topics, partitions and who leads them.

mod merge;

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_wire::{ErrorCode, Uuid};

use crate::address::Address;
use crate::{BrokerId, Epoch, TopicPartition};

/// The cluster at one moment, as far as this client asked about it. It never changes: what is learnt later is in another one.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    id: Option<Arc<str>>,
    controller: Option<BrokerId>,
    brokers: BTreeMap<BrokerId, Broker>,
    topics: BTreeMap<Arc<str>, Topic>,
    /// Why a topic that was asked for is not among `topics`, or has nothing new.
    errors: BTreeMap<Arc<str>, ErrorCode>,
}

/// A broker, as it wants to be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broker {
    /// Its number.
    pub id: BrokerId,
    /// The host that it advertises.
    pub host: Arc<str>,
    /// The port that it advertises.
    pub port: u16,
    /// Where it is.
    pub rack: Option<Arc<str>>,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Topic {
    /// Its name.
    pub name: Arc<str>,
    /// Its id, from Kafka 2.8 on: another topic of the same name has another.
    pub id: Option<Uuid>,
    /// Whether it is Kafka's own.
    pub is_internal: bool,
    /// Its partitions by their numbers.
    pub partitions: Vec<Partition>,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partition {
    /// Its number.
    pub number: i32,
    /// The broker to produce to and to fetch from, if there is one now.
    pub leader: Option<BrokerId>,
    /// The leader's term, from Kafka 2.1 on.
    pub leader_epoch: Option<Epoch>,
    /// The brokers that have it.
    pub replicas: Vec<BrokerId>,
    /// Those of them that are in sync.
    pub in_sync_replicas: Vec<BrokerId>,
    /// Those of them that are not there.
    pub offline_replicas: Vec<BrokerId>,
}

/// A leader that a broker told of while it refused or answered something else (KIP-951).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeaderHint {
    pub(crate) leader: BrokerId,
    pub(crate) epoch: Epoch,
}

impl Cluster {
    /// The cluster's id.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The broker that administrative requests go to.
    pub fn controller(&self) -> Option<BrokerId> {
        self.controller
    }

    /// The brokers by their numbers.
    pub fn brokers(&self) -> impl Iterator<Item = &Broker> {
        self.brokers.values()
    }

    /// The broker of that number.
    pub fn broker(&self, id: BrokerId) -> Option<&Broker> {
        self.brokers.get(&id)
    }

    /// The topics by their names.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.values()
    }

    /// The topic of that name.
    pub fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.get(name)
    }

    /// What the cluster answered about a topic instead of telling it.
    pub fn topic_error(&self, name: &str) -> Option<ErrorCode> {
        self.errors.get(name).copied()
    }

    /// The name of the topic with an id.
    pub fn topic_name(&self, id: Uuid) -> Option<&Arc<str>> {
        self.topics.values().find(|topic| topic.id == Some(id)).map(|topic| &topic.name)
    }

    /// What is known of a partition.
    pub fn partition(&self, partition: &TopicPartition) -> Option<&Partition> {
        self.topics.get(&partition.topic)?.partition(partition.partition)
    }

    /// The broker that leads a partition.
    pub fn leader(&self, partition: &TopicPartition) -> Option<&Broker> {
        self.broker(self.partition(partition)?.leader?)
    }
}

impl Broker {
    pub(crate) fn address(&self) -> Address {
        Address { host: self.host.clone(), port: self.port }
    }
}

impl Topic {
    /// The partition of that number.
    pub fn partition(&self, number: i32) -> Option<&Partition> {
        // Almost always they are 0 to n - 1.
        let at = self.partitions.binary_search_by_key(&number, |partition| partition.number);
        at.ok().map(|at| &self.partitions[at])
    }
}
