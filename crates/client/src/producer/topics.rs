//! Which partition a record goes to: each topic with its partitioner, and what that sees of the topic.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::ProducerRecord;
use crate::cluster::{Cluster, Topic};
use crate::error::{Resource, ResponseError};
use crate::partitioner::{Appended, Partitioner, PartitionerError, Queue, RecordRef, TopicRef};
use crate::{ApiKey, Error, ErrorCode, Result};

/// Makes a partitioner for a topic.
pub(super) type MakePartitioner = dyn Fn() -> Box<dyn Partitioner> + Send + Sync;

/// The topics that are sent to.
pub(super) struct Topics {
    known: HashMap<Arc<str>, Known>,
    make: Box<MakePartitioner>,
    /// What the topics were last taken from.
    cluster: Arc<Cluster>,
}

/// One of them.
pub(super) struct Known {
    partitioner: Box<dyn Partitioner>,
    name: Arc<str>,
    partitions: u32,
    available: Vec<i32>,
    /// When a record was last sent to it.
    used_at: Option<Instant>,
}

impl Topics {
    pub(super) fn new(make: Box<MakePartitioner>) -> Topics {
        Topics { known: HashMap::new(), make, cluster: Arc::default() }
    }

    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.known.keys().cloned().collect()
    }

    pub(super) fn is_known(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Begins to send to a topic.
    pub(super) fn learn(&mut self, topic: &Topic) {
        let make = &self.make;
        let known = self.known.entry(topic.name.clone()).or_insert_with(|| Known {
            partitioner: make(),
            name: topic.name.clone(),
            partitions: 0,
            available: Vec::new(),
            used_at: None,
        });
        known.update(topic);
    }

    /// Forgets those that were not sent to for so long, except for those that something still waits for.
    pub(super) fn forget_idle(
        &mut self,
        now: Instant,
        idle_max: Duration,
        is_waited_for: impl Fn(&str) -> bool,
    ) {
        self.known.retain(|name, known| {
            let used_at = *known.used_at.get_or_insert(now);
            used_at + idle_max > now || is_waited_for(name)
        });
    }

    /// Takes over what is known of the cluster now.
    pub(super) fn update(&mut self, cluster: &Arc<Cluster>) {
        if Arc::ptr_eq(&self.cluster, cluster) {
            return;
        }
        self.cluster = cluster.clone();
        for known in self.known.values_mut() {
            if let Some(topic) = cluster.topic(&known.name) {
                known.update(topic);
            }
        }
    }

    /// A topic that is known and was not forgotten.
    pub(super) fn get(&mut self, name: &str) -> Option<&mut Known> {
        self.known.get_mut(name)
    }

    /// Tells the partitioners how much waits for each partition, and whether its broker is slow to take it.
    pub(super) fn tell_queues(&mut self, waiting: impl Fn(&Arc<str>, i32) -> (u32, bool)) {
        for known in self.known.values_mut().filter(|known| known.partitions > 1) {
            let queue = |partition: &i32| {
                let (batches, slow) = waiting(&known.name, *partition);
                Queue { partition: *partition, batches, slow }
            };
            let queues: Vec<Queue> = known.available.iter().map(queue).collect();
            let topic =
                TopicRef { name: &known.name, partitions: known.partitions, available: &known.available };
            known.partitioner.on_queues(topic, &queues);
        }
    }
}

impl Known {
    /// The partition for a record. `opens_batch` says whether the record would open a batch in a partition: then a partitioner
    /// may choose again.
    pub(super) fn choose(
        &mut self,
        record: &ProducerRecord,
        now: Instant,
        opens_batch: impl Fn(i32) -> bool,
    ) -> Result<i32> {
        self.used_at = Some(now);
        let topic = TopicRef { name: &self.name, partitions: self.partitions, available: &self.available };
        let chosen = choose(&mut *self.partitioner, record, topic, now, opens_batch);
        chosen.map_err(|reason| Error::Partitioner { topic: record.topic.clone(), reason })
    }

    /// Tells the partitioner that a record was put into a batch.
    pub(super) fn appended(&mut self, record: &ProducerRecord, appended: Appended) {
        let topic = TopicRef { name: &self.name, partitions: self.partitions, available: &self.available };
        self.partitioner.on_appended(view(record), topic, appended);
    }

    fn update(&mut self, topic: &Topic) {
        self.partitions = u32::try_from(topic.partitions.len()).expect("partitions are numbered by 31 bits");
        let led = topic.partitions.iter().filter(|partition| partition.leader.is_some());
        self.available = led.map(|partition| partition.number).collect();
    }
}

fn choose(
    partitioner: &mut dyn Partitioner,
    record: &ProducerRecord,
    topic: TopicRef<'_>,
    now: Instant,
    opens_batch: impl Fn(i32) -> bool,
) -> Result<i32, PartitionerError> {
    let exists = |partition: i32| u32::try_from(partition).is_ok_and(|at| at < topic.partitions);
    let chosen = match record.partition {
        Some(partition) => partition,
        None => {
            let seen = view(record);
            let chosen = partitioner.partition(seen, topic, now.into_std())?;
            if opens_batch(chosen) && partitioner.on_new_batch(topic, chosen) {
                partitioner.partition(seen, topic, now.into_std())?
            } else {
                chosen
            }
        }
    };
    if exists(chosen) {
        Ok(chosen)
    } else {
        Err(PartitionerError::NoSuchPartition { partition: chosen, partitions: topic.partitions })
    }
}

/// A retriable error: the topic is not known, or was forgotten.
pub(super) fn forgotten(topic: &Arc<str>) -> Error {
    let error = ResponseError::new(ApiKey::Metadata, ErrorCode::UnknownTopicOrPartition.code());
    error.about(Resource::Topic(topic.clone())).into()
}

/// What a partitioner sees of a record.
fn view(record: &ProducerRecord) -> RecordRef<'_> {
    RecordRef { key: record.key.as_deref(), value: record.value.as_deref(), partition: record.partition }
}
