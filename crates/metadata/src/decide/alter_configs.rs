//! AlterConfigs, which replaces all overrides of a resource, and IncrementalAlterConfigs, which changes some.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        AlterConfigsRequest, AlterConfigsResponse, ClearElrRecord, ConfigRecord,
        IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, MetadataRecord,
        alter_configs_request, alter_configs_response, incremental_alter_configs_request,
        incremental_alter_configs_response,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{ApiError, Controller, Decision, MIN_INSYNC_REPLICAS, fields, invalid_request};
use crate::{ConfigResource, Overrides, ResourceKind, names};

/// What to do with a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Set,
    Delete,
    Append,
    Subtract,
    Unknown(i8),
}

impl Operation {
    fn from_code(code: i8) -> Operation {
        match code {
            0 => Operation::Set,
            1 => Operation::Delete,
            2 => Operation::Append,
            3 => Operation::Subtract,
            other => Operation::Unknown(other),
        }
    }
}

/// A change of one key.
struct Edit<'a> {
    key: &'a ByteString,
    operation: Operation,
    value: Option<&'a ByteString>,
}

/// What one request asks for one resource.
struct Alteration<'a> {
    kind: i8,
    name: &'a ByteString,
    edits: Vec<Edit<'a>>,
    /// Whether every override that is not named goes.
    replaces: bool,
}

impl Controller<'_> {
    /// Levels of the broker's log are not metadata: the broker answers for those resources before it asks here.
    pub fn incremental_alter_configs(
        &self,
        request: &IncrementalAlterConfigsRequest,
    ) -> Decision<IncrementalAlterConfigsResponse> {
        let asked: Vec<Alteration> = request.resources.iter().map(Alteration::incremental).collect();
        let (records, results) = self.alter(&asked);
        let answer = |(asked, result): (&Alteration, _)| {
            let (error_code, error_message) = fields(result);
            incremental_alter_configs_response::AlterConfigsResourceResponse {
                error_code,
                error_message,
                resource_type: asked.kind,
                resource_name: asked.name.clone(),
            }
        };
        let responses = asked.iter().zip(results).map(answer).collect();
        let response = IncrementalAlterConfigsResponse { responses, ..Default::default() };
        Decision { records, response }.unless(request.validate_only)
    }

    pub fn alter_configs(&self, request: &AlterConfigsRequest) -> Decision<AlterConfigsResponse> {
        let asked: Vec<Alteration> = request.resources.iter().map(Alteration::replacing).collect();
        let (records, results) = self.alter(&asked);
        let answer = |(asked, result): (&Alteration, _)| {
            let (error_code, error_message) = fields(result);
            alter_configs_response::AlterConfigsResourceResponse {
                error_code,
                error_message,
                resource_type: asked.kind,
                resource_name: asked.name.clone(),
            }
        };
        let responses = asked.iter().zip(results).map(answer).collect();
        let response = AlterConfigsResponse { responses, ..Default::default() };
        Decision { records, response }.unless(request.validate_only)
    }

    fn alter(&self, asked: &[Alteration<'_>]) -> (Vec<MetadataRecord>, Vec<Result<(), ApiError>>) {
        let mut times: FxHashMap<(i8, &ByteString), usize> = FxHashMap::default();
        for alteration in asked {
            *times.entry((alteration.kind, alteration.name)).or_default() += 1;
        }
        let mut records = Vec::new();
        let result = |alteration: &Alteration<'_>| {
            if times[&(alteration.kind, alteration.name)] > 1 {
                return Err(invalid_request("Each resource must appear at most once."));
            }
            self.alter_resource(alteration, &mut records)
        };
        let results = asked.iter().map(result).collect();
        (records, results)
    }

    fn alter_resource(
        &self,
        alteration: &Alteration<'_>,
        records: &mut Vec<MetadataRecord>,
    ) -> Result<(), ApiError> {
        alteration.check_edits()?;
        let resource = self.resource(alteration)?;
        let before = self.image.configs().get(resource.kind, &resource.name).map(|found| &**found);
        let after = self.edited(&resource, alteration, before)?;
        self.configs.check(&resource, &after)?;
        self.check_existence(&resource)?;
        let changed = changed_keys(&resource, alteration, before, &after);
        self.check_min_insync(&resource, &changed, &after)?;
        records.extend(changed.iter().map(|key| config_record(&resource, key, after.get(*key))));
        if self.image.elr_enabled() && changed.iter().any(|key| **key == MIN_INSYNC_REPLICAS) {
            records.push(clear_elr(&resource));
        }
        Ok(())
    }

    fn resource(&self, alteration: &Alteration<'_>) -> Result<ConfigResource, ApiError> {
        let unknown = || Err(invalid_request(format!("Unknown resource type {}", alteration.kind)));
        let name = alteration.name;
        let Some(kind) = ResourceKind::from_code(alteration.kind) else { return unknown() };
        match kind {
            ResourceKind::BrokerLogger => return unknown(),
            ResourceKind::Broker => self.check_broker_name(name)?,
            ResourceKind::Topic if name.is_empty() => {
                return Err(invalid_request("Default topic resources are not allowed."));
            }
            ResourceKind::Topic => names::check(name)
                .map_err(|reason| ApiError::new(ErrorCode::InvalidTopicException, reason))?,
            ResourceKind::Group if name.is_empty() => {
                return Err(invalid_request("Default group resources are not allowed."));
            }
            ResourceKind::ClientMetrics if name.is_empty() => {
                return Err(invalid_request("Subscription name can't be empty"));
            }
            ResourceKind::Group | ResourceKind::ClientMetrics => {}
        }
        Ok(ConfigResource { kind, name: name.clone() })
    }

    /// All brokers, or this one: another's files are not known here.
    fn check_broker_name(&self, name: &str) -> Result<(), ApiError> {
        let expected = self.settings.node_id;
        match name.parse::<i32>() {
            _ if name.is_empty() => Ok(()),
            Ok(id) if id == expected => Ok(()),
            Ok(_) => Err(invalid_request(format!(
                "Unexpected broker id, expected {expected}, but received {name}"
            ))),
            Err(_) => Err(invalid_request(format!("Node id must be an integer, but it is: {name}"))),
        }
    }

    fn check_existence(&self, resource: &ConfigResource) -> Result<(), ApiError> {
        if resource.kind == ResourceKind::Topic && self.image.topics().id(&resource.name).is_none() {
            let message = format!("The topic '{}' does not exist.", resource.name);
            return Err(ApiError::new(ErrorCode::UnknownTopicOrPartition, message));
        }
        Ok(())
    }

    /// Which replicas are eligible to lead follows from this setting, so it cannot differ from broker to broker.
    fn check_min_insync(
        &self,
        resource: &ConfigResource,
        changed: &[&ByteString],
        after: &Overrides,
    ) -> Result<(), ApiError> {
        let concerned = resource.kind == ResourceKind::Broker
            && self.image.elr_enabled()
            && changed.iter().any(|key| **key == MIN_INSYNC_REPLICAS);
        let refused = |message: &str| Err(ApiError::new(ErrorCode::InvalidConfig, message));
        match (concerned, resource.name.is_empty()) {
            (true, false) => {
                refused("Broker-level min.insync.replicas cannot be altered while ELR is enabled.")
            }
            (true, true) if !after.contains_key(MIN_INSYNC_REPLICAS) => {
                refused("Cluster-level min.insync.replicas cannot be removed while ELR is enabled.")
            }
            _ => Ok(()),
        }
    }

    fn edited(
        &self,
        resource: &ConfigResource,
        alteration: &Alteration<'_>,
        before: Option<&Overrides>,
    ) -> Result<Overrides, ApiError> {
        let kept = if alteration.replaces { None } else { before };
        let mut after = kept.cloned().unwrap_or_default();
        for edit in &alteration.edits {
            let value = match (edit.operation, edit.value) {
                (Operation::Unknown(code), _) => {
                    return Err(invalid_request(format!("Unknown operations type {code}")));
                }
                (Operation::Set, Some(value)) => value.clone(),
                (Operation::Append | Operation::Subtract, Some(value)) => {
                    self.edited_list(resource, edit, value, after.get(edit.key))?
                }
                (_, None) | (Operation::Delete, _) => {
                    after.remove(edit.key);
                    continue;
                }
            };
            after.insert(edit.key.clone(), value);
        }
        Ok(after)
    }

    fn edited_list(
        &self,
        resource: &ConfigResource,
        edit: &Edit<'_>,
        value: &str,
        before: Option<&ByteString>,
    ) -> Result<ByteString, ApiError> {
        let Some(default) = self.configs.list_default(resource.kind, edit.key) else {
            return Err(not_a_list(resource.kind, edit));
        };
        let mut parts = split(before.map_or(&default, |before| before));
        for part in split(value) {
            if edit.operation == Operation::Subtract {
                parts.retain(|other| *other != part);
            } else if !parts.contains(&part) {
                parts.push(part);
            }
        }
        Ok(parts.join(",").into())
    }
}

impl<'a> Alteration<'a> {
    fn incremental(resource: &'a incremental_alter_configs_request::AlterConfigsResource) -> Alteration<'a> {
        let edit = |config: &'a incremental_alter_configs_request::AlterableConfig| Edit {
            key: &config.name,
            operation: Operation::from_code(config.config_operation),
            value: config.value.as_ref(),
        };
        Alteration {
            kind: resource.resource_type,
            name: &resource.resource_name,
            edits: resource.configs.iter().map(edit).collect(),
            replaces: false,
        }
    }

    fn replacing(resource: &'a alter_configs_request::AlterConfigsResource) -> Alteration<'a> {
        let edit = |config: &'a alter_configs_request::AlterableConfig| Edit {
            key: &config.name,
            operation: Operation::Set,
            value: config.value.as_ref(),
        };
        Alteration {
            kind: resource.resource_type,
            name: &resource.resource_name,
            edits: resource.configs.iter().map(edit).collect(),
            replaces: true,
        }
    }

    fn check_edits(&self) -> Result<(), ApiError> {
        let mut keys = FxHashSet::default();
        if !self.edits.iter().all(|edit| keys.insert(edit.key)) {
            return Err(invalid_request("Error due to duplicate config keys"));
        }
        let without_value = |edit: &&Edit<'_>| edit.operation != Operation::Delete && edit.value.is_none();
        let missing: Vec<&str> = self.edits.iter().filter(without_value).map(|edit| &**edit.key).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(invalid_request(format!("Null value not supported for : {}", missing.join(", "))))
    }
}

/// Those that were named first, then those that a replacement drops. A broker's are recorded even where nothing
/// changed: that makes it read its key files anew.
fn changed_keys<'a>(
    resource: &ConfigResource,
    alteration: &Alteration<'a>,
    before: Option<&'a Overrides>,
    after: &Overrides,
) -> Vec<&'a ByteString> {
    let value_before = |key: &ByteString| before.and_then(|before| before.get(key));
    let always = resource.kind == ResourceKind::Broker;
    let named = alteration.edits.iter().map(|edit| edit.key);
    let named = named.filter(|key| always || value_before(key) != after.get(*key));
    let dropped = before.into_iter().flatten().map(|(key, _)| key);
    let dropped = dropped.filter(|key| alteration.replaces && !after.contains_key(*key));
    named.chain(dropped).collect()
}

fn config_record(resource: &ConfigResource, key: &ByteString, value: Option<&ByteString>) -> MetadataRecord {
    ConfigRecord {
        resource_type: resource.kind.code(),
        resource_name: resource.name.clone(),
        name: key.clone(),
        value: value.cloned(),
    }
    .into()
}

/// For a topic, or for all where the default changed.
fn clear_elr(resource: &ConfigResource) -> MetadataRecord {
    let topic_name =
        if resource.kind == ResourceKind::Topic { resource.name.clone() } else { ByteString::default() };
    ClearElrRecord { topic_name }.into()
}

fn not_a_list(kind: ResourceKind, edit: &Edit<'_>) -> ApiError {
    let append = edit.operation == Operation::Append;
    let message = if kind == ResourceKind::Broker {
        let operation = if append { "append" } else { "subtract" };
        format!("Config value {operation} is not allowed for config key: {}", edit.key)
    } else {
        let operation = if append { "APPEND" } else { "SUBTRACT" };
        format!("Can't {operation} to key {} because its type is not LIST.", edit.key)
    };
    ApiError::new(ErrorCode::InvalidConfig, message)
}

fn split(list: &str) -> Vec<&str> {
    list.split(',').filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::fixture::{Node, outcome};

    const SET: i8 = 0;
    const DELETE: i8 = 1;
    const APPEND: i8 = 2;
    const SUBTRACT: i8 = 3;

    type Asked<'a> = (i8, &'a str, &'a [(&'a str, i8, Option<&'a str>)]);

    fn request(resources: &[Asked]) -> IncrementalAlterConfigsRequest {
        let resource =
            |(kind, name, edits): &Asked| incremental_alter_configs_request::AlterConfigsResource {
                resource_type: *kind,
                resource_name: (*name).into(),
                configs: edits
                    .iter()
                    .map(|(key, operation, value)| incremental_alter_configs_request::AlterableConfig {
                        name: (*key).into(),
                        config_operation: *operation,
                        value: value.map(ByteString::from),
                    })
                    .collect(),
            };
        IncrementalAlterConfigsRequest {
            resources: resources.iter().map(resource).collect(),
            ..Default::default()
        }
    }

    fn alter(node: &mut Node, asked: Asked) -> Vec<String> {
        let decision = node.controller().incremental_alter_configs(&request(&[asked]));
        let records = decision.records.iter().map(|record| record.name().to_owned()).collect();
        let (response, _) = node.replay(decision);
        assert_eq!(response.responses[0].error_code, 0, "{:?}", response.responses[0].error_message);
        records
    }

    fn value<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
        node.image.configs().value(ResourceKind::Topic, "t", key).map(|value| &**value)
    }

    #[test]
    fn alterations_that_cannot_be_are_refused_in_kafkas_words() {
        use ErrorCode as E;
        let mut node = Node::new();
        node.create("t", 1);
        let good: &[_] = &[("retention.ms", SET, Some("5"))];
        for (asked, code, message) in [
            ((2, "nope", good), E::UnknownTopicOrPartition, "The topic 'nope' does not exist."),
            ((2, "", good), E::InvalidRequest, "Default topic resources are not allowed."),
            (
                (2, "a b", good),
                E::InvalidTopicException,
                "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' \
                 and '-'",
            ),
            (
                (2, "t", &[("retention.ms", SET, None)]),
                E::InvalidRequest,
                "Null value not supported for : retention.ms",
            ),
            ((2, "t", &[("retention.ms", 9, Some("5"))]), E::InvalidRequest, "Unknown operations type 9"),
            (
                (2, "t", &[("retention.ms", SET, Some("soon"))]),
                E::InvalidConfig,
                "Invalid value soon for configuration retention.ms: Not a number of type LONG",
            ),
            (
                (2, "t", &[("retention.ms", APPEND, Some("5"))]),
                E::InvalidConfig,
                "Can't APPEND to key retention.ms because its type is not LIST.",
            ),
            (
                (2, "t", &[("retention.ms", SUBTRACT, Some("5"))]),
                E::InvalidConfig,
                "Can't SUBTRACT to key retention.ms because its type is not LIST.",
            ),
            (
                (4, "1", &[("log.cleaner.threads", APPEND, Some("5"))]),
                E::InvalidConfig,
                "Config value append is not allowed for config key: log.cleaner.threads",
            ),
            (
                (2, "t", &[("retention.ms", SET, Some("5")), ("retention.ms", DELETE, None)]),
                E::InvalidRequest,
                "Error due to duplicate config keys",
            ),
            ((4, "9", good), E::InvalidRequest, "Unexpected broker id, expected 1, but received 9"),
            ((4, "x", good), E::InvalidRequest, "Node id must be an integer, but it is: x"),
            ((32, "", good), E::InvalidRequest, "Default group resources are not allowed."),
            ((16, "", good), E::InvalidRequest, "Subscription name can't be empty"),
            ((7, "m", good), E::InvalidRequest, "Unknown resource type 7"),
            ((8, "1", good), E::InvalidRequest, "Unknown resource type 8"),
            (
                (4, "", &[("min.insync.replicas", DELETE, None)]),
                E::InvalidConfig,
                "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
            ),
            (
                (4, "1", &[("min.insync.replicas", SET, Some("2"))]),
                E::InvalidConfig,
                "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
            ),
        ] {
            let decision = node.controller().incremental_alter_configs(&request(&[asked]));
            let result = &decision.response.responses[0];
            assert_eq!(outcome(result.error_code, &result.error_message), (code, message), "{asked:?}");
            assert_eq!(decision.records, [], "{asked:?}");
        }
    }

    #[test]
    fn a_resource_that_is_named_twice_is_refused_twice() {
        let mut node = Node::new();
        node.create("t", 1);
        let decision = node.controller().incremental_alter_configs(&request(&[(2, "t", &[]), (2, "t", &[])]));
        let outcomes: Vec<_> =
            decision.response.responses.iter().map(|r| outcome(r.error_code, &r.error_message)).collect();
        assert_eq!(outcomes, [(ErrorCode::InvalidRequest, "Each resource must appear at most once."); 2]);
    }

    #[test]
    fn lists_grow_and_shrink_from_their_default() {
        let mut node = Node::new();
        node.create("t", 1);
        for (operation, list, then) in [
            (APPEND, "compact,,", "delete,compact"),
            (APPEND, "compact", "delete,compact"),
            (SUBTRACT, "compact", "delete"),
            (SUBTRACT, "delete", ""),
        ] {
            alter(&mut node, (2, "t", &[("cleanup.policy", operation, Some(list))]));
            assert_eq!(value(&node, "cleanup.policy"), Some(then));
        }
    }

    #[test]
    fn only_what_changes_is_recorded_but_for_brokers() {
        let mut node = Node::new();
        node.create("t", 1);
        let retention: Asked = (2, "t", &[("retention.ms", SET, Some("5"))]);
        assert_eq!(alter(&mut node, retention), ["ConfigRecord"]);
        assert_eq!(alter(&mut node, retention), [""; 0]);
        assert_eq!(alter(&mut node, (2, "t", &[("cleanup.policy", DELETE, None)])), [""; 0]);
        let threads: Asked = (4, "1", &[("log.cleaner.threads", SET, Some("2"))]);
        assert_eq!(alter(&mut node, threads), ["ConfigRecord"]);
        assert_eq!(alter(&mut node, threads), ["ConfigRecord"]);
    }

    #[test]
    fn eligible_leader_replicas_are_forgotten_when_min_insync_replicas_changes() {
        let mut node = Node::new();
        node.create("t", 1);
        for asked in [
            (2, "t", &[("min.insync.replicas", SET, Some("2"))] as &[_]),
            (4, "", &[("min.insync.replicas", SET, Some("2"))]),
        ] {
            assert_eq!(alter(&mut node, asked), ["ConfigRecord", "ClearElrRecord"]);
        }
    }

    #[test]
    fn a_replacement_drops_what_it_does_not_name() {
        let mut node = Node::new();
        node.create("t", 1);
        alter(
            &mut node,
            (2, "t", &[("retention.ms", SET, Some("5")), ("min.insync.replicas", SET, Some("1"))]),
        );
        let config = alter_configs_request::AlterableConfig {
            name: "cleanup.policy".into(),
            value: Some("compact".into()),
        };
        let resource = alter_configs_request::AlterConfigsResource {
            resource_type: 2,
            resource_name: "t".into(),
            configs: vec![config],
        };
        let request = AlterConfigsRequest { resources: vec![resource], ..Default::default() };
        let decision = node.controller().alter_configs(&request);
        assert_eq!(decision.records.len(), 4, "one set, two dropped, one ClearElr");
        node.replay(decision);
        let keys: Vec<_> =
            node.image.configs().get(ResourceKind::Topic, "t").expect("one is left").keys().collect();
        assert_eq!(keys, ["cleanup.policy"]);
    }
}
