use crate::{
    Attributes, BatchError, Compression, Epoch, Frame, NO_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID,
    NO_SEQUENCE, NO_TIMESTAMP, Offset, ProducerEpoch, ProducerId, Sequence, Timestamp, TimestampType,
};

// The header of a batch of version 2, big-endian. The checksum covers everything from the attributes on, so the
// broker can set what precedes it without touching the rest.
//
//  0                               8               12              16
// +-------------------------------+---------------+---------------+
// | base offset                   | length        | leader epoch  |
// +---+---------------+-------+---+-----------+---+---------------+
// | 2 | crc           | attrs | last offset Δ | base timestamp ...
// +---+---------------+-------+---------------+------------------
//  16  17              21      23              27
// ... +-------------------------------+-------------------------------+-------+
//     | max timestamp                 | producer id                   | epoch |
// ... +-------------------------------+-------------------------------+-------+
//     35                              43                              51     53
// +---------------+---------------+-----------
// | base sequence | record count  | records …
// +---------------+---------------+-----------
//  53              57              61

/// The size of a batch's header: the records start there.
pub const BATCH_HEADER_SIZE: usize = 61;
/// What the checksum covers starts here.
pub(crate) const CHECKSUMMED_FROM: usize = 21;
/// The length field does not count itself and what precedes it.
pub(crate) const LENGTH_OVERHEAD: usize = 12;
/// The version of the message format.
pub(crate) const MAGIC: i8 = 2;

/// The header of a batch: every stored field.
///
/// It is a plain value; a header that was parsed has a `length` of at least the header's own, everything else is
/// as its writer left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    pub base_offset: Offset,
    /// Of the batch without base offset and length.
    pub length: i32,
    pub leader_epoch: Epoch,
    pub crc: u32,
    pub attributes: Attributes,
    pub last_offset_delta: i32,
    /// The timestamp that records count from: the first record's, or the delete horizon.
    pub base_timestamp: Timestamp,
    pub max_timestamp: Timestamp,
    pub producer_id: ProducerId,
    pub producer_epoch: ProducerEpoch,
    pub base_sequence: Sequence,
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads a header from the start of a batch, of which the records may be missing.
    ///
    /// [`BatchError::OldMagic`] if a message of version 0 or 1 starts there.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        Self::from_frame(Frame::parse(bytes)?, bytes)
    }

    /// Reads the header of the entry that `frame` was read from.
    #[inline]
    pub(crate) fn from_frame(frame: Frame, bytes: &[u8]) -> Result<Self, BatchError> {
        if frame.magic != MAGIC {
            return Err(BatchError::OldMagic { magic: frame.magic });
        }
        frame.check_header_fits()?;
        match bytes.first_chunk() {
            Some(head) => Ok(Self::decode(head)),
            None => Err(BatchError::Incomplete { needed: BATCH_HEADER_SIZE, available: bytes.len() }),
        }
    }

    #[inline]
    fn decode(head: &[u8; BATCH_HEADER_SIZE]) -> Self {
        Self {
            base_offset: i64::from_be_bytes(at(head, 0)),
            length: i32::from_be_bytes(at(head, 8)),
            leader_epoch: i32::from_be_bytes(at(head, 12)),
            crc: u32::from_be_bytes(at(head, 17)),
            attributes: Attributes(i16::from_be_bytes(at(head, CHECKSUMMED_FROM))),
            last_offset_delta: i32::from_be_bytes(at(head, 23)),
            base_timestamp: i64::from_be_bytes(at(head, 27)),
            max_timestamp: i64::from_be_bytes(at(head, 35)),
            producer_id: i64::from_be_bytes(at(head, 43)),
            producer_epoch: i16::from_be_bytes(at(head, 51)),
            base_sequence: i32::from_be_bytes(at(head, 53)),
            record_count: i32::from_be_bytes(at(head, 57)),
        }
    }

    /// The bytes of the header, with the checksum that it has.
    pub fn encode(&self) -> [u8; BATCH_HEADER_SIZE] {
        let mut head = [0; BATCH_HEADER_SIZE];
        head[..16].copy_from_slice(&crate::prefix(self.base_offset, self.length, self.leader_epoch));
        head[16] = MAGIC.cast_unsigned();
        head[17..21].copy_from_slice(&self.crc.to_be_bytes());
        head[21..23].copy_from_slice(&self.attributes.0.to_be_bytes());
        head[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        head[27..35].copy_from_slice(&self.base_timestamp.to_be_bytes());
        head[35..43].copy_from_slice(&self.max_timestamp.to_be_bytes());
        head[43..51].copy_from_slice(&self.producer_id.to_be_bytes());
        head[51..53].copy_from_slice(&self.producer_epoch.to_be_bytes());
        head[53..57].copy_from_slice(&self.base_sequence.to_be_bytes());
        head[57..61].copy_from_slice(&self.record_count.to_be_bytes());
        head
    }

    /// The header of an empty batch without a producer.
    pub(crate) fn empty() -> Self {
        Self {
            base_offset: 0,
            length: i32::try_from(BATCH_HEADER_SIZE - LENGTH_OVERHEAD).expect("a header is small"),
            leader_epoch: NO_LEADER_EPOCH,
            crc: 0,
            attributes: Attributes::default(),
            last_offset_delta: -1,
            base_timestamp: NO_TIMESTAMP,
            max_timestamp: NO_TIMESTAMP,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            base_sequence: NO_SEQUENCE,
            record_count: 0,
        }
    }

    /// The whole batch, its records included.
    pub fn size_in_bytes(&self) -> usize {
        LENGTH_OVERHEAD + usize::try_from(self.length).unwrap_or(0)
    }

    /// The offset of the last record that the batch had when it was written; compaction may have removed it.
    pub fn last_offset(&self) -> Offset {
        self.base_offset.saturating_add(i64::from(self.last_offset_delta))
    }

    /// The first offset after the batch.
    pub fn next_offset(&self) -> Offset {
        self.last_offset().saturating_add(1)
    }

    /// The sequence of the last record; after 2³¹ − 1 comes 0. [`NO_SEQUENCE`] if the batch has none.
    pub fn last_sequence(&self) -> Sequence {
        if self.base_sequence == NO_SEQUENCE {
            return NO_SEQUENCE;
        }
        let sum = i64::from(self.base_sequence) + i64::from(self.last_offset_delta);
        i32::try_from(sum & i64::from(i32::MAX)).expect("masked to 31 bits")
    }

    /// How the records are compressed; an error if by nothing that is known.
    pub fn compression(&self) -> Result<Compression, BatchError> {
        self.attributes.compression()
    }

    pub fn timestamp_type(&self) -> TimestampType {
        self.attributes.timestamp_type()
    }

    pub fn is_transactional(&self) -> bool {
        self.attributes.is_transactional()
    }

    pub fn is_control(&self) -> bool {
        self.attributes.is_control()
    }

    pub fn has_producer_id(&self) -> bool {
        self.producer_id != NO_PRODUCER_ID
    }

    /// When compaction may remove the tombstones and markers in the batch (KIP-534), if that is decided.
    pub fn delete_horizon(&self) -> Option<Timestamp> {
        self.attributes.has_delete_horizon().then_some(self.base_timestamp)
    }
}

/// The `N` bytes at `position`. Inlined, the bounds vanish.
#[inline(always)]
fn at<const N: usize>(head: &[u8; BATCH_HEADER_SIZE], position: usize) -> [u8; N] {
    head[position..].first_chunk().copied().expect("within the header")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(base_sequence: Sequence, last_offset_delta: i32) -> BatchHeader {
        BatchHeader { base_sequence, last_offset_delta, ..BatchHeader::empty() }
    }

    #[test]
    fn every_field_survives_encoding() {
        let header = BatchHeader {
            base_offset: 0x0102_0304_0506_0708,
            length: 49,
            leader_epoch: 0x1112_1314,
            crc: 0xf1f2_f3f4,
            attributes: Attributes(0x2122),
            last_offset_delta: 0x3132_3334,
            base_timestamp: 0x4142_4344_4546_4748,
            max_timestamp: 0x5152_5354_5556_5758,
            producer_id: 0x6162_6364_6566_6768,
            producer_epoch: 0x7172,
            base_sequence: -2,
            record_count: -3,
        };
        assert_eq!(BatchHeader::parse(&header.encode()), Ok(header));
    }

    #[test]
    fn sequences_wrap_at_two_to_the_thirty_first() {
        assert_eq!(header(5, 2).last_sequence(), 7);
        assert_eq!(header(i32::MAX, 0).last_sequence(), i32::MAX);
        assert_eq!(header(i32::MAX, 1).last_sequence(), 0);
        assert_eq!(header(i32::MAX - 1, 3).last_sequence(), 1);
        assert_eq!(header(i32::MAX, i32::MAX).last_sequence(), i32::MAX - 1);
        assert_eq!(header(NO_SEQUENCE, 9).last_sequence(), NO_SEQUENCE);
    }

    #[test]
    fn offsets_beyond_the_last_one_do_not_wrap() {
        let header = BatchHeader { base_offset: i64::MAX, last_offset_delta: 3, ..BatchHeader::empty() };
        assert_eq!(header.last_offset(), i64::MAX);
        assert_eq!(header.next_offset(), i64::MAX);
    }

    #[test]
    fn a_short_header_is_incomplete_and_an_old_one_is_named() {
        let bytes = BatchHeader::empty().encode();
        for end in 0..bytes.len() {
            let error = BatchHeader::parse(&bytes[..end]).unwrap_err();
            assert!(matches!(error, BatchError::Incomplete { .. }), "{end}: {error}");
        }
        let mut old = bytes;
        old[16] = 1;
        assert_eq!(BatchHeader::parse(&old), Err(BatchError::OldMagic { magic: 1 }));
    }
}
