//! What a controller decides.
//!
//! A decision reads the image and changes nothing: it gives records, which change the image once they are durable, and
//! the response, which waits for that. Errors are values, one for each thing that was asked for, with Kafka's codes and
//! words.

mod allocate_producer_ids;
mod alter_configs;
mod bootstrap;
mod brokers;
mod create_partitions;
mod create_topics;
mod delete_topics;
mod elect_leaders;
mod internal_topics;
mod placement;
mod reassign_partitions;
mod update_features;

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{MetadataRecord, create_topics_response::CreatableTopicConfigs},
};

use crate::{ConfigResource, Image, Overrides, ResourceKind};

pub use allocate_producer_ids::PRODUCER_ID_BLOCK_SIZE;
pub use bootstrap::{activation_records, bootstrap_records};
pub use brokers::BrokerRegistration;
pub use internal_topics::InternalTopic;

/// As many records as one request may make, and as many partitions as it may ask for.
const RECORDS_MAX: usize = 10_000;

const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";

/// Records to append, and the response to give once they are durable.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<R> {
    pub records: Vec<MetadataRecord>,
    pub response: R,
}

impl<R> Decision<R> {
    fn none(response: R) -> Decision<R> {
        Decision { records: Vec::new(), response }
    }

    /// Without the records, if the request is only to be checked.
    fn unless(self, validate_only: bool) -> Decision<R> {
        if validate_only { Decision::none(self.response) } else { self }
    }
}

/// An error of one part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub code: ErrorCode,
    pub message: Option<String>,
}

impl ApiError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> ApiError {
        ApiError { code, message: Some(message.into()) }
    }

    /// A code that needs no words.
    pub fn code(code: ErrorCode) -> ApiError {
        ApiError { code, message: None }
    }

    /// Code and message, as responses hold them.
    fn fields(self) -> (i16, Option<ByteString>) {
        (self.code.code(), self.message.map(ByteString::from))
    }
}

/// Code and message of a part of a request, as responses hold them.
fn fields(result: Result<(), ApiError>) -> (i16, Option<ByteString>) {
    result.map_or_else(ApiError::fields, |()| (ErrorCode::None.code(), None))
}

fn invalid_request(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, message)
}

/// What configs may hold. The crate that declares the options knows; this one only asks.
pub trait ConfigRules {
    /// Whether the resource may have all these overrides.
    fn check(&self, resource: &ConfigResource, overrides: &Overrides) -> Result<(), ApiError>;

    /// The default of a key whose values are lists; `None` for any other key.
    fn list_default(&self, kind: ResourceKind, key: &str) -> Option<String>;

    /// Every option of a topic with these overrides, in the order of their names.
    fn describe_topic(&self, overrides: &Overrides) -> Vec<CreatableTopicConfigs>;
}

/// The options that decisions depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub node_id: i32,
    /// `num.partitions`
    pub num_partitions: i32,
    /// `default.replication.factor`
    pub replication_factor: i16,
    /// `delete.topic.enable`
    pub topic_deletion: bool,
    /// `min.insync.replicas`, from the node's file
    pub min_insync_replicas: i32,
    pub consumer_offsets: InternalTopic,
    pub transaction_state: InternalTopic,
    pub share_group_state: InternalTopic,
}

/// Kafka's defaults.
impl Default for Settings {
    fn default() -> Settings {
        Settings {
            node_id: 1,
            num_partitions: 1,
            replication_factor: 1,
            topic_deletion: true,
            min_insync_replicas: 1,
            consumer_offsets: InternalTopic::consumer_offsets(),
            transaction_state: InternalTopic::transaction_state(),
            share_group_state: InternalTopic::share_group_state(),
        }
    }
}

/// Decides on an image.
#[derive(Clone, Copy)]
pub struct Controller<'a> {
    image: &'a Image,
    settings: &'a Settings,
    configs: &'a dyn ConfigRules,
}

impl<'a> Controller<'a> {
    pub fn new(image: &'a Image, settings: &'a Settings, configs: &'a dyn ConfigRules) -> Controller<'a> {
        Controller { image, settings, configs }
    }
}

#[cfg(test)]
mod fixture;
