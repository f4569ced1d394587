//! One partition's log.
//!
//! A batch goes through three states. [`Log::append`] gives it a place: from then on it is read, out of the memory
//! tail. [`Writes`] carry the tail to the segment files. A [`SyncWork`] makes the files durable, and its end is the
//! recovery point, before which a later start takes every byte for granted.
//!
//! ```text
//! log start ≤ recovery point ≤ written end ≤ end
//!             durable          in files      in memory
//! ```
//! Between two syncs a [`Flush`] makes only the batches durable, for who waits for them.
//!
//! The work that touches the disk is handed out as values ([`Writes`], [`SyncWork`], [`Flush`]), so that it can be done
//! without the lock that guards the log, and handed back.

mod append;
mod clean;
mod close;
mod delete;
mod epochs;
mod flush;
mod layout;
mod locate;
mod lookup;
mod open;
mod producers;
mod read;
mod recover;
mod retention;
mod scan;
mod segment;
mod segments;
mod span;
mod sync;
mod tail;
mod truncate;
mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ottla_records::{Offset, Timestamp};

use crate::cold::Cold;
use crate::config::LogConfig;
use crate::disk::{File, read_exact_cached_at};
use crate::error::{Error, Result};
use crate::files::{FileKey, Files, LogId};
use crate::format::LeaderEpochs;
use crate::names::{FileKind, FileName};

pub use append::Appended;
pub use clean::{Cleanable, Cleaned, Cleaning, Installed, LastRecord};
pub use delete::remove_folder;
pub use flush::Flush;
pub use lookup::FoundRecord;
pub use open::{OpenOptions, Opened};
pub use producers::ProducerState;
pub use read::{ReadResult, Slice};
pub use recover::{Cut, Recovery};
pub use retention::DeletedFiles;
pub use segments::SegmentFile;
pub use sync::SyncWork;
pub use write::Writes;

use locate::Lookups;
use segment::Segment;
use tail::Tail;

/// One partition's files. Guarded by the partition's lock.
#[derive(Debug)]
pub struct Log {
    files: Arc<Files>,
    id: LogId,
    dir: Arc<Path>,
    config: Arc<LogConfig>,

    /// By base offset; never empty; the last one is active.
    segments: Vec<Segment>,
    tail: Tail,
    rolling: Rolling,
    lookups: Lookups,

    start: Offset,
    end: Offset,
    written_end: Offset,
    recovery_point: Offset,
    /// Batches below it are durable, though not all that belongs to them.
    flushed: Offset,
    /// How often batches were taken back: what was said of the end before does not hold any more.
    truncations: u32,

    epochs: LeaderEpochs,
    epochs_changed: bool,
    /// Offsets of the snapshot files, rising.
    snapshots: Vec<Offset>,
    /// Newer snapshots are not relied on: what precedes them must be replayed.
    replay_limit: Offset,
    unwritten_snapshots: Vec<(Offset, Vec<u8>)>,

    /// Written and not yet synced.
    unsynced: Vec<(Offset, FileKind)>,
    folder_changed: bool,
    /// `partition.metadata` may not be durable.
    metadata_changed: bool,
    /// Whether look-ups wait for the disk.
    waits: bool,
    /// Cloned into whatever is handed out; files must not vanish while there is more than one. True once the log is to
    /// be deleted: long work gives up.
    in_use: Arc<AtomicBool>,
}

/// When the active segment is full by time.
#[derive(Debug, Clone, Copy, Default)]
struct Rolling {
    /// The greatest timestamp of the segment's first batch.
    first_timestamp: Option<Timestamp>,
    created_ms: i64,
}

impl Log {
    /// The first offset that may be read.
    pub fn start_offset(&self) -> Offset {
        self.start
    }

    /// The offset of the next record: Kafka's log end offset.
    pub fn end_offset(&self) -> Offset {
        self.end
    }

    /// Below it everything is in segment files, durable or not.
    pub fn written_end(&self) -> Offset {
        self.written_end
    }

    /// Below it everything is durable in segment files.
    pub fn recovery_point(&self) -> Offset {
        self.recovery_point
    }

    /// The bytes that are only in memory.
    pub fn unwritten_bytes(&self) -> u64 {
        self.tail.bytes()
    }

    /// All of it, in memory or in files.
    pub fn size_in_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| u64::from(segment.size)).sum()
    }

    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    pub fn folder(&self) -> &Path {
        &self.dir
    }

    pub fn config(&self) -> &Arc<LogConfig> {
        &self.config
    }

    /// Takes effect with the next decision.
    pub fn set_config(&mut self, config: Arc<LogConfig>) {
        self.config = config;
    }

    fn active(&self) -> &Segment {
        self.segments.last().expect("a log has an active segment")
    }

    fn active_mut(&mut self) -> &mut Segment {
        self.segments.last_mut().expect("a log has an active segment")
    }

    /// The segment that holds `offset`, or the first if that lies behind it.
    fn segment_of(&self, offset: Offset) -> usize {
        self.segments.partition_point(|segment| segment.base <= offset).saturating_sub(1)
    }

    /// Where a segment's offsets end: the next one's base, or the end of the log.
    fn segment_end(&self, at: usize) -> Offset {
        self.segments.get(at + 1).map_or(self.end, |next| next.base)
    }

    fn key(&self, base: Offset, kind: FileKind) -> FileKey {
        FileKey { log: self.id, base, kind }
    }

    fn path(&self, base: Offset, kind: FileKind) -> PathBuf {
        FileName::new(base, kind).path(&self.dir)
    }

    /// A look-up that does not wait for the disk: what it needs and is not in memory ends it with [`Error::Cold`].
    pub fn without_waiting<T>(&mut self, look: impl FnOnce(&mut Log) -> Result<T>) -> Result<T> {
        self.waits = false;
        let found = look(self);
        self.waits = true;
        found
    }

    /// A file that exists, to read this range of it.
    fn file(&self, base: Offset, kind: FileKind, position: u64, len: u64) -> Result<Arc<dyn File>> {
        let key = self.key(base, kind);
        if self.waits {
            return self.files.get(key, &self.dir);
        }
        let cold = || Error::Cold(Cold::named(&self.files, key, &self.dir, position, len));
        self.files.get_open(key).ok_or_else(cold)
    }

    /// Fills the buffer from a file that was got by [`Log::file`].
    fn read_file(
        &self,
        base: Offset,
        kind: FileKind,
        file: &dyn File,
        buf: &mut [u8],
        position: u64,
    ) -> Result<()> {
        let read = match self.waits {
            true => file.read_exact_at(buf, position),
            false => read_exact_cached_at(file, buf, position),
        };
        read.map_err(|error| {
            if error.kind() != io::ErrorKind::WouldBlock {
                return Error::io("read", &self.path(base, kind))(error);
            }
            let len = buf.len() as u64;
            Error::Cold(Cold::named(&self.files, self.key(base, kind), &self.dir, position, len))
        })
    }

    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.in_use) > 1
    }

    /// Refuses while a [`Writes`] or a [`SyncWork`] is out, which could bring a removed file back.
    fn check_not_in_use(&self) -> Result<()> {
        if self.is_in_use() { Err(Error::Busy { path: self.dir.to_path_buf() }) } else { Ok(()) }
    }
}

#[cfg(test)]
pub(crate) mod tests;
