//! What the leader checks of a produced batch before the partition's lock is taken.
//!
//! Kafka looks at every record of every produced batch, and clients rely on its answers, so this does too. The walk
//! reads lengths and skips over keys and values; it copies and allocates nothing. A compressed batch is unpacked
//! for it, because nothing but unpacking tells whether consumers will be able to.

mod message_set;
mod records;
mod refusal;
mod store;
mod whole;

use bytes::Bytes;
use ottla_records::{
    Batch, BatchError, BatchHeader, Codec, Compression, Frame, Limits, Timestamp, TimestampType,
};

pub use records::RecordFault;
pub use refusal::{InvalidBatch, RecordError, RecordErrors, Refusal};

/// What a topic, and the request, ask of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `max.message.bytes`: of the batch as it came, and as it is stored.
    pub message_bytes_max: usize,
    /// `segment.bytes`
    pub segment_bytes_max: usize,
    /// `message.timestamp.type`
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`
    pub timestamp_after_max_ms: i64,
    /// `cleanup.policy` has `compact`: every record needs a key.
    pub compacted: bool,
    /// `compression.type`
    pub target: Target,
    /// How much a compressed batch may unpack to.
    pub limits: Limits,
    /// Whether the request names a transactional id that its sender may use.
    pub transactional: bool,
    /// Whether the request's version knows zstd: from 7 on.
    pub zstd: bool,
}

impl Default for Rules {
    /// Of a topic with Kafka's defaults, for a request without a transactional id.
    fn default() -> Self {
        Self {
            message_bytes_max: 1_048_588,
            segment_bytes_max: 1 << 30,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            compacted: false,
            target: Target::Producer,
            limits: Limits::default(),
            transactional: false,
            zstd: true,
        }
    }
}

/// How batches are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// As the producer compressed them.
    Producer,
    /// With this codec. A batch that has it already is left alone, whatever its level.
    Codec(Codec),
}

impl Target {
    fn codec(self, source: Compression) -> Codec {
        match self {
            Self::Producer => Codec::from(source),
            Self::Codec(codec) => codec,
        }
    }
}

/// A batch that may be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated {
    /// To be stored: a slice of what was received, unless something had to change.
    pub batch: Batch,
    /// The time that every record now has, on topics that give it.
    pub log_append_time: Option<Timestamp>,
}

impl Validated {
    pub fn header(&self) -> &BatchHeader {
        self.batch.header()
    }
}

/// Memory that compressed batches are unpacked into, for one after another.
#[derive(Debug, Default)]
pub struct Scratch {
    bytes: Vec<u8>,
}

impl Scratch {
    /// More than this is not kept between batches.
    const KEPT_BYTES_MAX: usize = 1 << 20;

    fn trim(&mut self) {
        if self.bytes.capacity() > Self::KEPT_BYTES_MAX {
            self.bytes = Vec::new();
        }
    }
}

/// Checks what a Produce request has for one partition, and makes of it what is to be stored.
///
/// It must be one batch of version 2. An incomplete batch behind it is cut off, as Kafka does.
pub fn validate(
    bytes: &Bytes,
    rules: &Rules,
    now: Timestamp,
    scratch: &mut Scratch,
) -> Result<Validated, Refusal> {
    let batch = whole::the_batch(bytes, rules)?;
    let compression = whole::check(&batch, rules)?;
    let stored = store::check_and_convert(batch, compression, rules, now, &mut scratch.bytes);
    scratch.trim();
    let log_append_time = (rules.timestamp_type == TimestampType::LogAppendTime).then_some(now);
    Ok(Validated { batch: stored?, log_append_time })
}

/// A batch that may be appended, and whether it came as messages of an old version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    pub validated: Validated,
    pub is_converted: bool,
}

/// As [`validate`], for the requests of clients from before Kafka 0.11: messages of version 0 or 1, which become one
/// batch of version 2, or such a batch.
///
/// Nothing if there is no whole message: such a request is empty, and not wrong.
pub fn validate_any_version(
    bytes: &Bytes,
    rules: &Rules,
    now: Timestamp,
    scratch: &mut Scratch,
) -> Result<Option<Converted>, Refusal> {
    let magic = match Frame::parse(bytes) {
        Ok(frame) if frame.size_in_bytes <= bytes.len() => frame.magic,
        Ok(_) | Err(BatchError::Incomplete { .. }) => return Ok(None),
        Err(error) => return Err(Refusal::CorruptFrame(error)),
    };
    if magic > 1 {
        let validated = validate(bytes, rules, now, scratch)?;
        return Ok(Some(Converted { validated, is_converted: false }));
    }
    let batch = message_set::convert(bytes, rules, now)?;
    let log_append_time = (rules.timestamp_type == TimestampType::LogAppendTime).then_some(now);
    Ok(Some(Converted { validated: Validated { batch, log_append_time }, is_converted: true }))
}

#[cfg(test)]
mod tests;
