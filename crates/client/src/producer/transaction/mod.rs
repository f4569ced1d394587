//! Transactions: records in several partitions, and offsets of groups, that become visible together or not at all (KIP-98).
//!
//! | state | goes on when | to |
//! |---|---|---|
//! | new | asked for: the coordinator gives an id, and fences whoever had the same `transactional.id` | ready |
//! | ready | begun | open |
//! | open | asked for: everything is delivered, then the coordinator told | committing, aborting |
//! | open, committing | a record, its offsets or the coordinator say that it cannot be committed | failed |
//! | failed | asked for | aborting |
//! | committing, aborting | the coordinator has written down the end | ready |
//! | any | another producer took over, or this one may not do what it does | over |
//!
//! How the coordinator learns what is in a transaction depends on the cluster's `transaction.version`:
//!
//! | | partitions, groups | after the end |
//! |---|---|---|
//! | V1 | are told before anything is sent to them | the epoch stays; after lost batches a new one is asked for |
//! | V2 (KIP-890) | brokers tell, when something is sent to them | there is a new epoch, so that nothing that comes late is taken |
//!
//! A cluster may go over to V2 while a producer lives. Brokers tell that when they are connected to; the end of a transaction of V1
//! is then followed by a new epoch, and the next transaction is one of V2.
//!
//! `state` decides, `step` says what the coordinators are to be asked, `requests` asks them.

mod completion;
mod requests;
mod state;
mod step;
mod verdict;

use crate::Client;
pub(super) use completion::Completion;
pub(super) use requests::carry_out;
pub(super) use state::{Next, Transactions};
pub(super) use step::{Done, Offsets, Step};

/// The feature by which a cluster agrees on a version of transactions.
const FEATURE: &str = "transaction.version";

/// How transactions work in the cluster: its `transaction.version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransactionVersion {
    V1,
    V2,
}

impl TransactionVersion {
    /// What the cluster agreed on, as far as its brokers told; without a level it knows of no versions.
    pub(super) fn of_cluster(client: &Client) -> TransactionVersion {
        if client.feature(FEATURE) >= 2 { TransactionVersion::V2 } else { TransactionVersion::V1 }
    }
}
