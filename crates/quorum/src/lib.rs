//! The metadata log: what the controllers of a cluster agree on, in the folder `__cluster_metadata-0` and in Kafka's
//! format, so that Kafka's tools read it and Kafka itself can open it.
//!
//! [`MetadataLog`] takes proposals, which take effect at once on the image that the next decision reads, and commits
//! what was proposed with one write and one sync. Only what is committed may be shown to anybody else. A quorum of one
//! commits by itself; a replicated one will stand behind the same type, and this crate alone will name its library.
//!
//! ```text
//! data directory
//!   meta.properties              whose directory this is
//!   bootstrap.checkpoint         what a new cluster starts with
//!   __cluster_metadata-0/
//!     *.log, *.index, ...        as any partition's
//!     quorum-state               the epoch, and who leads in it
//!     END-EPOCH.checkpoint       snapshots: the image as records, below END
//! ```
//!
//! Upstream is `broker`, which decides with `metadata` and drives this from one thread; downstream are `metadata`,
//! `log`, `records` and `wire`.
//!
//! This crate never reads a clock or a source of randomness, starts no thread, and decides nothing about the cluster.
#![forbid(unsafe_code)]

mod damage;
mod data_dir;
mod encode;
mod error;
mod files;
mod kraft;
mod metadata_log;
mod quorum_state;
mod snapshot;

pub use data_dir::{Identity, format, read_identity};
pub use error::{Error, Result};
pub use metadata_log::{Committed, MetadataLog, OpenOptions, Opened};
pub use quorum_state::QuorumState;
pub use snapshot::{Snapshot, SnapshotId};

/// The folder of the metadata log.
pub const FOLDER: &str = "__cluster_metadata-0";
/// The id that Kafka gives the metadata topic.
pub const TOPIC_ID: uuid::Uuid = uuid::Uuid::from_u128(1);
