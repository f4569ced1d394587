//! The data directory at work: the journal, the open files, and the threads that carry memory to the disk.
//!
//! ```text
//! append ──► journal ──► durable position ──► high watermarks, answers      journal thread
//!    └─────► tail ─────► segment files                                      segment-writer thread
//!                            ├──► flushed, where batches wait for it          segment-flush thread
//!                            └──► synced, recovery points, journal freed    segment-sync thread
//! ```
//!
//! Beside them the retention thread deletes what is not kept, and the cleaner compacts.

mod checkpoints;
mod cleaning;
mod deleting;
mod flushing;
mod folders;
mod observer;
mod opened;
mod opening;
mod parallel;
mod retention;
mod room;
mod syncing;
mod writing;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, atomic::AtomicBool},
};

use ottla_log::{
    Files,
    format::CleanShutdown,
    journal::{Journal, Lsn},
};

use flushing::Flushes;

use crate::{
    partition::{Partition, producer_entries},
    topics::Topics,
};

pub(crate) use cleaning::Cleaning;
pub(crate) use deleting::Deletions;
pub(crate) use flushing::Flushing;
pub(crate) use observer::{Placed, observer};
pub(crate) use opening::{OpenError, Opening, Wanted, create};
pub(crate) use retention::Retention;
#[cfg(test)]
pub(crate) use retention::retain;
pub(crate) use room::Room;
pub(crate) use syncing::Syncing;
pub(crate) use writing::Writing;

/// What the partitions of a data directory share.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(crate) dir: PathBuf,
    pub(crate) files: Arc<Files>,
    pub(crate) journal: Arc<Journal<Placed>>,
    pub(crate) room: Room,
    /// Partitions with a tail in memory.
    unwritten: Mutex<Vec<Arc<Partition>>>,
    /// Partitions that were written to since their last sync. A partition may be in it twice.
    unsynced: Mutex<Vec<Arc<Partition>>>,
    flushes: Flushes,
    /// One pass at a time.
    syncing: Mutex<()>,
    /// Held while tails are written.
    writing: Mutex<()>,
    /// The last ones could not be.
    writes_fail: AtomicBool,
    /// Held while the checkpoint files are written.
    checkpoints: Mutex<()>,
    /// They may speak of topics that were deleted.
    checkpoints_are_stale: AtomicBool,
    /// Below this much free space produce is refused.
    reserve_bytes: u64,
}

impl Storage {
    pub(crate) fn new(
        dir: &Path,
        files: Arc<Files>,
        journal: Arc<Journal<Placed>>,
        reserve_bytes: u64,
    ) -> Storage {
        Storage {
            dir: dir.to_owned(),
            files,
            journal,
            room: Room::default(),
            unwritten: Mutex::default(),
            unsynced: Mutex::default(),
            flushes: Flushes::default(),
            syncing: Mutex::default(),
            writing: Mutex::default(),
            writes_fail: AtomicBool::new(false),
            checkpoints: Mutex::default(),
            checkpoints_are_stale: AtomicBool::new(false),
            reserve_bytes,
        }
    }

    /// Notes a partition whose tail is to be written. Called once for each tail.
    pub(crate) fn list_unwritten(&self, partition: Arc<Partition>) {
        let mut unwritten = lock(&self.unwritten);
        unwritten.push(partition);
        self.room.set_listed(unwritten.len());
    }

    fn take_unwritten(&self) -> Vec<Arc<Partition>> {
        let mut unwritten = lock(&self.unwritten);
        self.room.set_listed(0);
        std::mem::take(&mut unwritten)
    }

    /// What the segment writer's thread does.
    #[cfg(test)]
    pub(crate) fn take_turn_at_writing(&self) -> ottla_log::Result<()> {
        self.write_tails()
    }

    /// Notes that so much was appended. Called without the partition's lock.
    pub(crate) fn appended(&self, bytes: u64) {
        if self.room.appended(bytes) {
            self.watch_space();
        }
    }

    /// Whether produce requests may be let in.
    pub(crate) fn has_room(&self) -> bool {
        self.room.is_free() && self.journal.has_room()
    }

    /// All entries up to here need not be replayed any more.
    fn release(&self, up_to: Lsn) -> ottla_log::Result<()> {
        self.journal.release(up_to)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("nobody panics with the lock held")
}

/// What the disk holds is not known any more: the process ends, and the next start reads what is there.
pub(crate) fn fail(what: &str, error: &dyn std::fmt::Display) -> ! {
    tracing::error!(%error, "{what}; the broker stops, and recovers when it is started again");
    std::process::abort()
}

impl Storage {
    /// Takes a partition that was opened and holds batches which are not in synced segments.
    pub(crate) fn list_opened(&self, partition: Arc<Partition>) {
        {
            let mut state = partition.lock();
            state.list();
            self.room.tail_changed(0, state.log.unwritten_bytes());
        }
        self.list_unwritten(partition);
    }

    /// Ends every log as a clean stop does, and says that it was one. Nothing may be appended any more.
    pub(crate) fn close(&self, topics: &Topics, broker_epoch: i64) -> ottla_log::Result<()> {
        parallel::try_for_each(&topics.partitions(), |partition| close_log(partition))?;
        self.sync_names()?;
        self.write_checkpoints(topics)?;
        self.release(self.journal.durable())?;
        let is_clean = self.journal.mark_clean()?;
        assert!(is_clean, "all that was appended is durable, and was released");
        CleanShutdown { broker_epoch }.write(self.files.disk(), &self.dir)
    }

    /// After a clean stop nothing needs the journal, and Apache Kafka starts on the directory only without it. While it is
    /// there it does not, which is right: it would not see what only the journal has.
    pub(crate) fn remove_journal(&self, dir: &Path) -> ottla_log::Result<()> {
        ottla_log::journal::remove(self.files.disk(), dir)
    }
}

fn close_log(partition: &Partition) -> ottla_log::Result<()> {
    let mut state = partition.lock();
    let state = &mut *state;
    let replica = &state.replica;
    state.log.close(|| producer_entries(replica)).map(drop)
}
