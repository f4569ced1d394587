//! `ottla config set` and `ottla config unset`, and changing options of whatever has them.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{AlterConfig, ConfigOperation, ConfigResource};

use super::entity::{Entity, EntityArgs};
use crate::commands::changes::Changes;
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Set options
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla config set --default log.retention.ms=86400000
  ottla config set --broker 1 num.io.threads=16 --validate-only
  ottla config set --loggers 1 root=DEBUG
  ottla config set --client-metrics all interval.ms=60000 metrics=
  ottla config set --group billing consumer.session.timeout.ms=30000")]
pub(crate) struct SetArgs {
    /// The options, and what they shall be
    #[arg(required = true, value_name = "KEY=VALUE")]
    settings: Vec<String>,

    #[command(flatten)]
    entity: EntityArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

/// Give options their defaults again
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla config unset --default log.retention.ms
  ottla config unset --loggers 1 root")]
pub(crate) struct UnsetArgs {
    /// The options that shall have their defaults again
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,

    #[command(flatten)]
    entity: EntityArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

/// What every command takes that changes options.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Only say whether it could be done
    #[arg(long, visible_alias = "dry-run")]
    validate_only: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn set(args: &SetArgs) -> Result<Outcome> {
    let settings = settings(&args.settings, ConfigOperation::Set)?;
    change(&[args.entity.resource()?], &settings, &args.change).await
}

pub(super) async fn unset(args: &UnsetArgs) -> Result<Outcome> {
    change(&[args.entity.resource()?], &unsettings(&args.keys), &args.change).await
}

/// What becomes of options that are given as `key=value`.
pub(crate) fn settings(
    texts: &[String],
    operation: fn(String) -> ConfigOperation,
) -> Result<Vec<AlterConfig>> {
    let setting = |text: &String| {
        let (name, value) = key_value(text)?;
        Ok(AlterConfig { name, operation: operation(value) })
    };
    texts.iter().map(setting).collect()
}

pub(crate) fn unsettings(keys: &[String]) -> Vec<AlterConfig> {
    keys.iter().map(|key| AlterConfig::delete(key)).collect()
}

/// The two halves of `key=value`.
pub(crate) fn key_value(text: &str) -> Result<(String, String)> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err(usage(format!("{text}: give it as key=value, for example retention.ms=86400000"))),
    }
}

/// The same of each of these.
pub(crate) async fn change(
    resources: &[ConfigResource],
    changes: &[AlterConfig],
    args: &ChangeArgs,
) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let wanted: BTreeMap<ConfigResource, Vec<AlterConfig>> =
        resources.iter().map(|resource| (resource.clone(), changes.to_vec())).collect();
    let mut results = admin.alter_configs(&wanted, args.validate_only).await?;
    let done = if args.validate_only { "valid" } else { "altered" };
    let mut changes = Changes::default();
    for resource in resources {
        if let Some(result) = results.remove(resource) {
            changes.add(Entity::from(resource), result, done);
        }
    }
    changes.report(args.output)
}
