//! What waits for the journal's next round.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use ottla_records::AssignedBatch;
use uuid::Uuid;

use super::writer::frame_size;
use super::{Lsn, lock};

/// Until it is tried again whether a full device has room.
const PAUSE: Duration = Duration::from_millis(20);

/// One batch on its way to stable storage.
#[derive(Debug)]
pub struct Entry<T> {
    pub topic_id: Uuid,
    pub partition: i32,
    pub batch: AssignedBatch,
    /// Whether somebody waits for it to be durable. If not it becomes so with the next entry of which this is
    /// true, or as soon as there is nothing else to do.
    pub sync: bool,
    /// Comes back with the outcome.
    pub tag: T,
}

#[derive(Debug)]
pub(super) struct Queued<T> {
    pub(super) lsn: Lsn,
    pub(super) entry: Entry<T>,
}

#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    wake: Condvar,
    /// Of entries that wait or are in the round under way.
    bytes: AtomicUsize,
}

#[derive(Debug)]
struct Waiting<T> {
    entries: Vec<Queued<T>>,
    next: Lsn,
    /// Somebody is in [`Queue::wait`] and has not been woken.
    asleep: bool,
    stopping: bool,
    /// What comes now is dropped, and never becomes durable.
    closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(next: Lsn) -> Queue<T> {
        let waiting = Waiting { entries: Vec::new(), next, asleep: false, stopping: false, closed: false };
        Queue { waiting: Mutex::new(waiting), wake: Condvar::new(), bytes: AtomicUsize::new(0) }
    }

    pub(super) fn append(&self, entry: Entry<T>) -> Lsn {
        let bytes = held_bytes(&entry);
        let mut waiting = lock(&self.waiting);
        let lsn = waiting.next;
        waiting.next = lsn.next();
        if waiting.closed {
            return lsn;
        }
        waiting.entries.push(Queued { lsn, entry });
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let asleep = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if asleep {
            self.wake.notify_one();
        }
        lsn
    }

    /// Takes nothing more, if `last` was the last place given; returns whether it was.
    pub(super) fn close_after(&self, last: Lsn) -> bool {
        let mut waiting = lock(&self.waiting);
        let was_last = waiting.next == last.next();
        waiting.closed |= was_last;
        was_last
    }

    /// Exchanges all that waits for an empty vector, whose memory is used again.
    pub(super) fn take(&self, taken: &mut Vec<Queued<T>>) {
        debug_assert!(taken.is_empty(), "what was taken before is done");
        std::mem::swap(&mut lock(&self.waiting).entries, taken);
    }

    /// Drops what was taken, which lets as much come in.
    pub(super) fn done(&self, taken: usize) {
        self.bytes.fetch_sub(taken, Ordering::Relaxed);
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns once something waits; false if the queue is empty and was told to stop.
    pub(super) fn wait(&self) -> bool {
        let mut waiting = lock(&self.waiting);
        loop {
            if !waiting.entries.is_empty() {
                return true;
            }
            if waiting.stopping {
                return false;
            }
            waiting.asleep = true;
            waiting = self.wake.wait(waiting).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// Returns after a moment; false if the queue was told to stop.
    pub(super) fn pause(&self) -> bool {
        let until_stopped = |waiting: &mut Waiting<T>| !waiting.stopping;
        let paused = self.wake.wait_timeout_while(lock(&self.waiting), PAUSE, until_stopped);
        !paused.unwrap_or_else(std::sync::PoisonError::into_inner).0.stopping
    }

    pub(super) fn stop(&self) {
        lock(&self.waiting).stopping = true;
        self.wake.notify_one();
    }

    /// Drops what waits and all that comes.
    pub(super) fn fail(&self) {
        let mut waiting = lock(&self.waiting);
        waiting.closed = true;
        waiting.entries = Vec::new();
        self.bytes.store(0, Ordering::Relaxed);
    }
}

/// What an entry costs while it waits: what it will take in the file, and itself.
pub(super) fn held_bytes<T>(entry: &Entry<T>) -> usize {
    usize::try_from(frame_size(entry)).unwrap_or(usize::MAX).saturating_add(size_of::<Queued<T>>())
}
