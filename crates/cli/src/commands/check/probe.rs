//! What checks take that try something out.

use std::time::Duration;

use clap::Args;

use super::limits::LimitArgs;
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;
use crate::timestamp::parse_duration;

#[derive(Debug, Args)]
pub(super) struct ProbeArgs {
    /// The topic, or some of its partitions
    #[arg(value_name = "TOPIC[:N,…]")]
    pub(super) topic: String,

    #[command(flatten)]
    pub(super) limits: LimitArgs,

    /// It is critical if it takes longer
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = patience)]
    pub(super) timeout: Duration,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
}

fn patience(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| "give it as 500ms, 2s or 1m".to_owned())
}
