//! What `ottla` can do: one module for each command.

pub(crate) mod config_explain;
pub(crate) mod log_dump;
pub(crate) mod serve;

use anyhow::Result;

use crate::args::{Command, ConfigCommand, LogCommand};
use crate::exit::Outcome;

pub(crate) fn run(command: Command) -> Result<Outcome> {
    match command {
        Command::Serve(args) => serve::run(&args),
        Command::Config(ConfigCommand::Explain(args)) => config_explain::run(&args),
        Command::Log(LogCommand::Dump(args)) => log_dump::run(&args),
    }
}
