//! Batches as messages of version 0 or 1, for clients from before Kafka 0.11.
//!
//! | stored | given |
//! |---|---|
//! | a version that is not above the wanted one | the same bytes |
//! | records without compression | a message for each, from the wanted offset on |
//! | compressed records | compressed messages with the same codec, each with as many inner messages as fit it |
//! | control records, and batches that compaction has emptied | nothing |
//! | zstd, which messages cannot have | an error |
//!
//! Offsets and timestamps stay. Headers, producers, epochs and the transactional bit have no place in a message.

use super::write::{MessageHead, message_size};
use crate::{
    Batch, BatchError, Compression, Entry, LegacyMessage, Limits, NO_TIMESTAMP, Offset, Timestamp,
    TimestampType,
};

/// Inner messages that one compressed message takes, in bytes, before another one is begun. It bounds what must be
/// in memory at once, and lets a batch that unpacks to a lot be given in several answers.
const INNER_BYTES_MAX: usize = 1 << 20;

/// Whether a conversion takes more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Left,
    /// What has been given so far is all that goes into the answer.
    Full,
}

/// Turns entries of a log into messages, within a number of bytes.
#[derive(Debug)]
pub struct Conversion {
    magic: i8,
    from: Offset,
    bytes_max: usize,
    limits: Limits,
    out: Vec<u8>,
    /// Records in `out`, but for those of entries that were given as they are.
    record_count: u64,
    inner: Inner,
    /// Holds what a batch unpacks to.
    scratch: Vec<u8>,
}

/// A record, or an inner message, on its way.
#[derive(Clone, Copy)]
struct Given<'a> {
    offset: Offset,
    timestamp: Timestamp,
    timestamp_type: TimestampType,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
}

impl Conversion {
    /// To messages of the version `magic`, 0 or 1, for who has the records below `from` already.
    ///
    /// It ends before more than `bytes_max` bytes are made of the entries, but for the first message, which is given
    /// whatever its size: without it the client would be where it was.
    pub fn new(magic: i8, from: Offset, bytes_max: usize, limits: Limits) -> Self {
        assert!((0..=1).contains(&magic), "there are two old versions");
        Self {
            magic,
            from,
            bytes_max,
            limits,
            out: Vec::new(),
            record_count: 0,
            inner: Inner::default(),
            scratch: Vec::new(),
        }
    }

    /// The messages so far.
    pub fn messages(&self) -> &[u8] {
        &self.out
    }

    /// How many records were converted.
    pub fn record_count(&self) -> u64 {
        self.record_count
    }

    pub fn into_messages(self) -> Vec<u8> {
        self.out
    }

    /// Adds what an entry holds. After an error, or when there is no room left, nothing more may be added; the messages
    /// so far are whole.
    ///
    /// [`BatchError::CompressionTooNew`] for zstd. The checksum is not looked at: the one that is written covers what
    /// was read.
    pub fn add(&mut self, entry: &Entry) -> Result<Room, BatchError> {
        if entry.magic() <= self.magic {
            return Ok(self.add_bytes(entry.bytes()));
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let room = match entry {
            Entry::Batch(batch) => self.add_batch(batch, &mut scratch),
            Entry::Message(message) => self.add_message(message),
        };
        self.scratch = scratch;
        room
    }

    fn add_batch(&mut self, batch: &Batch, scratch: &mut Vec<u8>) -> Result<Room, BatchError> {
        let header = batch.header();
        if header.is_control() {
            return Ok(Room::Left);
        }
        let compression = self.compression(header.compression()?)?;
        let timestamp_type = header.timestamp_type();
        for record in batch.record_views(&self.limits, scratch)? {
            let record = record?;
            let (offset, timestamp) = (record.offset, record.timestamp);
            let given = Given { offset, timestamp, timestamp_type, key: record.key, value: record.value };
            if self.give(given, compression)? == Room::Full {
                return Ok(Room::Full);
            }
        }
        self.wrap(compression)
    }

    /// A message of version 1, wanted in version 0.
    fn add_message(&mut self, message: &LegacyMessage) -> Result<Room, BatchError> {
        let compression = self.compression(message.header().compression()?)?;
        for record in message.records(&self.limits)? {
            let record = record?;
            let given = Given {
                offset: record.offset,
                timestamp: NO_TIMESTAMP,
                timestamp_type: TimestampType::CreateTime,
                key: record.key.as_deref(),
                value: record.value.as_deref(),
            };
            if self.give(given, compression)? == Room::Full {
                return Ok(Room::Full);
            }
        }
        self.wrap(compression)
    }

    /// What messages have too.
    fn compression(&self, compression: Compression) -> Result<Compression, BatchError> {
        match compression {
            Compression::None | Compression::Gzip | Compression::Snappy | Compression::Lz4 => Ok(compression),
            Compression::Zstd => Err(BatchError::CompressionTooNew { compression, magic: self.magic }),
        }
    }

    fn give(&mut self, given: Given<'_>, compression: Compression) -> Result<Room, BatchError> {
        let size = message_size(self.magic, given.key, given.value);
        if compression != Compression::None {
            let full = self.inner.bytes.len().saturating_add(size) > INNER_BYTES_MAX;
            if full && self.wrap(compression)? == Room::Full {
                return Ok(Room::Full);
            }
            self.inner.put(self.magic, given)?;
            return Ok(Room::Left);
        }
        if given.offset < self.from {
            return Ok(Room::Left);
        }
        if self.is_beyond(size) {
            return Ok(Room::Full);
        }
        let head = MessageHead {
            magic: self.magic,
            offset: given.offset,
            compression,
            timestamp_type: given.timestamp_type,
            timestamp: given.timestamp,
        };
        head.put(given.key, given.value, &mut self.out)?;
        self.record_count += 1;
        Ok(Room::Left)
    }

    /// Ends the compressed message that has been begun, if there is one.
    fn wrap(&mut self, compression: Compression) -> Result<Room, BatchError> {
        let Some(span) = self.inner.span.take() else { return Ok(Room::Left) };
        let before = self.out.len();
        // One that lies below what is wanted as a whole helps nobody.
        if span.last >= self.from {
            let head = MessageHead {
                magic: self.magic,
                offset: span.last,
                compression,
                timestamp_type: span.timestamp_type,
                timestamp: span.max_timestamp,
            };
            head.put_wrapper(&self.inner.bytes, &mut self.out)?;
        }
        self.inner.bytes.clear();
        if before > 0 && self.out.len() > self.bytes_max {
            self.out.truncate(before);
            return Ok(Room::Full);
        }
        if self.out.len() > before {
            self.record_count += span.count;
        }
        Ok(Room::Left)
    }

    fn add_bytes(&mut self, bytes: &[u8]) -> Room {
        if self.is_beyond(bytes.len()) {
            return Room::Full;
        }
        self.out.extend_from_slice(bytes);
        Room::Left
    }

    fn is_beyond(&self, size: usize) -> bool {
        !self.out.is_empty() && self.out.len().saturating_add(size) > self.bytes_max
    }
}

/// The messages for one compressed message.
#[derive(Debug, Default)]
struct Inner {
    bytes: Vec<u8>,
    /// Nothing as long as there are no messages.
    span: Option<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    first: Offset,
    last: Offset,
    count: u64,
    max_timestamp: Timestamp,
    timestamp_type: TimestampType,
}

impl Inner {
    fn put(&mut self, magic: i8, given: Given<'_>) -> Result<(), BatchError> {
        let first = Span {
            first: given.offset,
            last: given.offset,
            count: 0,
            max_timestamp: given.timestamp,
            timestamp_type: given.timestamp_type,
        };
        let span = self.span.get_or_insert(first);
        span.last = given.offset;
        span.count += 1;
        span.max_timestamp = span.max_timestamp.max(given.timestamp);
        let head = MessageHead {
            magic,
            offset: if magic == 0 { given.offset } else { given.offset.wrapping_sub(span.first) },
            compression: Compression::None,
            timestamp_type: given.timestamp_type,
            timestamp: given.timestamp,
        };
        head.put(given.key, given.value, &mut self.bytes)
    }
}
