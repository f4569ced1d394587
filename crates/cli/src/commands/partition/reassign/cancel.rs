//! `ottla partition reassign cancel`.

use anyhow::Result;
use clap::Args;

use super::read_plan;
use super::throttling::unthrottle;
use crate::commands::changes::Changes;
use crate::confirm::ConfirmArgs;
use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::reassignment::Assignment;
use crate::remote::ConnectionArgs;

/// End moves that are under way: replicas stay where they were
#[derive(Debug, Args)]
#[command(after_help = "\
Throttles are taken away too.

Examples:
  ottla partition reassign cancel plan.json --yes
  ottla partition reassign cancel --all --yes")]
pub(crate) struct CancelArgs {
    /// The plan whose moves are meant; - is standard input
    #[arg(value_name = "FILE", required_unless_present = "all")]
    plan: Option<String>,

    /// All moves
    #[arg(long, conflicts_with = "plan")]
    all: bool,

    /// Leave throttles as they are
    #[arg(long)]
    keep_throttle: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &CancelArgs) -> Result<Outcome> {
    let planned = args.plan.as_deref().map(read_plan).transpose()?;
    let admin = args.connection.connect().await?.admin;
    let moving = admin.list_partition_reassignments(None).await?.into_iter();
    let moving = moving.filter(|(partition, _)| planned.as_ref().is_none_or(|it| it.contains_key(partition)));
    let moving: Assignment = moving.map(|(partition, it)| (partition, it.replicas)).collect();
    let mut changes = Changes::default();
    if moving.is_empty() {
        return changes.report(args.output);
    }
    if !args.confirm.allows(&format!("end the moves of {} partitions", moving.len()))? {
        return Ok(Outcome::Failure);
    }
    let wanted = moving.keys().map(|partition| (partition.clone(), None)).collect();
    for (partition, result) in admin.alter_partition_reassignments(&wanted, true).await? {
        changes.add(partition, result, "cancelled");
    }
    if !args.keep_throttle {
        unthrottle(&admin, &moving).await?;
    }
    changes.report(args.output)
}
