//! The transaction coordinator at work.
//!
//! ```text
//! request ──► Transactions ──► coordinator (decides) ──► a partition of __transaction_state
//! produce ──► admit ──────────────┘   └──► markers ──► the partitions that the transaction wrote to
//! ```
#![allow(dead_code, reason = "those who call this follow")]

pub(crate) mod markers;

use ottla_coordinator::TopicPartition;
use ottla_wire::ErrorCode;

/// What a partition that is written to asks of a transaction's coordinator (KIP-890).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Whether the partition is in the producer's open transaction already: of clients that add partitions themselves.
    Verify,
    /// That it be added, and the transaction begun if need be: of clients that leave that to the broker.
    Add,
}

/// All transactions that this broker coordinates.
#[derive(Debug, Default)]
pub(crate) struct Transactions {}

impl Transactions {
    /// Whether these partitions may be written to in the producer's transaction: a code for each of them, in their order.
    /// What is added is durable before the answer.
    ///
    /// | code | |
    /// |---|---|
    /// | `None` | the partition is in the open transaction |
    /// | `TransactionAbortable` | of Verify: it is not |
    /// | `InvalidProducerIdMapping`, `ProducerFenced` | the transactional id belongs to another producer, or epoch |
    /// | `ConcurrentTransactions` | the transaction is being ended: to be tried again |
    /// | `CoordinatorLoadInProgress`, `CoordinatorNotAvailable`, `NotCoordinator` | to be tried again |
    ///
    /// They are the coordinator's own; the caller tells its client those that the client's version knows. Cancel-safe, in
    /// that what was asked takes its course.
    #[allow(clippy::unused_async, reason = "the body follows")]
    pub(crate) async fn admit(
        &self,
        _transactional_id: &str,
        _producer_id: i64,
        _producer_epoch: i16,
        partitions: &[TopicPartition],
        _admission: Admission,
    ) -> Vec<ErrorCode> {
        vec![ErrorCode::CoordinatorNotAvailable; partitions.len()]
    }
}
