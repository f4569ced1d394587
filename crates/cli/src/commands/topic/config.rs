//! `ottla topic config` and `ottla topic alter`: the options of topics.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use ottla_client::admin::{
    AlterConfig, ConfigEntry, ConfigOperation, ConfigResource, ConfigSource, DescribeConfigs,
};
use serde::Serialize;

use super::key_value;
use crate::commands::changes::Changes;
use crate::exit::{Outcome, usage};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    Get(GetArgs),
    Set(SetArgs),
    Unset(UnsetArgs),
}

/// Show options: values, and who set them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla topic config get orders
  ottla topic config get orders retention.ms -o json")]
pub(crate) struct GetArgs {
    #[arg(value_name = "TOPIC")]
    topic: String,

    /// These options alone
    #[arg(value_name = "KEY")]
    keys: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Set options
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla topic config set orders retention.ms=86400000
  ottla topic config set orders cleanup.policy=compact --validate-only")]
pub(crate) struct SetArgs {
    #[arg(value_name = "TOPIC")]
    topic: String,

    #[arg(required = true, value_name = "KEY=VALUE")]
    settings: Vec<String>,

    #[command(flatten)]
    change: ChangeArgs,
}

/// Give options their defaults again
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  ottla topic config unset orders retention.ms")]
pub(crate) struct UnsetArgs {
    #[arg(value_name = "TOPIC")]
    topic: String,

    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,

    #[command(flatten)]
    change: ChangeArgs,
}

/// Change options of several topics at once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla topic alter orders payments --set retention.ms=86400000
  ottla topic alter orders --unset retention.ms --validate-only
  ottla topic alter orders --append cleanup.policy=compact")]
pub(crate) struct AlterArgs {
    #[arg(required = true, value_name = "TOPIC")]
    topics: Vec<String>,

    /// Set an option
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,

    /// Give an option its default again
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,

    /// Add to an option that is a list
    #[arg(long, value_name = "KEY=VALUE")]
    append: Vec<String>,

    /// Take out of an option that is a list
    #[arg(long, value_name = "KEY=VALUE")]
    subtract: Vec<String>,

    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Debug, Args)]
struct ChangeArgs {
    /// Only say whether it could be done
    #[arg(long, visible_alias = "dry-run")]
    validate_only: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// An option; the name of its source is Kafka's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigRow {
    name: String,
    value: Option<String>,
    source: &'static str,
    is_sensitive: bool,
    is_read_only: bool,
}

impl ConfigRow {
    pub(super) const COLUMNS: &'static [Column] = &[
        Column::new("NAME", "name"),
        Column::new("VALUE", "value"),
        Column::new("SOURCE", "source"),
        Column::wide("SENSITIVE", "isSensitive"),
        Column::wide("READ-ONLY", "isReadOnly"),
    ];

    pub(super) fn is_default(&self) -> bool {
        self.source == source(ConfigSource::Default)
    }
}

impl Answer for ConfigRow {
    const LAYOUT: Layout = Layout::Rows(ConfigRow::COLUMNS);
}

impl From<&ConfigEntry> for ConfigRow {
    fn from(entry: &ConfigEntry) -> ConfigRow {
        ConfigRow {
            name: entry.name.clone(),
            value: entry.value.clone(),
            source: source(entry.source),
            is_sensitive: entry.is_sensitive,
            is_read_only: entry.is_read_only,
        }
    }
}

fn source(source: ConfigSource) -> &'static str {
    match source {
        ConfigSource::DynamicTopic => "DYNAMIC_TOPIC_CONFIG",
        ConfigSource::DynamicBroker => "DYNAMIC_BROKER_CONFIG",
        ConfigSource::DynamicDefaultBroker => "DYNAMIC_DEFAULT_BROKER_CONFIG",
        ConfigSource::StaticBroker => "STATIC_BROKER_CONFIG",
        ConfigSource::Default => "DEFAULT_CONFIG",
        ConfigSource::DynamicBrokerLogger => "DYNAMIC_BROKER_LOGGER_CONFIG",
        ConfigSource::DynamicClientMetrics => "DYNAMIC_CLIENT_METRICS_CONFIG",
        ConfigSource::DynamicGroup => "DYNAMIC_GROUP_CONFIG",
        // What a later broker has beside these.
        ConfigSource::Unknown | _ => "UNKNOWN",
    }
}

pub(super) async fn run(command: &ConfigCommand) -> Result<Outcome> {
    match command {
        ConfigCommand::Get(args) => get(args).await,
        ConfigCommand::Set(args) => {
            let changes = pairs(&args.settings, ConfigOperation::Set)?;
            change(&[&args.topic], &changes, &args.change).await
        }
        ConfigCommand::Unset(args) => {
            let changes: Vec<AlterConfig> = args.keys.iter().map(|key| AlterConfig::delete(key)).collect();
            change(&[&args.topic], &changes, &args.change).await
        }
    }
}

pub(super) async fn alter(args: &AlterArgs) -> Result<Outcome> {
    let mut changes = pairs(&args.set, ConfigOperation::Set)?;
    changes.extend(args.unset.iter().map(|key| AlterConfig::delete(key)));
    changes.extend(pairs(&args.append, ConfigOperation::Append)?);
    changes.extend(pairs(&args.subtract, ConfigOperation::Subtract)?);
    if changes.is_empty() {
        return Err(usage("name what to change: --set KEY=VALUE, --unset KEY, --append or --subtract"));
    }
    change(&super::names(&args.topics), &changes, &args.change).await
}

async fn get(args: &GetArgs) -> Result<Outcome> {
    let remote = args.connection.connect().await?;
    let names = (!args.keys.is_empty()).then(|| args.keys.clone());
    let what = DescribeConfigs { names, ..DescribeConfigs::default() };
    let described = remote.admin.describe_configs(&[ConfigResource::topic(&args.topic)], &what).await?;
    let entries = described.into_values().next().context("the broker said nothing of the topic")??;
    if let Some(key) = args.keys.iter().find(|key| !entries.iter().any(|entry| entry.name == **key)) {
        return Err(usage(format!("topics have no option {key}; `ottla topic config get TOPIC` shows all")));
    }
    args.output.print_all(&entries.iter().map(ConfigRow::from).collect::<Vec<_>>())?;
    Ok(Outcome::Success)
}

fn pairs(texts: &[String], operation: fn(String) -> ConfigOperation) -> Result<Vec<AlterConfig>> {
    let pair = |text: &String| {
        let (name, value) = key_value(text)?;
        Ok(AlterConfig { name, operation: operation(value) })
    };
    texts.iter().map(pair).collect()
}

async fn change(topics: &[&str], changes: &[AlterConfig], args: &ChangeArgs) -> Result<Outcome> {
    let remote = args.connection.connect().await?;
    let wanted: BTreeMap<ConfigResource, Vec<AlterConfig>> =
        topics.iter().map(|name| (ConfigResource::topic(name), changes.to_vec())).collect();
    let mut results = remote.admin.alter_configs(&wanted, args.validate_only).await?;
    let mut changes = Changes::default();
    for name in topics {
        if let Some(result) = results.remove(&ConfigResource::topic(name)) {
            changes.add(name, result, if args.validate_only { "valid" } else { "altered" });
        }
    }
    changes.report(args.output)
}
