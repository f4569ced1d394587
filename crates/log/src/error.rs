//! What can go wrong between a log and its files.

use std::io;
use std::path::{Path, PathBuf};

use ottla_records::Offset;

use crate::cold::Cold;

pub type Result<T> = std::result::Result<T, Error>;

/// The action of a sync that failed.
pub(crate) const SYNC: &str = "sync";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },

    /// Bytes that were durable once are not what was written. Never repaired by cutting them off.
    #[error("{} is corrupt at byte {position}: {reason}", path.display())]
    Corrupt { path: PathBuf, position: u64, reason: String },

    /// A small file (checkpoint, properties, snapshot) that does not follow its format.
    #[error("{} cannot be read: {reason}", path.display())]
    Malformed { path: PathBuf, reason: String },

    #[error("offset {offset} is outside of {start}..{end}")]
    OffsetOutOfRange { offset: Offset, start: Offset, end: Offset },

    #[error("a batch at offset {offset} cannot follow offset {end} in {}", path.display())]
    OutOfOrder { path: PathBuf, offset: Offset, end: Offset },

    #[error("a batch of {bytes} bytes does not fit a segment of {limit}")]
    BatchTooLarge { bytes: usize, limit: u32 },

    #[error("not a record batch: {0}")]
    BadBatch(String),

    #[error("cannot read a segment: {0}")]
    Unreadable(io::Error),

    /// Not an answer: a look-up that must not wait for the disk comes again when this is loaded.
    #[error("{} bytes of a file are not in memory", .0.len())]
    Cold(Cold),

    /// The operation needs the files to itself, and a write or a rewrite was taken and not handed back.
    #[error("{} is being written", path.display())]
    Busy { path: PathBuf },

    /// Long work on a log was given up, because the log is to be deleted.
    #[error("{} is being deleted", path.display())]
    Deleted { path: PathBuf },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_path_buf();
        move |source| Error::Io { action, path, source }
    }

    pub(crate) fn malformed(path: &Path, reason: impl Into<String>) -> Error {
        Error::Malformed { path: path.to_path_buf(), reason: reason.into() }
    }

    /// Whether the device is full: worth a retry once there is room. Of a failed sync it is not: what is on the device
    /// then is in doubt, whatever the reason.
    pub fn is_storage_full(&self) -> bool {
        matches!(self, Error::Io { action, source, .. }
            if *action != SYNC && matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}
