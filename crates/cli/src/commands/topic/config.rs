//! `ottla topic config` and `ottla topic alter`: the options of topics.

use anyhow::Result;
use clap::{Args, Subcommand};
use ottla_client::admin::{ConfigOperation, ConfigResource};

use crate::commands::config::{ChangeArgs, change, options_of, settings, unsettings};
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
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
    /// The topic whose option it is
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
    /// The topic whose option it is
    #[arg(value_name = "TOPIC")]
    topic: String,

    /// The options, and what they shall be
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
    /// The topic whose option it is
    #[arg(value_name = "TOPIC")]
    topic: String,

    /// The options that shall have their defaults again
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
    /// Topics to change
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

pub(super) async fn run(command: &ConfigCommand) -> Result<Outcome> {
    match command {
        ConfigCommand::Get(args) => get(args).await,
        ConfigCommand::Set(args) => {
            let settings = settings(&args.settings, ConfigOperation::Set)?;
            change(&[ConfigResource::topic(&args.topic)], &settings, &args.change).await
        }
        ConfigCommand::Unset(args) => {
            change(&[ConfigResource::topic(&args.topic)], &unsettings(&args.keys), &args.change).await
        }
    }
}

pub(super) async fn alter(args: &AlterArgs) -> Result<Outcome> {
    let mut changes = settings(&args.set, ConfigOperation::Set)?;
    changes.extend(unsettings(&args.unset));
    changes.extend(settings(&args.append, ConfigOperation::Append)?);
    changes.extend(settings(&args.subtract, ConfigOperation::Subtract)?);
    if changes.is_empty() {
        return Err(usage("name what to change: --set KEY=VALUE, --unset KEY, --append or --subtract"));
    }
    let topics: Vec<ConfigResource> = args.topics.iter().map(|name| ConfigResource::topic(name)).collect();
    change(&topics, &changes, &args.change).await
}

async fn get(args: &GetArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    args.output.print_all(&options_of(&admin, &ConfigResource::topic(&args.topic), &args.keys).await?)?;
    Ok(Outcome::Success)
}
