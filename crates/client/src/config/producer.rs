//! What a producer adds.

use std::time::Duration;

use ottla_records::{Codec, Compression};

use super::declare::{Options, options};
use super::parse::{between, boolean, millis, named, number, optional, positive, string};
use super::{ClientConfig, properties};
use crate::partitioner::{PartitionerKind, UnknownPartitioner};
use crate::{Error, Result};

/// How many replicas must have a batch before its producer is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// Nobody answers: what is lost is lost, and offsets are not known.
    None,
    /// The leader alone.
    Leader,
    /// Every replica that is in sync.
    All,
}

options! {
    /// Options of a producer.
    pub struct ProducerConfig {
        /// How many replicas must have a batch before it counts as sent.
        acks: Acks = Acks::All, "acks", named;
        /// A batch is sent at the latest when it has so many records: librdkafka's option, here without a bound unless it is set.
        batch_num_messages: usize = 2_147_483_647, "batch.num.messages", positive_size;
        /// A batch is sent at the latest when it has so many bytes.
        batch_size: usize = 16_384, "batch.size", number;
        /// All batches together take so much memory; then sending waits.
        buffer_memory: usize = 32 * 1024 * 1024, "buffer.memory", number;
        /// How batches are compressed.
        compression_type: Compression = Compression::None, "compression.type", named;
        /// 1 to 9; -1 is zlib's default.
        compression_gzip_level: i32 = -1, "compression.gzip.level", gzip_level;
        /// 1 to 17. Accepted for Kafka's sake: there is one level.
        compression_lz4_level: i32 = 9, "compression.lz4.level", between(1, 17);
        /// -131072 to 22.
        compression_zstd_level: i32 = 3, "compression.zstd.level", between(-131_072, 22);
        /// How long after `send` a record counts as failed, tries and pauses included.
        delivery_timeout: Duration = Duration::from_secs(120), "delivery.timeout.ms", millis;
        /// Whether each record is written once and in order, whatever is tried again. By default on, where `acks`, `retries` and
        /// `max.in.flight.requests.per.connection` allow it.
        enable_idempotence: Option<bool> = None, "enable.idempotence", optional(boolean);
        /// How long a batch waits for more records.
        linger: Duration = Duration::from_millis(5), "linger.ms", millis;
        /// How long sending waits for metadata and for memory.
        max_block: Duration = Duration::from_secs(60), "max.block.ms", millis;
        /// How many requests may wait for a broker's answer.
        max_in_flight: usize = 5, "max.in.flight.requests.per.connection", positive_size;
        /// The largest request, and so the largest record.
        max_request_size: usize = 1_048_576, "max.request.size", number;
        /// A topic that was not sent to for so long is forgotten.
        metadata_max_idle: Duration = Duration::from_secs(300), "metadata.max.idle.ms", millis;
        /// How partitions are chosen for records that name none. By default by the key's hash; without a key by how much waits
        /// for each partition.
        partitioner: PartitionerKind = PartitionerKind::JavaBuiltIn, "partitioner.class", partitioner;
        /// Whether partitions of slow brokers get fewer of the records that have no key.
        partitioner_adaptive_partitioning: bool = true, "partitioner.adaptive.partitioning.enable", boolean;
        /// A partition whose broker took nothing for so long gets no records without a key; zero switches that off.
        partitioner_availability_timeout: Duration = Duration::ZERO, "partitioner.availability.timeout.ms", millis;
        /// Whether records with a key are distributed as those without.
        partitioner_ignore_keys: bool = false, "partitioner.ignore.keys", boolean;
        /// How often a batch is sent again. `delivery.timeout.ms` is the better bound.
        retries: u32 = 2_147_483_647, "retries", number;
        /// How long a transaction may be open before the coordinator aborts it.
        transaction_timeout: Duration = Duration::from_secs(60), "transaction.timeout.ms", millis;
        /// The name under which this producer's transactions outlive it.
        transactional_id: Option<String> = None, "transactional.id", optional(string);
        /// Whether transactions may be prepared, and end by another's decision (KIP-939).
        transaction_two_phase_commit: bool = false, "transaction.two.phase.commit.enable", boolean;
    }
}

impl ProducerConfig {
    /// Reads properties: the producer's and those that all clients have.
    ///
    /// [`Error::Config`] names the property that is unknown, or whose text is not of its type, or that does not go with another.
    pub fn from_properties<K: AsRef<str>, V: AsRef<str>>(
        properties: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(ClientConfig, ProducerConfig)> {
        let (mut client, mut producer) = (ClientConfig::default(), ProducerConfig::default());
        properties::read(
            properties,
            &mut |key, text| Ok(client.set(key, text)? || producer.set(key, text)?),
        )?;
        client.check()?;
        producer.check(&client)?;
        Ok((client, producer))
    }

    /// Whether records are numbered, so that the broker drops repetitions.
    pub fn is_idempotent(&self) -> bool {
        self.transactional_id.is_some() || self.enable_idempotence.unwrap_or(self.obstacle().is_none())
    }

    /// The codec with the level that was chosen for it.
    pub fn codec(&self) -> Codec {
        let level = match self.compression_type {
            Compression::Gzip => Some(self.compression_gzip_level),
            Compression::Zstd => Some(self.compression_zstd_level),
            Compression::None | Compression::Snappy | Compression::Lz4 => None,
        };
        Codec { compression: self.compression_type, level }
    }

    /// Whether the options go together.
    pub(crate) fn check(&self, client: &ClientConfig) -> Result<()> {
        if let Some(obstacle) = self.obstacle().filter(|_| self.is_idempotent()) {
            return Err(Error::Config(format!("{obstacle}, which idempotence does not allow")));
        }
        let least = self.linger.saturating_add(client.request_timeout);
        if self.delivery_timeout < least {
            let text = "delivery.timeout.ms: must be at least linger.ms and request.timeout.ms together";
            return Err(Error::Config(text.into()));
        }
        if self.transaction_two_phase_commit {
            let text = "transaction.two.phase.commit.enable: this client does not prepare transactions";
            return Err(Error::Config(text.into()));
        }
        Ok(())
    }

    /// What keeps this producer from being idempotent.
    fn obstacle(&self) -> Option<&'static str> {
        if self.acks != Acks::All {
            Some("acks: not all")
        } else if self.max_in_flight > 5 {
            Some("max.in.flight.requests.per.connection: more than 5")
        } else if self.retries == 0 {
            Some("retries: none")
        } else {
            None
        }
    }
}

fn partitioner(text: &str) -> Result<PartitionerKind, String> {
    text.parse().map_err(|error: UnknownPartitioner| error.to_string())
}

fn positive_size(text: &str) -> Result<usize, String> {
    positive(text)
}

fn gzip_level(text: &str) -> Result<i32, String> {
    if text == "-1" { Ok(-1) } else { between(1, 9)(text) }
}
