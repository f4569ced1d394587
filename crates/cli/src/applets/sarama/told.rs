//! How sarama's tools end, and what sarama says of errors.

use std::io;

use anyhow::Result;
use ottla_client::error::Resource;
use ottla_client::partitioner::PartitionerError;
use ottla_client::{ApiKey, Error, ErrorCode};

use crate::exit::Outcome;

/// Why a tool ends before it is done: what standard error is told, and the code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(super) struct Ended {
    code: u8,
    text: String,
}

/// Of what was read.
const NO_INPUT: u8 = 66;
/// Of what was asked of others.
const UNAVAILABLE: u8 = 69;

impl Ended {
    pub(super) fn new(code: u8, text: String) -> Ended {
        Ended { code, text }
    }

    pub(super) fn with_help(help: String) -> Ended {
        Ended { code: 0, text: help }
    }

    pub(super) fn unavailable(reason: impl AsRef<str>) -> Ended {
        Ended::new(UNAVAILABLE, format!("ERROR: {}\n\n", reason.as_ref()))
    }

    pub(super) fn no_input(error: &io::Error) -> Ended {
        let reason = os_words(error);
        Ended::new(NO_INPUT, format!("ERROR: Failed to read data from the standard input: {reason}\n\n"))
    }

    /// What could not be done, and in sarama's words why.
    pub(super) fn because(what: &str, error: &anyhow::Error) -> Ended {
        Ended::unavailable(format!("{what}: {}", words(error)))
    }
}

/// Tells why a tool ended before it was done.
pub(super) fn report(ended: Result<Outcome>) -> Result<Outcome> {
    let error = match ended {
        Ok(outcome) => return Ok(outcome),
        Err(error) => error,
    };
    match error.downcast::<Ended>() {
        Ok(Ended { code, text }) => {
            say!("{text}");
            Ok(Outcome::Code(code))
        }
        Err(error) if error.is::<io::Error>() => Err(error),
        Err(error) => report(Err(Ended::unavailable(words(&error)).into())),
    }
}

/// sarama's words, where it has some.
pub(super) fn words(error: &anyhow::Error) -> String {
    let Some(known) = error.downcast_ref::<Error>() else { return format!("{error:#}") };
    if matches!(known, Error::NoBroker(_) | Error::Unreachable { .. } | Error::Tls { .. }) {
        return format!("kafka: client has run out of available brokers to talk to: {known}");
    }
    if let Error::Partitioner { reason: PartitionerError::NoSuchPartition { .. }, .. } = known {
        return "kafka: partitioner returned an invalid partition index".to_owned();
    }
    let told = known.response().and_then(|response| Some((response, of_code(response.code)?)));
    match told {
        Some((response, words)) => match &response.resource {
            Some(Resource::Topic(topic)) if response.api == ApiKey::Metadata => about(topic, words),
            _ => words.to_owned(),
        },
        None => known.to_string(),
    }
}

/// What is wrong with a topic that the cluster was asked about.
pub(super) fn about(topic: &str, words: &str) -> String {
    format!("{topic}: {words}")
}

/// What Go says of an error of the system.
pub(super) fn os_words(error: &io::Error) -> String {
    let shown = error.to_string();
    let words = shown.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// What sarama says of a code.
pub(super) fn of_code(code: ErrorCode) -> Option<&'static str> {
    let (_, words) = WORDS.iter().find(|(known, _)| *known == code)?;
    Some(words)
}

/// Those that producers and consumers without a group meet.
#[rustfmt::skip]
const WORDS: &[(ErrorCode, &str)] = &[
    (ErrorCode::UnknownServerError, "kafka server: Unexpected (unknown?) server error"),
    (ErrorCode::OffsetOutOfRange, "kafka server: The requested offset is outside the range of offsets maintained by the server for the given topic/partition"),
    (ErrorCode::CorruptMessage, "kafka server: Message contents does not match its CRC"),
    (ErrorCode::UnknownTopicOrPartition, "kafka server: Request was for a topic or partition that does not exist on this broker"),
    (ErrorCode::LeaderNotAvailable, "kafka server: In the middle of a leadership election, there is currently no leader for this partition and hence it is unavailable for writes"),
    (ErrorCode::NotLeaderOrFollower, "kafka server: Tried to send a message to a replica that is not the leader for some partition. Your metadata is out of date"),
    (ErrorCode::RequestTimedOut, "kafka server: Request exceeded the user-specified time limit in the request"),
    (ErrorCode::ReplicaNotAvailable, "kafka server: Replica information not available, one or more brokers are down"),
    (ErrorCode::MessageTooLarge, "kafka server: Message was too large, server rejected it to avoid allocation error"),
    (ErrorCode::NetworkException, "kafka server: The server disconnected before a response was received"),
    (ErrorCode::InvalidTopicException, "kafka server: The request attempted to perform an operation on an invalid topic"),
    (ErrorCode::RecordListTooLarge, "kafka server: The request included message batch larger than the configured segment size on the server"),
    (ErrorCode::NotEnoughReplicas, "kafka server: Messages are rejected since there are fewer in-sync replicas than required"),
    (ErrorCode::NotEnoughReplicasAfterAppend, "kafka server: Messages are written to the log, but to fewer in-sync replicas than required"),
    (ErrorCode::InvalidRequiredAcks, "kafka server: The number of required acks is invalid (should be either -1, 0, or 1)"),
    (ErrorCode::TopicAuthorizationFailed, "kafka server: The client is not authorized to access this topic"),
    (ErrorCode::ClusterAuthorizationFailed, "kafka server: The client is not authorized to send this request type"),
    (ErrorCode::InvalidTimestamp, "kafka server: The timestamp of the message is out of acceptable range"),
    (ErrorCode::UnsupportedVersion, "kafka server: The version of API is not supported"),
    (ErrorCode::InvalidConfig, "kafka server: Configuration is invalid"),
    (ErrorCode::UnsupportedForMessageFormat, "kafka server: The requested operation is not supported by the message format version"),
    (ErrorCode::PolicyViolation, "kafka server: Request parameters do not satisfy the configured policy"),
    (ErrorCode::KafkaStorageError, "kafka server: Disk error when trying to access log file on the disk"),
    (ErrorCode::SaslAuthenticationFailed, "kafka server: SASL Authentication failed"),
    (ErrorCode::UnsupportedCompressionType, "kafka server: The requesting client does not support the compression type of given partition"),
    (ErrorCode::InvalidRecord, "kafka server: This record has failed the validation on broker and hence will be rejected"),
    (ErrorCode::ThrottlingQuotaExceeded, "kafka server: The throttling quota has been exceeded"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_are_told_as_go_tells_them() {
        let missing = io::Error::from_raw_os_error(2);
        assert_eq!(os_words(&missing), "no such file or directory");
        let ended = Ended::no_input(&io::Error::from_raw_os_error(21)).to_string();
        assert_eq!(ended, "ERROR: Failed to read data from the standard input: is a directory\n\n");
    }

    #[test]
    fn what_sarama_has_no_words_for_is_told_in_ours() {
        assert_eq!(words(&anyhow::anyhow!("disk").context("no space")), "no space: disk");
        assert_eq!(words(&Error::Config("acks: what?".into()).into()), "acks: what?");
        assert!(of_code(ErrorCode::UnstableOffsetCommit).is_none());
    }
}
