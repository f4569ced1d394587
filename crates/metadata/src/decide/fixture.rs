//! A cluster of one to decide on.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        CreateTopicsRequest,
        create_topics_request::{CreatableTopic, CreatableTopicConfig},
        create_topics_response::CreatableTopicConfigs,
    },
};
use uuid::Uuid;

use super::{
    ApiError, BrokerRegistration, ConfigRules, Controller, Decision, Settings, activation_records,
    bootstrap_records,
};
use crate::{Change, ConfigResource, Endpoint, Image, Overrides, ResourceKind};

pub(super) const NODE: i32 = 1;
pub(super) const DIRECTORY: Uuid = Uuid::from_u128(0xD1);

/// A node that is registered and serves.
pub(super) struct Node {
    pub(super) image: Image,
    pub(super) settings: Settings,
    pub(super) offset: i64,
    ids: u128,
}

impl Node {
    pub(super) fn new() -> Node {
        let mut node =
            Node { image: Image::default(), settings: Settings::default(), offset: 1, ids: 0x1000 };
        let records = activation_records(&node.image, &bootstrap_records(), 1);
        node.replay(Decision { records, response: () });
        node.start();
        node
    }

    pub(super) fn controller(&self) -> Controller<'_> {
        Controller::new(&self.image, &self.settings, &Rules)
    }

    /// As a start of the node does; gives the broker's epoch.
    pub(super) fn start(&mut self) -> i64 {
        let registration = BrokerRegistration {
            id: NODE,
            incarnation: self.new_id(),
            endpoints: vec![Endpoint {
                name: "PLAINTEXT".into(),
                host: "localhost".into(),
                port: 9092,
                security_protocol: 0,
            }],
            rack: None,
            directories: vec![DIRECTORY],
        };
        let decision = self.controller().register_broker(&registration, self.offset);
        let epoch = self.replay(decision).0;
        let records = self.controller().unfence_broker(NODE);
        self.replay(Decision { records, response: () });
        epoch
    }

    pub(super) fn replay<R>(&mut self, decision: Decision<R>) -> (R, Vec<Change>) {
        let mut changes = Vec::new();
        for record in decision.records {
            self.image.replay(record, &mut changes).expect("a decision's records can be replayed");
            self.offset += 1;
        }
        (decision.response, changes)
    }

    pub(super) fn create(&mut self, name: &str, partitions: i32) -> Uuid {
        let id = self.new_id();
        let request = creation(vec![new_topic(name, partitions, 1)]);
        let decision = self.controller().create_topics(&request, &mut || id);
        let (response, _) = self.replay(decision);
        assert_eq!(response.topics[0].error_code, 0, "{:?}", response.topics[0].error_message);
        id
    }

    pub(super) fn new_id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }
}

pub(super) fn creation(topics: Vec<CreatableTopic>) -> CreateTopicsRequest {
    CreateTopicsRequest { topics, ..Default::default() }
}

pub(super) fn new_topic(name: &str, num_partitions: i32, replication_factor: i16) -> CreatableTopic {
    CreatableTopic { name: name.into(), num_partitions, replication_factor, ..Default::default() }
}

pub(super) fn with_config(mut topic: CreatableTopic, name: &str, value: Option<&str>) -> CreatableTopic {
    topic.configs.push(CreatableTopicConfig { name: name.into(), value: value.map(ByteString::from) });
    topic
}

/// Code and message of a result, to compare.
pub(super) fn outcome(code: i16, message: &Option<ByteString>) -> (ErrorCode, &str) {
    let code = ErrorCode::from_code(code).expect("a known error code");
    (code, message.as_deref().unwrap_or_default())
}

/// Rules that know three options.
struct Rules;

impl ConfigRules for Rules {
    fn check(&self, resource: &ConfigResource, overrides: &Overrides) -> Result<(), ApiError> {
        let invalid = |message: String| Err(ApiError::new(ErrorCode::InvalidConfig, message));
        for (key, value) in overrides {
            match &**key {
                "retention.ms" | "min.insync.replicas" if value.parse::<i64>().is_err() => {
                    return invalid(format!(
                        "Invalid value {value} for configuration {key}: Not a number of type LONG"
                    ));
                }
                "retention.ms" | "min.insync.replicas" | "cleanup.policy" => {}
                _ if resource.kind == ResourceKind::Topic => {
                    return invalid(format!("Unknown topic config name: {key}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn list_default(&self, _: ResourceKind, key: &str) -> Option<String> {
        (key == "cleanup.policy").then(|| "delete".to_owned())
    }

    fn describe_topic(&self, overrides: &Overrides) -> Vec<CreatableTopicConfigs> {
        let described = |(name, value): (&ByteString, &ByteString)| CreatableTopicConfigs {
            name: name.clone(),
            value: Some(value.clone()),
            ..Default::default()
        };
        overrides.iter().map(described).collect()
    }
}
