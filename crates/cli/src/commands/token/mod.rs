//! `ottla token`: delegation tokens, by which programs authenticate in the name of others.

mod create;
mod lifetime;
mod list;
mod row;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Outcome;
use crate::remote::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    Create(create::CreateArgs),
    Renew(lifetime::RenewArgs),
    Expire(lifetime::ExpireArgs),
}

pub(crate) fn run(command: TokenCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            TokenCommand::List(args) => Box::pin(list::run(&args)).await,
            TokenCommand::Create(args) => Box::pin(create::run(&args)).await,
            TokenCommand::Renew(args) => Box::pin(lifetime::renew(&args)).await,
            TokenCommand::Expire(args) => Box::pin(lifetime::expire(&args)).await,
        }
    })
}
