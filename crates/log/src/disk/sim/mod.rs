//! A disk in memory that forgets what was not synced, for tests that pull the plug.
//!
//! Every change is an [`Operation`], recorded in order. [`SimDisk::prefixes`] gives the
//! disk as it was after each of them, and [`SimDisk::crashes`] what such a disk may look like once the power is
//! back: everything that was synced, and any legal part of the rest.
//!
//! | unsynced | what a crash may leave of it |
//! |---|---|
//! | bytes of a file | each block of 512 bytes, or of 4 KiB, as it was after any one of the writes that touched it, or before all |
//! | length of a file | any of the lengths that it had since |
//! | names | any of the creations, renames and removals, in any order that no name contradicts; a rename wholly or not at all |
//! | anything behind a failed sync | nothing, not even after a later sync that succeeds |
//!
//! Nothing here depends on time, chance or addresses: the same calls and the same seed give the same disks.

mod crash;
mod history;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::{DirectoryLock, Disk, Entry, File, Mode, Space};
pub use crash::Loss;
pub use history::Prefixes;
use history::{Operation, perform};
use state::{Ino, State};

#[derive(Debug, Clone, Default)]
pub struct SimDisk(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// As it was before the first recorded operation.
    origin: State,
    history: Vec<Operation>,
    state: State,
    faults: Vec<Fault>,
    /// Bytes that may still be written to new places; `None` is without limit.
    room: Option<u64>,
    locks: BTreeSet<PathBuf>,
    /// Pages that are not in memory.
    cold: BTreeSet<(Ino, u64)>,
}

const PAGE_BYTES: u64 = 512;

/// Which calls a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Read,
    Write,
    /// Of a file or of a directory.
    Sync,
}

#[derive(Debug)]
struct Fault {
    call: Call,
    path_part: String,
    skip: usize,
}

impl SimDisk {
    pub fn new() -> SimDisk {
        SimDisk::default()
    }

    fn from_state(state: State) -> SimDisk {
        let inner = Inner { origin: state.clone(), state, ..Inner::default() };
        SimDisk(Arc::new(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many changes were made so far. One that was acknowledged now must survive a crash after any prefix
    /// of at least this length.
    pub fn operations(&self) -> usize {
        self.inner().history.len()
    }

    /// The disk as it was after none, one, two, .. all of the operations so far.
    pub fn prefixes(&self) -> Prefixes {
        let inner = self.inner();
        Prefixes::new(inner.origin.clone(), inner.history.clone())
    }

    /// One outcome of pulling the plug now.
    pub fn crash(&self, loss: Loss) -> SimDisk {
        SimDisk::from_state(crash::crash(&self.inner().state, loss))
    }

    /// Every outcome of pulling the plug now if there are at most `limit`; otherwise `limit` of them, among
    /// which the one that loses everything unsynced and the one that loses nothing.
    pub fn crashes(&self, limit: usize, seed: u64) -> Vec<SimDisk> {
        let state = self.inner().state.clone();
        crash::crashes(&state, limit, seed).into_iter().map(SimDisk::from_state).collect()
    }

    /// Lets one call fail with EIO: the one after the next `skip` on paths that contain `path_part`.
    pub fn fail(&self, call: Call, path_part: &str, skip: usize) {
        self.inner().faults.push(Fault { call, path_part: path_part.to_owned(), skip });
    }

    /// From now on files may grow by this many bytes in total; then writes end short with ENOSPC.
    pub fn limit_room(&self, bytes: u64) {
        self.inner().room = Some(bytes);
    }

    /// Lets everything out of memory, so that it must be read from the medium again.
    pub fn drop_caches(&self) {
        let mut inner = self.inner();
        let Inner { state, cold, .. } = &mut *inner;
        for (file, content) in state.files() {
            cold.extend((0..(content.current.len() as u64).div_ceil(PAGE_BYTES)).map(|page| (file, page)));
        }
    }

    /// Turns one bit of a file on the medium: durable at once, noticed by nobody.
    ///
    /// # Panics
    /// If there is no such file or bit.
    pub fn flip_bit(&self, path: &Path, position: u64, bit: u8) {
        let mut inner = self.inner();
        let file = inner.state.find(path).expect("the file to damage exists");
        assert!(bit < 8 && position < inner.state.content(file).current.len() as u64, "there is no such bit");
        inner.perform(Operation::Flip { file, position, mask: 1 << bit });
    }
}

impl Inner {
    fn perform(&mut self, operation: Operation) {
        perform(&mut self.state, &operation);
        self.history.push(operation);
    }

    /// Whether this call is to fail. A fault strikes once.
    fn strikes(&mut self, call: Call, path: &Path) -> bool {
        let path = path.to_string_lossy();
        let concerned = |fault: &&mut Fault| fault.call == call && path.contains(&fault.path_part);
        for fault in self.faults.iter_mut().filter(concerned) {
            match fault.skip.checked_sub(1) {
                Some(skip) => fault.skip = skip,
                None => {
                    fault.skip = usize::MAX;
                    return true;
                }
            }
        }
        false
    }

    fn link(&mut self, path: &Path, kind: super::Kind) -> io::Result<Ino> {
        let (directory, name) = self.state.parent(path)?;
        let node = self.state.next_ino();
        self.perform(Operation::Make { kind });
        self.perform(Operation::Name { steps: vec![state::Step { directory, name, node: Some(node) }] });
        Ok(node)
    }

    fn unlink(&mut self, path: &Path) -> io::Result<()> {
        let (directory, name) = self.state.parent(path)?;
        self.perform(Operation::Name { steps: vec![state::Step { directory, name, node: None }] });
        Ok(())
    }

    /// A range is in memory from now on.
    fn load(&mut self, file: Ino, position: u64, len: u64) {
        for page in position / PAGE_BYTES..(position + len).div_ceil(PAGE_BYTES) {
            self.cold.remove(&(file, page));
        }
    }

    /// How many of `len` bytes at `position` are in memory.
    fn cached(&self, file: Ino, position: u64, len: u64) -> u64 {
        let pages = (file, position / PAGE_BYTES)..(file, (position + len).div_ceil(PAGE_BYTES));
        match self.cold.range(pages).next() {
            Some((_, page)) => (page * PAGE_BYTES).saturating_sub(position),
            None => len,
        }
    }

    /// How many of `len` bytes at `position` still fit.
    fn admit(&mut self, file: Ino, position: u64, len: u64) -> u64 {
        let Some(room) = &mut self.room else { return len };
        let size = self.state.content(file).current.len() as u64;
        let overwritten = size.saturating_sub(position).min(len);
        let admitted = (len - overwritten).min(*room);
        *room -= admitted;
        overwritten + admitted
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn File>> {
        let mut inner = self.inner();
        let ino = match (inner.state.find(path), mode) {
            (Ok(_), Mode::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Ok(ino), _) if !inner.state.is_file(ino) => return Err(io::ErrorKind::IsADirectory.into()),
            (Ok(ino), _) => ino,
            (Err(_), Mode::Create | Mode::CreateNew) => inner.link(path, super::Kind::File)?,
            (Err(error), Mode::Read | Mode::Write) => return Err(error),
        };
        drop(inner);
        Ok(Arc::new(SimFile { disk: self.clone(), ino, path: path.to_owned(), mode }))
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        Ok(self.inner().state.find(path).is_ok())
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        let inner = self.inner();
        let ino = inner.state.find(path)?;
        Ok(if inner.state.is_file(ino) { inner.state.content(ino).current.len() as u64 } else { 0 })
    }

    /// Nothing here knows the time: all files are as old as can be.
    fn modified(&self, path: &Path) -> io::Result<SystemTime> {
        self.inner().state.find(path)?;
        Ok(SystemTime::UNIX_EPOCH)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.inner().state.list(dir)
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        let ancestors: Vec<_> = dir.ancestors().filter(|path| path.file_name().is_some()).collect();
        for path in ancestors.into_iter().rev() {
            match inner.state.find(path) {
                Ok(ino) if inner.state.is_file(ino) => return Err(io::ErrorKind::NotADirectory.into()),
                Ok(_) => {}
                Err(_) => drop(inner.link(path, super::Kind::Directory)?),
            }
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        let node = inner.state.find(from)?;
        let (old_directory, old_name) = inner.state.parent(from)?;
        let (directory, name) = inner.state.parent(to)?;
        let removed = state::Step { directory: old_directory, name: old_name, node: None };
        let added = state::Step { directory, name, node: Some(node) };
        inner.perform(Operation::Name { steps: vec![removed, added] });
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        let ino = inner.state.find(path)?;
        if !inner.state.is_file(ino) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        inner.unlink(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        for entry in self.list(dir)? {
            let path = dir.join(&entry.name);
            match entry.kind {
                super::Kind::Directory => self.remove_dir_all(&path)?,
                super::Kind::File | super::Kind::Other => self.remove_file(&path)?,
            }
        }
        self.inner().unlink(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        let directory = inner.state.find(dir)?;
        if inner.strikes(Call::Sync, dir) {
            return Err(broken());
        }
        inner.perform(Operation::SyncNames { directory });
        Ok(())
    }

    fn free_space(&self, _path: &Path) -> io::Result<Space> {
        let inner = self.inner();
        let total = 1 << 40;
        Ok(Space { free: inner.room.unwrap_or(total), total })
    }

    fn lock(&self, path: &Path) -> io::Result<DirectoryLock> {
        self.open(path, Mode::Create)?;
        if !self.inner().locks.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(DirectoryLock { _held: Arc::new(SimLock { disk: self.clone(), path: path.to_owned() }) })
    }
}

#[derive(Debug)]
struct SimLock {
    disk: SimDisk,
    path: PathBuf,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.disk.inner().locks.remove(&self.path);
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    ino: Ino,
    /// As it was opened; names the file to faults.
    path: PathBuf,
    mode: Mode,
}

impl SimFile {
    fn for_writing(&self) -> io::Result<MutexGuard<'_, Inner>> {
        if self.mode == Mode::Read {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut inner = self.disk.inner();
        if inner.strikes(Call::Write, &self.path) { Err(broken()) } else { Ok(inner) }
    }
}

impl File for SimFile {
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        let mut inner = self.disk.inner();
        if inner.strikes(Call::Read, &self.path) {
            return Err(broken());
        }
        let bytes = &inner.state.content(self.ino).current;
        let rest = usize::try_from(position).ok().and_then(|from| bytes.get(from..)).unwrap_or_default();
        let len = rest.len().min(buf.len());
        buf[..len].copy_from_slice(&rest[..len]);
        inner.load(self.ino, position, len as u64);
        Ok(len)
    }

    fn read_cached_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        let cached = self.disk.inner().cached(self.ino, position, buf.len() as u64);
        match usize::try_from(cached).expect("no more than the buffer holds") {
            0 if !buf.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            cached => self.read_at(&mut buf[..cached], position),
        }
    }

    fn will_read(&self, _position: u64, _len: u64) {}

    fn write_all_at(&self, parts: &[IoSlice<'_>], position: u64) -> io::Result<()> {
        let mut inner = self.for_writing()?;
        let mut bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        let len = bytes.len() as u64;
        let admitted = inner.admit(self.ino, position, len);
        bytes.truncate(usize::try_from(admitted).unwrap_or(usize::MAX));
        if !bytes.is_empty() {
            inner.perform(Operation::Write { file: self.ino, position, bytes: bytes.into() });
        }
        if admitted < len { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// What a cache holds is not durable; nor is what a device has that was not told to sync.
    fn write_past_cache(&self) {}

    fn sync_data(&self) -> io::Result<()> {
        let mut inner = self.disk.inner();
        if inner.strikes(Call::Sync, &self.path) {
            inner.perform(Operation::FailSync { file: self.ino });
            return Err(broken());
        }
        inner.perform(Operation::Sync { file: self.ino });
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.for_writing()?.perform(Operation::SetLen { file: self.ino, len });
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.inner().state.content(self.ino).current.len() as u64)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        let mut inner = self.for_writing()?;
        if inner.admit(self.ino, 0, len) < len {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if (inner.state.content(self.ino).current.len() as u64) < len {
            inner.perform(Operation::SetLen { file: self.ino, len });
        }
        Ok(())
    }

    /// Where the bytes lie is not simulated.
    fn reserve(&self, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn trim(&self) -> io::Result<()> {
        Ok(())
    }

    fn as_std(&self) -> Option<Arc<std::fs::File>> {
        None
    }
}

/// What a device that fails says: EIO, which has no `ErrorKind` of its own.
fn broken() -> io::Error {
    io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error())
}
