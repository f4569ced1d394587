//! `ottla share seek`: where a share group goes on.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::Admin;

use crate::commands::group::{parse_reset, report_reset, warn_of_members};
use crate::commands::partitions_of::named_partitions;
use crate::exit::{Outcome, print_warning, usage};
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Set where a share group goes on; shows it alone without --execute
#[derive(Debug, Args)]
#[command(after_help = "\
The group must have no members meanwhile. TO is start, end, an offset, +N or -N
from where the group is, or @TIME.

Examples:
  ottla share seek billing --to start
  ottla share seek billing --to @-2h --topic orders --execute")]
pub(crate) struct SeekArgs {
    /// The share group, which may be a new one
    #[arg(value_name = "GROUP")]
    group: String,

    /// Where to
    #[arg(long, value_name = "TO", allow_hyphen_values = true)]
    to: String,

    /// In these alone [default: all that the group has been in]
    #[arg(short, long = "topic", value_name = "TOPIC[:N,…]")]
    topics: Vec<String>,

    /// Do it
    #[arg(long)]
    execute: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &SeekArgs) -> Result<Outcome> {
    let reset = parse_reset(&args.to)
        .ok_or_else(|| usage(format!("--to {}: give start, end, 42, +10, -10 or @TIME", args.to)))?;
    let admin = args.connection.connect().await?.admin;
    let named = named_partitions(&admin, &args.topics).await?;
    let wanted = (!named.is_empty()).then_some(&named[..]);
    let plan = admin.plan_share_offset_reset(&args.group, wanted, &reset).await?;
    if plan.is_empty() {
        return Err(usage(format!("{} has been nowhere: name topics with --topic", args.group)));
    }
    let mut results = BTreeMap::new();
    if args.execute {
        results = admin.reset_share_offsets(&args.group, &plan).await?;
    } else {
        warn_of_members(&args.group, member_count(&admin, &args.group).await);
        if args.output.is_for_people() {
            print_warning("nothing was changed: --execute does it");
        }
    }
    report_reset(args.output, plan, results)
}

/// As far as that is told: a new group has none.
async fn member_count(admin: &Admin, group: &str) -> usize {
    let described = admin.describe_share_groups(&[group]).await.unwrap_or_default().into_values().next();
    described.and_then(Result::ok).map_or(0, |group| group.members.len())
}
