//! A client for Apache Kafka's protocol: every broker from 0.11 on, Ottla among them.
//!
//! | part | what it does |
//! |---|---|
//! | [`Client`] | connections, what is known of the cluster, requests to whoever is to be asked |
//! | [`admin`] | topics, configs, groups, offsets and all else that Java's `Admin` does |
//! | [`config`] | options, with Kafka's names and defaults |
//! | [`cluster`] | brokers, topics and partitions |
//! | [`error`] | what can go wrong, whether to try again, and what to do about it |
//! | [`producer`] | sends records: batches, retries, transactions, each record once and in order |
//! | [`partitioner`] | which partition a record goes to, bit for bit as other clients choose it |
//! | [`consumer`] | records, from partitions of one's choice |
//! | [`group`] | what consumers of a group have in common |
//! | [`share`] | records of which each goes to one consumer of a group, as with a queue |
//! | [`sasl`] | where tokens come from, for brokers that want some |
//! | [`metrics`] | what a client counted, as a snapshot or for Prometheus |
//! | [`blocking`] | producer and consumer for programs that are not asynchronous |
//! | [`messaging`] | a facade for message-driven programs: publish, and subscribe a handler |
//! | `spans` | what is sent, received and processed, for OpenTelemetry (feature `opentelemetry`) |
//! | [`assignor`] | which member of a group consumes which partitions |
//!
//! What happens is told by `tracing`, under targets that stay: `ottla_client::` and `config`, `connection`, `consumer`, `group`,
//! `retry`, `telemetry` or `transaction`.
//!
//! Upstream of it are `ottla-wire` (messages) and `ottla-records` (record batches), which the broker uses too; downstream
//! are programs. It never names the broker, never blocks a thread of the runtime, never queues without a bound, and
//! allocates nothing by a length that a broker told.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod address;
pub mod admin;
pub mod assignor;
mod backoff;
pub mod blocking;
mod client;
mod clock;
pub mod cluster;
pub mod config;
mod connection;
pub mod consumer;
pub mod error;
pub mod group;
mod link;
pub mod messaging;
mod metadata;
pub mod metrics;
pub mod partitioner;
pub mod producer;
mod random;
pub mod sasl;
pub mod share;
#[cfg(feature = "opentelemetry")]
pub mod spans;
mod tasks;
mod telemetry;
mod topic_partition;
mod transport;

pub use client::{
    Call, Client, ConnectionEvent, ConnectionEvents, Coordinator, CoordinatorKind, Destination, Reply,
};
pub use error::{Error, Result};
/// The messages of the protocol, for [`Client::request`].
pub use ottla_wire as wire;
pub use ottla_wire::{ApiKey, ErrorCode, Uuid};
pub use topic_partition::TopicPartition;

/// The number of a broker in its cluster.
pub type BrokerId = i32;
/// The place of a record in its partition.
pub type Offset = i64;
/// The term of a partition's leader.
pub type Epoch = i32;

/// What the README shows compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
