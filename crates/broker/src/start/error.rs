//! What can be in the way of a start.

use std::{io, path::PathBuf};

use ottla_quorum as quorum;

use crate::storage::OpenError;

/// Why a broker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address} for {listener}: {source}")]
    Listen { listener: String, address: String, source: io::Error },
    #[error("cannot serve metrics on {address} (ottla.metrics.listener): {source}")]
    Metrics { address: String, source: io::Error },
    #[error("{} is in use by another process", .dir.display())]
    DirectoryInUse { dir: PathBuf },
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} belongs to node {found}, and node.id is {configured}", .dir.display())]
    OtherNode { dir: PathBuf, found: i32, configured: i32 },
    #[error("several log directories ({dirs}) are not supported: give one")]
    SeveralDirectories { dirs: String },
    #[error(transparent)]
    Quorum(#[from] quorum::Error),
    #[error(transparent)]
    Log(#[from] ottla_log::Error),
    #[error("{0}")]
    Open(String),
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> StartError {
        StartError::Open(error.to_string())
    }
}
