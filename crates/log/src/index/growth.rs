//! How the indexes of an active segment grow, batch by batch, exactly as Kafka's do.

use crate::index::{AbortedTxn, NO_TIME, OffsetEntry, TimeEntry};

/// What a batch means to the indexes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Indexed {
    pub(crate) position: u32,
    pub(crate) len: u32,
    pub(crate) last: TimeEntry,
}

/// The entries that are not in the index files yet, and what decides about the next ones.
#[derive(Debug, Clone)]
pub(crate) struct Growth {
    bytes_since_entry: u64,
    /// The greatest timestamp so far, and the last offset of the first batch that has it.
    largest: TimeEntry,
    last_time: TimeEntry,
    pub(crate) offsets: Vec<OffsetEntry>,
    pub(crate) times: Vec<TimeEntry>,
    pub(crate) aborted: Vec<AbortedTxn>,
    pub(crate) closed: bool,
}

impl Growth {
    /// Of a new segment, or, with the last entry of its time index, of one that was opened again.
    pub(crate) fn after(last_time: Option<TimeEntry>) -> Growth {
        let last_time = last_time.unwrap_or(NO_TIME);
        Growth {
            bytes_since_entry: 0,
            largest: last_time,
            last_time,
            offsets: Vec::new(),
            times: Vec::new(),
            aborted: Vec::new(),
            closed: false,
        }
    }

    /// The next batch gets an entry: a scan resumes at it because it has one.
    pub(crate) fn with_entry_due(mut self) -> Growth {
        self.bytes_since_entry = u64::MAX;
        self
    }

    pub(crate) fn largest(&self) -> TimeEntry {
        self.largest
    }

    /// An entry is due before the first batch that follows more than `interval` bytes.
    pub(crate) fn append(&mut self, batch: Indexed, interval: u32) {
        if batch.last.timestamp > self.largest.timestamp {
            self.largest = batch.last;
        }
        if self.bytes_since_entry > u64::from(interval) {
            self.offsets.push(OffsetEntry { offset: batch.last.offset, position: batch.position });
            self.append_time();
            self.bytes_since_entry = 0;
        }
        self.bytes_since_entry += u64::from(batch.len);
    }

    /// The segment takes no more batches: the time index gets a last entry.
    pub(crate) fn close(&mut self) {
        self.append_time();
        self.closed = true;
    }

    fn append_time(&mut self) {
        if self.largest.timestamp > self.last_time.timestamp {
            self.times.push(self.largest);
            self.last_time = self.largest;
        }
    }

    pub(crate) fn has_entries(&self) -> bool {
        !(self.offsets.is_empty() && self.times.is_empty() && self.aborted.is_empty())
    }
}
