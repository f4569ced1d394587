//! Where an entry of a log lies, as far as its first bytes tell.

use ottla_records::{BATCH_HEADER_SIZE, BatchError, BatchHeader, Frame, NO_TIMESTAMP, Offset, Timestamp};

/// A batch, or an old message with what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) position: u32,
    pub(super) len: u32,
    /// Of an old compressed message the last one.
    pub(super) base_offset: Offset,
    pub(super) last_offset: Offset,
    pub(super) max_timestamp: Timestamp,
}

/// Enough to know a span by.
#[allow(clippy::cast_possible_truncation, reason = "61")]
pub(super) const HEAD_BYTES: u32 = BATCH_HEADER_SIZE as u32;

impl Span {
    /// Reads the first [`HEAD_BYTES`] bytes of an entry, or as many as there are.
    pub(super) fn parse(position: u32, head: &[u8]) -> Result<Span, BatchError> {
        let frame = Frame::parse(head)?;
        let (last_offset, max_timestamp) = match frame.magic {
            2 => {
                let header = BatchHeader::parse(head)?;
                (header.last_offset(), header.max_timestamp)
            }
            1 => (frame.offset, old_timestamp(head)),
            _ => (frame.offset, NO_TIMESTAMP),
        };
        let len = u32::try_from(frame.size_in_bytes).expect("a length of 31 bits and twelve bytes");
        Ok(Span { position, len, base_offset: frame.offset, last_offset, max_timestamp })
    }

    /// Whether it can stand in the segment that begins at `base`, behind what ends before the offset `end`. Only below
    /// `gaps_below` offsets may be missing in front of it.
    ///
    /// Offsets lie outside of a batch's checksum, and a tear that begins in front of one leaves zeros.
    pub(super) fn may_follow(&self, base: Offset, end: Offset, gaps_below: Offset) -> bool {
        (end..=end.max(gaps_below)).contains(&self.base_offset)
            && self.last_offset >= self.base_offset
            && self.last_offset.saturating_sub(base) <= Offset::from(i32::MAX)
    }

    pub(super) fn end(&self) -> u32 {
        self.position.saturating_add(self.len)
    }
}

/// The timestamp of a message of version 1, which follows its attributes.
fn old_timestamp(head: &[u8]) -> Timestamp {
    head.get(18..26).and_then(|bytes| bytes.try_into().ok()).map_or(NO_TIMESTAMP, Timestamp::from_be_bytes)
}
