//! librdkafka's partitioners. All choose among all partitions; a random choice that falls on one without a leader is repeated once.

use std::time::{Duration, Instant};

use super::{KeyHash, Partitioner, PartitionerError, RandomSource, RecordRef, TopicRef};

/// Which keys have no say in the choice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keyless {
    /// None: null is hashed as empty.
    Never,
    Null,
    NullOrEmpty,
    /// All: the choice is by chance.
    Always,
}

/// The values of librdkafka's `partitioner`.
///
/// With a sticky linger, null keys share one partition for as long, whatever the partitioner, unless it is `consistent`, `murmur2` or
/// `fnv1a`; so do empty keys under `consistent_random`.
pub struct Librdkafka {
    hash: KeyHash,
    keyless: Keyless,
    random: Box<dyn RandomSource>,
    sticky_linger: Duration,
    sticky: Option<Sticky>,
}

#[derive(Clone, Copy)]
struct Sticky {
    partition: i32,
    since: Instant,
}

impl Librdkafka {
    /// `random`: keys have no say.
    pub fn random(random: impl RandomSource + 'static, sticky_linger: Duration) -> Librdkafka {
        Librdkafka::new(KeyHash::crc32(), Keyless::Always, random, sticky_linger)
    }

    /// `consistent`: CRC-32; null and empty keys go to partition 0.
    pub fn consistent() -> Librdkafka {
        Librdkafka::hashed(KeyHash::crc32())
    }

    /// `consistent_random`, librdkafka's default: CRC-32; null and empty keys go anywhere.
    pub fn consistent_random(random: impl RandomSource + 'static, sticky_linger: Duration) -> Librdkafka {
        Librdkafka::new(KeyHash::crc32(), Keyless::NullOrEmpty, random, sticky_linger)
    }

    /// `murmur2`: as Java by key; null keys go where empty ones go.
    pub fn murmur2() -> Librdkafka {
        Librdkafka::hashed(KeyHash::murmur2())
    }

    /// `murmur2_random`: as Java by key; null keys go anywhere.
    pub fn murmur2_random(random: impl RandomSource + 'static, sticky_linger: Duration) -> Librdkafka {
        Librdkafka::new(KeyHash::murmur2(), Keyless::Null, random, sticky_linger)
    }

    /// `fnv1a`: as sarama by key; null keys go where empty ones go.
    pub fn fnv1a() -> Librdkafka {
        Librdkafka::hashed(KeyHash::fnv1a())
    }

    /// `fnv1a_random`: as sarama by key; null keys go anywhere.
    pub fn fnv1a_random(random: impl RandomSource + 'static, sticky_linger: Duration) -> Librdkafka {
        Librdkafka::new(KeyHash::fnv1a(), Keyless::Null, random, sticky_linger)
    }

    fn hashed(hash: KeyHash) -> Librdkafka {
        Librdkafka::new(hash, Keyless::Never, || 0, Duration::ZERO)
    }

    fn new(
        hash: KeyHash,
        keyless: Keyless,
        random: impl RandomSource + 'static,
        sticky_linger: Duration,
    ) -> Librdkafka {
        Librdkafka { hash, keyless, random: Box::new(random), sticky_linger, sticky: None }
    }

    fn by_chance(&mut self, topic: TopicRef<'_>, partitions: u32) -> i32 {
        let drawn = self.random.below(partitions).cast_signed();
        if topic.has_leader(drawn) { drawn } else { self.random.below(partitions).cast_signed() }
    }

    fn sticky(&mut self, topic: TopicRef<'_>, partitions: u32, now: Instant) -> i32 {
        if let Some(sticky) = self.sticky
            && topic.has_leader(sticky.partition)
            && now.saturating_duration_since(sticky.since) <= self.sticky_linger
        {
            return sticky.partition;
        }
        let partition = self.by_chance(topic, partitions);
        self.sticky = Some(Sticky { partition, since: now });
        partition
    }
}

impl Partitioner for Librdkafka {
    fn partition(
        &mut self,
        record: RecordRef<'_>,
        topic: TopicRef<'_>,
        now: Instant,
    ) -> Result<i32, PartitionerError> {
        let partitions = topic.count()?;
        let hashed = match (self.keyless, record.key) {
            (Keyless::Never, key) => Some(key.unwrap_or_default()),
            (Keyless::Null, key) => key,
            (Keyless::NullOrEmpty, key) => key.filter(|key| !key.is_empty()),
            (Keyless::Always, _) => None,
        };
        Ok(match hashed {
            Some(key) => self.hash.partition(key, partitions),
            // `random` sticks for null keys alone: a key that is there is drawn for, though it has no say.
            None if self.keyless == Keyless::Always && record.key.is_some() => {
                self.by_chance(topic, partitions)
            }
            None if self.sticky_linger.is_zero() => self.by_chance(topic, partitions),
            None => self.sticky(topic, partitions, now),
        })
    }
}
