//! `ottla cluster`: the brokers, and how they are.

pub(crate) mod clients;
mod features;
mod health;
mod info;
mod log_dirs;
mod quorum;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::remote::{ConnectionArgs, block_on};

#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Show the cluster's id, controller and brokers
    Info(QuestionArgs),
    /// List the brokers
    Brokers(QuestionArgs),
    /// Tell whether all partitions have leaders and replicas; exits with 1 if not
    Health(QuestionArgs),
    /// Show the quorum of controllers
    Quorum(QuestionArgs),
    /// Show features: what brokers support, and what is in use
    Features(QuestionArgs),
    /// Show the data directories of brokers
    LogDirs(QuestionArgs),
    Clients(clients::ClientsArgs),
}

/// A question that needs no answer but how to print it.
#[derive(Debug, Args)]
pub(crate) struct QuestionArgs {
    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) fn run(command: ClusterCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            ClusterCommand::Info(args) => Box::pin(info::run(&args)).await,
            ClusterCommand::Brokers(args) => Box::pin(info::brokers(&args)).await,
            ClusterCommand::Health(args) => Box::pin(health::run(&args)).await,
            ClusterCommand::Quorum(args) => Box::pin(quorum::run(&args)).await,
            ClusterCommand::Features(args) => Box::pin(features::run(&args)).await,
            ClusterCommand::LogDirs(args) => Box::pin(log_dirs::run(&args)).await,
            ClusterCommand::Clients(args) => Box::pin(clients::run(&args)).await,
        }
    })
}
