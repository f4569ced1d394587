//! The journal's files, each of which goes round:
//!
//! | from | by | to |
//! |---|---|---|
//! | – | [`Files::prepare`] in the background, or [`Files::take`] when there is none | free |
//! | free | [`Files::take`] by the writer | active (the writer's own) |
//! | active | [`Files::put_filled`] when the next entry does not fit | filled |
//! | filled | [`Files::release`], once all of its entries are in synced segments | free |
//! | free | [`Files::release`], when there are more than lately were of use | removed |
//!
//! Overwriting a file that was written before spares the file system the journalling of new blocks: a sync
//! takes about half the time. Nothing is created, renamed or removed while an acknowledgement waits, unless no
//! free file was left.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::Thread;

use super::checkpoint::{Checkpoint, CheckpointFile};
use super::file::{JournalFile, UNFINISHED_SUFFIX, file_name};
use super::frame::PAGE;
use super::pages::{PageWriter, Pages};
use super::{Lsn, Options, lock};
use crate::disk::{Disk, Mode};
use crate::error::{Error, Result};

/// How much room the journal takes and why. In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Of files whose entries are still needed, the active one included.
    pub needed: u64,
    /// Of all files.
    pub total: u64,
    /// What the total should stay below. The journal goes on above it: whoever feeds it is asked to wait.
    pub limit: u64,
    /// Everything up to here was released.
    pub released: Lsn,
    /// Releasing up to here frees a file; `None` if only the active one is in use.
    pub frees_next: Option<Lsn>,
}

#[derive(Debug)]
pub(super) struct Files {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    options: Options,
    state: Mutex<State>,
    /// Apart from `state`, since it is held while the disk works.
    checkpoint: Mutex<CheckpointFile>,
    spare_wanted: AtomicBool,
    /// Who prepares files.
    preparer: OnceLock<Thread>,
}

#[derive(Debug)]
struct State {
    /// The last one was used last, so its pages are the likeliest to be in memory.
    free: Vec<JournalFile>,
    /// In order; each with its last entry.
    filled: VecDeque<(JournalFile, Lsn)>,
    active_bytes: u64,
    next_number: u32,
    released: Lsn,
    /// How many files were filled in each of the last two spans between releases.
    lately_filled: [usize; 2],
}

impl State {
    fn needed(&self) -> u64 {
        self.active_bytes + self.filled.iter().map(|(file, _)| file.len).sum::<u64>()
    }

    fn total(&self) -> u64 {
        self.needed() + self.free.iter().map(|file| file.len).sum::<u64>()
    }

    fn new_number(&mut self) -> u32 {
        self.next_number += 1;
        self.next_number - 1
    }

    /// Moves what is no longer needed to the free files.
    fn recycle(&mut self) {
        let released = self.released;
        while let Some((file, _)) = self.filled.pop_front_if(|(_, last)| *last <= released) {
            self.free.push(file);
        }
    }

    /// One free file too many for what lately was of use, or for the limit.
    fn surplus(&mut self, limit: u64) -> Option<JournalFile> {
        let kept = self.lately_filled.into_iter().max().unwrap_or(0).max(1);
        let surplus = self.free.len() > kept || (self.total() > limit && !self.free.is_empty());
        surplus.then(|| self.free.remove(0))
    }
}

/// What recovery found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) checkpoint: CheckpointFile,
    pub(super) filled: VecDeque<(JournalFile, Lsn)>,
    pub(super) free: Vec<JournalFile>,
    pub(super) next_number: u32,
}

impl Files {
    pub(super) fn new(disk: Arc<dyn Disk>, dir: &Path, options: Options, found: Found) -> Files {
        let state = State {
            free: found.free,
            filled: found.filled,
            active_bytes: 0,
            next_number: found.next_number,
            released: found.checkpoint.current().released,
            lately_filled: [0; 2],
        };
        Files {
            disk,
            dir: dir.to_owned(),
            options,
            state: Mutex::new(state),
            checkpoint: Mutex::new(found.checkpoint),
            spare_wanted: AtomicBool::new(false),
            preparer: OnceLock::new(),
        }
    }

    /// Makes sure that the first entry finds a file, which need not be a written one: nobody waits for it yet.
    pub(super) fn ensure_first(&self) -> Result<()> {
        if lock(&self.state).free.is_empty() {
            let file = self.create(self.options.first_file_bytes)?;
            lock(&self.state).free.push(file);
        }
        Ok(())
    }

    /// A file for the writer to overwrite. It has room for `bytes` at least.
    pub(super) fn take(&self, bytes: u64) -> Result<JournalFile> {
        let free = {
            let mut state = lock(&self.state);
            let last = state.free.iter().rposition(|file| file.len >= bytes);
            last.map(|index| state.free.remove(index))
        };
        let file = match free {
            Some(file) => file,
            None => self.create(self.options.file_bytes.max(bytes))?,
        };
        file.file.write_past_cache();
        lock(&self.state).active_bytes = file.len;
        Ok(file)
    }

    /// Takes the writer's file back, of which the last entry is told. It was not synced for that.
    pub(super) fn put_filled(&self, file: JournalFile, last: Lsn) {
        let mut state = lock(&self.state);
        state.active_bytes = 0;
        state.lately_filled[0] += 1;
        state.filled.push_back((file, last));
        state.recycle();
    }

    pub(super) fn usage(&self) -> Usage {
        let state = lock(&self.state);
        Usage {
            needed: state.needed(),
            total: state.total(),
            limit: self.options.total_bytes_max,
            released: state.released,
            frees_next: state.filled.front().map(|(_, last)| *last),
        }
    }

    /// Frees the files whose entries are all in synced segments.
    ///
    /// That they are is durable before any of them can be overwritten: a recovery must not miss what it need
    /// not find.
    pub(super) fn release(&self, up_to: Lsn) -> Result<()> {
        let mut checkpoint = lock(&self.checkpoint);
        let current = checkpoint.current();
        if up_to > current.released {
            checkpoint.write(Checkpoint { released: up_to, ..current })?;
        }
        let surplus = {
            let mut state = lock(&self.state);
            state.released = state.released.max(up_to);
            state.recycle();
            let surplus = state.surplus(self.options.total_bytes_max);
            state.lately_filled = [0, state.lately_filled[0]];
            surplus
        };
        // One at a time: an unlink may take the file system long, and the next release is not far.
        match surplus {
            Some(file) => self.disk.remove_file(&file.path).map_err(Error::io("remove", &file.path)),
            None => Ok(()),
        }
    }

    /// Records that the next start has nothing to look for. Nothing may be written afterwards.
    pub(super) fn mark_clean(&self) -> Result<()> {
        let mut checkpoint = lock(&self.checkpoint);
        let current = checkpoint.current();
        checkpoint.write(Checkpoint { clean: true, ..current })
    }

    /// Says that a free file will be needed before long.
    pub(super) fn want_spare(&self) {
        let missing = lock(&self.state).free.is_empty();
        if missing && !self.spare_wanted.swap(true, Ordering::AcqRel) {
            self.preparer.get().inspect(|thread| thread.unpark());
        }
    }

    /// Whether [`Files::want_spare`] was called since the last call of this.
    pub(super) fn spare_was_wanted(&self) -> bool {
        self.spare_wanted.swap(false, Ordering::AcqRel)
    }

    pub(super) fn set_preparer(&self, thread: Thread) {
        self.preparer.get_or_init(|| thread);
    }

    /// Adds a free file of written zeros, unless there is one or the limit is reached. Slow: for the
    /// background.
    pub(super) fn prepare(&self) -> Result<()> {
        let number = {
            let mut state = lock(&self.state);
            if !state.free.is_empty()
                || state.total() + self.options.file_bytes > self.options.total_bytes_max
            {
                return Ok(());
            }
            state.new_number()
        };
        let path = self.dir.join(file_name(number));
        let unfinished = path.with_extension(UNFINISHED_SUFFIX);
        let file = self.write_zeros(&unfinished, self.options.file_bytes).inspect_err(|_| {
            // It only takes room. If it cannot be removed either, the next start does it.
            drop(self.disk.remove_file(&unfinished));
        })?;
        self.disk.rename(&unfinished, &path).map_err(Error::io("rename", &unfinished))?;
        self.disk.sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))?;
        lock(&self.state).free.push(JournalFile { path, ..file });
        Ok(())
    }

    fn write_zeros(&self, path: &Path, len: u64) -> Result<JournalFile> {
        /// Small enough not to hold up a sync of the journal for long.
        const STEP: usize = 256 * 1024;
        let file = self.open(path, len)?;
        file.file.write_past_cache();
        let (zeros, mut pages) = (vec![0; STEP], Pages::new());
        let mut position = 0;
        while position < len {
            let step = usize::try_from(len - position).map_or(STEP, |rest| rest.min(STEP));
            let mut out = PageWriter::new(&mut pages, &file, position);
            out.put(&zeros[..step])?;
            position = out.finish()?;
            file.sync()?;
        }
        Ok(file)
    }

    /// A file that has room, but of which nothing was written.
    fn create(&self, len: u64) -> Result<JournalFile> {
        let number = lock(&self.state).new_number();
        let file = self.open(&self.dir.join(file_name(number)), len.next_multiple_of(PAGE as u64))?;
        self.disk.sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))?;
        Ok(file)
    }

    fn open(&self, path: &Path, len: u64) -> Result<JournalFile> {
        let open = || -> io::Result<_> {
            let file = self.disk.open(path, Mode::CreateNew)?;
            file.allocate(len)?;
            Ok(file)
        };
        let file = open().map_err(|error| {
            // What was made has no room. If it cannot be removed either, the next start does it.
            drop(self.disk.remove_file(path));
            Error::io("create", path)(error)
        })?;
        Ok(JournalFile { file, path: path.to_owned(), len })
    }
}
