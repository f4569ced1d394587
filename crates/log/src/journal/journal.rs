//! The handle that partitions append to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::files::{Files, Usage};
use super::queue::{Entry, Queue};
use super::{Lsn, Options};
use crate::error::Result;

/// Where entries go in and the durable position comes out. Shared by all who write to one data directory.
#[derive(Debug)]
pub struct Journal<T> {
    pub(super) queue: Queue<T>,
    pub(super) files: Arc<Files>,
    pub(super) durable: AtomicU64,
    pub(super) options: Options,
}

impl<T> Journal<T> {
    pub(super) fn new(files: Arc<Files>, options: Options, last: Lsn) -> Journal<T> {
        Journal { queue: Queue::new(last.next()), files, durable: AtomicU64::new(last.get()), options }
    }

    /// Gives the entry the next place and returns at once. To be called under the partition's lock, so that the
    /// journal's order is the order of offsets.
    ///
    /// Takes whatever comes: ask [`Journal::has_room`] before a request is let in.
    pub fn append(&self, entry: Entry<T>) -> Lsn {
        self.queue.append(entry)
    }

    /// All entries up to here are on stable storage.
    pub fn durable(&self) -> Lsn {
        Lsn::new(self.durable.load(Ordering::Acquire))
    }

    /// Bytes of memory held by entries that are not yet written.
    pub fn queued_bytes(&self) -> usize {
        self.queue.bytes()
    }

    /// Whether more may be let in: neither the queue nor the files have reached their limit.
    pub fn has_room(&self) -> bool {
        self.queued_bytes() < self.options.queued_bytes_max
            && self.usage().needed < self.options.total_bytes_max
    }

    pub fn usage(&self) -> Usage {
        self.files.usage()
    }

    /// Says that all entries up to here are in segment files and that these were synced. Entries beyond
    /// [`Journal::durable`] are kept.
    ///
    /// Syncs a small file and may remove one, so call it in the background. An error is as final as
    /// [`super::Event::Failed`].
    pub fn release(&self, up_to: Lsn) -> Result<()> {
        self.files.release(up_to.min(self.durable()))
    }

    /// Lets the next start skip the search for entries. To be called last, when the threads have ended and
    /// everything was released; what is appended later is dropped. Returns false, and does nothing, if an entry
    /// was not released.
    pub fn mark_clean(&self) -> Result<bool> {
        let clean = self.queue.close_after(self.usage().released);
        if clean {
            self.files.mark_clean()?;
        }
        Ok(clean)
    }

    /// Writes a file ahead of its use if one is wanted; returns whether it was. [`super::JournalThreads`] does
    /// it in the background; without it the journal works, only slower.
    pub fn prepare(&self) -> Result<bool> {
        let wanted = self.files.spare_was_wanted();
        if wanted {
            self.files.prepare()?;
        }
        Ok(wanted)
    }
}
