//! Showing something again and again.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::screen;
use crate::signals::Asked;
use crate::timestamp::parse_duration;

/// What every command takes that does so.
#[derive(Debug, Args)]
pub(crate) struct RoundsArgs {
    /// How often
    #[arg(short, long, value_name = "DURATION", default_value = "2s")]
    interval: String,

    /// End after so many times
    #[arg(short, long, visible_alias = "count", value_name = "N")]
    num: Option<u64>,
}

impl RoundsArgs {
    pub(crate) fn every(&self) -> Result<Duration> {
        let every = parse_duration(&self.interval).filter(|every| !every.is_zero());
        every.ok_or_else(|| usage(format!("--interval {}: give it as 500ms, 2s or 1m", self.interval)))
    }

    /// The same as it was said.
    pub(crate) fn interval(&self) -> &str {
        &self.interval
    }

    /// How often at most.
    pub(crate) fn count(&self) -> u64 {
        self.num.unwrap_or(u64::MAX)
    }

    /// Whoever said how often has not seen all of it; else it goes on until it is asked to end.
    pub(crate) fn interrupted(&self, asked: Asked) -> Outcome {
        if self.num.is_some() { asked.outcome() } else { Outcome::Success }
    }

    /// Whether the whole terminal is taken. Who says how often wants to keep what is shown.
    pub(crate) fn takes_terminal(&self, output: OutputArgs) -> bool {
        self.num.is_none() && output.is_for_people() && screen::is_there()
    }
}
