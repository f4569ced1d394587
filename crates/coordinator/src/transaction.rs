//! Transactions, as Kafka's transaction coordinator keeps them (KIP-98, KIP-360, KIP-890).
//!
//! A [`TransactionShard`] holds the transactional ids of one partition of `__transaction_state`. Like the shards of groups
//! it decides by what it has applied, applies what it has decided as soon as that is appended, and answers once it is
//! durable. So no request finds another's decision half made: where Kafka answers CONCURRENT_TRANSACTIONS for as long as
//! an append is under way, this goes on by what that append says, behind it.
//!
//! ```text
//!            InitProducerId                  add partitions
//!  (none) ──────────────────► Empty ───────────────────────────► Ongoing ──┐ add partitions
//!                              ▲  ╲ abort (v2)                     │ │  ▲──┘
//!               InitProducerId │   ╲                        commit │ │ abort, timeout, InitProducerId (fences)
//!                              │    ╲                              ▼ ▼
//!       CompleteCommit, CompleteAbort ◄─ markers are written ─ PrepareCommit, PrepareAbort
//!           └─────────────── add partitions ──► Ongoing             ▲
//!           └─────────────── abort (v2) ────────────────────────────┘
//! ```
//!
//! Once a `Prepare` state is durable nothing undoes it: [`Markers`] are sent until every partition has its own, then
//! `Complete` is stored. An id that has had no transaction for long is forgotten.

mod add;
mod admin;
mod clock;
mod config;
mod end;
mod entry;
mod init;
mod markers;
mod metadata;
mod partitions;
mod record;
mod requests;
mod shard;
mod state;
#[cfg(test)]
mod tests;

pub use admin::ListFilter;
pub use config::TransactionConfig;
pub use init::FreshId;
pub use markers::Markers;
pub use partitions::TopicPartition;
pub use requests::{AddPartitions, EndTransaction, ProducerIdentity, TransactionResponse};
pub use shard::{TransactionEffect, TransactionShard};
pub use state::TransactionState;
