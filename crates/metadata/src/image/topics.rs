//! Topics and their partitions.

use std::{collections::BTreeSet, sync::Arc};

use bytestring::ByteString;
use ottla_wire::messages::{PartitionChangeRecord, PartitionRecord, TopicRecord};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{Partition, ReplayError, owned};
use crate::{Change, names};

/// A topic; its partitions in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topic {
    pub id: Uuid,
    pub name: ByteString,
    pub partitions: Vec<Partition>,
}

impl Topic {
    pub fn partition(&self, id: i32) -> Option<&Partition> {
        self.position(id).ok().map(|position| &self.partitions[position])
    }

    fn partition_mut(&mut self, id: i32) -> Option<&mut Partition> {
        self.position(id).ok().map(|position| &mut self.partitions[position])
    }

    /// Ids count from zero without gaps, so that the id is the place; but a log may name them in any order.
    fn position(&self, id: i32) -> Result<usize, usize> {
        match usize::try_from(id) {
            Ok(place) if self.partitions.get(place).is_some_and(|found| found.id == id) => Ok(place),
            Ok(_) | Err(_) => self.partitions.binary_search_by_key(&id, |partition| partition.id),
        }
    }

    fn put(&mut self, partition: Partition) -> bool {
        match self.position(partition.id) {
            Ok(position) => self.partitions[position] = partition,
            Err(position) => {
                self.partitions.insert(position, partition);
                return true;
            }
        }
        false
    }
}

/// All topics. A topic is shared: who holds one keeps reading what it was, whatever becomes of it here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topics {
    by_id: FxHashMap<Uuid, Arc<Topic>>,
    ids: FxHashMap<ByteString, Uuid>,
    /// Names that contain a dot or an underscore, by what they have in common.
    colliding: FxHashMap<String, BTreeSet<ByteString>>,
    partitions: usize,
}

impl Topics {
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Of all topics together.
    pub fn partition_count(&self) -> usize {
        self.partitions
    }

    pub fn by_id(&self, id: Uuid) -> Option<&Arc<Topic>> {
        self.by_id.get(&id)
    }

    pub fn by_name(&self, name: &str) -> Option<&Arc<Topic>> {
        self.by_id(self.id(name)?)
    }

    pub fn id(&self, name: &str) -> Option<Uuid> {
        self.ids.get(name).copied()
    }

    /// In no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.by_id.values()
    }

    /// In the order of their names.
    pub fn sorted(&self) -> Vec<&Arc<Topic>> {
        let mut topics: Vec<_> = self.iter().collect();
        topics.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        topics
    }

    /// A topic whose metrics could not be told from those of a topic of this name.
    pub(crate) fn colliding(&self, name: &str) -> Option<&ByteString> {
        self.colliding.get(&names::collision_key(name)?)?.first()
    }

    pub(super) fn create(&mut self, record: TopicRecord) -> Result<Change, ReplayError> {
        let (id, name) = (record.topic_id, owned(&record.name));
        if self.by_id.contains_key(&id) || self.ids.contains_key(&name) {
            return Err(ReplayError::DuplicateTopic { name });
        }
        self.ids.insert(name.clone(), id);
        if let Some(key) = names::collision_key(&name) {
            self.colliding.entry(key).or_default().insert(name.clone());
        }
        self.by_id.insert(id, Arc::new(Topic { id, name, partitions: Vec::new() }));
        Ok(Change::TopicCreated(id))
    }

    pub(super) fn remove(&mut self, id: Uuid) -> Result<Arc<Topic>, ReplayError> {
        let topic = self.by_id.remove(&id).ok_or_else(|| unknown_topic("RemoveTopicRecord", id))?;
        self.ids.remove(&topic.name);
        self.partitions -= topic.partitions.len();
        self.forget_collision(&topic.name);
        Ok(topic)
    }

    fn forget_collision(&mut self, name: &ByteString) {
        let Some(key) = names::collision_key(name) else { return };
        let Some(names) = self.colliding.get_mut(&key) else { return };
        names.remove(name);
        if names.is_empty() {
            self.colliding.remove(&key);
        }
    }

    pub(super) fn put_partition(&mut self, record: PartitionRecord) -> Result<Change, ReplayError> {
        let (topic, partition) = (record.topic_id, record.partition_id);
        if partition < 0 {
            let value = partition.into();
            return Err(ReplayError::BadValue { record: "PartitionRecord", name: "partition id", value });
        }
        let added = self.topic_mut("PartitionRecord", topic)?.put(Partition::from_record(record)?);
        if !added {
            return Ok(Change::PartitionChanged { topic, partition });
        }
        self.partitions += 1;
        Ok(Change::PartitionAdded { topic, partition })
    }

    pub(super) fn change_partition(&mut self, record: PartitionChangeRecord) -> Result<Change, ReplayError> {
        const RECORD: &str = "PartitionChangeRecord";
        let (topic, partition) = (record.topic_id, record.partition_id);
        self.topic_mut(RECORD, topic)?
            .partition_mut(partition)
            .ok_or_else(|| ReplayError::UnknownPartition {
                record: RECORD,
                topic: topic.to_string(),
                partition,
            })?
            .apply(record)?;
        Ok(Change::PartitionChanged { topic, partition })
    }

    pub(super) fn clear_every_elr(&mut self, changes: &mut Vec<Change>) {
        let ids: Vec<Uuid> = self.by_id.keys().copied().collect();
        for id in ids {
            self.clear_elr(id, changes);
        }
    }

    pub(super) fn clear_elr(&mut self, topic: Uuid, changes: &mut Vec<Change>) {
        let Some(found) = self.by_id.get_mut(&topic) else { return };
        for partition in &mut Arc::make_mut(found).partitions {
            if partition.clear_elr() {
                changes.push(Change::PartitionChanged { topic, partition: partition.id });
            }
        }
    }

    fn topic_mut(&mut self, record: &'static str, id: Uuid) -> Result<&mut Topic, ReplayError> {
        self.by_id.get_mut(&id).map(Arc::make_mut).ok_or_else(|| unknown_topic(record, id))
    }
}

fn unknown_topic(record: &'static str, id: Uuid) -> ReplayError {
    ReplayError::UnknownTopic { record, topic: id.to_string() }
}
