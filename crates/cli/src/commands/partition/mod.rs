//! `ottla partition`: where partitions are, and who leads them.

mod elect;
mod reassign;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Outcome;
use crate::remote::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum PartitionCommand {
    /// Move partitions to other brokers: plan, execute, verify
    #[command(subcommand)]
    Reassign(reassign::ReassignCommand),
    Elect(elect::ElectArgs),
}

pub(crate) fn run(command: PartitionCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            PartitionCommand::Reassign(command) => Box::pin(reassign::run(&command)).await,
            PartitionCommand::Elect(args) => Box::pin(elect::run(&args)).await,
        }
    })
}
