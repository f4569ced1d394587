//! Whose options are meant.

use std::fmt;

use clap::Args;
use ottla_client::BrokerId;
use ottla_client::admin::ConfigResource;

/// One of these, as the command line names it.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct EntityArgs {
    /// Of this broker
    #[arg(long, value_name = "ID")]
    broker: Option<BrokerId>,

    /// Of all brokers that have none of their own
    #[arg(long)]
    default: bool,

    /// The log levels of this broker
    #[arg(long, value_name = "ID")]
    loggers: Option<BrokerId>,

    /// Of this group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,

    /// Of this subscription to clients' metrics
    #[arg(long, value_name = "NAME")]
    client_metrics: Option<String>,

    /// Of this topic, as `ottla topic config` has them
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
}

impl EntityArgs {
    /// Clap has seen to it that there is exactly one.
    pub(super) fn resource(&self) -> ConfigResource {
        let broker = self.broker.map(|id| ConfigResource::Broker(Some(id)));
        let loggers = self.loggers.map(ConfigResource::BrokerLogger);
        let group = self.group.as_deref().map(ConfigResource::group);
        let metrics = self.client_metrics.as_deref().map(|name| ConfigResource::ClientMetrics(name.into()));
        let topic = self.topic.as_deref().map(ConfigResource::topic);
        let named = broker.or(loggers).or(group).or(metrics).or(topic);
        named.unwrap_or(ConfigResource::Broker(None))
    }
}

/// The kind and the name of an entity; what all brokers have has no name.
pub(super) struct Entity {
    pub(super) kind: &'static str,
    pub(super) name: Option<String>,
}

impl From<&ConfigResource> for Entity {
    fn from(resource: &ConfigResource) -> Entity {
        let (kind, name) = match resource {
            ConfigResource::Topic(name) => ("topic", name.to_string()),
            ConfigResource::Broker(None) => return Entity { kind: "broker", name: None },
            ConfigResource::Broker(Some(id)) => ("broker", id.to_string()),
            ConfigResource::BrokerLogger(id) => ("loggers", id.to_string()),
            ConfigResource::ClientMetrics(name) => ("client-metrics", name.to_string()),
            ConfigResource::Group(name) => ("group", name.to_string()),
            // What a later client knows beside these.
            _ => return Entity { kind: "unknown", name: None },
        };
        Entity { kind, name: Some(name) }
    }
}

/// A topic is known by its name alone.
impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) if self.kind == "topic" => f.write_str(name),
            Some(name) => write!(f, "{} {name}", self.kind),
            None => write!(f, "{} default", self.kind),
        }
    }
}
