//! Carries out on this broker what the controller decided: partitions come and go, settings change.

use std::sync::{Arc, RwLock};

use ottla_log::partition_folder;
use ottla_metadata::{Change, ConfigResource, Image, ResourceKind};
use ottla_replica::Event;
use rustc_hash::FxHashSet;
use tracing::{error, info};
use uuid::Uuid;

use crate::{
    configs::Configs,
    controller::Act,
    partition::{Partition, TopicIdentity},
    random,
    storage::{self, Deletions, Storage, Wanted},
    topics::{Topic, Topics},
};

/// Told what happens to topics: the coordinators have their own, and forget what they know of deleted ones.
pub(crate) trait TopicsWatcher: Send + Sync {
    fn topic_created(&self, topic: &Arc<Topic>);
    /// All that were deleted together.
    fn topics_deleted(&self, topics: &[Arc<Topic>]);
    /// The broker's own, by whatever layer, or the features of the cluster.
    fn configs_changed(&self, image: &Image);
}

pub(crate) struct Hosting {
    pub(crate) storage: Arc<Storage>,
    pub(crate) topics: Arc<Topics>,
    pub(crate) configs: Arc<RwLock<Configs>>,
    pub(crate) deletions: Arc<Deletions>,
    pub(crate) watchers: Vec<Arc<dyn TopicsWatcher>>,
}

/// What changes ask for that is done once for all of them.
#[derive(Default)]
struct Round<'a> {
    grown: FxHashSet<Uuid>,
    deleted: Vec<Arc<Topic>>,
    /// By their names.
    topics_configured: FxHashSet<&'a str>,
    broker_configured: bool,
    features_changed: bool,
}

impl<'a> Round<'a> {
    fn configured(&mut self, resource: &'a ConfigResource) {
        match resource.kind {
            ResourceKind::Topic => {
                self.topics_configured.insert(&resource.name);
            }
            ResourceKind::Broker => self.broker_configured = true,
            ResourceKind::BrokerLogger | ResourceKind::ClientMetrics | ResourceKind::Group => {}
        }
    }
}

impl Act for Hosting {
    fn act(&self, image: &Image, changes: &[Change]) {
        let mut round = Round::default();
        for change in changes {
            match change {
                Change::PartitionAdded { topic, .. } => {
                    round.grown.insert(*topic);
                }
                Change::TopicDeleted(topic) => round.deleted.extend(self.delete(topic.id)),
                Change::ConfigsChanged(resource) => round.configured(resource),
                Change::FeatureChanged(_) => round.features_changed = true,
                Change::PartitionChanged { topic, partition } => self.lead(image, *topic, *partition),
                Change::TopicCreated(_)
                | Change::BrokerChanged(_)
                | Change::BrokerRemoved(_)
                | Change::ProducerIdsAllocated { .. }
                | Change::QuotasChanged
                | Change::SecurityChanged => {}
            }
        }
        self.finish(image, round);
    }
}

impl Hosting {
    /// Deletions come before what takes the names of the deleted topics, and the broker's configs before what is made
    /// with them.
    fn finish(&self, image: &Image, round: Round<'_>) {
        if !round.deleted.is_empty() {
            let synced = self.storage.topics_were_deleted();
            synced.unwrap_or_else(|error| storage::fail("cannot delete folders durably", &error));
            self.watchers.iter().for_each(|watcher| watcher.topics_deleted(&round.deleted));
        }
        if round.broker_configured {
            self.configure_broker(image);
        }
        if round.broker_configured || round.features_changed {
            self.watchers.iter().for_each(|watcher| watcher.configs_changed(image));
        }
        round.grown.into_iter().for_each(|topic| self.grow(image, topic));
        let known = |name: &str| self.topics.by_name(name);
        for topic in round.topics_configured.into_iter().filter_map(known) {
            self.configure(image, &topic);
        }
    }

    /// Makes the partitions of a topic that are not here yet.
    fn grow(&self, image: &Image, id: Uuid) {
        let Some(described) = image.topics().by_id(id) else { return };
        let known = self.topics.by_id(id);
        let identity = known.as_ref().map_or_else(
            || Arc::new(TopicIdentity { id, name: described.name.clone() }),
            |topic| Arc::clone(&topic.identity),
        );
        let settings = self.read_configs().topic_settings(image, &described.name);
        let missing =
            described.partitions.iter().skip(known.as_ref().map_or(0, |topic| topic.partitions().len()));
        let made = missing.map(|partition| Wanted {
            topic: Arc::clone(&identity),
            index: partition.id,
            leader_epoch: partition.leader_epoch,
            settings: Arc::clone(&settings),
        });
        let made: Vec<Arc<Partition>> = made.map(|wanted| self.make(wanted)).collect();
        match known {
            Some(topic) => made.into_iter().for_each(|partition| topic.push(partition)),
            None => {
                let topic = Arc::new(Topic::new(identity, made));
                self.topics.insert(Arc::clone(&topic));
                self.watchers.iter().for_each(|watcher| watcher.topic_created(&topic));
            }
        }
    }

    /// What the controller decided is durable: a folder that cannot be made is found missing at the next start.
    fn make(&self, wanted: Wanted) -> Arc<Partition> {
        let name = partition_folder(&wanted.topic.name, wanted.index);
        if let Err(error) = self.storage.refresh_checkpoints(&self.topics) {
            storage::fail("cannot write the checkpoints without deleted topics", &error);
        }
        match storage::create(&self.storage.dir, &self.storage.files, wanted) {
            Ok(partition) => partition,
            Err(error) => storage::fail(&format!("cannot make the folder of {name}"), &error),
        }
    }

    fn delete(&self, id: Uuid) -> Option<Arc<Topic>> {
        let topic = self.topics.remove(id)?;
        for partition in topic.partitions() {
            partition.mark_deleted();
            if let Err(error) = self.deletions.rename(&partition, random::uuid()) {
                error!(topic = %topic.identity.name, partition = partition.index, %error, "cannot rename a deleted partition's folder");
            }
        }
        info!(topic = %topic.identity.name, partitions = topic.partitions().len(), "deleted a topic");
        Some(topic)
    }

    fn configure_broker(&self, image: &Image) {
        self.configs.write().expect("nobody panics with the lock held").reload(image);
        self.topics.all().iter().for_each(|topic| self.configure(image, topic));
    }

    fn configure(&self, image: &Image, topic: &Topic) {
        let settings = self.read_configs().topic_settings(image, &topic.identity.name);
        topic.partitions().iter().for_each(|partition| partition.configure(&self.storage, &settings));
    }

    fn lead(&self, image: &Image, topic: Uuid, index: i32) {
        let epoch = image.topics().by_id(topic).and_then(|t| t.partition(index)).map(|p| p.leader_epoch);
        let partition = self.topics.by_id(topic).and_then(|t| t.partition(index));
        if let (Some(epoch), Some(partition)) = (epoch, partition) {
            partition.on(&Event::BecomeLeader { epoch, replicas: ottla_replica::Replicas::default() });
        }
    }

    fn read_configs(&self) -> std::sync::RwLockReadGuard<'_, Configs> {
        self.configs.read().expect("nobody panics with the lock held")
    }
}
