//! sarama's partitioners. By key they choose among all partitions; without one, among those that have a leader.

use std::time::Instant;

use super::{KeyHash, Partitioner, PartitionerError, RandomSource, RecordRef, SignRule, TopicRef, any};

/// `NewRandomPartitioner`: any partition that has a leader.
pub struct Random {
    random: Box<dyn RandomSource>,
}

impl Random {
    /// Draws from `random`.
    pub fn new(random: impl RandomSource + 'static) -> Random {
        Random { random: Box::new(random) }
    }
}

impl Partitioner for Random {
    fn partition(
        &mut self,
        _: RecordRef<'_>,
        topic: TopicRef<'_>,
        _: Instant,
    ) -> Result<i32, PartitionerError> {
        topic.count()?;
        any(topic.available, &mut *self.random).ok_or(PartitionerError::NoneAvailable)
    }
}

/// `NewRoundRobinPartitioner`: one after the other of those that have a leader.
#[derive(Clone, Debug, Default)]
pub struct RoundRobin {
    next: usize,
}

impl Partitioner for RoundRobin {
    fn partition(
        &mut self,
        _: RecordRef<'_>,
        topic: TopicRef<'_>,
        _: Instant,
    ) -> Result<i32, PartitionerError> {
        topic.count()?;
        let first = topic.available.first().ok_or(PartitionerError::NoneAvailable)?;
        // Begins anew when the list has become shorter than the walk.
        let (partition, next) = match topic.available.get(self.next) {
            Some(partition) => (partition, self.next + 1),
            None => (first, 1),
        };
        self.next = next;
        Ok(*partition)
    }
}

/// `NewManualPartitioner`: the partition that the record asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manual;

impl Partitioner for Manual {
    fn partition(
        &mut self,
        record: RecordRef<'_>,
        topic: TopicRef<'_>,
        _: Instant,
    ) -> Result<i32, PartitionerError> {
        let partitions = topic.count()?;
        let partition = record.partition.ok_or(PartitionerError::PartitionMissing)?;
        if (0..partitions.cast_signed()).contains(&partition) {
            Ok(partition)
        } else {
            Err(PartitionerError::NoSuchPartition { partition, partitions })
        }
    }
}

/// The partition by a hash of the key; another partitioner where the key is null. An empty key is hashed.
pub struct Hash {
    hash: KeyHash,
    fallback: Box<dyn Partitioner>,
}

impl Hash {
    /// `NewHashPartitioner`, and `NewCustomPartitioner` without options: FNV-1a, its sign dropped after the remainder.
    pub fn fnv1a(random: impl RandomSource + 'static) -> Hash {
        Hash::with(KeyHash::fnv1a(), random)
    }

    /// `NewReferenceHashPartitioner`: FNV-1a, its sign dropped before the remainder.
    pub fn reference_hash(random: impl RandomSource + 'static) -> Hash {
        Hash::with(KeyHash::reference(), random)
    }

    /// `NewConsistentCRCHashPartitioner`: CRC-32, as librdkafka; but an empty key is hashed, to 0.
    pub fn consistent_crc(random: impl RandomSource + 'static) -> Hash {
        Hash::with(KeyHash::crc32(), random)
    }

    /// `NewMurmur2Partitioner`: as Java.
    pub fn murmur2(random: impl RandomSource + 'static) -> Hash {
        Hash::with(KeyHash::murmur2(), random)
    }

    /// `NewCustomHashPartitioner`: any hash, with the sign rule of [`Hash::fnv1a`].
    pub fn custom(
        hasher: impl Fn(&[u8]) -> u32 + Send + Sync + 'static,
        random: impl RandomSource + 'static,
    ) -> Hash {
        Hash::fnv1a(random).with_hasher(hasher)
    }

    /// Any hash by any rule.
    pub fn with(hash: KeyHash, random: impl RandomSource + 'static) -> Hash {
        Hash { hash, fallback: Box::new(Random::new(random)) }
    }

    /// `WithCustomHashFunction`.
    #[must_use]
    pub fn with_hasher(self, hasher: impl Fn(&[u8]) -> u32 + Send + Sync + 'static) -> Hash {
        Hash { hash: self.hash.with_function(hasher), ..self }
    }

    /// `WithAbsFirst`: the sign is dropped before the remainder.
    #[must_use]
    pub fn with_abs_first(self) -> Hash {
        Hash { hash: self.hash.with_rule(SignRule::Masked), ..self }
    }

    /// `WithHashUnsigned`: there is no sign.
    #[must_use]
    pub fn with_hash_unsigned(self) -> Hash {
        Hash { hash: self.hash.with_rule(SignRule::Unsigned), ..self }
    }

    /// `WithCustomFallbackPartitioner`: what serves null keys.
    #[must_use]
    pub fn with_fallback(self, fallback: impl Partitioner + 'static) -> Hash {
        Hash { fallback: Box::new(fallback), ..self }
    }
}

impl Partitioner for Hash {
    fn partition(
        &mut self,
        record: RecordRef<'_>,
        topic: TopicRef<'_>,
        now: Instant,
    ) -> Result<i32, PartitionerError> {
        let partitions = topic.count()?;
        match record.key {
            Some(key) => Ok(self.hash.partition(key, partitions)),
            None => self.fallback.partition(record, topic, now),
        }
    }
}
