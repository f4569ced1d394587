//! What can go wrong, whether trying again may help, and what to do.
//!
//! Every fallible call of this crate fails with [`Error`]. It is cheap to clone, so that all who waited for one thing learn why it
//! did not come.

mod listener;
mod response;
mod tls;
mod unreachable;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::{ApiKey, ErrorCode};

use crate::partitioner::PartitionerError;
use crate::{BrokerId, Offset, TopicPartition};
pub use listener::OtherListener;
pub use response::{Resource, ResponseError};
pub use tls::TlsProblem;
pub use unreachable::{Attempt, NoBroker};

/// The result of a call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be used.
    #[error("{0}")]
    Config(String),

    /// None of the addresses that are known could be used.
    #[error(transparent)]
    NoBroker(#[from] NoBroker),

    /// An address could not be connected to.
    #[error("cannot connect to {attempt}")]
    Unreachable {
        /// Which address, and why.
        attempt: Attempt,
    },

    /// A connection ended before the response came. Whether the broker acted on the request is not known.
    #[error("the connection to {broker} ended before it answered {}: {reason}", .api.name())]
    Disconnected {
        /// The broker's address.
        broker: Arc<str>,
        /// What was asked.
        api: ApiKey,
        /// What the operating system said.
        reason: Arc<str>,
    },

    /// A listener is of another kind than `security.protocol` says, or seems so.
    #[error("{broker}: {seems}")]
    OtherListener {
        /// The broker's address.
        broker: Arc<str>,
        /// What it seems to be.
        seems: OtherListener,
    },

    /// A response did not come within `request.timeout.ms`. Whether the broker acted on the request is not known.
    #[error("{broker} did not answer {} within {after:?}", .api.name())]
    RequestTimeout {
        /// The broker's address.
        broker: Arc<str>,
        /// What was asked.
        api: ApiKey,
        /// How long was waited.
        after: Duration,
    },

    /// A call was not done by its deadline, tries and pauses included.
    #[error("{what} was not done within {after:?}{}", because(.last))]
    Timeout {
        /// What was tried.
        what: Arc<str>,
        /// How long was tried.
        after: Duration,
        /// Why the last try failed, if one did.
        last: Option<Arc<Error>>,
    },

    /// Bytes came that are no response.
    #[error("{broker} sent what is no response: {reason}")]
    Malformed {
        /// The broker's address.
        broker: Arc<str>,
        /// What is wrong with it.
        reason: Arc<str>,
    },

    /// A response is larger than `receive.message.max.bytes`.
    #[error("{broker} announced a response of {size} bytes, more than the {max} that are accepted")]
    ResponseTooLarge {
        /// The broker's address.
        broker: Arc<str>,
        /// The size that was announced.
        size: i64,
        /// The greatest that is accepted.
        max: usize,
    },

    /// Broker and client have no version of a request in common that can express what was asked.
    #[error("{}", unsupported(.broker, *.api, .served.as_deref(), *.needed))]
    UnsupportedVersion {
        /// The broker's address.
        broker: Arc<str>,
        /// What was to be asked.
        api: ApiKey,
        /// What the broker has, in words; nothing if it does not know the request at all.
        served: Option<Arc<str>>,
        /// The first and last version that would do.
        needed: (i16, i16),
    },

    /// A broker answered with an error code.
    #[error(transparent)]
    Response(#[from] ResponseError),

    /// The broker did not accept who we are.
    #[error("{broker} refused to authenticate us: {reason}")]
    Authentication {
        /// The broker's address.
        broker: Arc<str>,
        /// What it said.
        reason: Arc<str>,
    },

    /// The source of tokens gave none now. Whether it will is another matter: the broker was not asked.
    #[error("there is no token to authenticate with to {broker}: {reason}")]
    NoToken {
        /// The broker's address.
        broker: Arc<str>,
        /// What the source said.
        reason: Arc<str>,
    },

    /// There is no TLS with the broker.
    #[error("no TLS with {broker}: {problem}")]
    Tls {
        /// The broker's address.
        broker: Arc<str>,
        /// Why.
        problem: TlsProblem,
    },

    /// What a partition holds from an offset on cannot be read. A seek behind it goes on.
    #[error("partition {partition} cannot be read at offset {offset}: {reason}")]
    Corrupt {
        /// The partition.
        partition: TopicPartition,
        /// The first offset of what cannot be read, or less.
        offset: Offset,
        /// What is wrong with it.
        reason: Arc<str>,
    },

    /// Records that were consumed are not in their partition any more: a leader took over that did not have them. Told only if
    /// `auto.offset.reset` is none.
    #[error(
        "partition {partition} was truncated to offset {end}, below {offset}, up to which it was consumed"
    )]
    Truncated {
        /// The partition.
        partition: TopicPartition,
        /// The next offset that would have been consumed.
        offset: Offset,
        /// Where what was consumed and what is there part.
        end: Offset,
    },

    /// A partition is not assigned to the consumer.
    #[error("partition {partition} is not assigned")]
    NotAssigned {
        /// The partition.
        partition: TopicPartition,
    },

    /// A record is not this share consumer's, or not any more: it was acknowledged and committed, or never given.
    #[error("the record at offset {offset} of partition {partition} is not in flight")]
    NotInFlight {
        /// The record's partition.
        partition: TopicPartition,
        /// Its offset.
        offset: Offset,
    },

    /// With `share.acknowledgement.mode` explicit, something has to be said of each record before others are asked for.
    #[error("{count} records were given and not acknowledged")]
    Unacknowledged {
        /// How many.
        count: usize,
    },

    /// A group committed nothing of a partition, and `auto.offset.reset` is none.
    #[error("nothing was committed of partition {partition}, and auto.offset.reset is none")]
    NoOffset {
        /// The partition.
        partition: TopicPartition,
    },

    /// A record is larger than an option allows.
    #[error("a record of {size} bytes is larger than {option}, which is {max}")]
    RecordTooLarge {
        /// The record as it would be sent, alone.
        size: usize,
        /// What the option is set to.
        max: usize,
        /// The option's name.
        option: &'static str,
    },

    /// There is no room for a record now: `buffer.memory` is full of records that are not sent yet.
    #[error("buffer.memory is full")]
    BufferFull,

    /// No partition could be chosen.
    #[error("{topic}: {reason}")]
    Partitioner {
        /// The record's topic.
        topic: Arc<str>,
        /// Why not.
        reason: PartitionerError,
    },

    /// Another producer with the same `transactional.id` took over, or the transaction took longer than `transaction.timeout.ms`.
    /// This one can do nothing more; what it did not commit is aborted.
    #[error("the producer {transactional_id} was fenced: {cause}")]
    ProducerFenced {
        /// The producer's name.
        transactional_id: Arc<str>,
        /// How it was told.
        cause: Arc<Error>,
    },

    /// Something in a transaction went wrong, so that it cannot be committed: abort it, and begin anew.
    #[error("the transaction must be aborted: {cause}")]
    TransactionFailed {
        /// What went wrong first.
        cause: Arc<Error>,
    },

    /// A record or offset of a transaction was not sent, since that was aborted.
    #[error("the transaction was aborted before")]
    TransactionAborted,

    /// A call does not go with what the transactional producer is doing.
    #[error("{0}")]
    TransactionState(&'static str),

    /// The client, producer or consumer was closed.
    #[error("{0} is closed")]
    Closed(&'static str),
}

impl Error {
    pub(crate) fn unreachable(
        address: impl Into<Arc<str>>,
        advertised_by: Option<BrokerId>,
        reason: impl Into<Arc<str>>,
    ) -> Error {
        Error::Unreachable {
            attempt: Attempt { address: address.into(), advertised_by, reason: reason.into(), advice: None },
        }
    }

    /// Whether the same call may succeed if it is made again. Calls that retry have done so already, up to their deadline.
    pub fn is_retriable(&self) -> bool {
        match self {
            Error::NoBroker(_)
            | Error::Unreachable { .. }
            | Error::Disconnected { .. }
            | Error::RequestTimeout { .. }
            | Error::NoToken { .. }
            | Error::BufferFull
            | Error::Timeout { .. } => true,
            Error::Partitioner { reason, .. } => *reason == PartitionerError::NoneAvailable,
            Error::Response(response) => response.is_retriable(),
            Error::OtherListener { seems, .. } => seems.may_pass(),
            Error::Config(_)
            | Error::Malformed { .. }
            | Error::ResponseTooLarge { .. }
            | Error::UnsupportedVersion { .. }
            | Error::Authentication { .. }
            | Error::Tls { .. }
            | Error::Corrupt { .. }
            | Error::Truncated { .. }
            | Error::NotAssigned { .. }
            | Error::NoOffset { .. }
            | Error::NotInFlight { .. }
            | Error::Unacknowledged { .. }
            | Error::RecordTooLarge { .. }
            | Error::ProducerFenced { .. }
            | Error::TransactionFailed { .. }
            | Error::TransactionAborted
            | Error::TransactionState(_)
            | Error::Closed(_) => false,
        }
    }

    /// Whether the object that reports it will never work again: close it, and make another or give up.
    pub fn is_fatal(&self) -> bool {
        match self {
            Error::Config(_)
            | Error::Authentication { .. }
            | Error::Tls { .. }
            | Error::ProducerFenced { .. }
            | Error::Closed(_) => true,
            Error::Response(response) => response.is_fatal(),
            Error::NoBroker(_)
            | Error::Unreachable { .. }
            | Error::Disconnected { .. }
            | Error::OtherListener { .. }
            | Error::RequestTimeout { .. }
            | Error::NoToken { .. }
            | Error::Timeout { .. }
            | Error::Malformed { .. }
            | Error::ResponseTooLarge { .. }
            | Error::Corrupt { .. }
            | Error::Truncated { .. }
            | Error::NotAssigned { .. }
            | Error::NoOffset { .. }
            | Error::NotInFlight { .. }
            | Error::Unacknowledged { .. }
            | Error::RecordTooLarge { .. }
            | Error::BufferFull
            | Error::Partitioner { .. }
            | Error::TransactionFailed { .. }
            | Error::TransactionAborted
            | Error::TransactionState(_)
            | Error::UnsupportedVersion { .. } => false,
        }
    }

    /// Whether the open transaction is lost, and its producer can go on once it was aborted.
    pub fn is_abortable(&self) -> bool {
        matches!(self, Error::TransactionFailed { .. })
    }

    /// The code that a broker answered with, if it is that; also where it is why a deadline passed or a transaction ended.
    pub fn code(&self) -> Option<ErrorCode> {
        self.response().map(|response| response.code)
    }

    /// The partition that it is about, if it is about one.
    pub fn topic_partition(&self) -> Option<&TopicPartition> {
        if let Error::Corrupt { partition, .. }
        | Error::Truncated { partition, .. }
        | Error::NotAssigned { partition }
        | Error::NotInFlight { partition, .. }
        | Error::NoOffset { partition } = self
        {
            return Some(partition);
        }
        self.response()?.resource.as_ref()?.topic_partition()
    }

    /// The broker that it is about: its address, or its number where the broker is known by that.
    pub fn broker(&self) -> Option<&str> {
        match self {
            Error::Unreachable { attempt } => Some(&attempt.address),
            Error::Disconnected { broker, .. }
            | Error::OtherListener { broker, .. }
            | Error::RequestTimeout { broker, .. }
            | Error::Malformed { broker, .. }
            | Error::ResponseTooLarge { broker, .. }
            | Error::UnsupportedVersion { broker, .. }
            | Error::Authentication { broker, .. }
            | Error::NoToken { broker, .. }
            | Error::Tls { broker, .. } => Some(broker),
            Error::Response(response) => response.broker.as_deref(),
            Error::Timeout { last, .. } => last.as_ref()?.broker(),
            Error::ProducerFenced { cause, .. } | Error::TransactionFailed { cause } => cause.broker(),
            Error::Config(_)
            | Error::NoBroker(_)
            | Error::Corrupt { .. }
            | Error::Truncated { .. }
            | Error::NotAssigned { .. }
            | Error::NoOffset { .. }
            | Error::NotInFlight { .. }
            | Error::Unacknowledged { .. }
            | Error::RecordTooLarge { .. }
            | Error::BufferFull
            | Error::Partitioner { .. }
            | Error::TransactionAborted
            | Error::TransactionState(_)
            | Error::Closed(_) => None,
        }
    }

    /// What a user can do about it, where that is known.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Error::NoBroker(no_broker) => no_broker.advice(),
            Error::Unreachable { attempt } => Some(attempt.advice()),
            Error::OtherListener { seems, .. } => Some(seems.advice()),
            Error::Timeout { last, .. } => last.as_ref()?.advice(),
            Error::ProducerFenced { .. } => Some(
                "let one producer live for each transactional.id; raise transaction.timeout.ms if one took too long",
            ),
            Error::TransactionFailed { .. } => Some("abort the transaction, and begin another"),
            Error::Response(response) => response.advice(),
            Error::ResponseTooLarge { .. } => Some(
                "if the broker speaks TLS set security.protocol to SSL; else raise receive.message.max.bytes or fetch less",
            ),
            Error::Malformed { .. } => Some("see that the address is that of a Kafka listener"),
            Error::UnsupportedVersion { .. } => Some("upgrade the broker, or do without this"),
            Error::Authentication { .. } => Some("check sasl.mechanism, the user's name and the password"),
            Error::NoToken { .. } => {
                Some("see that the token endpoint, or the program's own source, gives tokens")
            }
            Error::Tls { problem, .. } => problem.advice(),
            Error::Corrupt { .. } => Some("seek behind it, and see what the broker's log says"),
            Error::Truncated { .. } => Some("seek to where both part, or set auto.offset.reset"),
            Error::NotAssigned { .. } => {
                Some("assign it first; a rebalance may have given it to another member")
            }
            Error::NoOffset { .. } => Some("seek to where it shall begin, or set auto.offset.reset"),
            Error::NotInFlight { .. } => Some("acknowledge a record once, and before its lock ends"),
            Error::Unacknowledged { .. } => Some("acknowledge each record before the next poll"),
            Error::RecordTooLarge { .. } => {
                Some("send smaller records, or raise the option and the topic's max.message.bytes")
            }
            Error::BufferFull => Some("wait until records are delivered, or raise buffer.memory"),
            Error::Config(_)
            | Error::Disconnected { .. }
            | Error::RequestTimeout { .. }
            | Error::Partitioner { .. }
            | Error::TransactionAborted
            | Error::TransactionState(_)
            | Error::Closed(_) => None,
        }
    }

    /// What a broker answered, if it is that; also where it is why a deadline passed.
    pub fn response(&self) -> Option<&ResponseError> {
        match self {
            Error::Response(response) => Some(response),
            Error::Timeout { last, .. } => last.as_ref()?.response(),
            Error::ProducerFenced { cause, .. } | Error::TransactionFailed { cause } => cause.response(),
            Error::Config(_)
            | Error::NoBroker(_)
            | Error::Unreachable { .. }
            | Error::Disconnected { .. }
            | Error::OtherListener { .. }
            | Error::RequestTimeout { .. }
            | Error::Malformed { .. }
            | Error::ResponseTooLarge { .. }
            | Error::UnsupportedVersion { .. }
            | Error::Authentication { .. }
            | Error::NoToken { .. }
            | Error::Tls { .. }
            | Error::Corrupt { .. }
            | Error::Truncated { .. }
            | Error::NotAssigned { .. }
            | Error::NoOffset { .. }
            | Error::NotInFlight { .. }
            | Error::Unacknowledged { .. }
            | Error::RecordTooLarge { .. }
            | Error::BufferFull
            | Error::Partitioner { .. }
            | Error::TransactionAborted
            | Error::TransactionState(_)
            | Error::Closed(_) => None,
        }
    }
}

/// For those who want an error of the standard library.
impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        io::Error::other(error)
    }
}

fn unsupported(broker: &str, api: ApiKey, served: Option<&str>, needed: (i16, i16)) -> String {
    let (name, (least, most)) = (api.name(), needed);
    match served {
        Some(served) => {
            format!("{broker} serves {name} in the versions {served}; needed is one of {least}..={most}")
        }
        None => format!("{broker} does not serve {name}"),
    }
}

fn because(last: &Option<Arc<Error>>) -> String {
    last.as_ref().map(|error| format!("; at last: {error}")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
