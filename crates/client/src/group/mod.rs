//! Groups of consumers, which share the partitions of the topics that they subscribe to.
//!
//! A [`Consumer`](crate::consumer::Consumer) becomes a member when it subscribes. What it says to the coordinator, and what it has
//! to give away and gets, is decided here:
//!
//! | file | holds |
//! |---|---|
//! | `classic` | the classic protocol: members assign partitions to each other |
//! | `consumer` | the protocol `consumer` (KIP-848): the coordinator assigns partitions |
//! | `heartbeats` | what that has in common with share groups: when to say something, and who is in |
//! | `membership`, `holding`, `attendance` | what the application and the member have in common |
//! | `shared` | the same behind a lock |
//! | `queue` | whose turn it is to commit |
//! | `topics`, `pattern` | which topics there are |
//! | `offsets`, `committed`, `metadata` | offsets that are committed, and in whose name |
//! | `listener` | hearing of rebalances |
//! | `handling` | a handler for each partition, or for batches of records, in place of a loop that polls |

mod attendance;
pub(crate) mod classic;
mod committed;
pub(crate) mod consumer;
mod coordinator;
mod handling;
pub(crate) mod heartbeats;
mod holding;
mod listener;
mod membership;
mod metadata;
pub(crate) mod offsets;
mod pattern;
mod queue;
mod shared;
mod topics;

pub use committed::CommittedOffset;
pub(crate) use coordinator::{Carried, carry_out};
pub use handling::{
    Batch, BatchHandler, BatchOptions, Batches, Claim, ConsumerGroup, DeadLetters, GroupHandler, Handled,
    HandlerError, OnFailure, Session,
};
pub(crate) use holding::Turn;
pub use listener::{Listening, RebalanceListener};
pub(crate) use membership::{Membership, Refusal, Subscribed, Wish};
pub use metadata::GroupMetadata;
pub use pattern::Pattern;
pub(crate) use queue::Place;
pub(crate) use shared::{Shared, Wake};
