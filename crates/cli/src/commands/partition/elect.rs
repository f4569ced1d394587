//! `ottla partition elect`.

use anyhow::Result;
use clap::Args;
use ottla_client::ErrorCode;
use ottla_client::admin::ElectionType;

use crate::commands::changes::Changes;
use crate::commands::partitions_of::named_partitions;
use crate::confirm::ConfirmArgs;
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Have leaders elected: the preferred ones, the first of the replicas
#[derive(Debug, Args)]
#[command(after_help = "\
--unclean elects a replica that is not in sync where none is left that is:
records that it lacks are lost.

Examples:
  ottla partition elect --all
  ottla partition elect orders payments:0,3
  ottla partition elect orders:7 --unclean --yes")]
pub(crate) struct ElectArgs {
    /// All partitions of a topic, or some of them
    #[arg(value_name = "TOPIC[:N,…]", required_unless_present = "all")]
    partitions: Vec<String>,

    /// Of all partitions that need it
    #[arg(long, conflicts_with = "partitions")]
    all: bool,

    /// Also of replicas that are not in sync
    #[arg(long)]
    unclean: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &ElectArgs) -> Result<Outcome> {
    if args.unclean && args.all {
        return Err(usage("name the partitions that may lose records: --unclean takes no --all"));
    }
    let election = if args.unclean { ElectionType::Unclean } else { ElectionType::Preferred };
    let what = format!("elect leaders of {} that may lack records", args.partitions.join(", "));
    if args.unclean && !args.confirm.allows(&what)? {
        return Ok(Outcome::Failure);
    }
    let admin = args.connection.connect().await?.admin;
    let named = named_partitions(&admin, &args.partitions).await?;
    let wanted = (!args.all).then_some(&named[..]);
    let mut changes = Changes::default();
    for (partition, result) in admin.elect_leaders(election, wanted).await? {
        match result {
            Err(error) if error.code() == Some(ErrorCode::ElectionNotNeeded) => {
                changes.add(partition, Ok(()), "not needed");
            }
            result => changes.add(partition, result, "elected"),
        }
    }
    changes.report(args.output)
}
