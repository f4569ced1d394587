//! What kcat says on standard error.

use std::fmt::Display;
use std::io;

use ottla_client::{Error, ErrorCode};

use super::options::Options;
use crate::applets::ending::Misuse;

/// Why it ends with 1.
#[derive(Debug, thiserror::Error)]
#[error("% ERROR: {0}")]
pub(super) struct Fatal(String);

impl Fatal {
    pub(super) fn new(reason: impl Into<String>) -> Fatal {
        Fatal(reason.into())
    }
}

impl Options {
    /// Says something to people who want to hear that much.
    pub(super) fn tell(&self, verbosity: i32, what: impl Display) {
        if self.verbosity >= verbosity {
            sayln!("% {what}");
        }
    }
}

/// In kcat's words, unless it is already.
pub(super) fn fatal(error: anyhow::Error) -> anyhow::Error {
    if error.is::<Fatal>() || error.is::<Misuse>() || error.is::<io::Error>() {
        return error;
    }
    let reason = error.downcast_ref::<Error>().map_or_else(|| format!("{error:#}"), words);
    Fatal::new(reason).into()
}

/// What librdkafka says of an error that a broker told; of others what we say.
pub(super) fn words(error: &Error) -> String {
    let code = error.code().filter(|_| matches!(error, Error::Response(_)));
    code.and_then(of_code).map_or_else(|| error.to_string(), |words| format!("Broker: {words}"))
}

/// What librdkafka says of a code.
pub(super) fn of_code(code: ErrorCode) -> Option<&'static str> {
    let (_, words) = WORDS.iter().find(|(known, _)| *known == code)?;
    Some(words)
}

/// Those that are met.
const WORDS: &[(ErrorCode, &str)] = &[
    (ErrorCode::OffsetOutOfRange, "Offset out of range"),
    (ErrorCode::UnknownTopicOrPartition, "Unknown topic or partition"),
    (ErrorCode::LeaderNotAvailable, "Leader not available"),
    (ErrorCode::NotLeaderOrFollower, "Not leader for partition"),
    (ErrorCode::RequestTimedOut, "Request timed out"),
    (ErrorCode::BrokerNotAvailable, "Broker not available"),
    (ErrorCode::ReplicaNotAvailable, "Replica not available"),
    (ErrorCode::MessageTooLarge, "Message size too large"),
    (ErrorCode::CoordinatorNotAvailable, "Coordinator not available"),
    (ErrorCode::NotCoordinator, "Not coordinator"),
    (ErrorCode::InvalidTopicException, "Invalid topic"),
    (ErrorCode::NotEnoughReplicas, "Not enough in-sync replicas"),
    (ErrorCode::TopicAuthorizationFailed, "Topic authorization failed"),
    (ErrorCode::GroupAuthorizationFailed, "Group authorization failed"),
    (ErrorCode::ClusterAuthorizationFailed, "Cluster authorization failed"),
    (ErrorCode::InvalidRecord, "Broker failed to validate record"),
    (ErrorCode::ProducerFenced, "Producer attempted an operation with an old epoch"),
];
