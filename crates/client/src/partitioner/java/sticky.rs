//! `DefaultPartitioner` and `UniformStickyPartitioner` of Kafka 2.4 to 3.9 (KIP-480).

use std::time::Instant;

use super::{among_available, positive};
use crate::partitioner::{KeyHash, Partitioner, PartitionerError, RandomSource, RecordRef, TopicRef};

/// Records without a key stay with one partition until it would need a new batch.
pub struct Sticky {
    /// None: keys have no say.
    hash: Option<KeyHash>,
    random: Box<dyn RandomSource>,
    current: Option<i32>,
}

impl Sticky {
    /// `DefaultPartitioner`: keys are hashed by Murmur2.
    pub fn keyed(random: impl RandomSource + 'static) -> Sticky {
        Sticky { hash: Some(KeyHash::murmur2()), random: Box::new(random), current: None }
    }

    /// `UniformStickyPartitioner`: keys have no say.
    pub fn uniform(random: impl RandomSource + 'static) -> Sticky {
        Sticky { hash: None, random: Box::new(random), current: None }
    }

    /// Another partition than the present one, as far as there is one with a leader.
    fn next(&mut self, topic: TopicRef<'_>) -> Result<i32, PartitionerError> {
        let elsewhere = topic.available.iter().any(|available| Some(*available) != self.current);
        loop {
            let partition = match topic.available {
                [only] => *only,
                _ => among_available(positive(&mut *self.random), topic)?,
            };
            if Some(partition) != self.current || !elsewhere {
                self.current = Some(partition);
                return Ok(partition);
            }
        }
    }
}

impl Partitioner for Sticky {
    fn partition(
        &mut self,
        record: RecordRef<'_>,
        topic: TopicRef<'_>,
        _: Instant,
    ) -> Result<i32, PartitionerError> {
        let partitions = topic.count()?;
        if let (Some(hash), Some(key)) = (&self.hash, record.key) {
            return Ok(hash.partition(key, partitions));
        }
        // The topic may have been made anew with fewer partitions.
        match self.current.filter(|current| *current < partitions.cast_signed()) {
            Some(current) => Ok(current),
            None => self.next(topic),
        }
    }

    fn on_new_batch(&mut self, topic: TopicRef<'_>, partition: i32) -> bool {
        if self.current.is_none_or(|current| current == partition) && topic.partitions > 0 {
            self.next(topic).expect("the topic has a partition");
        }
        true
    }
}
