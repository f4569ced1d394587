use crate::header::MAGIC;
use crate::{
    BATCH_HEADER_SIZE, BatchError, BatchHeader, Epoch, Frame, LegacyHeader, NO_LEADER_EPOCH, Offset,
    Timestamp,
};

/// The header of a log's entry, of any version: enough to find a way through a segment without reading the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryHeader {
    Batch(BatchHeader),
    Message(LegacyHeader),
}

impl EntryHeader {
    /// As many bytes as [`EntryHeader::parse`] ever needs; old messages may be shorter altogether.
    pub const SIZE_MAX: usize = BATCH_HEADER_SIZE;

    /// Reads the header from the start of an entry, of which the rest may be missing.
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        let frame = Frame::parse(bytes)?;
        if frame.magic == MAGIC {
            BatchHeader::from_frame(frame, bytes).map(Self::Batch)
        } else {
            LegacyHeader::from_frame(frame, bytes).map(Self::Message)
        }
    }

    /// The version of the message format: 0, 1 or 2.
    pub fn magic(&self) -> i8 {
        match self {
            Self::Batch(_) => MAGIC,
            Self::Message(header) => header.magic,
        }
    }

    /// The whole entry.
    pub fn size_in_bytes(&self) -> usize {
        match self {
            Self::Batch(header) => header.size_in_bytes(),
            Self::Message(header) => header.size_in_bytes,
        }
    }

    pub fn last_offset(&self) -> Offset {
        match self {
            Self::Batch(header) => header.last_offset(),
            Self::Message(header) => header.offset,
        }
    }

    pub fn max_timestamp(&self) -> Timestamp {
        match self {
            Self::Batch(header) => header.max_timestamp,
            Self::Message(header) => header.timestamp,
        }
    }

    /// [`NO_LEADER_EPOCH`] for old messages, which know of none.
    pub fn leader_epoch(&self) -> Epoch {
        match self {
            Self::Batch(header) => header.leader_epoch,
            Self::Message(_) => NO_LEADER_EPOCH,
        }
    }
}
