//! `ottla group delete` and `ottla group delete-offsets`.

use anyhow::Result;
use clap::Args;

use crate::commands::changes::Changes;
use crate::commands::partitions_of::named_partitions;
use crate::confirm::ConfirmArgs;
use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Delete groups, and all that they committed
#[derive(Debug, Args)]
#[command(after_help = "\
A group must have no members to be deleted.

Example:
  ottla group delete billing --yes")]
pub(crate) struct DeleteArgs {
    /// Groups without members
    #[arg(required = true, value_name = "GROUP")]
    groups: Vec<String>,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Forget what a group committed of some topics
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla group delete-offsets billing orders --yes
  ottla group delete-offsets billing orders:0,3 payments --yes")]
pub(crate) struct DeleteOffsetsArgs {
    /// The group that forgets where it was
    #[arg(value_name = "GROUP")]
    group: String,

    /// In these topics, or some of their partitions
    #[arg(required = true, value_name = "TOPIC[:N,…]")]
    topics: Vec<String>,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: &DeleteArgs) -> Result<Outcome> {
    if !args.confirm.allows(&format!("delete {} with what they committed", args.groups.join(", ")))? {
        return Ok(Outcome::Failure);
    }
    let remote = args.connection.connect().await?;
    let names: Vec<&str> = args.groups.iter().map(String::as_str).collect();
    let mut changes = Changes::default();
    for (name, result) in remote.admin.delete_groups(&names).await? {
        changes.add(name, result, "deleted");
    }
    changes.report(args.output)
}

pub(crate) async fn offsets(args: &DeleteOffsetsArgs) -> Result<Outcome> {
    let what = format!("forget what {} committed of {}", args.group, args.topics.join(", "));
    if !args.confirm.allows(&what)? {
        return Ok(Outcome::Failure);
    }
    let admin = args.connection.connect().await?.admin;
    let partitions = named_partitions(&admin, &args.topics).await?;
    let mut changes = Changes::default();
    for (partition, result) in admin.delete_group_offsets(&args.group, &partitions).await? {
        changes.add(partition, result, "deleted");
    }
    changes.report(args.output)
}
