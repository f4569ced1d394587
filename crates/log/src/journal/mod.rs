//! One sequential file for the batches of all partitions, so that one sync makes all of them durable.
//!
//! ```text
//!  partitions --append--> Queue --Rounds--> Writer --frames--> active file        JournalThreads gives the rounds
//!                                   |                             | filled        a thread of their own
//!                        Event::Durable(lsn, tags)             filled files
//!                                                                 | release(lsn): segments were synced
//!                                  active file <--recycled--   free files
//! ```
//! Segment files alone are enough to read; the journal alone is enough to recover what they have not synced. So
//! it is only ever read at the start, by [`Recovery`], and an entry is of use until [`Journal::release`] says
//! that the segments are synced beyond it.
//!
//! Invariants:
//! - An entry is told durable after the sync of all bytes that its recovery needs, never before.
//! - The journal's order of a partition's entries is the order in which they were appended.
//! - A file is overwritten only after the checkpoint that does without it is durable.
//! - A failed write or sync is the end: nothing is retried, nothing becomes durable any more. Only a device that is full is
//!   waited for, before anything is written.
//! - What was durable and cannot be read is reported, never skipped and never taken for the end.

mod checkpoint;
mod file;
mod files;
mod frame;
#[expect(clippy::module_inception, reason = "the handle is what users of the module mean by the journal")]
mod journal;
mod lsn;
mod pages;
mod queue;
mod reader;
mod recovery;
mod rounds;
#[cfg(test)]
mod tests;
mod threads;
mod writer;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use files::Usage;
pub use journal::Journal;
pub use lsn::Lsn;
pub use queue::Entry;
pub use recovery::{Recovered, Recovery};
pub use rounds::{Event, Rounds, Step};
pub use threads::JournalThreads;

use crate::disk::Disk;
use crate::error::{Error, Result};

/// How the journal uses its directory and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Of one file; a larger one is made for an entry that needs it.
    pub file_bytes: u64,
    /// Of the first file of an empty directory, which need not be written before its use.
    pub first_file_bytes: u64,
    /// What the files together should stay below: see [`Journal::has_room`].
    pub total_bytes_max: u64,
    /// What waiting entries should stay below: see [`Journal::has_room`].
    pub queued_bytes_max: usize,
    /// After this much a round is synced although nobody waits for it.
    pub unsynced_bytes_max: usize,
    /// A number that no client can guess. Only that of the first open of a directory is used.
    pub salt: u64,
}

impl Options {
    pub const fn new(salt: u64) -> Options {
        const MIB: u64 = 1024 * 1024;
        Options {
            file_bytes: 64 * MIB,
            first_file_bytes: 16 * MIB,
            total_bytes_max: 1024 * MIB,
            queued_bytes_max: 64 * 1024 * 1024,
            unsynced_bytes_max: 4 * 1024 * 1024,
            salt,
        }
    }
}

/// Removes a journal of which nothing is needed any more. Whatever a crash leaves of it can be opened.
pub fn remove(disk: &dyn Disk, dir: &Path) -> Result<()> {
    for entry in disk.list(dir).map_err(Error::io("list", dir))? {
        if file::file_number(&entry.name).is_some() {
            let path = dir.join(&entry.name);
            disk.remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    // The checkpoint goes last: files without it are taken for damage.
    disk.sync_dir(dir).map_err(Error::io("sync", dir))?;
    disk.remove_dir_all(dir).map_err(Error::io("remove", dir))
}

/// No holder of our locks leaves what it guards half changed, so the panic of one is no reason for another.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
