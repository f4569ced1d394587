//! The small files: each is read whole and replaced whole.
//!
//! The formats are pure (`parse` and `to_text`); `read` and `write` add the disk.

mod atomic;
mod checkpoint;
mod clean_shutdown;
mod leader_epochs;
mod meta_properties;
mod partition_metadata;
mod producer_snapshot;
mod topic_id;

pub(crate) use atomic::{put, read_whole};
pub use atomic::{replace, temporary};
pub use checkpoint::{PartitionOffset, read_offset_checkpoint, write_offset_checkpoint};
pub use clean_shutdown::CleanShutdown;
pub use leader_epochs::{EpochEnd, EpochEntry, LeaderEpochs};
pub use meta_properties::MetaProperties;
pub use partition_metadata::PartitionMetadata;
pub use producer_snapshot::{ProducerEntry, decode_producer_snapshot, encode_producer_snapshot};
pub use topic_id::{format_id, parse_id};
