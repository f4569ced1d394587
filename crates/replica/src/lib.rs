//! One replica of one partition: which batch gets which offset, who may write it, and who may read it.
//!
//! A batch on its way into the log passes two gates:
//!
//! 1. [`validate()`] looks at its bytes, outside any lock: size, checksum, structure, timestamps, keys, compression.
//! 2. [`Replica::append`] decides under the partition's lock: leadership, replicas in sync, the producer's epoch
//!    and sequence. It gives the offset, or names the earlier batch that this one repeats.
//!
//! What happens later reaches the replica as an [`Event`], and it answers with [`Command`]s: the high watermark
//! moves as records become durable here and on the followers. After a restart [`Recovery`] puts the same state
//! together from a producer snapshot and the headers of the batches behind it.
//!
//! Upstream is `records`, which reads and writes batches. Downstream are `log`, which keeps files and calls
//! [`Recovery`], and the broker, which holds a replica and its log under one lock.
//!
//! It never reads a clock, a file or a socket, starts nothing and waits for nothing: time is an argument, effects
//! are values. It never names an error code: the broker maps [`AppendError`] and [`Refusal`] one to one. It never
//! asks a transaction's coordinator: that a transaction may begin is shown to it by a [`VerificationGuard`].

#![forbid(unsafe_code)]

mod append;
mod epochs;
mod event;
mod followers;
mod marker;
mod producers;
mod recovery;
mod replica;
mod sequence;
mod transactions;
mod validate;

pub use append::{Acknowledgement, Acks, AppendError, Appended, InvalidAcks, Origin, Place};
pub use epochs::{EpochCache, EpochEnd, EpochEntry};
pub use event::{Command, Event, Replicas, Settings};
pub use followers::NodeId;
pub use marker::Marker;
pub use producers::{ProducerEntry, Unverified, VerificationGuard};
pub use recovery::{BatchOutOfOrder, Recovered, Recovery};
pub use replica::{OffsetOutOfRange, Replica};
pub use transactions::{AbortedTransaction, CompletedTransaction, Outcome, aborted_within};
pub use validate::{
    Converted, InvalidBatch, RecordError, RecordErrors, RecordFault, Refusal, Rules, Scratch, Target,
    Validated, validate, validate_any_version,
};
