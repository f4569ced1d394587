//! `ottla config`: options of brokers, log levels, groups and client metrics, and of the broker that this executable would start.
//!
//! ```text
//! entity     whose options are meant
//! option     an option with its value, and where that comes from
//! get, list  options, and who has some of their own
//! change     options that are set and unset
//! explain    what options there are, without a cluster
//! ```

mod change;
mod entity;
mod explain;
mod get;
mod list;
mod option;

use anyhow::Result;
use clap::Subcommand;

pub(super) use change::{ChangeArgs, change, key_value, settings, unsettings};
pub(super) use get::options_of;
pub(super) use option::OptionRow;

use crate::exit::Outcome;
use crate::remote::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    Get(get::GetArgs),
    Set(change::SetArgs),
    Unset(change::UnsetArgs),
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    Explain(explain::ExplainArgs),
}

pub(crate) fn run(command: ConfigCommand) -> Result<Outcome> {
    match command {
        ConfigCommand::Explain(args) => explain::run(&args),
        ConfigCommand::Get(args) => block_on(Box::pin(get::run(&args))),
        ConfigCommand::Set(args) => block_on(Box::pin(change::set(&args))),
        ConfigCommand::Unset(args) => block_on(Box::pin(change::unset(&args))),
        ConfigCommand::List(args) => block_on(Box::pin(list::run(&args))),
    }
}
