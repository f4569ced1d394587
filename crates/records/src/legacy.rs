use bytes::Bytes;

use crate::compression::{unpack, unpack_version_0};
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
        let too_small = BatchError::BadMessage("the length is too small for its fields");
        let mut rest = &bytes[CRC_AT..];
        let crc = take(&mut rest).map(u32::from_be_bytes).ok_or(too_small.clone())?;
        let [magic, attributes] = take(&mut rest).ok_or(too_small.clone())?;
        let timestamp = match magic {
            0 => NO_TIMESTAMP,
            _ => take(&mut rest).map(i64::from_be_bytes).ok_or(too_small)?,
        };
        let key = take_nullable(&mut rest)?.map(|key| bytes.slice_ref(key));
        let value = take_nullable(&mut rest)?.map(|value| bytes.slice_ref(value));
        let header = LegacyHeader {
            offset: frame.offset,
            size_in_bytes: frame.size_in_bytes,
            crc,
            magic: frame.magic,
            attributes: Attributes(i16::from(attributes)),
            timestamp,
        };
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
        let records = self.read(limits)?;
        Ok(records.first().map_or(self.header.offset, |record| record.offset))
    }

    /// The message's own record, or those in it.
    pub fn records(&self, limits: &Limits) -> Result<Records, BatchError> {
        self.read(limits).map(Records::of_message)
    }

    fn read(&self, limits: &Limits) -> Result<Vec<Record>, BatchError> {
        match self.header.compression()? {
            Compression::None => Ok(vec![self.record()]),
            compression @ Compression::Zstd => {
                Err(BatchError::CompressionTooNew { compression, magic: self.header.magic })
            }
            compression @ (Compression::Gzip | Compression::Snappy | Compression::Lz4) => {
                let mut inner = self.inner_messages(compression, limits)?;
                self.correct(&mut inner)?;
                Ok(inner.iter().map(Self::record).collect())
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

    /// Unpacks the messages in a compressed one. A set that was cut in the middle ends there, as Kafka reads it.
    fn inner_messages(
        &self,
        compression: Compression,
        limits: &Limits,
    ) -> Result<Vec<LegacyMessage>, BatchError> {
        let packed = self.value.as_ref().ok_or(BatchError::WrapperWithoutValue)?;
        let mut unpacked = Vec::new();
        match self.header.magic {
            0 => unpack_version_0(compression, packed, limits, &mut unpacked)?,
            _ => unpack(compression, packed, limits, &mut unpacked)?,
        }
        let mut rest = Bytes::from(unpacked);
        let mut messages = Vec::new();
        loop {
            let frame = match Frame::parse_whole(&rest) {
                Ok(frame) => frame,
                Err(BatchError::Incomplete { .. }) => return Ok(messages),
                Err(error) => return Err(error),
            };
            messages.push(Self::inner(frame, rest.split_to(frame.size_in_bytes))?);
        }
    }

    fn inner(frame: Frame, bytes: Bytes) -> Result<Self, BatchError> {
        if frame.magic > 1 {
            return Err(BatchError::BadMessage("a batch in a compressed message"));
        }
        let message = Self::from_frame(frame, bytes)?;
        match message.header.compression()? {
            Compression::None => Ok(message),
            Compression::Gzip | Compression::Snappy | Compression::Lz4 | Compression::Zstd => {
                Err(BatchError::NestedWrapper)
            }
        }
    }

    /// Gives inner messages the offsets and timestamps that the outer one decides.
    fn correct(&self, inner: &mut [LegacyMessage]) -> Result<(), BatchError> {
        let last = inner.last().ok_or(BatchError::WrapperWithoutMessages)?.header.offset;
        if self.header.magic == 0 {
            return Ok(());
        }
        let base = self.header.offset.saturating_sub(last);
        let append_time = self.header.attributes.timestamp_type() == TimestampType::LogAppendTime;
        for message in inner {
            message.header.offset = message.header.offset.saturating_add(base);
            if append_time && message.header.magic > 0 {
                message.header.timestamp = self.header.timestamp;
            }
        }
        Ok(())
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
