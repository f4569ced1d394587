//! kafka-go's balancers. All choose among all partitions, those without a leader included.

use std::time::Instant;

use super::{KeyHash, Partitioner, PartitionerError, RandomSource, RecordRef, SignRule, TopicRef};

/// `RoundRobin`: so many records to one partition, then so many to the next.
#[derive(Clone, Debug)]
pub struct RoundRobin {
    chunk_size: u32,
    counter: u32,
}

impl RoundRobin {
    /// With the records of a chunk; 0 counts as 1.
    pub fn new(chunk_size: u32) -> RoundRobin {
        RoundRobin { chunk_size: chunk_size.max(1), counter: 0 }
    }
}

impl Default for RoundRobin {
    fn default() -> RoundRobin {
        RoundRobin::new(1)
    }
}

impl Partitioner for RoundRobin {
    fn partition(
        &mut self,
        _: RecordRef<'_>,
        topic: TopicRef<'_>,
        _: Instant,
    ) -> Result<i32, PartitionerError> {
        let partition = (self.counter / self.chunk_size) % topic.count()?;
        self.counter = self.counter.wrapping_add(1);
        Ok(partition.cast_signed())
    }
}

/// `LeastBytes`: the partition that was given the fewest bytes of keys and values, the first of several. Counts anew when the number
/// of partitions has changed.
#[derive(Clone, Debug, Default)]
pub struct LeastBytes {
    bytes: Vec<u64>,
}

impl Partitioner for LeastBytes {
    fn partition(
        &mut self,
        record: RecordRef<'_>,
        topic: TopicRef<'_>,
        _: Instant,
    ) -> Result<i32, PartitionerError> {
        let partitions = topic.count()?;
        if self.bytes.len() != partitions as usize {
            self.bytes = vec![0; partitions as usize];
        }
        let size = [record.key, record.value].iter().flatten().map(|bytes| bytes.len() as u64).sum::<u64>();
        let least = (0..partitions).zip(&mut self.bytes).min_by_key(|(_, bytes)| **bytes);
        let (partition, bytes) = least.expect("there is a partition");
        *bytes = bytes.wrapping_add(size);
        Ok(partition.cast_signed())
    }
}

/// What a [`struct@Hash`] does without a key.
enum Keyless {
    RoundRobin(RoundRobin),
    Random(Box<dyn RandomSource>),
    /// Null is hashed as empty.
    Hashed,
}

/// `Hash`, `ReferenceHash`, `CRC32Balancer` and `Murmur2Balancer`.
pub struct Hash {
    hash: KeyHash,
    /// The CRC balancer takes an empty key for none.
    empty_is_none: bool,
    keyless: Keyless,
}

impl Hash {
    /// `Hash`: null keys go round robin.
    pub fn fnv1a() -> Hash {
        Hash {
            hash: KeyHash::fnv1a(),
            empty_is_none: false,
            keyless: Keyless::RoundRobin(RoundRobin::default()),
        }
    }

    /// `ReferenceHash`: null keys go anywhere.
    pub fn reference_hash(random: impl RandomSource + 'static) -> Hash {
        Hash::random(KeyHash::reference(), random)
    }

    /// `CRC32Balancer`: null and empty keys go anywhere.
    pub fn crc32(random: impl RandomSource + 'static) -> Hash {
        Hash { empty_is_none: true, ..Hash::random(KeyHash::crc32(), random) }
    }

    /// `CRC32Balancer{Consistent: true}`: null and empty keys go to partition 0.
    pub fn crc32_consistent() -> Hash {
        Hash::consistent(KeyHash::crc32())
    }

    /// `Murmur2Balancer`: null keys go anywhere.
    pub fn murmur2(random: impl RandomSource + 'static) -> Hash {
        Hash::random(KeyHash::murmur2(), random)
    }

    /// `Murmur2Balancer{Consistent: true}`: null keys go where empty ones go.
    pub fn murmur2_consistent() -> Hash {
        Hash::consistent(KeyHash::murmur2())
    }

    /// `Hash{Hasher}`: any hash; null keys go round robin.
    pub fn hash_with(hasher: impl Fn(&[u8]) -> u32 + Send + Sync + 'static) -> Hash {
        Hash { hash: KeyHash::new(hasher, SignRule::AbsoluteRemainder), ..Hash::fnv1a() }
    }

    /// `ReferenceHash{Hasher}`: any hash; null keys go anywhere.
    pub fn reference_hash_with(
        hasher: impl Fn(&[u8]) -> u32 + Send + Sync + 'static,
        random: impl RandomSource + 'static,
    ) -> Hash {
        Hash::random(KeyHash::new(hasher, SignRule::Masked), random)
    }

    fn random(hash: KeyHash, random: impl RandomSource + 'static) -> Hash {
        Hash { hash, empty_is_none: false, keyless: Keyless::Random(Box::new(random)) }
    }

    fn consistent(hash: KeyHash) -> Hash {
        Hash { hash, empty_is_none: false, keyless: Keyless::Hashed }
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
        let key = record.key.filter(|key| !(self.empty_is_none && key.is_empty()));
        match (key, &mut self.keyless) {
            (Some(key), _) => Ok(self.hash.partition(key, partitions)),
            (None, Keyless::Hashed) => Ok(self.hash.partition(b"", partitions)),
            (None, Keyless::RoundRobin(round_robin)) => round_robin.partition(record, topic, now),
            (None, Keyless::Random(random)) => Ok(random.below(partitions).cast_signed()),
        }
    }
}
