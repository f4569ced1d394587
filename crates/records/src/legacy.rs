mod conversion;
mod inner;
mod write;

pub use conversion::{Conversion, Room};
pub(crate) use inner::InnerMessages;

use bytes::Bytes;

use crate::crc::crc32;
use crate::{
    Attributes, BatchError, Compression, Frame, Headers, Limits, NO_TIMESTAMP, Offset, Record, Records,
    Timestamp, TimestampType,
};

// A message of version 0 or 1, big-endian:
//
//  0            8          12        16      17      18
// +------------+----------+---------+-------+-------+------------------------+
// | offset i64 | size i32 | crc u32 | magic | attrs | [version 1: timestamp] |
// +------------+----------+---------+-------+-------+------------------------+
// +----------------+-----+------------------+-------+
// | key length i32 | key | value length i32 | value |
// +----------------+-----+------------------+-------+
//
// The checksum (CRC-32) covers what follows it. A length of −1 stands for null. In a compressed message the value is
// a compressed set of messages, none of which is compressed itself; its offset is that of the last of them. Their
// offsets are absolute in version 0, and count from the first one's in version 1, but for sets that were compacted.

const CRC_AT: usize = 12;
const CHECKSUMMED_FROM: usize = 16;
const TIMESTAMP_AT: usize = 18;

/// What a message of version 0 or 1 has besides key and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyHeader {
    /// Of the last record, if it is compressed.
    pub offset: Offset,
    pub size_in_bytes: usize,
    pub crc: u32,
    /// 0 or 1.
    pub magic: i8,
    pub attributes: Attributes,
    /// The greatest of the records; [`NO_TIMESTAMP`] in version 0.
    pub timestamp: Timestamp,
}

impl LegacyHeader {
    /// Reads the header of the entry that `frame` was read from.
    pub(crate) fn from_frame(frame: Frame, bytes: &[u8]) -> Result<Self, BatchError> {
        let incomplete =
            BatchError::Incomplete { needed: TIMESTAMP_AT + size_of::<Timestamp>(), available: bytes.len() };
        let mut rest = bytes.get(CRC_AT..).unwrap_or_default();
        let crc = take(&mut rest).map(u32::from_be_bytes).ok_or(incomplete.clone())?;
        let [_magic, attributes] = take(&mut rest).ok_or(incomplete.clone())?;
        let timestamp = match frame.magic {
            0 => NO_TIMESTAMP,
            _ => take(&mut rest).map(i64::from_be_bytes).ok_or(incomplete)?,
        };
        Ok(Self {
            offset: frame.offset,
            size_in_bytes: frame.size_in_bytes,
            crc,
            magic: frame.magic,
            attributes: Attributes(i16::from(attributes)),
            timestamp,
        })
    }

    /// Where the fields after it start.
    fn size(&self) -> usize {
        if self.magic == 0 { TIMESTAMP_AT } else { TIMESTAMP_AT + size_of::<Timestamp>() }
    }

    pub fn compression(&self) -> Result<Compression, BatchError> {
        self.attributes.compression()
    }

    /// Nothing in version 0, which has no timestamps.
    pub fn timestamp_type(&self) -> Option<TimestampType> {
        (self.magic > 0).then(|| self.attributes.timestamp_type())
    }
}

/// A message of version 0 or 1, as segments from before Kafka 0.11 hold them; with the messages in it, if it is
/// compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyMessage {
    header: LegacyHeader,
    bytes: Bytes,
    key: Option<Bytes>,
    value: Option<Bytes>,
}

impl LegacyMessage {
    /// Reads the message that `frame` was read from. `bytes` must be exactly it.
    pub(crate) fn from_frame(frame: Frame, bytes: Bytes) -> Result<Self, BatchError> {
        // All of the message is here: what is missing is not to come.
        let too_small = BatchError::BadMessage("the length is too small for its fields");
        let Ok(header) = LegacyHeader::from_frame(frame, &bytes) else { return Err(too_small) };
        let mut rest = &bytes[header.size()..];
        let key = take_nullable(&mut rest)?.map(|key| bytes.slice_ref(key));
        let value = take_nullable(&mut rest)?.map(|value| bytes.slice_ref(value));
        Ok(Self { header, bytes, key, value })
    }

    pub fn header(&self) -> &LegacyHeader {
        &self.header
    }

    /// The whole message, offset and size included.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// [`BatchError::CrcMismatch`] unless the bytes are what their writer checksummed.
    pub fn check_crc(&self) -> Result<(), BatchError> {
        let (stored, computed) = (self.header.crc, crc32(&self.bytes[CHECKSUMMED_FROM..]));
        if stored == computed { Ok(()) } else { Err(BatchError::CrcMismatch { stored, computed }) }
    }

    /// The offset of the first record.
    pub fn base_offset(&self, limits: &Limits) -> Result<Offset, BatchError> {
        match self.wrapped_in()? {
            None => Ok(self.header.offset),
            Some(compression) => InnerMessages::unpack(self, compression, limits)?.base_offset(),
        }
    }

    /// The message's own record, or those in it.
    pub fn records(&self, limits: &Limits) -> Result<Records, BatchError> {
        match self.wrapped_in()? {
            None => Ok(Records::of_message(self.record())),
            Some(compression) => {
                InnerMessages::unpack(self, compression, limits).map(Records::of_inner_messages)
            }
        }
    }

    /// As [`LegacyMessage::records`], with what a leader asks of a producer besides: inner messages have the version
    /// of the outer one and right checksums.
    pub fn checked_records(&self, limits: &Limits) -> Result<Records, BatchError> {
        match self.wrapped_in()? {
            None => Ok(Records::of_message(self.record())),
            Some(compression) => {
                let inner = InnerMessages::unpack(self, compression, limits)?;
                Ok(Records::of_inner_messages(inner.checked()))
            }
        }
    }

    /// How the messages in this one are compressed, if it holds any.
    fn wrapped_in(&self) -> Result<Option<Compression>, BatchError> {
        match self.header.compression()? {
            Compression::None => Ok(None),
            compression @ (Compression::Gzip | Compression::Snappy | Compression::Lz4) => {
                Ok(Some(compression))
            }
            compression @ Compression::Zstd => {
                Err(BatchError::CompressionTooNew { compression, magic: self.header.magic })
            }
        }
    }

    fn record(&self) -> Record {
        Record {
            offset: self.header.offset,
            timestamp: self.header.timestamp,
            key: self.key.clone(),
            value: self.value.clone(),
            headers: Headers::default(),
        }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*head)
}

/// Takes bytes with their length before them; null if that is below zero.
fn take_nullable<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, BatchError> {
    let beyond = BatchError::BadMessage("a key or a value is longer than the message");
    let Some(length) = take(rest).map(i32::from_be_bytes) else { return Err(beyond) };
    let Ok(size) = usize::try_from(length) else { return Ok(None) };
    let Some((bytes, after)) = rest.split_at_checked(size) else { return Err(beyond) };
    *rest = after;
    Ok(Some(bytes))
}
