use crate::Compression;

/// Why bytes are not a batch that can be read.
///
/// [`BatchError::kind`] sorts these as a broker answers them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The bytes end before the batch does: a torn tail, or the last batch of a fetch.
    #[error("incomplete batch: {needed} bytes needed, {available} there")]
    Incomplete { needed: usize, available: usize },
    #[error("batch length {length} is below the least, {least}")]
    LengthTooSmall { length: i32, least: i32 },
    #[error("{extra} bytes after the batch")]
    TrailingBytes { extra: usize },
    #[error("unknown magic {magic}")]
    UnknownMagic { magic: i8 },
    /// A message of version 0 or 1 where only batches of version 2 may be.
    #[error("message of old version {magic}")]
    OldMagic { magic: i8 },
    #[error("checksum mismatch: stored {stored:#010x}, computed {computed:#010x}")]
    CrcMismatch { stored: u32, computed: u32 },

    #[error("negative record count {count}")]
    NegativeCount { count: i32 },
    #[error("record {index} of {count} is missing")]
    MissingRecord { index: usize, count: usize },
    #[error("{extra} bytes after the last record")]
    ExtraRecordBytes { extra: usize },
    #[error("record {index}: {fault}")]
    BadRecord { index: usize, fault: RecordFault },

    #[error("unknown compression type {id}")]
    UnknownCompression { id: u8 },
    #[error("{compression} is not allowed in messages of version {magic}")]
    CompressionTooNew { compression: Compression, magic: i8 },
    #[error("{compression}: {reason}")]
    Undecodable { compression: Compression, reason: &'static str },
    /// More than [`Limits`](crate::Limits) allow; found out before that much was unpacked.
    #[error("{compressed} bytes unpack to more than the allowed {allowed}")]
    UnpackedTooLarge { compressed: usize, allowed: usize },

    #[error("message of an old version: {0}")]
    BadMessage(&'static str),
    #[error("compressed message without a value")]
    WrapperWithoutValue,
    #[error("compressed message without inner messages")]
    WrapperWithoutMessages,
    #[error("compressed message in a compressed message")]
    NestedWrapper,

    #[error("control record: {0}")]
    BadControlRecord(&'static str),

    /// Only when building: the record or the batch does not fit the format's fields.
    #[error("{what} does not fit a batch")]
    DoesNotFit { what: &'static str },
}

/// What is wrong with one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    #[error("the varint of its length does not end")]
    LengthVarint,
    #[error("impossible length {length} with {available} bytes left")]
    Length { length: i32, available: usize },
    #[error("fields end {left} bytes before the record does")]
    BytesLeft { left: usize },
    #[error("a varint does not end")]
    Varint,
    #[error("its fields end early")]
    Truncated,
    #[error("{field} of {length} bytes with {available} bytes left")]
    FieldLength { field: &'static str, length: i32, available: usize },
    #[error("{count} headers with {available} bytes left")]
    HeaderCount { count: i32, available: usize },
}

/// How a broker answers: the error code that goes with a [`BatchError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchErrorKind {
    /// The bytes end too early. Alone in a Produce request: INVALID_RECORD; at the end of a log: a torn tail.
    Incomplete,
    /// CORRUPT_MESSAGE: the bytes are not what their writer wrote.
    Corrupt,
    /// INVALID_RECORD: the bytes are what the writer wrote, and that is wrong.
    Invalid,
    /// UNSUPPORTED_COMPRESSION_TYPE (Apache Kafka: UNKNOWN_SERVER_ERROR).
    UnknownCompression,
    /// The checksum is right but the payload does not unpack: CORRUPT_MESSAGE or INVALID_RECORD
    /// (Apache Kafka: UNKNOWN_SERVER_ERROR).
    Undecodable,
    /// MESSAGE_TOO_LARGE: more than the limits allow (Apache Kafka: no limit).
    TooLarge,
}

impl BatchError {
    /// The kind, by which a broker chooses its error code.
    pub fn kind(&self) -> BatchErrorKind {
        match self {
            Self::Incomplete { .. } => BatchErrorKind::Incomplete,
            Self::LengthTooSmall { .. } | Self::UnknownMagic { .. } | Self::CrcMismatch { .. } => {
                BatchErrorKind::Corrupt
            }
            Self::OldMagic { .. }
            | Self::TrailingBytes { .. }
            | Self::NegativeCount { .. }
            | Self::MissingRecord { .. }
            | Self::ExtraRecordBytes { .. }
            | Self::BadRecord { .. }
            | Self::CompressionTooNew { .. }
            | Self::BadMessage(_)
            | Self::WrapperWithoutValue
            | Self::WrapperWithoutMessages
            | Self::NestedWrapper
            | Self::BadControlRecord(_) => BatchErrorKind::Invalid,
            Self::UnknownCompression { .. } => BatchErrorKind::UnknownCompression,
            Self::Undecodable { .. } => BatchErrorKind::Undecodable,
            Self::UnpackedTooLarge { .. } | Self::DoesNotFit { .. } => BatchErrorKind::TooLarge,
        }
    }
}

/// A [`BatchError`] and where its batch starts in the bytes that were read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error} (batch at byte {position})")]
pub struct PositionedError {
    pub position: usize,
    pub error: BatchError,
}

impl From<PositionedError> for BatchError {
    fn from(positioned: PositionedError) -> Self {
        positioned.error
    }
}
