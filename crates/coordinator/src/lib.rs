//! Consumer groups and their committed offsets, as Kafka's group coordinator keeps them; and transactions, see
//! [`TransactionShard`], which go the same way.
//!
//! A [`Shard`] holds the groups of one partition of `__consumer_offsets`. The broker owns one for each partition that
//! it leads, under a lock, and drives it: requests and expired timers go in, [`Effect`]s come out, for the broker to
//! carry out. Below this crate stands `ottla-wire`, whose messages and stored records it speaks.
//!
//! ```text
//!  request, timer ──> Shard ──> Effect::Append ──> the broker appends ──> appended() ──> the records are applied
//!                       ^  └──> Effect::Reply                                 │
//!                       └───────────── committed() <── they are durable <─────┘   ──> Effect::Reply, at last
//! ```
//!
//! What the log says is applied in one place, [`Shard::replay`] and its live twin in [`Shard::appended`]. Only what a
//! restart may forget changes elsewhere: who waits for whom, timers, and a rebalance that is under way.
//!
//! This crate never reads a clock, draws a random number, opens a file or a socket, or starts a task. All of its
//! timers stand in one heap, see [`Shard::next_deadline`] and [`Shard::advance`].
#![forbid(unsafe_code)]

mod appends;
mod config;
mod context;
mod effect;
mod errors;
mod group;
mod offsets;
mod own;
mod placement;
mod record;
mod shard;
#[cfg(test)]
mod tests;
mod timers;
mod transaction;

pub use appends::AppendId;
pub use config::GroupConfig;
pub use context::{Context, Now, Ticket};
pub use effect::{CoordinatorRecord, Effect, Response, TransactionEnd, TransactionalProducer};
pub use group::{GroupState, GroupType};
pub use offsets::CommittedOffset;
pub use placement::partition_for;
pub use record::ReplayError;
pub use shard::{DeletedTopic, GroupSummary, Shard, Stats};
pub use transaction::{
    AddPartitions, EndTransaction, FreshId, ListFilter, Markers, ProducerIdentity, TopicPartition,
    TransactionConfig, TransactionEffect, TransactionResponse, TransactionShard, TransactionState,
};
