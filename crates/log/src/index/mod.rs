//! The three indexes of a segment: entries of fixed size, big-endian, offsets counted from the segment's base.
//!
//! ```text
//! .index      i32 offset − base | i32 position                      the last offset of the batch at the position
//! .timeindex  i64 timestamp | i32 offset − base                     the greatest timestamp so far, and the last
//!                                                                   offset of the batch that has it
//! .txnindex   i16 0 | i64 producer ID | i64 first offset | i64 last offset | i64 last stable offset
//! ```
//! An index that belongs to Kafka's active segment is filled up with zeros; ours never is.

mod growth;

use bytes::{Buf, BufMut};
use ottla_records::{NO_TIMESTAMP, Offset, Timestamp};

pub(crate) use growth::{Growth, Indexed};

/// The batch that ends at `offset` starts at `position`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetEntry {
    pub offset: Offset,
    pub position: u32,
}

/// Up to the batch that ends at `offset`, no record is later than `timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeEntry {
    pub timestamp: Timestamp,
    pub offset: Offset,
}

/// An aborted transaction of a producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbortedTxn {
    pub producer_id: i64,
    pub first_offset: Offset,
    /// Of the marker.
    pub last_offset: Offset,
    /// The last stable offset once the marker was appended.
    pub last_stable_offset: Offset,
}

/// An entry of an index, with its place in the file.
pub trait IndexEntry: Sized + Copy {
    const SIZE: usize;

    /// `None` unless the bytes are an entry.
    fn decode(base: Offset, bytes: &[u8]) -> Option<Self>;
    fn encode(&self, base: Offset, out: &mut Vec<u8>);
}

impl IndexEntry for OffsetEntry {
    const SIZE: usize = 8;

    fn decode(base: Offset, mut bytes: &[u8]) -> Option<Self> {
        let offset = base.checked_add(i64::from(bytes.try_get_u32().ok()?))?;
        Some(OffsetEntry { offset, position: bytes.try_get_u32().ok()? })
    }

    fn encode(&self, base: Offset, out: &mut Vec<u8>) {
        out.put_u32(relative(base, self.offset));
        out.put_u32(self.position);
    }
}

impl IndexEntry for TimeEntry {
    const SIZE: usize = 12;

    fn decode(base: Offset, mut bytes: &[u8]) -> Option<Self> {
        let timestamp = bytes.try_get_i64().ok()?;
        let offset = base.checked_add(i64::from(bytes.try_get_u32().ok()?))?;
        Some(TimeEntry { timestamp, offset })
    }

    fn encode(&self, base: Offset, out: &mut Vec<u8>) {
        out.put_i64(self.timestamp);
        out.put_u32(relative(base, self.offset));
    }
}

impl IndexEntry for AbortedTxn {
    const SIZE: usize = 34;

    fn decode(_base: Offset, mut bytes: &[u8]) -> Option<Self> {
        if bytes.len() < Self::SIZE || bytes.get_i16() != 0 {
            return None;
        }
        Some(AbortedTxn {
            producer_id: bytes.get_i64(),
            first_offset: bytes.get_i64(),
            last_offset: bytes.get_i64(),
            last_stable_offset: bytes.get_i64(),
        })
    }

    fn encode(&self, _base: Offset, out: &mut Vec<u8>) {
        out.put_i16(0);
        out.put_i64(self.producer_id);
        out.put_i64(self.first_offset);
        out.put_i64(self.last_offset);
        out.put_i64(self.last_stable_offset);
    }
}

/// The greatest timestamp of a log that has none.
pub(crate) const NO_TIME: TimeEntry = TimeEntry { timestamp: NO_TIMESTAMP, offset: -1 };

pub(crate) fn encode_entries<E: IndexEntry>(base: Offset, entries: &[E]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.len() * E::SIZE);
    for entry in entries {
        entry.encode(base, &mut bytes);
    }
    bytes
}

/// The whole entries in the bytes, up to the first that is none.
pub fn decode_entries<E: IndexEntry>(base: Offset, bytes: &[u8]) -> Vec<E> {
    bytes.chunks_exact(E::SIZE).map_while(|entry| E::decode(base, entry)).collect()
}

/// The offset index without what cannot belong to it: the padding, or entries that do not rise.
pub fn decode_offset_index(base: Offset, bytes: &[u8]) -> Vec<OffsetEntry> {
    let mut previous: Option<OffsetEntry> = None;
    decode_entries::<OffsetEntry>(base, bytes)
        .into_iter()
        .take_while(|entry| {
            let rises =
                previous.is_none_or(|last| entry.offset > last.offset && entry.position > last.position);
            // The first batch of a segment never has an entry, so a position of zero is padding.
            let real = rises && entry.position > 0;
            previous = Some(*entry);
            real
        })
        .collect()
}

/// The time index without what cannot belong to it: the padding, or entries that do not rise.
pub fn decode_time_index(base: Offset, bytes: &[u8]) -> Vec<TimeEntry> {
    let mut previous = TimeEntry { timestamp: NO_TIMESTAMP, offset: base };
    decode_entries::<TimeEntry>(base, bytes)
        .into_iter()
        .enumerate()
        .take_while(|(at, entry)| {
            let padding = entry.timestamp == 0 && entry.offset == base && *at > 0;
            let rises = entry.timestamp > previous.timestamp && entry.offset >= previous.offset;
            previous = *entry;
            rises && !padding
        })
        .map(|(_, entry)| entry)
        .collect()
}

fn relative(base: Offset, offset: Offset) -> u32 {
    u32::try_from(offset - base).expect("a segment rolls before an offset outgrows its index")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_back() {
        let offsets = [OffsetEntry { offset: 23, position: 304 }, OffsetEntry { offset: 26, position: 693 }];
        let bytes = encode_entries(20, &offsets);
        assert_eq!(bytes, [0, 0, 0, 3, 0, 0, 1, 48, 0, 0, 0, 6, 0, 0, 2, 181]);
        assert_eq!(decode_entries::<OffsetEntry>(20, &bytes), offsets);

        let times = [TimeEntry { timestamp: 1_700_000_100_030, offset: 23 }];
        assert_eq!(decode_entries::<TimeEntry>(20, &encode_entries(20, &times)), times);

        let aborted =
            [AbortedTxn { producer_id: 27, first_offset: 1, last_offset: 9, last_stable_offset: 4 }];
        assert_eq!(decode_entries::<AbortedTxn>(0, &encode_entries(0, &aborted)), aborted);
    }

    #[test]
    fn padding_is_no_entry() {
        let mut bytes = encode_entries(20, &[OffsetEntry { offset: 23, position: 304 }]);
        bytes.resize(4096, 0);
        assert_eq!(decode_offset_index(20, &bytes).len(), 1);

        let mut bytes = encode_entries(20, &[TimeEntry { timestamp: 5, offset: 23 }]);
        bytes.resize(4092, 0);
        assert_eq!(decode_time_index(20, &bytes).len(), 1);
    }

    #[test]
    fn a_txn_index_ends_before_a_foreign_version() {
        let mut bytes = encode_entries(
            0,
            &[AbortedTxn { producer_id: 1, first_offset: 1, last_offset: 2, last_stable_offset: 3 }; 2],
        );
        bytes[35] = 1;
        assert_eq!(decode_entries::<AbortedTxn>(0, &bytes).len(), 1);
    }
}
