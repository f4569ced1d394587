//! `ottla check consume`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::OffsetSpec;
use ottla_client::config::IsolationLevel;

use super::limits::{LimitArgs, Measure};
use super::verdict::{Status, Verdict};
use crate::clock;
use crate::commands::next_records::next_records;
use crate::commands::offsets_of::offsets_of;
use crate::commands::partitions_of::named_partitions;
use crate::remote::ConnectionArgs;

/// Whether records can be read: the last of each partition, and how long that takes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla check consume orders
  ottla check consume orders:0,3 -w 500ms -c 2s")]
pub(crate) struct ConsumeArgs {
    #[arg(value_name = "TOPIC[:N,…]")]
    topic: String,

    #[command(flatten)]
    limits: LimitArgs,

    /// It is critical if it takes longer
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = super::limits::patience)]
    timeout: Duration,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &ConsumeArgs) -> Result<Verdict> {
    let limits = args.limits.times()?;
    let remote = args.connection.connect().await?;
    let admin = &remote.admin;
    let partitions = named_partitions(admin, std::slice::from_ref(&args.topic)).await?;
    let isolation = IsolationLevel::ReadUncommitted;
    let begins = offsets_of(admin, &partitions, OffsetSpec::Earliest, isolation).await?;
    let ends = offsets_of(admin, &partitions, OffsetSpec::Latest, isolation).await?;
    if let Some(dead) = partitions.iter().find(|partition| !ends.contains_key(partition)) {
        return Ok(Verdict::new(Status::Critical, format!("{dead}: nobody tells where it ends")));
    }
    let last = ends.iter().filter(|(partition, end)| begins.get(partition).is_some_and(|begin| begin < end));
    let stretches = last.map(|(partition, end)| (partition.clone(), (end - 1, *end))).collect();
    let began = clock::now();
    let read = next_records(&remote.client, &stretches, 1, args.timeout).await?;
    let elapsed = began.elapsed();
    if elapsed >= args.timeout {
        let text =
            format!("read from {} of {} partitions within {:?}", read.len(), stretches.len(), args.timeout);
        return Ok(Verdict::new(Status::Critical, text));
    }
    let time = Measure::Time(elapsed);
    let text = format!("read from {0} of {0} partitions in {time} s", stretches.len());
    Ok(Verdict::new(limits.judge(time), text).measuring(limits.figure("time", time)))
}
