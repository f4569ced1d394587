//! Which partition of its topic a record goes to.
//!
//! Records with equal keys must meet in one partition, whichever client wrote them: so the partitioners of Java, librdkafka,
//! sarama and kafka-go are here under their own names, and choose bit for bit as these do. They differ in what they do with a key
//! that is null, with one that is empty, and in whether they choose among all partitions or among those that have a leader.
//!
//! | as in | null key | chooses among | module |
//! |---|---|---|---|
//! | Java | sticky | all by key, else those with a leader | [`java`] |
//! | librdkafka | random or sticky, or hashed as empty | all | [`librdkafka`] |
//! | sarama | random | all by key, else those with a leader | [`sarama`] |
//! | kafka-go | its own round robin, random, or hashed as empty | all | [`kafka_go`] |
//!
//! [`PartitionerKind`] selects one by name; [`Partitioner`] is the trait for one's own. A partitioner serves one topic, reads no
//! clock, and draws its chances from the [`RandomSource`] that it was given: same source, same choices.

pub mod hash;
pub mod java;
pub mod kafka_go;
mod kind;
pub mod librdkafka;
mod random;
pub mod sarama;

use std::time::Instant;

pub use hash::{KeyHash, SignRule};
pub use kind::{PartitionerKind, PartitionerOptions, UnknownPartitioner};
pub use random::{RandomSource, SplitMix64};

/// What a partitioner sees of a record.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecordRef<'a> {
    /// The key; null and empty are two things.
    pub key: Option<&'a [u8]>,
    /// The value; none is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The partition that the record asks for. The producer follows it unasked; it is here for [`sarama::Manual`].
    pub partition: Option<i32>,
}

/// What a partitioner sees of a topic.
#[derive(Clone, Copy, Debug)]
pub struct TopicRef<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// How many partitions it has, numbered from 0. At most `i32::MAX`.
    pub partitions: u32,
    /// Those of them that have a leader, ascending.
    pub available: &'a [i32],
}

/// A record was put into a batch.
#[derive(Clone, Copy, Debug)]
pub struct Appended {
    /// The partition of the batch.
    pub partition: i32,
    /// By how much the batch grew.
    pub bytes: usize,
    /// Whether all batches of the partition are ready to be sent, so that leaving it now leaves no small batch behind.
    pub batch_ready: bool,
}

/// How much waits to be sent to a partition that has a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The partition.
    pub partition: i32,
    /// Batches that wait.
    pub batches: u32,
    /// Whether its leader has accepted nothing for `partitioner.availability.timeout.ms`.
    pub slow: bool,
}

/// Why no partition could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartitionerError {
    /// The topic has no partition.
    #[error("the topic has no partition")]
    NoPartitions,
    /// The partitioner wants one with a leader, and there is none now.
    #[error("no partition of the topic has a leader")]
    NoneAvailable,
    /// The record asks for a partition that does not exist.
    #[error("partition {partition} was asked for, and the topic has {partitions}")]
    NoSuchPartition {
        /// What was asked for.
        partition: i32,
        /// How many there are.
        partitions: u32,
    },
    /// The manual partitioner was given a record that asks for none.
    #[error("the manual partitioner needs a partition in each record")]
    PartitionMissing,
    /// What a partitioner of one's own says.
    #[error("{0}")]
    Other(String),
}

/// Chooses partitions for the records of one topic.
pub trait Partitioner: Send {
    /// The partition of this record, below `topic.partitions`. Called once for each record: retries keep it.
    fn partition(
        &mut self,
        record: RecordRef<'_>,
        topic: TopicRef<'_>,
        now: Instant,
    ) -> Result<i32, PartitionerError>;

    /// The record was put into a batch of the partition that was chosen for it.
    fn on_appended(&mut self, _record: RecordRef<'_>, _topic: TopicRef<'_>, _appended: Appended) {}

    /// The record would open a new batch in this partition. True if it should be given a partition anew before that (KIP-480).
    fn on_new_batch(&mut self, _topic: TopicRef<'_>, _partition: i32) -> bool {
        false
    }

    /// What waits to be sent, of the partitions that have a leader; told from time to time, once each partition of the topic
    /// has been written to (KIP-794).
    fn on_queues(&mut self, _topic: TopicRef<'_>, _queues: &[Queue]) {}
}

impl<P: Partitioner + ?Sized> Partitioner for Box<P> {
    fn partition(
        &mut self,
        record: RecordRef<'_>,
        topic: TopicRef<'_>,
        now: Instant,
    ) -> Result<i32, PartitionerError> {
        (**self).partition(record, topic, now)
    }

    fn on_appended(&mut self, record: RecordRef<'_>, topic: TopicRef<'_>, appended: Appended) {
        (**self).on_appended(record, topic, appended);
    }

    fn on_new_batch(&mut self, topic: TopicRef<'_>, partition: i32) -> bool {
        (**self).on_new_batch(topic, partition)
    }

    fn on_queues(&mut self, topic: TopicRef<'_>, queues: &[Queue]) {
        (**self).on_queues(topic, queues);
    }
}

impl TopicRef<'_> {
    /// How many partitions, where there must be one.
    fn count(&self) -> Result<u32, PartitionerError> {
        if self.partitions == 0 { Err(PartitionerError::NoPartitions) } else { Ok(self.partitions) }
    }

    fn has_leader(&self, partition: i32) -> bool {
        self.available.binary_search(&partition).is_ok()
    }
}

/// One of the partitions, each as likely as the other.
fn any(partitions: &[i32], random: &mut dyn RandomSource) -> Option<i32> {
    let count = u32::try_from(partitions.len()).ok().filter(|count| *count > 0)?;
    Some(partitions[random.below(count) as usize])
}
