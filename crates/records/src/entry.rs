use bytes::Bytes;

use crate::header::MAGIC;
use crate::splitter::Splitter;
use crate::{
    Batch, BatchError, EntryHeader, Epoch, Frame, LegacyMessage, Limits, Offset, PositionedError, Records,
    Timestamp,
};

/// One entry of a log: a batch, or, in segments that brokers before 0.11 wrote, a message of version 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Batch(Batch),
    /// With the messages in it, if it is compressed.
    Message(LegacyMessage),
}

impl Entry {
    fn parse(frame: Frame, bytes: Bytes) -> Result<Self, BatchError> {
        if frame.magic != MAGIC {
            return LegacyMessage::from_frame(frame, bytes).map(Self::Message);
        }
        Batch::from_frame(frame, bytes).map(Self::Batch)
    }

    pub fn header(&self) -> EntryHeader {
        match self {
            Self::Batch(batch) => EntryHeader::Batch(*batch.header()),
            Self::Message(message) => EntryHeader::Message(*message.header()),
        }
    }

    /// The version of the message format: 0, 1 or 2.
    pub fn magic(&self) -> i8 {
        self.header().magic()
    }

    pub fn bytes(&self) -> &Bytes {
        match self {
            Self::Batch(batch) => batch.bytes(),
            Self::Message(message) => message.bytes(),
        }
    }

    pub fn size_in_bytes(&self) -> usize {
        self.bytes().len()
    }

    /// The offset of the first record. A compressed old message must be unpacked to know it.
    pub fn base_offset(&self, limits: &Limits) -> Result<Offset, BatchError> {
        match self {
            Self::Batch(batch) => Ok(batch.header().base_offset),
            Self::Message(message) => message.base_offset(limits),
        }
    }

    pub fn last_offset(&self) -> Offset {
        self.header().last_offset()
    }

    pub fn max_timestamp(&self) -> Timestamp {
        self.header().max_timestamp()
    }

    /// [`NO_LEADER_EPOCH`](crate::NO_LEADER_EPOCH) for old messages, which know of none.
    pub fn leader_epoch(&self) -> Epoch {
        self.header().leader_epoch()
    }

    /// [`BatchError::CrcMismatch`] unless the bytes are what their writer checksummed.
    pub fn check_crc(&self) -> Result<(), BatchError> {
        match self {
            Self::Batch(batch) => batch.check_crc(),
            Self::Message(message) => message.check_crc(),
        }
    }

    pub fn records(&self, limits: &Limits) -> Result<Records, BatchError> {
        match self {
            Self::Batch(batch) => batch.records(limits),
            Self::Message(message) => message.records(limits),
        }
    }
}

/// The entries in bytes that hold any number of them, of any version, one after another.
///
/// Ends after the first error; see [`Batches`](crate::Batches).
#[derive(Clone, Debug)]
pub struct Entries(Splitter);

impl Entries {
    pub fn new(bytes: Bytes) -> Self {
        Self(Splitter::new(bytes))
    }

    /// Where the next entry starts; after an error, where the bad one does.
    pub fn position(&self) -> usize {
        self.0.position()
    }

    /// The bytes after the last entry whose end is known.
    pub fn unread(&self) -> &Bytes {
        self.0.unread()
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, PositionedError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_entry(Entry::parse)
    }
}
