//! Options of brokers, topics, groups and client metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_wire::messages::describe_configs_request::DescribeConfigsResource;
use ottla_wire::messages::describe_configs_response::DescribeConfigsResourceResult;
use ottla_wire::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use ottla_wire::messages::{
    DescribeConfigsRequest, IncrementalAlterConfigsRequest, ListConfigResourcesRequest,
};

use super::{Admin, Results, text};
use crate::{BrokerId, Call, Destination, Result};

/// What has options.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ConfigResource {
    /// A topic, by its name.
    Topic(Arc<str>),
    /// A broker; none for what all brokers have.
    Broker(Option<BrokerId>),
    /// A broker's log levels.
    BrokerLogger(BrokerId),
    /// What brokers ask of clients' metrics, by the name of the subscription.
    ClientMetrics(Arc<str>),
    /// A group, by its id.
    Group(Arc<str>),
}

impl ConfigResource {
    /// A topic.
    pub fn topic(name: &str) -> ConfigResource {
        ConfigResource::Topic(text(name))
    }

    /// A group.
    pub fn group(id: &str) -> ConfigResource {
        ConfigResource::Group(text(id))
    }

    fn kind(&self) -> i8 {
        match self {
            ConfigResource::Topic(_) => 2,
            ConfigResource::Broker(_) => 4,
            ConfigResource::BrokerLogger(_) => 8,
            ConfigResource::ClientMetrics(_) => 16,
            ConfigResource::Group(_) => 32,
        }
    }

    fn name(&self) -> String {
        match self {
            ConfigResource::Topic(name)
            | ConfigResource::ClientMetrics(name)
            | ConfigResource::Group(name) => name.to_string(),
            ConfigResource::Broker(None) => String::new(),
            ConfigResource::Broker(Some(id)) | ConfigResource::BrokerLogger(id) => id.to_string(),
        }
    }

    /// None of a kind that this client does not know.
    fn told(kind: i8, name: &str) -> Option<ConfigResource> {
        match kind {
            2 => Some(ConfigResource::topic(name)),
            4 if name.is_empty() => Some(ConfigResource::Broker(None)),
            4 => Some(ConfigResource::Broker(Some(name.parse().ok()?))),
            8 => Some(ConfigResource::BrokerLogger(name.parse().ok()?)),
            16 => Some(ConfigResource::ClientMetrics(text(name))),
            32 => Some(ConfigResource::group(name)),
            _ => None,
        }
    }

    /// What a broker alone knows of itself it must be asked itself.
    fn destination(&self, otherwise: Destination) -> Destination {
        match self {
            ConfigResource::Broker(Some(id)) | ConfigResource::BrokerLogger(id) => Destination::Broker(*id),
            ConfigResource::Broker(None)
            | ConfigResource::Topic(_)
            | ConfigResource::ClientMetrics(_)
            | ConfigResource::Group(_) => otherwise,
        }
    }
}

/// What is to be told of options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeConfigs {
    /// Also where else the option has a value, in the order in which they would count.
    pub synonyms: bool,
    /// Also what it is for.
    pub documentation: bool,
    /// Of these options alone; none for all.
    pub names: Option<Vec<String>>,
}

/// An option and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigEntry {
    /// Its name.
    pub name: String,
    /// Its value; none if there is none, or it is a secret.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: ConfigSource,
    /// Whether it cannot be changed while the broker runs.
    pub is_read_only: bool,
    /// Whether its value is a secret.
    pub is_sensitive: bool,
    /// The type of its value.
    pub config_type: ConfigType,
    /// Where else it has a value, if that was asked for.
    pub synonyms: Vec<ConfigSynonym>,
    /// What it is for, if that was asked for.
    pub documentation: Option<String>,
}

/// A value that an option has somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigSynonym {
    /// What the option is called there.
    pub name: String,
    /// Its value there.
    pub value: Option<String>,
    /// Where that is.
    pub source: ConfigSource,
}

/// Where the value of an option comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigSource {
    /// Set for the topic.
    DynamicTopic,
    /// Set for the broker while it ran.
    DynamicBroker,
    /// Set for all brokers while they ran.
    DynamicDefaultBroker,
    /// In the broker's file.
    StaticBroker,
    /// Nobody set it.
    Default,
    /// Set for the broker's log levels.
    DynamicBrokerLogger,
    /// Set for the client metrics' subscription.
    DynamicClientMetrics,
    /// Set for the group.
    DynamicGroup,
    /// A later broker knows more.
    Unknown,
}

impl ConfigSource {
    fn told(number: i8) -> ConfigSource {
        match number {
            1 => ConfigSource::DynamicTopic,
            2 => ConfigSource::DynamicBroker,
            3 => ConfigSource::DynamicDefaultBroker,
            4 => ConfigSource::StaticBroker,
            5 => ConfigSource::Default,
            6 => ConfigSource::DynamicBrokerLogger,
            7 => ConfigSource::DynamicClientMetrics,
            8 => ConfigSource::DynamicGroup,
            _ => ConfigSource::Unknown,
        }
    }
}

/// The type of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum ConfigType {
    Boolean,
    String,
    Int,
    Short,
    Long,
    Double,
    List,
    Class,
    Password,
    Unknown,
}

impl ConfigType {
    fn told(number: i8) -> ConfigType {
        match number {
            1 => ConfigType::Boolean,
            2 => ConfigType::String,
            3 => ConfigType::Int,
            4 => ConfigType::Short,
            5 => ConfigType::Long,
            6 => ConfigType::Double,
            7 => ConfigType::List,
            8 => ConfigType::Class,
            9 => ConfigType::Password,
            _ => ConfigType::Unknown,
        }
    }
}

/// A change of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterConfig {
    /// The option.
    pub name: String,
    /// What becomes of it.
    pub operation: ConfigOperation,
}

/// What becomes of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigOperation {
    /// It has this value.
    Set(String),
    /// It has its default again.
    Delete,
    /// These are added to a list.
    Append(String),
    /// These are taken out of a list.
    Subtract(String),
}

impl AlterConfig {
    /// Sets an option.
    pub fn set(name: &str, value: &str) -> AlterConfig {
        AlterConfig { name: name.to_owned(), operation: ConfigOperation::Set(value.to_owned()) }
    }

    /// Gives an option its default again.
    pub fn delete(name: &str) -> AlterConfig {
        AlterConfig { name: name.to_owned(), operation: ConfigOperation::Delete }
    }

    fn to_message(&self) -> AlterableConfig {
        let (config_operation, value) = match &self.operation {
            ConfigOperation::Set(value) => (0, Some(value)),
            ConfigOperation::Delete => (1, None),
            ConfigOperation::Append(value) => (2, Some(value)),
            ConfigOperation::Subtract(value) => (3, Some(value)),
        };
        AlterableConfig {
            name: self.name.as_str().into(),
            config_operation,
            value: value.map(|value| value.as_str().into()),
        }
    }
}

impl Admin {
    /// The options of each resource.
    pub async fn describe_configs(
        &self,
        resources: &[ConfigResource],
        what: &DescribeConfigs,
    ) -> Result<Results<ConfigResource, Vec<ConfigEntry>>> {
        let names = what.names.as_ref().map(|names| names.iter().map(|name| name.as_str().into()).collect());
        let mut results = Results::new();
        for (destination, resources) in by_destination(resources, &Destination::Any) {
            let wanted = resources.iter().map(|resource| DescribeConfigsResource {
                resource_type: resource.kind(),
                resource_name: resource.name().into(),
                configuration_keys: names.clone(),
            });
            let request = DescribeConfigsRequest {
                resources: wanted.collect(),
                include_synonyms: what.synonyms,
                include_documentation: what.documentation,
            };
            let call = Call::to(destination);
            let answered = self.ask(&call, &request, |response, answer| {
                answer.check_carried_out(response.results.iter().map(|result| result.error_code))?;
                let results = response.results.iter().filter_map(|result| {
                    let resource = ConfigResource::told(result.resource_type, &result.resource_name)?;
                    let checked = answer.check(result.error_code, result.error_message.as_deref());
                    Some((resource, checked.map(|()| result.configs.iter().map(entry).collect())))
                });
                Ok(results.collect::<Results<_, _>>())
            });
            results.extend(or_each(answered.await, resources));
        }
        Ok(results)
    }

    /// Changes options and leaves the others (KIP-339); with `validate_only` says whether it could.
    pub async fn alter_configs(
        &self,
        changes: &BTreeMap<ConfigResource, Vec<AlterConfig>>,
        validate_only: bool,
    ) -> Result<Results<ConfigResource, ()>> {
        let resources: Vec<ConfigResource> = changes.keys().cloned().collect();
        let mut results = Results::new();
        for (destination, resources) in by_destination(&resources, &Destination::Controller) {
            let altered = resources.iter().map(|resource| AlterConfigsResource {
                resource_type: resource.kind(),
                resource_name: resource.name().into(),
                configs: changes[resource].iter().map(AlterConfig::to_message).collect(),
            });
            let request = IncrementalAlterConfigsRequest { resources: altered.collect(), validate_only };
            let call = Call::to(destination);
            let answered = self.ask(&call, &request, |response, answer| {
                answer.check_carried_out(response.responses.iter().map(|result| result.error_code))?;
                let results = response.responses.iter().filter_map(|result| {
                    let resource = ConfigResource::told(result.resource_type, &result.resource_name)?;
                    Some((resource, answer.check(result.error_code, result.error_message.as_deref())))
                });
                Ok(results.collect::<Results<_, _>>())
            });
            results.extend(or_each(answered.await, resources));
        }
        Ok(results)
    }

    /// All that has options of its own (KIP-1142). Brokers before Kafka 4.1 know client metrics alone.
    pub async fn list_config_resources(&self) -> Result<Vec<ConfigResource>> {
        let request = ListConfigResourcesRequest { resource_types: Vec::new() };
        self.ask_any(&request, |response, answer| {
            answer.check(response.error_code, None)?;
            let told = response.config_resources.iter();
            Ok(told.filter_map(|it| ConfigResource::told(it.resource_type, &it.resource_name)).collect())
        })
        .await
    }
}

fn by_destination(
    resources: &[ConfigResource],
    otherwise: &Destination,
) -> Vec<(Destination, Vec<ConfigResource>)> {
    let mut groups: Vec<(Destination, Vec<ConfigResource>)> = Vec::new();
    for resource in resources {
        let destination = resource.destination(otherwise.clone());
        match groups.iter_mut().find(|(known, _)| *known == destination) {
            Some((_, resources)) => resources.push(resource.clone()),
            None => groups.push((destination, vec![resource.clone()])),
        }
    }
    groups
}

/// Where one broker of several could not be asked, that is the answer for what it was to be asked about.
fn or_each<K: Ord, V>(answered: Result<Results<K, V>>, asked: Vec<K>) -> Results<K, V> {
    answered.unwrap_or_else(|error| asked.into_iter().map(|key| (key, Err(error.clone()))).collect())
}

fn entry(config: &DescribeConfigsResourceResult) -> ConfigEntry {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    ConfigEntry {
        name: config.name.to_string(),
        value: owned(config.value.as_deref()),
        source: ConfigSource::told(config.config_source),
        is_read_only: config.read_only,
        is_sensitive: config.is_sensitive,
        config_type: ConfigType::told(config.config_type),
        synonyms: config
            .synonyms
            .iter()
            .map(|synonym| ConfigSynonym {
                name: synonym.name.to_string(),
                value: owned(synonym.value.as_deref()),
                source: ConfigSource::told(synonym.source),
            })
            .collect(),
        documentation: owned(config.documentation.as_deref()),
    }
}
