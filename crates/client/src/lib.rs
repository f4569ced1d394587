//! A client for Apache Kafka's protocol: every broker from 0.11 on, Ottla among them.
//!
//! | part | what it does |
//! |---|---|
//! | [`error`] | what can go wrong, whether to try again, and what to do about it |
//! | [`partitioner`] | which partition a record goes to, bit for bit as other clients choose it |
//! | [`assignor`] | which member of a group consumes which partitions |
//!
//! Upstream of it are `ottla-wire` (messages) and `ottla-records` (record batches), which the broker uses too; downstream
//! are programs. It never names the broker, never blocks a thread of the runtime, never queues without a bound, and
//! allocates nothing by a length that a broker told.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod address;
pub mod assignor;
pub mod config;
pub mod error;
pub mod partitioner;
mod topic_partition;

pub use error::{Error, Result};
pub use ottla_wire::{ApiKey, ErrorCode};
pub use topic_partition::TopicPartition;

/// The number of a broker in its cluster.
pub type BrokerId = i32;
/// The place of a record in its partition.
pub type Offset = i64;
/// The term of a partition's leader.
pub type Epoch = i32;
