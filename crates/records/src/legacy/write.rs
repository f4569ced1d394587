use super::{CHECKSUMMED_FROM, CRC_AT, LegacyHeader, TIMESTAMP_AT};
use crate::compression::{pack, pack_version_0};
use crate::crc::crc32;
use crate::encode::length_of;
use crate::{Attributes, BatchError, Codec, Compression, NO_TIMESTAMP, Offset, Timestamp, TimestampType};

const SIZE_AT: usize = 8;
const MAGIC_AT: usize = 16;
/// Offset and size, which the size does not count.
const SIZE_OVERHEAD: usize = 12;
const LENGTH_OF_NULL: i32 = -1;

/// What a message has besides key and value.
#[derive(Clone, Copy, Debug)]
pub(super) struct MessageHead {
    /// 0 or 1.
    pub(super) magic: i8,
    pub(super) offset: Offset,
    pub(super) compression: Compression,
    /// Version 0 has neither.
    pub(super) timestamp_type: TimestampType,
    pub(super) timestamp: Timestamp,
}

impl MessageHead {
    fn attributes(&self) -> u8 {
        let timestamp_type = if self.magic == 0 { TimestampType::CreateTime } else { self.timestamp_type };
        let attributes =
            Attributes::default().with_compression(self.compression).with_timestamp_type(timestamp_type);
        let [_unused, low] = attributes.0.to_be_bytes();
        low
    }

    /// Appends a message with this key and value.
    pub(super) fn put(
        &self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), BatchError> {
        let start = self.begin(out);
        put_nullable(key, out)?;
        put_nullable(value, out)?;
        finish(start, out)
    }

    /// Appends a message that holds `messages`, compressed as the head says.
    pub(super) fn put_wrapper(&self, messages: &[u8], out: &mut Vec<u8>) -> Result<(), BatchError> {
        let start = self.begin(out);
        put_nullable(None, out)?;
        let length_at = out.len();
        out.extend_from_slice(&[0; size_of::<i32>()]);
        let codec = Codec::from(self.compression);
        match self.magic {
            0 => pack_version_0(codec, messages, out),
            _ => pack(codec, messages, out),
        }
        let value_at = length_at + size_of::<i32>();
        let length = length_of(out.len() - value_at)?;
        out[length_at..value_at].copy_from_slice(&length.to_be_bytes());
        finish(start, out)
    }

    /// Appends what precedes the key, with room for size and checksum. Says where the message starts.
    fn begin(&self, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        out.extend_from_slice(&self.offset.to_be_bytes());
        out.resize(start + MAGIC_AT, 0);
        out.extend_from_slice(&[self.magic.cast_unsigned(), self.attributes()]);
        debug_assert_eq!(out.len() - start, TIMESTAMP_AT, "the fields of the diagram");
        if self.magic > 0 {
            out.extend_from_slice(&self.timestamp.to_be_bytes());
        }
        start
    }
}

/// The size of a message with such a key and value.
pub(super) fn message_size(magic: i8, key: Option<&[u8]>, value: Option<&[u8]>) -> usize {
    let head = LegacyHeader {
        offset: 0,
        size_in_bytes: 0,
        crc: 0,
        magic,
        attributes: Attributes::default(),
        timestamp: NO_TIMESTAMP,
    };
    let nullable = |bytes: Option<&[u8]>| size_of::<i32>() + bytes.map_or(0, <[u8]>::len);
    head.size() + nullable(key) + nullable(value)
}

fn put_nullable(bytes: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), BatchError> {
    let length = bytes.map_or(Ok(LENGTH_OF_NULL), |bytes| length_of(bytes.len()))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes.unwrap_or_default());
    Ok(())
}

/// Sets size and checksum of the message that goes from `start` to the end.
fn finish(start: usize, out: &mut [u8]) -> Result<(), BatchError> {
    let message = &mut out[start..];
    let size = length_of(message.len() - SIZE_OVERHEAD)?;
    message[SIZE_AT..CRC_AT].copy_from_slice(&size.to_be_bytes());
    let crc = crc32(&message[CHECKSUMMED_FROM..]);
    message[CRC_AT..CHECKSUMMED_FROM].copy_from_slice(&crc.to_be_bytes());
    Ok(())
}
