//! One journal file: a header in a page of its own, then writes, each of which begins on a page.
//!
//! ```text
//!  0               4               8               12              16
//! +---------------+---------------+---------------+---------------+
//! | magic  "OJH1" | crc           | generation    | zero          |
//! +---------------+---------------+---------------+---------------+
//! | first lsn                     | synced                        |  16
//! +-------------------------------+-------------------------------+
//! | zeros up to 4096, then frames
//! ```
//! The header is written together with the first frames, over whatever the file held before: files are used
//! again, and what lies behind the last frame is of older use. A frame belongs to the file if it has the
//! header's generation and the lsn that follows. Lsns are given once, so nothing stale ever does.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Lsn;
use super::frame::{self, PAGE};
use crate::disk::File;
use crate::error::{Error, Result};

const MAGIC: [u8; 4] = *b"OJH1";
const HEADER_SIZE: usize = 32;
const SUFFIX: &str = "journal";
/// Of a file that is being written with zeros; worthless after a crash.
pub(super) const UNFINISHED_SUFFIX: &str = "tmp";

pub(super) fn file_name(number: u32) -> String {
    format!("{number:08}.{SUFFIX}")
}

/// `None` if the name is none that [`file_name`] gives.
pub(super) fn file_number(name: &str) -> Option<u32> {
    let number = name.split('.').next()?.parse().ok()?;
    (file_name(number) == name).then_some(number)
}

/// An open journal file, whatever it is used for at the time.
#[derive(Debug, Clone)]
pub(super) struct JournalFile {
    pub(super) file: Arc<dyn File>,
    pub(super) path: PathBuf,
    /// Never changes: all bytes were given room before the file came into use.
    pub(super) len: u64,
}

impl JournalFile {
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(Error::io("sync", &self.path))
    }

    pub(super) fn read_header(&self, salt: u64) -> Result<Option<FileHeader>> {
        let mut bytes = [0; HEADER_SIZE];
        match self.file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Ok(FileHeader::parse(salt, &bytes)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(Error::io("read", &self.path)(error)),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileHeader {
    /// Counts how often the directory was opened.
    pub(super) generation: u32,
    /// Of the first frame.
    pub(super) first: Lsn,
    /// Was durable when the file came into use.
    pub(super) synced: Lsn,
}

impl FileHeader {
    pub(super) fn to_page(&self, salt: u64) -> [u8; PAGE] {
        let mut page = [0; PAGE];
        page[..4].copy_from_slice(&MAGIC);
        page[8..12].copy_from_slice(&self.generation.to_be_bytes());
        page[16..24].copy_from_slice(&self.first.get().to_be_bytes());
        page[24..32].copy_from_slice(&self.synced.get().to_be_bytes());
        let crc = frame::salted_crc(salt, &page[8..HEADER_SIZE]);
        page[4..8].copy_from_slice(&crc.to_be_bytes());
        page
    }

    /// `None` if the file was never used, its first write tore, or it is not of this directory.
    fn parse(salt: u64, bytes: &[u8; HEADER_SIZE]) -> Option<FileHeader> {
        let intact = bytes[..4] == MAGIC && frame::number(bytes, 4) == frame::salted_crc(salt, &bytes[8..]);
        intact.then(|| FileHeader {
            generation: frame::number(bytes, 8),
            first: Lsn::new(frame::long(bytes, 16)),
            synced: Lsn::new(frame::long(bytes, 24)),
        })
    }
}

/// The directory to sync for a name in it to be durable.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}
