//! `ottla group watch`.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use tokio::signal::ctrl_c;
use tokio::time::interval;

use super::describe::describe;
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::remote::{ConnectionArgs, Remote};
use crate::timestamp::parse_duration;

/// Puts the cursor at the top left, and clears what is below it.
const CLEAR: &[u8] = b"\x1b[H\x1b[J";

/// Show groups again and again, until Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla group watch billing
  ottla group watch billing shipping --interval 500ms
  ottla group watch billing -n 10 -o ndjson | jq '.totalLag'")]
pub(crate) struct WatchArgs {
    /// Groups to look at
    #[arg(required = true, value_name = "GROUP")]
    groups: Vec<String>,

    /// How often
    #[arg(short, long, value_name = "DURATION", default_value = "2s")]
    interval: String,

    /// End after so many times
    #[arg(short, long, value_name = "N")]
    num: Option<u64>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &WatchArgs) -> Result<Outcome> {
    let every = parse_duration(&args.interval).filter(|every| !every.is_zero());
    let every =
        every.ok_or_else(|| usage(format!("--interval {}: give it as 500ms, 2s or 1m", args.interval)))?;
    let remote = args.connection.connect().await?;
    tokio::select! {
        outcome = watch(args, &remote, every) => outcome,
        interrupted = ctrl_c() => Ok(interrupted.map(|()| Outcome::Success)?),
    }
}

async fn watch(args: &WatchArgs, remote: &Remote, every: Duration) -> Result<Outcome> {
    let clears = args.output.is_for_people() && io::stdout().is_terminal();
    let mut pace = interval(every);
    let mut outcome = Outcome::Success;
    for _ in 0..args.num.unwrap_or(u64::MAX) {
        pace.tick().await;
        let (details, described) = describe(remote, &args.groups).await?;
        outcome = described;
        if clears {
            io::stdout().write_all(CLEAR)?;
        }
        args.output.print_all(&details)?;
    }
    Ok(outcome)
}
