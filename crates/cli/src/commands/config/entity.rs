//! Whose options are meant.

use std::fmt;

use anyhow::Result;
use clap::Args;
use ottla_client::BrokerId;
use ottla_client::admin::ConfigResource;

use crate::exit::usage;

/// One of these, as the command line names it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Whose")]
#[group(multiple = false)]
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
    pub(super) fn resource(&self) -> Result<ConfigResource> {
        let broker = self.broker.map(|id| ConfigResource::Broker(Some(id)));
        let default = self.default.then_some(ConfigResource::Broker(None));
        let loggers = self.loggers.map(ConfigResource::BrokerLogger);
        let group = self.group.as_deref().map(ConfigResource::group);
        let metrics = self.client_metrics.as_deref().map(|name| ConfigResource::ClientMetrics(name.into()));
        let topic = self.topic.as_deref().map(ConfigResource::topic);
        let named = broker.or(default).or(loggers).or(group).or(metrics).or(topic);
        named.ok_or_else(|| {
            usage(
                "name whose options are meant: --broker ID, --default (of all brokers), --loggers ID, --group, \
                 --client-metrics or --topic",
            )
        })
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
            ConfigResource::Broker(Some(id)) => ("broker", id.to_string()),
            ConfigResource::BrokerLogger(id) => ("loggers", id.to_string()),
            ConfigResource::ClientMetrics(name) => ("client-metrics", name.to_string()),
            ConfigResource::Group(name) => ("group", name.to_string()),
            // The client makes nothing else of what brokers tell.
            ConfigResource::Broker(None) | _ => return Entity { kind: "broker", name: None },
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
