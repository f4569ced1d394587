//! `ottla check lag`.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;

use super::limits::{LimitArgs, Measure};
use super::verdict::Verdict;
use crate::commands::group::lag_of;
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Whether a group keeps up: how many records it is behind, or for how long
#[derive(Debug, Args)]
#[command(after_help = "\
The limits say what counts: all records that the group has not had, or how
long the oldest of them has been there.

Examples:
  ottla check lag billing -w 1000 -c 10000
  ottla check lag billing --topic orders -w 1m -c 10m")]
pub(crate) struct LagArgs {
    /// The group that is asked about
    #[arg(value_name = "GROUP")]
    group: String,

    /// In these alone [default: all that the group has been in]
    #[arg(short, long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,

    #[command(flatten)]
    limits: LimitArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &LagArgs) -> Result<Verdict> {
    let limits = args.limits.limits()?;
    let remote = args.connection.connect().await?;
    let lag = lag_of(&remote, &args.group, &args.topics).await?;
    let group = &args.group;
    let records = Measure::Count(lag.records);
    if !limits.are_times() {
        let text = format!("the lag of {group} is {records}");
        return Ok(Verdict::new(limits.judge(records), text).measuring(limits.figure("lag", records)));
    }
    let unknown = || format!("the lag of {group} is {records}, and it is not known for how long");
    let ms = lag.ms.with_context(unknown)?;
    let time = Measure::Time(Duration::from_millis(ms.unsigned_abs()));
    let text = format!("the lag of {group} is {time} s, {records} in records");
    Ok(Verdict::new(limits.judge(time), text).measuring(limits.figure("lag", time)))
}
