//! `ottla share seek`: where a share group goes on.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use ottla_client::TopicPartition;
use ottla_client::admin::{Admin, OffsetReset, OffsetSpec, PartitionState, plan_reset};
use ottla_client::config::IsolationLevel;

use crate::commands::group::{parse_reset, report_reset};
use crate::commands::offsets_of::offsets_of;
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
    let plan = plan_reset(&reset, &states(&admin, &args.group, &named, &reset).await?);
    if plan.is_empty() {
        return Err(usage(format!("{} has been nowhere: name topics with --topic", args.group)));
    }
    let mut results = BTreeMap::new();
    if args.execute {
        let planned =
            plan.iter().filter_map(|(partition, it)| Some((partition.clone(), it.as_ref().ok()?.to)));
        results = admin.alter_share_group_offsets(&args.group, &planned.collect()).await?;
    } else if args.output.is_for_people() {
        print_warning("nothing was changed: --execute does it");
    }
    report_reset(args.output, plan, results)
}

/// What is known of the partitions that are named, or of all in which the group has been.
async fn states(
    admin: &Admin,
    group: &str,
    named: &[TopicPartition],
    reset: &OffsetReset,
) -> Result<BTreeMap<TopicPartition, PartitionState>> {
    let known = admin.list_share_group_offsets(group, None).await?;
    let known: BTreeMap<_, _> =
        known.into_iter().filter_map(|(partition, it)| Some((partition, it.ok()??.start_offset))).collect();
    let partitions: Vec<TopicPartition> =
        if named.is_empty() { known.keys().cloned().collect() } else { named.to_vec() };
    let isolation = IsolationLevel::ReadUncommitted;
    let starts = offsets_of(admin, &partitions, OffsetSpec::Earliest, isolation).await?;
    let ends = offsets_of(admin, &partitions, OffsetSpec::Latest, isolation).await?;
    let mut times = BTreeMap::new();
    if let OffsetReset::Timestamp(time) = reset {
        times = offsets_of(admin, &partitions, OffsetSpec::Timestamp(*time), isolation).await?;
    }
    let state = |partition: &TopicPartition| {
        let state = PartitionState {
            earliest: *starts.get(partition)?,
            latest: *ends.get(partition)?,
            committed: known.get(partition).copied(),
            at_timestamp: times.get(partition).copied(),
        };
        Some((partition.clone(), state))
    };
    Ok(partitions.iter().filter_map(state).collect())
}
