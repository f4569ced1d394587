//! DescribeConfigs: the options of topics, brokers, groups and client metrics, and where their values come from.

use ottla_config::{ConfigSynonym, DescribedConfig, Resource, Source};
use ottla_metadata::{ApiError, ResourceKind, names};
use ottla_wire::{
    ErrorCode,
    messages::{
        DescribeConfigsRequest, DescribeConfigsResponse,
        describe_configs_request::DescribeConfigsResource,
        describe_configs_response::{
            DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
        },
    },
};
use tracing::level_filters::LevelFilter;

use super::{Context, unique::unique_by};
use crate::configs;

/// Kafka's number for where a log level comes from.
const BROKER_LOGGER_SOURCE: i8 = 6;
/// Of all resources of one request, far more than a cluster of ten thousand topics has: there is no end to the groups that
/// could be asked for.
const OPTIONS_MAX: usize = 1_000_000;
/// The only logger that is told of: levels of single ones are not known here.
const ROOT_LOGGER: &str = "root";

pub(crate) async fn handle(
    context: &Context<'_>,
    request: DescribeConfigsRequest,
) -> DescribeConfigsResponse {
    let unknown = request.resources.iter().find(|one| ResourceKind::from_code(one.resource_type).is_none());
    let refusal = unknown.map(|one| {
        invalid_request(format!("Unexpected resource type UNKNOWN for resource {}", one.resource_name))
    });
    let mut results: Vec<DescribeConfigsResult> = Vec::new();
    let mut options = 0;
    for resource in unique_by(&request.resources, |asked| {
        (asked.resource_type, &asked.resource_name, &asked.configuration_keys)
    }) {
        let described = match &refusal {
            Some(refusal) => Err(refusal.clone()),
            None if options >= OPTIONS_MAX => Err(invalid_request(format!("More than {OPTIONS_MAX} options were asked for at once: ask for fewer resources"))),
            None => Describe { context, request: &request }.resource(resource),
        };
        options += described.as_ref().map_or(0, Vec::len);
        results.push(result(resource, described));
    }
    DescribeConfigsResponse { results, ..Default::default() }
}

fn result(
    resource: &DescribeConfigsResource,
    described: Result<Vec<DescribeConfigsResourceResult>, ApiError>,
) -> DescribeConfigsResult {
    let about = DescribeConfigsResult {
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.clone(),
        ..Default::default()
    };
    match described {
        Ok(configs) => DescribeConfigsResult { configs, ..about },
        Err(error) => DescribeConfigsResult {
            error_code: error.code.code(),
            error_message: Some(error.message.unwrap_or_default().into()),
            ..about
        },
    }
}

struct Describe<'a> {
    context: &'a Context<'a>,
    request: &'a DescribeConfigsRequest,
}

impl Describe<'_> {
    fn resource(
        &self,
        resource: &DescribeConfigsResource,
    ) -> Result<Vec<DescribeConfigsResourceResult>, ApiError> {
        let name = &*resource.resource_name;
        let kind = ResourceKind::from_code(resource.resource_type).expect("unknown kinds were refused");
        match kind {
            ResourceKind::Topic => {
                self.check_topic(name)?;
                Ok(self.describe(kind, Resource::Topic(name), resource))
            }
            ResourceKind::Broker if name.is_empty() => {
                Ok(self.describe(kind, Resource::AllBrokers, resource))
            }
            ResourceKind::Broker => {
                let node_id = self.check_broker(name, " or empty string,")?;
                Ok(self.describe(kind, Resource::Broker(node_id), resource))
            }
            ResourceKind::BrokerLogger if name.is_empty() => {
                Err(invalid_request("Broker id must not be empty"))
            }
            ResourceKind::BrokerLogger => {
                self.check_broker(name, "")?;
                Ok(loggers(resource))
            }
            ResourceKind::ClientMetrics if name.is_empty() => {
                Err(invalid_request("Client metrics subscription name must not be empty"))
            }
            ResourceKind::ClientMetrics => Ok(self.describe(kind, Resource::ClientMetrics(name), resource)),
            ResourceKind::Group if name.is_empty() => Err(invalid_request("Group name must not be empty")),
            ResourceKind::Group => Ok(self.describe(kind, Resource::Group(name), resource)),
        }
    }

    fn check_topic(&self, name: &str) -> Result<(), ApiError> {
        names::check(name).map_err(|reason| ApiError::new(ErrorCode::InvalidTopicException, reason))?;
        match self.context.broker.metadata.image().topics().id(name) {
            Some(_) => Ok(()),
            None => Err(ApiError::code(ErrorCode::UnknownTopicOrPartition)),
        }
    }

    /// Another broker's files are not known here.
    fn check_broker(&self, name: &str, or: &str) -> Result<i32, ApiError> {
        let expected = self.context.broker.identity.node_id;
        match name.parse::<i32>() {
            Ok(id) if id == expected => Ok(id),
            Ok(_) => Err(invalid_request(format!(
                "Unexpected broker id, expected {expected}{or} but received {name}"
            ))),
            Err(_) => Err(invalid_request(format!("Broker id must be an integer, but it is: {name}"))),
        }
    }

    fn describe(
        &self,
        kind: ResourceKind,
        resource: Resource<'_>,
        asked: &DescribeConfigsResource,
    ) -> Vec<DescribeConfigsResourceResult> {
        let broker = self.context.broker;
        let overrides = configs::overrides(&broker.metadata.image(), kind, &asked.resource_name);
        let keys = asked.configuration_keys.as_ref().filter(|keys| !keys.is_empty());
        let keys: Option<Vec<&str>> = keys.map(|keys| keys.iter().map(|key| &**key).collect());
        let configs = broker.configs.read().expect("nobody panics with the lock held");
        let described = configs.settings().describe(resource, &overrides, keys.as_deref());
        drop(configs);
        described.into_iter().map(|one| self.entry(one)).collect()
    }

    fn entry(&self, described: DescribedConfig) -> DescribeConfigsResourceResult {
        let synonyms = if self.request.include_synonyms { described.synonyms } else { Vec::new() };
        let documentation = self.request.include_documentation.then(|| described.documentation.into());
        DescribeConfigsResourceResult {
            name: described.name.into(),
            value: described.value.map(Into::into),
            read_only: described.is_read_only,
            is_default: described.source == Source::Default,
            config_source: described.source.code(),
            is_sensitive: described.is_sensitive,
            synonyms: synonyms.into_iter().map(synonym).collect(),
            config_type: described.kind.map_or(0, ottla_config::Kind::code),
            documentation,
        }
    }
}

fn synonym(synonym: ConfigSynonym) -> DescribeConfigsSynonym {
    DescribeConfigsSynonym {
        name: synonym.name.into(),
        value: synonym.value.map(Into::into),
        source: synonym.source.code(),
    }
}

/// The level of the log, which was chosen at the start and stays.
fn loggers(asked: &DescribeConfigsResource) -> Vec<DescribeConfigsResourceResult> {
    let root = DescribeConfigsResourceResult {
        name: ROOT_LOGGER.into(),
        value: Some(LevelFilter::current().to_string().to_uppercase().into()),
        read_only: true,
        config_source: BROKER_LOGGER_SOURCE,
        documentation: None,
        ..Default::default()
    };
    let is_asked_for = match &asked.configuration_keys {
        Some(keys) if !keys.is_empty() => keys.iter().any(|key| &**key == ROOT_LOGGER),
        _ => true,
    };
    if is_asked_for { vec![root] } else { Vec::new() }
}

fn invalid_request(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, message)
}
