//! `ottla txn`: transactions, and ending those that nobody else will.

mod abort;
mod describe;
mod find_hanging;
mod list;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Outcome;
use crate::remote::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum TxnCommand {
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    Describe(describe::DescribeArgs),
    Abort(abort::AbortArgs),
    FindHanging(find_hanging::FindHangingArgs),
}

pub(crate) fn run(command: TxnCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            TxnCommand::List(args) => Box::pin(list::run(&args)).await,
            TxnCommand::Describe(args) => Box::pin(describe::run(&args)).await,
            TxnCommand::Abort(args) => Box::pin(abort::run(&args)).await,
            TxnCommand::FindHanging(args) => Box::pin(find_hanging::run(&args)).await,
        }
    })
}
