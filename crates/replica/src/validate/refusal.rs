//! Why a batch is not accepted, and what the client is told.

use std::fmt;

use ottla_records::BatchError;

use super::RecordFault;

/// Why a batch is not accepted. Each is one error code of the protocol.
///
/// Where Kafka answers UNKNOWN_SERVER_ERROR the code here is a better one: that of the variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// CORRUPT_MESSAGE: nothing can be made of the bytes; the answer says what was found
    #[error("{0}")]
    CorruptFrame(BatchError),
    /// CORRUPT_MESSAGE: the bytes are not what the producer wrote
    #[error("{0}")]
    Corrupt(BatchError),
    /// INVALID_RECORD: the batch is wrong as a whole
    #[error("{0}")]
    Invalid(InvalidBatch),
    /// INVALID_RECORD: some records are not acceptable; the answer names them
    #[error("{} records are not acceptable", .0.total())]
    InvalidRecords(RecordErrors),
    /// INVALID_TIMESTAMP: some records have times that are not acceptable; the answer names them
    #[error("{} records are not acceptable, some for their timestamps", .0.total())]
    InvalidTimestamps(RecordErrors),
    /// MESSAGE_TOO_LARGE: above `max.message.bytes`
    #[error("{size} bytes are above max.message.bytes, {max}")]
    TooLarge { size: usize, max: usize },
    /// MESSAGE_TOO_LARGE: unpacks to more than the limits allow (Kafka knows no limit)
    #[error("{0}")]
    UnpackedTooLarge(BatchError),
    /// RECORD_LIST_TOO_LARGE
    #[error("{size} bytes are above segment.bytes, {max}")]
    LargerThanSegment { size: usize, max: usize },
    /// UNSUPPORTED_COMPRESSION_TYPE: a codec that does not exist (Kafka: UNKNOWN_SERVER_ERROR)
    #[error("{0}")]
    UnknownCompression(BatchError),
    /// UNSUPPORTED_COMPRESSION_TYPE: zstd in a request whose version precedes it
    #[error("zstd is not allowed in this version of Produce")]
    ZstdTooNew,
    /// TRANSACTIONAL_ID_AUTHORIZATION_FAILED: Kafka answers it for all partitions of the request
    #[error("transactional batch without a transactional id")]
    TransactionalIdMissing,
}

/// What is wrong with a batch as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBatch {
    #[error("no complete batch")]
    None,
    #[error("more than one batch")]
    Several,
    #[error("message of old version {magic}")]
    OldMagic { magic: i8 },
    #[error("base offset {base_offset}, not 0")]
    BaseOffset { base_offset: i64 },
    #[error("{count} records with a last offset delta of {last_offset_delta}")]
    Count { count: i32, last_offset_delta: i32 },
    #[error("clients do not write control records")]
    Control,
    #[error("sequence {sequence} of an idempotent producer")]
    Sequence { sequence: i32 },
    /// The records cannot be read. Where decompression fails, or the varint of a record's length does not end,
    /// Kafka answers UNKNOWN_SERVER_ERROR.
    #[error("{0}")]
    Unreadable(BatchError),
}

impl From<InvalidBatch> for Refusal {
    fn from(invalid: InvalidBatch) -> Self {
        Self::Invalid(invalid)
    }
}

impl Refusal {
    /// Of records that cannot be read, though the checksum is right.
    pub(super) fn from_reading(error: BatchError) -> Self {
        if matches!(error, BatchError::UnpackedTooLarge { .. }) {
            return Self::UnpackedTooLarge(error);
        }
        InvalidBatch::Unreadable(error).into()
    }

    /// The records that are at fault, if it is single ones.
    pub fn record_errors(&self) -> &[RecordError] {
        match self {
            Self::InvalidRecords(errors) | Self::InvalidTimestamps(errors) => errors.first(),
            Self::CorruptFrame(_)
            | Self::Corrupt(_)
            | Self::Invalid(_)
            | Self::TooLarge { .. }
            | Self::UnpackedTooLarge(_)
            | Self::LargerThanSegment { .. }
            | Self::UnknownCompression(_)
            | Self::ZstdTooNew
            | Self::TransactionalIdMissing => &[],
        }
    }

    /// The message of the partition's answer, where Kafka gives one. `partition` is the name of the topic and the
    /// number, with a hyphen between.
    pub fn message(&self, partition: &dyn fmt::Display) -> Option<String> {
        match self {
            Self::CorruptFrame(BatchError::LengthTooSmall { length, least }) => {
                Some(format!("Record size {length} is less than the minimum record overhead ({least})"))
            }
            Self::CorruptFrame(BatchError::UnknownMagic { magic }) => {
                Some(format!("Invalid magic found in record: {magic}"))
            }
            Self::InvalidRecords(errors) => Some(errors.message(partition)),
            Self::InvalidTimestamps(_) => {
                Some("One or more records have been rejected due to invalid timestamp".to_owned())
            }
            Self::CorruptFrame(_)
            | Self::Corrupt(_)
            | Self::Invalid(_)
            | Self::TooLarge { .. }
            | Self::UnpackedTooLarge(_)
            | Self::LargerThanSegment { .. }
            | Self::UnknownCompression(_)
            | Self::ZstdTooNew
            | Self::TransactionalIdMissing => None,
        }
    }

    /// Whether the answer tells the log's start. Kafka's does when the batch came as far as the partition, but not
    /// with the errors that it expects there.
    pub fn tells_log_start(&self) -> bool {
        match self {
            Self::InvalidRecords(_) | Self::InvalidTimestamps(_) | Self::UnknownCompression(_) => true,
            Self::Invalid(invalid) => {
                !matches!(invalid, InvalidBatch::None | InvalidBatch::Several | InvalidBatch::OldMagic { .. })
            }
            Self::CorruptFrame(_)
            | Self::Corrupt(_)
            | Self::TooLarge { .. }
            | Self::UnpackedTooLarge(_)
            | Self::LargerThanSegment { .. }
            | Self::ZstdTooNew
            | Self::TransactionalIdMissing => false,
        }
    }
}

/// A record that is not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// The record's place in its batch, from 0.
    pub batch_index: i32,
    pub fault: RecordFault,
}

impl RecordError {
    /// What the answer says of the record.
    pub fn message(&self, partition: &dyn fmt::Display) -> String {
        match self.fault {
            fault @ RecordFault::NoKey => format!("{fault} in topic partition {partition}"),
            fault @ (RecordFault::TimestampOutOfRange { .. } | RecordFault::LogAppendTime(_)) => {
                fault.to_string()
            }
        }
    }
}

/// The records of a batch that are not acceptable: how many, and the first of them.
///
/// Kafka names all; a megabyte of zeros unpacks to more of them than an answer should hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordErrors {
    first: Vec<RecordError>,
    total: usize,
}

impl RecordErrors {
    const NAMED_MAX: usize = 10_000;

    pub fn first(&self) -> &[RecordError] {
        &self.first
    }

    pub fn total(&self) -> usize {
        self.total
    }

    #[cold]
    pub(super) fn push(&mut self, batch_index: i32, fault: RecordFault) {
        if self.first.len() < Self::NAMED_MAX {
            self.first.push(RecordError { batch_index, fault });
        }
        self.total += 1;
    }

    pub(super) fn into_result(self) -> Result<(), Refusal> {
        if self.first.is_empty() {
            return Ok(());
        }
        let timestamps = self.first.iter().any(|error| error.fault != RecordFault::NoKey);
        Err(if timestamps { Refusal::InvalidTimestamps(self) } else { Refusal::InvalidRecords(self) })
    }

    fn message(&self, partition: &dyn fmt::Display) -> String {
        let shown: Vec<_> = self
            .first
            .iter()
            .take(3)
            .map(|error| {
                format!(
                    "RecordError(batchIndex={}, message='{}')",
                    error.batch_index,
                    error.message(partition)
                )
            })
            .collect();
        format!(
            "One or more records have been rejected due to {} record errors in total, and only showing the first \
             three errors at most: [{}]",
            self.total,
            shown.join(", ")
        )
    }
}
