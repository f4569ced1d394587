//! What the cluster knows: its topics, configs, brokers and features, and how a controller changes them.
//!
//! [`Image`] is what replaying the records of `__cluster_metadata` gives. [`Controller`] decides: it looks at an image
//! and a request and answers with records and a response, changing nothing. The records go to the metadata log (the
//! `quorum` crate), and once they are durable they are replayed into the image, which is the only way it changes; what
//! changed comes out as [`Change`]s for the broker to act on, and then the response may go out.
//!
//! Upstream are `quorum`, which stores the records, and `broker`, which carries out what they say; downstream is `wire`.
//!
//! This crate never touches a file, a socket, a clock or a source of randomness: identifiers and times are arguments.
#![forbid(unsafe_code)]

mod change;
mod decide;
pub mod features;
mod image;
pub mod names;

pub use change::Change;
pub use decide::{
    ApiError, BrokerRegistration, ConfigRules, Controller, Decision, InternalTopic, PRODUCER_ID_BLOCK_SIZE,
    Settings, activation_records, bootstrap_records,
};
pub use image::{
    Broker, Cluster, ConfigResource, Configs, Endpoint, Image, LeaderRecovery, Overrides, Partition,
    QuotaEntity, Quotas, ReplayError, ResourceKind, Security, Topic, Topics,
};
