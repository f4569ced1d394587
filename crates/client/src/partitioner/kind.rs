//! The partitioners by name.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Partitioner, RandomSource, java, kafka_go, librdkafka::Librdkafka, sarama};

/// A partitioner that this crate has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartitionerKind {
    /// [`java::BuiltIn`], the default.
    #[default]
    JavaBuiltIn,
    /// [`java::RoundRobin`].
    JavaRoundRobin,
    /// [`java::Sticky::keyed`].
    JavaDefault,
    /// [`java::Sticky::uniform`].
    JavaUniformSticky,
    /// [`Librdkafka::random`].
    LibrdkafkaRandom,
    /// [`Librdkafka::consistent`].
    LibrdkafkaConsistent,
    /// [`Librdkafka::consistent_random`].
    LibrdkafkaConsistentRandom,
    /// [`Librdkafka::murmur2`].
    LibrdkafkaMurmur2,
    /// [`Librdkafka::murmur2_random`].
    LibrdkafkaMurmur2Random,
    /// [`Librdkafka::fnv1a`].
    LibrdkafkaFnv1a,
    /// [`Librdkafka::fnv1a_random`].
    LibrdkafkaFnv1aRandom,
    /// [`sarama::Hash::fnv1a`].
    SaramaHash,
    /// [`sarama::Hash::reference_hash`].
    SaramaReferenceHash,
    /// [`sarama::Random`].
    SaramaRandom,
    /// [`sarama::RoundRobin`].
    SaramaRoundRobin,
    /// [`sarama::Manual`].
    SaramaManual,
    /// [`sarama::Hash::consistent_crc`].
    SaramaConsistentCrc,
    /// [`sarama::Hash::murmur2`].
    SaramaMurmur2,
    /// [`kafka_go::RoundRobin`].
    KafkaGoRoundRobin,
    /// [`kafka_go::LeastBytes`].
    KafkaGoLeastBytes,
    /// [`kafka_go::Hash::fnv1a`].
    KafkaGoHash,
    /// [`kafka_go::Hash::reference_hash`].
    KafkaGoReferenceHash,
    /// [`kafka_go::Hash::crc32`].
    KafkaGoCrc32,
    /// [`kafka_go::Hash::crc32_consistent`].
    KafkaGoCrc32Consistent,
    /// [`kafka_go::Hash::murmur2`].
    KafkaGoMurmur2,
    /// [`kafka_go::Hash::murmur2_consistent`].
    KafkaGoMurmur2Consistent,
}

use PartitionerKind as Kind;

/// Each kind, the name by which it is shown, and what else it is called where it comes from. A name without its library in front
/// belongs to the library that configures partitioners by it.
#[rustfmt::skip]
const NAMES: &[(Kind, &str, &[&str])] = &[
    (Kind::JavaBuiltIn, "java.BuiltIn", &["", "default", "org.apache.kafka.clients.producer.internals.BuiltInPartitioner"]),
    (Kind::JavaRoundRobin, "java.RoundRobin", &["RoundRobinPartitioner", "org.apache.kafka.clients.producer.RoundRobinPartitioner"]),
    (Kind::JavaDefault, "java.Default", &["DefaultPartitioner", "org.apache.kafka.clients.producer.internals.DefaultPartitioner"]),
    (Kind::JavaUniformSticky, "java.UniformSticky", &["UniformStickyPartitioner", "org.apache.kafka.clients.producer.UniformStickyPartitioner"]),
    (Kind::LibrdkafkaRandom, "librdkafka.random", &["random"]),
    (Kind::LibrdkafkaConsistent, "librdkafka.consistent", &["consistent"]),
    (Kind::LibrdkafkaConsistentRandom, "librdkafka.consistent_random", &["consistent_random"]),
    (Kind::LibrdkafkaMurmur2, "librdkafka.murmur2", &["murmur2"]),
    (Kind::LibrdkafkaMurmur2Random, "librdkafka.murmur2_random", &["murmur2_random"]),
    (Kind::LibrdkafkaFnv1a, "librdkafka.fnv1a", &["fnv1a"]),
    (Kind::LibrdkafkaFnv1aRandom, "librdkafka.fnv1a_random", &["fnv1a_random"]),
    (Kind::SaramaHash, "sarama.Hash", &["NewHashPartitioner", "NewCustomPartitioner"]),
    (Kind::SaramaReferenceHash, "sarama.ReferenceHash", &["NewReferenceHashPartitioner"]),
    (Kind::SaramaRandom, "sarama.Random", &["NewRandomPartitioner"]),
    (Kind::SaramaRoundRobin, "sarama.RoundRobin", &["NewRoundRobinPartitioner"]),
    (Kind::SaramaManual, "sarama.Manual", &["NewManualPartitioner", "manual"]),
    (Kind::SaramaConsistentCrc, "sarama.ConsistentCRC", &["NewConsistentCRCHashPartitioner"]),
    (Kind::SaramaMurmur2, "sarama.Murmur2", &["NewMurmur2Partitioner"]),
    (Kind::KafkaGoRoundRobin, "kafka-go.RoundRobin", &["RoundRobin"]),
    (Kind::KafkaGoLeastBytes, "kafka-go.LeastBytes", &["LeastBytes"]),
    (Kind::KafkaGoHash, "kafka-go.Hash", &["Hash"]),
    (Kind::KafkaGoReferenceHash, "kafka-go.ReferenceHash", &["ReferenceHash"]),
    (Kind::KafkaGoCrc32, "kafka-go.CRC32Balancer", &["CRC32Balancer"]),
    (Kind::KafkaGoCrc32Consistent, "kafka-go.CRC32Balancer.Consistent", &["CRC32Balancer.Consistent"]),
    (Kind::KafkaGoMurmur2, "kafka-go.Murmur2Balancer", &["Murmur2Balancer"]),
    (Kind::KafkaGoMurmur2Consistent, "kafka-go.Murmur2Balancer.Consistent", &["Murmur2Balancer.Consistent"]),
];

/// What some partitioners are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionerOptions {
    /// `batch.size`: after how many bytes [`java::BuiltIn`] leaves a partition.
    pub batch_size: usize,
    /// `partitioner.adaptive.partitioning.enable` of [`java::BuiltIn`].
    pub adaptive: bool,
    /// `partitioner.ignore.keys` of [`java::BuiltIn`].
    pub ignore_keys: bool,
    /// `sticky.partitioning.linger.ms` of librdkafka's.
    pub sticky_linger: Duration,
    /// `ChunkSize` of [`kafka_go::RoundRobin`].
    pub chunk_size: u32,
}

/// The defaults of the clients that they come from.
impl Default for PartitionerOptions {
    fn default() -> PartitionerOptions {
        PartitionerOptions {
            batch_size: 16_384,
            adaptive: true,
            ignore_keys: false,
            sticky_linger: Duration::from_millis(10),
            chunk_size: 1,
        }
    }
}

/// No partitioner has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no partitioner is called '{name}'; closest is '{suggestion}'")]
pub struct UnknownPartitioner {
    /// What was asked for.
    pub name: String,
    /// The name that is most like it.
    pub suggestion: &'static str,
}

impl PartitionerKind {
    /// All of them.
    pub fn all() -> impl Iterator<Item = PartitionerKind> {
        NAMES.iter().map(|(kind, ..)| *kind)
    }

    /// The name: the library's, a dot, and the partitioner's in that library.
    pub fn name(self) -> &'static str {
        let named = NAMES.iter().find(|(kind, ..)| *kind == self);
        named.expect("each kind stands in the table").1
    }

    /// A partitioner of this kind, for one topic.
    pub fn build(
        self,
        options: PartitionerOptions,
        random: impl RandomSource + 'static,
    ) -> Box<dyn Partitioner> {
        let linger = options.sticky_linger;
        match self {
            Kind::JavaBuiltIn => Box::new(
                java::BuiltIn::new(random, options.batch_size)
                    .with_ignore_keys(options.ignore_keys)
                    .with_adaptive(options.adaptive),
            ),
            Kind::JavaRoundRobin => Box::new(java::RoundRobin::default()),
            Kind::JavaDefault => Box::new(java::Sticky::keyed(random)),
            Kind::JavaUniformSticky => Box::new(java::Sticky::uniform(random)),
            Kind::LibrdkafkaRandom => Box::new(Librdkafka::random(random, linger)),
            Kind::LibrdkafkaConsistent => Box::new(Librdkafka::consistent()),
            Kind::LibrdkafkaConsistentRandom => Box::new(Librdkafka::consistent_random(random, linger)),
            Kind::LibrdkafkaMurmur2 => Box::new(Librdkafka::murmur2()),
            Kind::LibrdkafkaMurmur2Random => Box::new(Librdkafka::murmur2_random(random, linger)),
            Kind::LibrdkafkaFnv1a => Box::new(Librdkafka::fnv1a()),
            Kind::LibrdkafkaFnv1aRandom => Box::new(Librdkafka::fnv1a_random(random, linger)),
            Kind::SaramaHash => Box::new(sarama::Hash::fnv1a(random)),
            Kind::SaramaReferenceHash => Box::new(sarama::Hash::reference_hash(random)),
            Kind::SaramaRandom => Box::new(sarama::Random::new(random)),
            Kind::SaramaRoundRobin => Box::new(sarama::RoundRobin::default()),
            Kind::SaramaManual => Box::new(sarama::Manual),
            Kind::SaramaConsistentCrc => Box::new(sarama::Hash::consistent_crc(random)),
            Kind::SaramaMurmur2 => Box::new(sarama::Hash::murmur2(random)),
            Kind::KafkaGoRoundRobin => Box::new(kafka_go::RoundRobin::new(options.chunk_size)),
            Kind::KafkaGoLeastBytes => Box::new(kafka_go::LeastBytes::default()),
            Kind::KafkaGoHash => Box::new(kafka_go::Hash::fnv1a()),
            Kind::KafkaGoReferenceHash => Box::new(kafka_go::Hash::reference_hash(random)),
            Kind::KafkaGoCrc32 => Box::new(kafka_go::Hash::crc32(random)),
            Kind::KafkaGoCrc32Consistent => Box::new(kafka_go::Hash::crc32_consistent()),
            Kind::KafkaGoMurmur2 => Box::new(kafka_go::Hash::murmur2(random)),
            Kind::KafkaGoMurmur2Consistent => Box::new(kafka_go::Hash::murmur2_consistent()),
        }
    }
}

impl fmt::Display for PartitionerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// By any of its names, in any case.
impl FromStr for PartitionerKind {
    type Err = UnknownPartitioner;

    fn from_str(name: &str) -> Result<PartitionerKind, UnknownPartitioner> {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let named =
            NAMES.iter().find(|(_, shown, aliases)| is(shown) || aliases.iter().any(|alias| is(alias)));
        named.map(|(kind, ..)| *kind).ok_or_else(|| UnknownPartitioner {
            name: name.to_owned(),
            suggestion: closest(&name.to_ascii_lowercase()),
        })
    }
}

fn closest(name: &str) -> &'static str {
    let names = NAMES.iter().flat_map(|(_, shown, aliases)| aliases.iter().chain([shown]));
    let likeness = |known: &&str| strsim::jaro_winkler(name, &known.to_ascii_lowercase());
    names.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).expect("there are names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_found_by_each_of_its_names_alone() {
        for (kind, shown, aliases) in NAMES {
            for name in aliases.iter().chain([shown]) {
                assert_eq!(name.parse(), Ok(*kind), "{name}");
                assert_eq!(name.to_ascii_uppercase().parse(), Ok(*kind), "{name}");
            }
            assert_eq!(kind.to_string().parse(), Ok(*kind));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_closest() {
        let error = "murmur2_randm".parse::<PartitionerKind>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "no partitioner is called 'murmur2_randm'; closest is 'murmur2_random'"
        );
    }
}
