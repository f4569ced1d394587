//! `ottla check offsets`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::OffsetSpec;
use ottla_client::config::IsolationLevel;

use super::limits::{LimitArgs, Measure};
use super::verdict::{Status, Verdict};
use crate::clock;
use crate::commands::partitions_of::named_partitions;
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Whether records still come: how old the newest one is
#[derive(Debug, Args)]
#[command(after_help = "\
With limits, a topic without records is critical.

Examples:
  ottla check offsets orders -w 10m -c 1h")]
pub(crate) struct OffsetsArgs {
    /// The topic, or some of its partitions
    #[arg(value_name = "TOPIC[:N,…]")]
    topic: String,

    #[command(flatten)]
    limits: LimitArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &OffsetsArgs) -> Result<Verdict> {
    let limits = args.limits.times()?;
    let remote = args.connection.connect().await?;
    let partitions = named_partitions(&remote.admin, std::slice::from_ref(&args.topic)).await?;
    let specs = partitions.iter().map(|partition| (partition.clone(), OffsetSpec::MaxTimestamp)).collect();
    let listed = remote.admin.list_offsets(&specs, IsolationLevel::ReadUncommitted).await?;
    let mut newest = None;
    for (partition, answer) in listed {
        match answer {
            Ok(told) => newest = newest.max(told.timestamp.filter(|_| told.offset.is_some())),
            Err(error) => return Ok(Verdict::new(Status::Critical, format!("{partition}: {error}"))),
        }
    }
    let Some(newest) = newest else {
        let status = if limits.is_none() { Status::Ok } else { Status::Critical };
        return Ok(Verdict::new(status, format!("{} has no records", args.topic)));
    };
    let age = u64::try_from(clock::wall_ms() - newest).unwrap_or(0);
    let age = Measure::Time(Duration::from_millis(age));
    let text = format!("the newest record of {} is {age} s old", args.topic);
    Ok(Verdict::new(limits.judge(age), text).measuring(limits.figure("age", age)))
}
