//! What brokers told in one round.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

use ottla_client::{BrokerId, Offset, TopicPartition, cluster};
use ottla_records::Timestamp;
use ottla_wire::Uuid;

/// A round. What nobody told, or was not allowed to, is missing.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) at: Instant,
    /// The same by the clock on the wall.
    pub(super) timestamp: Timestamp,
    pub(super) cluster_id: Option<String>,
    pub(super) controller: Option<BrokerId>,
    pub(super) broker_count: usize,
    /// All that there are, Kafka's own too.
    pub(super) topics: BTreeMap<Arc<str>, Topic>,
    pub(super) ends: HashMap<TopicPartition, Offset>,
    /// How many bytes the leaders' replicas have.
    pub(super) sizes: HashMap<TopicPartition, i64>,
    /// All that there are.
    pub(super) group_count: usize,
    /// Those that are meant.
    pub(super) groups: BTreeMap<Arc<str>, Group>,
    pub(super) notes: Notes,
}

/// A topic.
#[derive(Debug, Clone, Default)]
pub(super) struct Topic {
    /// Where brokers tell it: another topic of the same name has another.
    pub(super) id: Option<Uuid>,
    pub(super) is_internal: bool,
    pub(super) partitions: Vec<Partition>,
}

/// A partition.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    pub(super) number: i32,
    pub(super) leader: Option<BrokerId>,
    pub(super) is_under_replicated: bool,
}

impl From<cluster::Topic> for Topic {
    fn from(topic: cluster::Topic) -> Topic {
        let partitions = topic.partitions.iter().map(|it| Partition {
            number: it.number,
            leader: it.leader,
            is_under_replicated: it.in_sync_replicas.len() < it.replicas.len(),
        });
        Topic { id: topic.id, is_internal: topic.is_internal, partitions: partitions.collect() }
    }
}

/// A group, of any kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub(super) kind: Option<Arc<str>>,
    pub(super) state: Option<Arc<str>>,
    pub(super) members: Option<usize>,
    pub(super) committed: Option<HashMap<TopicPartition, Offset>>,
}

/// Why something is missing, each reason once, and how often it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes(BTreeMap<String, usize>);

impl Notes {
    pub(super) fn add(&mut self, reason: impl Display) {
        *self.0.entry(reason.to_string()).or_default() += 1;
    }

    pub(super) fn add_all(&mut self, other: Notes) {
        for (reason, count) in other.0 {
            *self.0.entry(reason).or_default() += count;
        }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let line = |(reason, count): (&String, &usize)| match count {
            1 => reason.clone(),
            count => format!("{reason} ({count} times)"),
        };
        self.0.iter().map(line).collect()
    }
}
