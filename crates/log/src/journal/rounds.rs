//! One round after the other: take all that waits, write it at once, sync if anybody asked for it, tell.
//!
//! There is no timer. While one round syncs the next one's entries gather, so that rounds grow with the load.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Lsn;
use super::journal::Journal;
use super::queue::{Queued, held_bytes};
use super::writer::Writer;
use crate::disk::Priority;
use crate::error::{Error, Result};

/// What the journal tells, in order and on its own thread.
#[derive(Debug)]
pub enum Event<'a, T> {
    /// The thread runs, at this priority. Once, first, and only if there is a thread.
    Started(&'a Priority),
    /// Tags of entries that nobody waits for to be durable: they would survive the death of this process. They
    /// are told again when durable.
    Written(&'a [T]),
    /// Tags of all entries up to `up_to` that were not told durable before, in the order of their lsns. For the
    /// receiver to drain.
    Durable { up_to: Lsn, tags: &'a mut Vec<T> },
    /// There is no space for a file. Entries wait until there is, which is tried again and again and told once.
    Full(&'a Error),
    /// A write or a sync failed. Nothing becomes durable any more, nothing is tried again, and this is the last
    /// event. What the device holds is unknown until it is read at the next start, so the process should end.
    Failed(&'a Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There was something to do, and there may be more.
    Worked,
    /// Everything appended is durable.
    Idle,
    /// See [`Event::Full`].
    Full,
    /// See [`Event::Failed`].
    Failed,
}

/// The journal's work, without a thread: [`super::JournalThreads`] gives it one, a test calls it.
pub struct Rounds<T, F> {
    journal: Arc<Journal<T>>,
    writer: Writer,
    observe: F,
    taken: Vec<Queued<T>>,
    /// Tags of entries that are written, not synced.
    unsynced: Vec<T>,
    unsynced_bytes: usize,
    full: bool,
    failed: bool,
}

impl<T, F: FnMut(Event<'_, T>)> Rounds<T, F> {
    pub(super) fn new(journal: Arc<Journal<T>>, writer: Writer, observe: F) -> Rounds<T, F> {
        let (taken, unsynced) = (Vec::new(), Vec::new());
        Rounds { journal, writer, observe, taken, unsynced, unsynced_bytes: 0, full: false, failed: false }
    }

    /// Where entries go in.
    pub fn journal(&self) -> &Arc<Journal<T>> {
        &self.journal
    }

    /// Does one round.
    pub fn run(&mut self) -> Step {
        if self.failed {
            return Step::Failed;
        }
        match self.try_run() {
            Ok(step) => {
                self.full = false;
                step
            }
            Err(error) if error.is_storage_full() => {
                if !std::mem::replace(&mut self.full, true) {
                    (self.observe)(Event::Full(&error));
                }
                Step::Full
            }
            Err(error) => {
                self.failed = true;
                self.journal.queue.fail();
                (self.observe)(Event::Failed(&error));
                Step::Failed
            }
        }
    }

    /// Returns once there is something to do; false if there never will be.
    pub(super) fn wait(&self) -> bool {
        self.journal.queue.wait()
    }

    /// Gives the world a moment to make room; false if nobody waits for that any more.
    pub(super) fn pause(&self) -> bool {
        self.journal.queue.pause()
    }

    pub(super) fn tell(&mut self, event: Event<'_, T>) {
        (self.observe)(event);
    }

    fn try_run(&mut self) -> Result<Step> {
        if self.taken.is_empty() {
            self.journal.queue.take(&mut self.taken);
        }
        if self.taken.is_empty() && self.unsynced.is_empty() {
            return Ok(Step::Idle);
        }
        let awaited = self.taken.iter().any(|queued| queued.entry.sync);
        let idle = self.taken.is_empty();
        self.write(awaited)?;
        if awaited || idle || self.unsynced_bytes >= self.journal.options.unsynced_bytes_max {
            self.sync()?;
        }
        Ok(Step::Worked)
    }

    fn write(&mut self, awaited: bool) -> Result<()> {
        self.writer.write(&self.taken)?;
        let held = self.taken.iter().map(|queued| held_bytes(&queued.entry)).sum();
        let first = self.unsynced.len();
        self.unsynced.extend(self.taken.drain(..).map(|queued| queued.entry.tag));
        self.unsynced_bytes += held;
        self.journal.queue.done(held);
        if !awaited && first < self.unsynced.len() {
            (self.observe)(Event::Written(&self.unsynced[first..]));
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.writer.sync()?;
        let up_to = self.writer.synced();
        self.journal.durable.store(up_to.get(), Ordering::Release);
        self.unsynced_bytes = 0;
        (self.observe)(Event::Durable { up_to, tags: &mut self.unsynced });
        self.unsynced.clear();
        Ok(())
    }
}

impl<T, F> fmt::Debug for Rounds<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rounds").field("writer", &self.writer).finish_non_exhaustive()
    }
}
