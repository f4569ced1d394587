//! `ottla top`: what a cluster does, live.
//!
//! ```text
//! wanted   which topics and groups are meant
//! asking   a round of requests, a handful to each broker
//! sample   what was told in it
//! rates    two rounds, and what happened between them
//! rows     what is answered
//! order    which rows come first
//! live     the same on the whole terminal, with keys
//! ```

mod asking;
mod live;
mod order;
mod rates;
mod rows;
mod sample;
mod wanted;

use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use ottla_client::Client;
use tokio::time::{MissedTickBehavior, interval};

use crate::commands::rounds::RoundsArgs;
use crate::exit::{Outcome, print_error};
use crate::output::OutputArgs;
use crate::remote::{ConnectionArgs, block_on, connect_with};
use crate::screen;
use crate::signals::Signals;
use live::Live;
use order::{Order, Sort};
use wanted::{Wanted, WantedArgs};

/// Watch what a cluster does: topics by traffic, groups by lag
#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal it takes the whole screen: t topics, g groups, s sorts by
something else, p pauses, arrows and pages scroll, q ends. In a pipe, with -n
or in another format it prints a block each time, with rates from the first
one on: what happened in the interval before it.

Records are counted by offsets, bytes by the leaders' segments. With --topic
groups are those that committed offsets in such topics, and their lag is what
they have not had of these. What may not be seen or is not told stays empty,
and why stands beside it.

Examples:
  ottla top
  ottla top --topic 'orders*' --group /^billing/ --sort growth
  ottla top -n 1 --limit 10
  ottla top -o ndjson | jq -c '.groups[] | select(.lag > 1000)'")]
pub(crate) struct TopArgs {
    #[command(flatten)]
    wanted: WantedArgs,

    /// By what to sort, from the greatest on
    #[arg(short, long, value_enum, value_name = "WHAT")]
    sort: Option<Sort>,

    /// So many topics and so many groups at most
    #[arg(short, long, value_name = "N")]
    limit: Option<usize>,

    #[command(flatten)]
    rounds: RoundsArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) fn run(args: &TopArgs) -> Result<Outcome> {
    let every = args.rounds.every()?;
    let wanted = Arc::new(Wanted::new(&args.wanted)?);
    let order = Order::new(args.sort);
    block_on(Box::pin(async {
        let properties = [asking::patience(), args.connection.properties()?].concat();
        let client = connect_with(&properties).await?.client;
        if args.rounds.takes_terminal(args.output) {
            let mut live = Live::new(wanted.clone(), order, args.limit, every);
            screen::show(&mut live, every, async || asking::ask(&client, &wanted).await).await?;
            return Ok(Outcome::Success);
        }
        let signals = Signals::listen()?;
        tokio::select! {
            ended = print_rounds(args, &client, &wanted) => ended,
            asked = signals.asked() => Ok(args.rounds.interrupted(asked)),
        }
    }))
}

/// The first round tells no rates, so it is not shown.
async fn print_rounds(args: &TopArgs, client: &Client, wanted: &Arc<Wanted>) -> Result<Outcome> {
    let mut pace = interval(args.rounds.every()?);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace.tick().await;
    let mut before = Some(asking::ask(client, wanted).await?);
    let mut outcome = Outcome::Success;
    for round in 0..args.rounds.count() {
        pace.tick().await;
        match asking::ask(client, wanted).await {
            Ok(now) => {
                let mut top = rates::top(before.as_ref(), &now, wanted);
                Order::new(args.sort).sort(&mut top);
                top.limit(args.limit);
                if round > 0 {
                    args.output.separate()?;
                }
                args.output.print_all(&[top])?;
                (before, outcome) = (Some(now), Outcome::Success);
            }
            Err(error) => {
                print_error(&format!("{error}; asking again"));
                outcome = Outcome::Failure;
            }
        }
    }
    Ok(outcome)
}
