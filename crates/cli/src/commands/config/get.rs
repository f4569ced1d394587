//! `ottla config get`.

use anyhow::{Context as _, Result};
use clap::Args;
use ottla_client::admin::{Admin, ConfigResource, DescribeConfigs};

use super::entity::{Entity, EntityArgs};
use super::option::OptionRow;
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Show options: values, and who set them
#[derive(Debug, Args)]
#[command(after_help = "\
-o json has under `synonyms` every place where an option has a value, the one
that counts first.

Examples:
  ottla config get --broker 1 --changed
  ottla config get --broker 1 log.retention.ms -o json
  ottla config get --default
  ottla config get --loggers 1")]
pub(crate) struct GetArgs {
    /// These options alone
    #[arg(value_name = "KEY")]
    keys: Vec<String>,

    /// Only options that do not have their defaults
    #[arg(long)]
    changed: bool,

    #[command(flatten)]
    entity: EntityArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &GetArgs) -> Result<Outcome> {
    let resource = args.entity.resource()?;
    let admin = args.connection.connect().await?.admin;
    let mut options = options_of(&admin, &resource, &args.keys).await?;
    options.retain(|option| !(args.changed && option.is_default()));
    args.output.print_all(&options)?;
    Ok(Outcome::Success)
}

/// Those with these names, or all; one that is not there is an error.
pub(crate) async fn options_of(
    admin: &Admin,
    resource: &ConfigResource,
    keys: &[String],
) -> Result<Vec<OptionRow>> {
    let names = (!keys.is_empty()).then(|| keys.to_vec());
    let what = DescribeConfigs { names, synonyms: true, ..DescribeConfigs::default() };
    let described = admin.describe_configs(std::slice::from_ref(resource), &what).await?;
    let entries = described.into_values().next().context("the broker said nothing of it")??;
    if let Some(key) = keys.iter().find(|key| !entries.iter().any(|entry| entry.name == **key)) {
        let entity = Entity::from(resource);
        return Err(usage(format!("{entity} has no option {key}; without KEY all are shown")));
    }
    let mut options: Vec<OptionRow> = entries.iter().map(OptionRow::from).collect();
    options.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(options)
}
