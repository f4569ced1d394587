//! An error code in a broker's answer, with what it is about.

use std::fmt;
use std::sync::Arc;

use ottla_wire::{ApiKey, ErrorCode};

use crate::TopicPartition;

/// A broker's answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseError {
    /// Kafka's code. A code that this client does not know counts as [`ErrorCode::UnknownServerError`].
    pub code: ErrorCode,
    /// What the broker said besides.
    pub message: Option<Arc<str>>,
    /// What was asked.
    pub api: ApiKey,
    /// Who answered.
    pub broker: Option<Arc<str>>,
    /// What it is about.
    pub resource: Option<Resource>,
}

/// What an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource {
    /// A partition.
    TopicPartition(TopicPartition),
    /// A topic, all of it.
    Topic(Arc<str>),
    /// A group, by its id.
    Group(Arc<str>),
    /// A transactional producer, by its id.
    TransactionalId(Arc<str>),
}

impl ResponseError {
    /// The answer to a request of a kind, with the code as it stood on the wire.
    pub fn new(api: ApiKey, code: i16) -> ResponseError {
        let known = ErrorCode::from_code(code);
        let message = known.is_none().then(|| format!("error code {code} is not known").into());
        let code = known.unwrap_or(ErrorCode::UnknownServerError);
        ResponseError { code, message, api, broker: None, resource: None }
    }

    /// With what the broker said, if it said something.
    #[must_use]
    pub fn with_message(mut self, message: Option<&str>) -> ResponseError {
        self.message = message.filter(|text| !text.is_empty()).map(Arc::from).or(self.message);
        self
    }

    /// With who answered.
    #[must_use]
    pub fn with_broker(mut self, broker: impl Into<Arc<str>>) -> ResponseError {
        self.broker = Some(broker.into());
        self
    }

    /// With what it is about.
    #[must_use]
    pub fn about(mut self, resource: Resource) -> ResponseError {
        self.resource = Some(resource);
        self
    }

    /// Whether the broker may answer otherwise when asked again.
    pub fn is_retriable(&self) -> bool {
        self.code.is_retriable()
    }

    /// Whether who asked will never be answered otherwise: it was fenced, or may not do what it was made for.
    pub fn is_fatal(&self) -> bool {
        FATAL.contains(&self.code)
    }

    pub(crate) fn advice(&self) -> Option<&'static str> {
        if self.api == ApiKey::InitProducerId && self.code == ErrorCode::ClusterAuthorizationFailed {
            return Some(MAY_WRITE_NOTHING);
        }
        ADVICE.iter().find(|(code, _)| *code == self.code).map(|(_, advice)| *advice)
    }
}

const FATAL: &[ErrorCode] = &[
    ErrorCode::ProducerFenced,
    ErrorCode::InvalidProducerEpoch,
    ErrorCode::FencedInstanceId,
    ErrorCode::TransactionalIdAuthorizationFailed,
    ErrorCode::ClusterAuthorizationFailed,
    ErrorCode::SaslAuthenticationFailed,
    ErrorCode::UnsupportedForMessageFormat,
    ErrorCode::InvalidTxnState,
    ErrorCode::InvalidProducerIdMapping,
];

/// Since Kafka 2.8, who may write to any topic may be an idempotent producer.
const MAY_WRITE_NOTHING: &str =
    "give the principal WRITE on the topic; before Kafka 2.8 also IDEMPOTENT_WRITE on the cluster";

#[rustfmt::skip]
const ADVICE: &[(ErrorCode, &str)] = &[
    (ErrorCode::UnknownTopicOrPartition, "create the topic, or see that its name is right"),
    (ErrorCode::TopicAuthorizationFailed, "give the principal access to the topic"),
    (ErrorCode::GroupAuthorizationFailed, "give the principal access to the group"),
    (ErrorCode::ClusterAuthorizationFailed, "give the principal access to the cluster"),
    (ErrorCode::TransactionalIdAuthorizationFailed, "give the principal access to the transactional id"),
    (ErrorCode::MessageTooLarge, "send smaller records, or raise the topic's max.message.bytes"),
    (ErrorCode::RecordListTooLarge, "send smaller batches, or raise the topic's segment.bytes"),
    (ErrorCode::NotEnoughReplicas, "bring replicas back, or lower the topic's min.insync.replicas"),
    (ErrorCode::InvalidTopicException, "use letters, digits, '.', '_' and '-', up to 249 of them"),
    (ErrorCode::FencedInstanceId, "another member has the same group.instance.id: give each its own"),
    (ErrorCode::ProducerFenced, "another producer has the same transactional.id: let only one live"),
    (ErrorCode::InvalidRecord, "a compacted topic wants a key in every record"),
    (ErrorCode::UnsupportedCompressionType, "the broker is older than the codec: choose another compression.type"),
];

impl Resource {
    /// The partition, if it is one.
    pub fn topic_partition(&self) -> Option<&TopicPartition> {
        match self {
            Resource::TopicPartition(partition) => Some(partition),
            Resource::Topic(_) | Resource::Group(_) | Resource::TransactionalId(_) => None,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resource::TopicPartition(partition) => write!(f, "partition {partition}"),
            Resource::Topic(name) => write!(f, "topic {name}"),
            Resource::Group(id) => write!(f, "group {id}"),
            Resource::TransactionalId(id) => write!(f, "transactional id {id}"),
        }
    }
}

/// `Produce: MESSAGE_TOO_LARGE for partition orders-3, from broker 1 at a:9092: the batch has ...`
impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.api.name(), self.code)?;
        if let Some(resource) = &self.resource {
            write!(f, " for {resource}")?;
        }
        if let Some(broker) = &self.broker {
            write!(f, ", from {broker}")?;
        }
        self.message.as_ref().map_or(Ok(()), |message| write!(f, ": {message}"))
    }
}

impl std::error::Error for ResponseError {}
