//! `ottla debug`: what helps to find out what is wrong.

mod bundle;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum DebugCommand {
    Bundle(bundle::BundleArgs),
}

pub(crate) fn run(command: &DebugCommand) -> Result<Outcome> {
    match command {
        DebugCommand::Bundle(args) => bundle::run(args),
    }
}
