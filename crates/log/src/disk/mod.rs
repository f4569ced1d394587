//! A file system, as far as a log needs one.
//!
//! [`RealDisk`] is the operating system's. [`SimDisk`] forgets at a crash what was not synced, and fails on
//! demand. Whatever this crate does to a file goes through these two traits, so that a crash can be tried at
//! every step.
//!
//! What the traits promise is what POSIX promises, no more:
//! - written bytes are durable after [`File::sync_data`], which also makes the file's length durable;
//! - a created, renamed or removed name is durable after [`Disk::sync_dir`] of the directory that holds it;
//! - a failed sync says nothing about which bytes arrived, and a second one that succeeds says no more.

mod cached;
mod os;
mod real;
mod sim;

use std::any::Any;
use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

pub use cached::is_cached;
pub use os::{Priority, raise_thread_priority};
pub use real::{RealDisk, RealFile};
pub use sim::{Call, Loss, Prefixes, SimDisk};

pub(crate) use cached::{load, read_exact_cached_at};

/// How to open a file. All but `Read` may also write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// An existing file, for reading only.
    Read,
    /// An existing file, for reading and writing.
    Write,
    /// An existing file, or a new and empty one.
    Create,
    /// A new and empty file; `AlreadyExists` if the name is taken.
    CreateNew,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    /// A socket, a device, a dangling link: nothing that this crate made.
    Other,
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub kind: Kind,
    /// In bytes; of no meaning unless `kind` is a file.
    pub len: u64,
}

/// Room on the file system that holds a path, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What this process may still use.
    pub free: u64,
    pub total: u64,
}

/// Held until dropped; also released when the process dies.
#[derive(Debug)]
pub struct DirectoryLock {
    _held: Arc<dyn Held>,
}

trait Held: Any + Send + Sync + Debug {}
impl<T: Any + Send + Sync + Debug> Held for T {}

pub trait Disk: Send + Sync + Debug {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn File>>;

    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// Of a file, in bytes.
    fn len(&self, path: &Path) -> io::Result<u64>;

    /// When a file was last written.
    fn modified(&self, path: &Path) -> io::Result<SystemTime>;

    /// Sorted by name.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;

    /// The names become durable with [`Disk::sync_dir`] of each parent.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// Replaces `to` if it exists, atomically.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove_file(&self, path: &Path) -> io::Result<()>;

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// Makes the names in `dir` durable, not the bytes of the files that they name.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    fn free_space(&self, path: &Path) -> io::Result<Space>;

    /// Takes the advisory lock file at `path` (Kafka's `.lock`), which it creates if need be.
    /// `WouldBlock` if anybody holds it, this process included.
    fn lock(&self, path: &Path) -> io::Result<DirectoryLock>;
}

/// An open file. It stays readable and writable after its name was renamed or removed.
pub trait File: Send + Sync + Debug {
    /// Reads what is there, which may be less than `buf` holds; 0 at the end of the file.
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize>;

    /// `UnexpectedEof` if the file ends before `buf` is full.
    fn read_exact_at(&self, mut buf: &mut [u8], mut position: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read_at(buf, position)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    buf = &mut buf[read..];
                    position += read as u64;
                }
            }
        }
        Ok(())
    }

    /// As [`File::read_at`], but only what is in memory: less than `buf` holds if the rest is not, `WouldBlock` if
    /// nothing is. Where the system cannot tell, everything counts as in memory.
    fn read_cached_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize>;

    /// A hint that this will be read soon. Nobody waits for it.
    fn will_read(&self, position: u64, len: u64);

    /// Writes the parts one behind the other. Any number of parts is allowed.
    fn write_all_at(&self, parts: &[IoSlice<'_>], position: u64) -> io::Result<()>;

    /// From now on what is written goes past the page cache, where the system can: so do whole pages that lie at an
    /// address and go to a position of a page, all else through the cache. Reads may have to be of that kind too, so
    /// this is for files that are not read until they are opened again.
    fn write_past_cache(&self);

    /// Makes the bytes and the length durable, not the name: see [`Disk::sync_dir`].
    fn sync_data(&self) -> io::Result<()>;

    fn set_len(&self, len: u64) -> io::Result<()>;

    fn len(&self) -> io::Result<u64>;

    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Extends the file to `len` bytes of zeros, with room on the device where the system can promise it.
    /// Never shortens it.
    fn allocate(&self, len: u64) -> io::Result<()>;

    /// Takes room on the device for `len` bytes, where the system can, and leaves the length as it is: a reader or a
    /// recovery sees nothing of it.
    fn reserve(&self, len: u64) -> io::Result<()>;

    /// Gives back what was reserved behind the end. Nobody may be writing.
    fn trim(&self) -> io::Result<()>;

    /// The open file itself, for `sendfile`; `None` under simulation.
    fn as_std(&self) -> Option<Arc<std::fs::File>>;
}
