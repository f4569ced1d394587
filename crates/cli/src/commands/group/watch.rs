//! `ottla group watch`.

use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::Results;
use tokio::time::{MissedTickBehavior, interval};

use super::describe::{GroupDetails, cannot_describe, describe};
use crate::commands::rounds::RoundsArgs;
use crate::exit::{Outcome, answered};
use crate::output::OutputArgs;
use crate::payload::printable;
use crate::remote::{ConnectionArgs, Remote};
use crate::screen::{self, Key, Scroll, Size, View, wrapped};
use crate::signals::Signals;

/// Show groups again and again, until Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal it takes the whole screen: arrows and pages scroll, p pauses, q
ends. In a pipe, with -n or in another format it prints them each time.

Examples:
  ottla group watch billing
  ottla group watch billing shipping --interval 500ms
  ottla group watch billing -n 10 -o ndjson | jq '.totalLag'")]
pub(crate) struct WatchArgs {
    /// Groups to look at
    #[arg(required = true, value_name = "GROUP")]
    groups: Vec<String>,

    #[command(flatten)]
    rounds: RoundsArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &WatchArgs) -> Result<Outcome> {
    let every = args.rounds.every()?;
    let remote = args.connection.connect().await?;
    if args.rounds.takes_terminal(args.output) {
        let mut live = Live::new(args);
        screen::show(&mut live, every, async || describe(&remote, &args.groups).await).await?;
        return Ok(Outcome::Success);
    }
    let signals = Signals::listen()?;
    tokio::select! {
        outcome = print_rounds(args, &remote) => outcome,
        asked = signals.asked() => Ok(args.rounds.interrupted(asked)),
    }
}

async fn print_rounds(args: &WatchArgs, remote: &Remote) -> Result<Outcome> {
    let mut pace = interval(args.rounds.every()?);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut outcome = Outcome::Success;
    for round in 0..args.rounds.count() {
        pace.tick().await;
        let (details, described) = answered(describe(remote, &args.groups).await?, cannot_describe);
        outcome = described;
        if round > 0 {
            args.output.separate()?;
        }
        let details: Vec<GroupDetails> = details.into_iter().map(|(_, details)| details).collect();
        args.output.print_all(&details)?;
    }
    Ok(outcome)
}

type Described = Result<Results<Arc<str>, GroupDetails>>;

/// What is on the screen.
struct Live {
    output: OutputArgs,
    title: String,
    /// Why something is missing, or not new.
    problems: Vec<String>,
    shown: Vec<String>,
    scroll: Scroll,
    is_paused: bool,
}

impl Live {
    fn new(args: &WatchArgs) -> Live {
        Live {
            output: args.output,
            title: format!("every {}: {}", args.rounds.interval(), args.groups.join(", ")),
            problems: Vec::new(),
            shown: vec!["asking ...".into()],
            scroll: Scroll::default(),
            is_paused: false,
        }
    }

    fn show(&mut self, described: Described) -> Result<()> {
        let (mut details, mut problems) = (Vec::new(), Vec::new());
        for (name, described) in described? {
            match described {
                Ok(described) => details.push(described),
                Err(error) => problems.push(format!("{}: {error}", cannot_describe(&name))),
            }
        }
        self.shown = self.output.lines(&details)?;
        self.problems = problems;
        Ok(())
    }
}

impl View for Live {
    type Answer = Described;

    fn asks(&self) -> bool {
        !self.is_paused
    }

    fn take(&mut self, described: Described) {
        if !self.is_paused
            && let Err(error) = self.show(described)
        {
            self.problems = vec![format!("asking again: {error:#}")];
        }
    }

    fn press(&mut self, key: Key) {
        if matches!(key, Key::Char('p' | ' ')) {
            self.is_paused = !self.is_paused;
        } else {
            self.scroll.press(key);
        }
    }

    fn lines(&mut self, size: Size) -> Vec<String> {
        let pause = if self.is_paused { "paused, " } else { "" };
        let mut lines = vec![format!("{pause}{}", printable(self.title.as_bytes()))];
        // They leave room for what there is.
        let problems = self.problems.iter();
        let problems = problems.flat_map(|it| wrapped(&printable(it.as_bytes()), size.columns, size.rows));
        lines.extend(problems.take((size.rows / 4).max(1)));
        lines.push(String::new());
        let room = size.rows.saturating_sub(lines.len());
        let shown = self.scroll.shown(self.shown.len(), room);
        lines.extend(self.shown[shown].iter().cloned());
        lines
    }
}
