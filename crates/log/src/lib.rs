//! One partition's files, bit for bit as Apache Kafka lays them out, and the disk below them.
//!
//! - [`Log`] is one partition: segments, indexes, epochs, recovery, retention, lookups, compaction.
//! - [`Files`] are the open files of a data directory, bounded in number.
//! - [`format`](mod@format) are the small files beside the segments; [`index`] is what an index entry looks like.
//! - [`journal`] makes batches of all partitions durable with one sync.
//! - [`disk`] is the file system behind a trait, with a simulated twin that forgets.
//!
//! Upstream is `records`, which knows what a batch is. Downstream is the broker, which owns a [`Log`] together with
//! the partition's `replica` under one lock, and the metadata quorum.
//!
//! It never decides an offset, a leader epoch or a high watermark, never reads the clock, and starts no thread but the
//! journal's. What waits for the disk on the way of a record can be done without the partition's lock ([`Writes`],
//! [`SyncWork`], [`Cleaning`]). Bytes that were durable once are never cut off because they have become unreadable:
//! that is reported.

#![forbid(unsafe_code)]

pub mod disk;
pub mod format;
pub mod index;
pub mod journal;

mod cold;
mod config;
mod error;
mod files;
mod log;
mod names;

pub use cold::Cold;
pub use config::{CleanupPolicy, LogConfig};
pub use error::{Error, Result};
pub use files::Files;
pub use log::*;
pub use names::{
    CLEANER_OFFSETS, FileKind, FileName, FolderName, FolderState, HIGH_WATERMARKS, LEADER_EPOCHS, LOG_STARTS,
    META_PROPERTIES, PARTITION_METADATA, RECOVERY_POINTS, Suffix, deleted_folder, partition_folder,
    stray_folder,
};
