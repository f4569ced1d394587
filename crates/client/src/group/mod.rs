//! Groups of consumers, which share the partitions of the topics that they subscribe to.

mod committed;
mod metadata;

pub use committed::CommittedOffset;
pub use metadata::GroupMetadata;
