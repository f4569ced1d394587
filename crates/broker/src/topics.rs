//! The partitions that this broker holds, by topic.

use std::{
    sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use ottla_log::LogConfig;
use ottla_replica::Rules;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::{
    metrics::{Traffic, TrafficCounts},
    partition::{Partition, TopicIdentity},
};

/// What `acks=all` promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// On stable storage.
    Journal,
    /// In the page cache, as Apache Kafka: it outlives the process, not the machine.
    Os,
}

/// The settings of a topic as its partitions act on them, resolved once for each change.
#[derive(Clone, Debug)]
pub(crate) struct TopicSettings {
    pub(crate) log: Arc<LogConfig>,
    /// What a produced batch must satisfy; the request adds what it knows.
    pub(crate) rules: Rules,
    pub(crate) replica: ottla_replica::Settings,
    pub(crate) durability: Durability,
    pub(crate) flush: FlushSettings,
}

/// When segments are flushed of topics whose durability is not the journal's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlushSettings {
    /// `flush.messages`: so many records wait for a flush.
    pub(crate) messages: i64,
    /// `flush.ms`; `None` for never.
    pub(crate) interval: Option<Duration>,
}

/// A topic with its partitions, whose ids count from zero.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) identity: Arc<TopicIdentity>,
    pub(crate) traffic: Traffic,
    partitions: RwLock<Vec<Arc<Partition>>>,
}

impl Topic {
    pub(crate) fn new(identity: Arc<TopicIdentity>, partitions: Vec<Arc<Partition>>) -> Topic {
        Topic { identity, traffic: Traffic::default(), partitions: RwLock::new(partitions) }
    }

    pub(crate) fn partition(&self, index: i32) -> Option<Arc<Partition>> {
        let partitions = self.read();
        usize::try_from(index).ok().and_then(|index| partitions.get(index).cloned())
    }

    pub(crate) fn partitions(&self) -> Vec<Arc<Partition>> {
        self.read().clone()
    }

    /// Adds a partition behind the others.
    pub(crate) fn push(&self, partition: Arc<Partition>) {
        let mut partitions = self.partitions.write().expect("nobody panics with the lock held");
        assert_eq!(
            usize::try_from(partition.index),
            Ok(partitions.len()),
            "partitions are added in the order of their ids"
        );
        partitions.push(partition);
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<Partition>>> {
        self.partitions.read().expect("nobody panics with the lock held")
    }
}

/// All topics, by id and by name.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    maps: RwLock<Maps>,
}

#[derive(Debug, Default)]
struct Maps {
    by_id: FxHashMap<Uuid, Arc<Topic>>,
    by_name: FxHashMap<bytestring::ByteString, Arc<Topic>>,
    /// Of topics that are gone: totals never fall.
    past_traffic: TrafficCounts,
}

impl Topics {
    pub(crate) fn by_id(&self, id: Uuid) -> Option<Arc<Topic>> {
        self.read().by_id.get(&id).cloned()
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<Arc<Topic>> {
        self.read().by_name.get(name).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Topic>> {
        self.read().by_id.values().cloned().collect()
    }

    /// Every partition of every topic.
    pub(crate) fn partitions(&self) -> Vec<Arc<Partition>> {
        self.all().iter().flat_map(|topic| topic.partitions()).collect()
    }

    pub(crate) fn insert(&self, topic: Arc<Topic>) {
        let mut maps = self.write();
        maps.by_id.insert(topic.identity.id, Arc::clone(&topic));
        maps.by_name.insert(topic.identity.name.clone(), topic);
    }

    pub(crate) fn remove(&self, id: Uuid) -> Option<Arc<Topic>> {
        let mut maps = self.write();
        let topic = maps.by_id.remove(&id)?;
        maps.by_name.remove(&topic.identity.name);
        maps.past_traffic += topic.traffic.counts();
        Some(topic)
    }

    /// What went in and out of each topic, and of all that there ever were.
    pub(crate) fn traffic(&self) -> (Vec<(Arc<TopicIdentity>, TrafficCounts)>, TrafficCounts) {
        let maps = self.read();
        let topics = maps.by_id.values().map(|topic| (Arc::clone(&topic.identity), topic.traffic.counts()));
        let topics: Vec<_> = topics.collect();
        let mut total = maps.past_traffic;
        topics.iter().for_each(|(_, counts)| total += *counts);
        (topics, total)
    }

    fn read(&self) -> RwLockReadGuard<'_, Maps> {
        self.maps.read().expect("nobody panics with the lock held")
    }

    fn write(&self) -> RwLockWriteGuard<'_, Maps> {
        self.maps.write().expect("nobody panics with the lock held")
    }
}
