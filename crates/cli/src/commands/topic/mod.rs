//! `ottla topic`: make, look at, change and remove topics.

mod clone;
mod config;
mod copying;
mod create;
mod delete;
mod describe;
mod export;
mod list;
mod partitions;
mod trim;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Outcome;
use crate::remote::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum TopicCommand {
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    Describe(describe::DescribeArgs),
    Create(create::CreateArgs),
    Alter(config::AlterArgs),
    AddPartitions(partitions::AddPartitionsArgs),
    #[command(visible_alias = "rm")]
    Delete(delete::DeleteArgs),
    Trim(trim::TrimArgs),
    Clone(clone::CloneArgs),
    Export(export::ExportArgs),
    /// Show or change a topic's options
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

pub(crate) fn run(command: TopicCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            TopicCommand::List(args) => Box::pin(list::run(&args)).await,
            TopicCommand::Describe(args) => Box::pin(describe::run(&args)).await,
            TopicCommand::Create(args) => Box::pin(create::run(&args)).await,
            TopicCommand::Alter(args) => Box::pin(config::alter(&args)).await,
            TopicCommand::AddPartitions(args) => Box::pin(partitions::run(&args)).await,
            TopicCommand::Delete(args) => Box::pin(delete::run(&args)).await,
            TopicCommand::Trim(args) => Box::pin(trim::run(&args)).await,
            TopicCommand::Clone(args) => Box::pin(clone::run(&args)).await,
            TopicCommand::Export(args) => Box::pin(export::run(&args)).await,
            TopicCommand::Config(command) => Box::pin(config::run(&command)).await,
        }
    })
}

fn names(topics: &[String]) -> Vec<&str> {
    topics.iter().map(String::as_str).collect()
}
