//! Committed offsets: of one partition, of a group.

use std::collections::BTreeMap;

use bytestring::ByteString;
use ottla_wire::messages::OffsetCommitValue;
use uuid::Uuid;

use crate::{AppendId, own};

mod commit;
mod delete;
mod expire;
mod fetch;

pub(crate) use commit::{commit, has_storable_names, refuse as refuse_commit};
pub(crate) use delete::{delete, tombstones};
pub(crate) use expire::expire;
pub(crate) use fetch::fetch;

/// What a group has committed for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// Where in the log of `__consumer_offsets` it stands: of two, the later one counts.
    pub record_offset: i64,
    pub offset: i64,
    /// -1 if none was given.
    pub leader_epoch: i32,
    pub metadata: ByteString,
    /// Milliseconds since 1970.
    pub commit_timestamp: i64,
    /// When it expires, whatever the retention is; -1 if the retention decides.
    pub expire_timestamp: i64,
    /// Nil if the commit did not tell.
    pub topic_id: Uuid,
}

impl CommittedOffset {
    pub(crate) fn from_value(record_offset: i64, value: &OffsetCommitValue) -> CommittedOffset {
        CommittedOffset {
            record_offset,
            offset: value.offset,
            leader_epoch: value.leader_epoch,
            metadata: own::text(&value.metadata),
            commit_timestamp: value.commit_timestamp,
            expire_timestamp: value.expire_timestamp,
            topic_id: value.topic_id,
        }
    }

    pub(crate) fn to_value(&self) -> OffsetCommitValue {
        OffsetCommitValue {
            offset: self.offset,
            leader_epoch: self.leader_epoch,
            metadata: self.metadata.clone(),
            commit_timestamp: self.commit_timestamp,
            expire_timestamp: self.expire_timestamp,
            topic_id: self.topic_id,
        }
    }
}

/// Offsets by topic and partition, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicOffsets {
    topics: BTreeMap<ByteString, BTreeMap<i32, CommittedOffset>>,
}

impl TopicOffsets {
    pub(crate) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    pub(crate) fn get(&self, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.topics.get(topic)?.get(&partition)
    }

    pub(crate) fn topic(&self, topic: &str) -> Option<&BTreeMap<i32, CommittedOffset>> {
        self.topics.get(topic)
    }

    pub(crate) fn topics(&self) -> impl Iterator<Item = (&ByteString, &BTreeMap<i32, CommittedOffset>)> {
        self.topics.iter()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ByteString, i32, &CommittedOffset)> {
        self.topics()
            .flat_map(|(topic, partitions)| partitions.iter().map(move |(p, offset)| (topic, *p, offset)))
    }

    fn insert(&mut self, topic: &ByteString, partition: i32, offset: CommittedOffset) {
        if let Some(partitions) = self.topics.get_mut(topic) {
            partitions.insert(partition, offset);
        } else {
            self.topics.insert(own::text(topic), BTreeMap::from([(partition, offset)]));
        }
    }

    fn remove(&mut self, topic: &str, partition: i32) {
        if let Some(partitions) = self.topics.get_mut(topic) {
            partitions.remove(&partition);
            if partitions.is_empty() {
                self.topics.remove(topic);
            }
        }
    }
}

/// All offsets of a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupOffsets {
    pub(crate) committed: TopicOffsets,
    /// Those of open transactions, by producer ID: they count once their transaction is committed.
    open: BTreeMap<i64, TopicOffsets>,
    /// The last append that changed any of them: replies that tell of them wait for it.
    pub(crate) changed_by: AppendId,
}

impl GroupOffsets {
    pub(crate) fn is_empty(&self) -> bool {
        self.committed.is_empty() && self.open.is_empty()
    }

    pub(crate) fn has_open_transaction(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether an open transaction has an offset for the partition.
    pub(crate) fn is_unstable(&self, topic: &str, partition: i32) -> bool {
        self.open.values().any(|offsets| offsets.get(topic, partition).is_some())
    }

    /// Partitions for which there is any offset, committed or open.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = (&ByteString, i32, &CommittedOffset)> {
        let open = self.open.values().flat_map(TopicOffsets::iter);
        let only_open = open.filter(|(topic, partition, _)| self.committed.get(topic, *partition).is_none());
        self.committed.iter().chain(only_open)
    }

    pub(crate) fn put(&mut self, topic: &ByteString, partition: i32, offset: CommittedOffset) {
        self.committed.insert(topic, partition, offset);
    }

    pub(crate) fn put_open(
        &mut self,
        producer_id: i64,
        topic: &ByteString,
        partition: i32,
        offset: CommittedOffset,
    ) {
        self.open.entry(producer_id).or_default().insert(topic, partition, offset);
    }

    /// Removes the offset of a partition, and those that open transactions have for it.
    pub(crate) fn remove(&mut self, topic: &str, partition: i32) {
        self.committed.remove(topic, partition);
        self.open.retain(|_, offsets| {
            offsets.remove(topic, partition);
            !offsets.is_empty()
        });
    }

    /// Ends a producer's transaction. Of a regular commit and one of the transaction the later record counts: without
    /// that, compaction, which removes the earlier record, would change the outcome.
    pub(crate) fn end_transaction(&mut self, producer_id: i64, committed: bool) {
        let Some(offsets) = self.open.remove(&producer_id).filter(|_| committed) else { return };
        for (topic, partitions) in offsets.topics {
            for (partition, offset) in partitions {
                let earlier = self.committed.get(&topic, partition);
                if earlier.is_none_or(|earlier| earlier.record_offset < offset.record_offset) {
                    self.committed.insert(&topic, partition, offset);
                }
            }
        }
    }
}
