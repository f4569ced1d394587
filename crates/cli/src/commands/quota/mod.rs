//! `ottla quota`: how much clients may ask of brokers.

mod change;
mod describe;
mod entity;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Outcome;
use crate::remote::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum QuotaCommand {
    #[command(visible_alias = "list", visible_alias = "ls")]
    Describe(describe::DescribeArgs),
    Set(change::SetArgs),
    Unset(change::UnsetArgs),
}

pub(crate) fn run(command: QuotaCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            QuotaCommand::Describe(args) => Box::pin(describe::run(&args)).await,
            QuotaCommand::Set(args) => Box::pin(change::set(&args)).await,
            QuotaCommand::Unset(args) => Box::pin(change::unset(&args)).await,
        }
    })
}
