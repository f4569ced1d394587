//! What can go wrong between the metadata log and its files.

use std::path::PathBuf;

use ottla_metadata::ReplayError;
use ottla_records::{BatchError, Offset};
use ottla_wire::DecodeError;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Log(#[from] ottla_log::Error),

    #[error("cannot read or write {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },

    /// A small file, or a snapshot, that does not follow its format.
    #[error("{} cannot be read: {reason}", path.display())]
    Malformed { path: PathBuf, reason: String },

    /// Bytes that were durable once are not what was written: whole batches follow those that cannot be read.
    #[error("{} is corrupt at byte {position}: {reason}", path.display())]
    Corrupt { path: PathBuf, position: u64, reason: String },

    #[error("the metadata log cannot be read at offset {offset}: {source}")]
    Batch { offset: Offset, source: BatchError },

    #[error("the metadata record at offset {offset} cannot be read: {source}")]
    Record { offset: Offset, source: DecodeError },

    #[error("the metadata record at offset {offset} does not fit what precedes it: {source}")]
    Replay { offset: Offset, source: ReplayError },

    /// The newest snapshot ends before the log starts, or after it ends.
    #[error(
        "the metadata log begins at offset {log_start} and ends at {log_end}, the newest snapshot ends at {snapshot}"
    )]
    Gap { log_start: Offset, log_end: Offset, snapshot: Offset },

    #[error("{} belongs to node {found}, not to node {expected}", path.display())]
    OtherNode { path: PathBuf, found: i32, expected: i32 },
}

impl Error {
    pub(crate) fn malformed(path: &std::path::Path, reason: impl Into<String>) -> Error {
        Error::Malformed { path: path.to_path_buf(), reason: reason.into() }
    }
}
