//! `ottla share`: groups whose members share partitions (KIP-932).

mod delete;
mod describe;
mod seek;

use anyhow::Result;
use clap::Subcommand;

use crate::commands::group;
use crate::exit::Outcome;
use crate::remote::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum ShareCommand {
    /// List share groups
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  ottla share list
  ottla share list --state Empty -o json"
    )]
    List(group::ListOfKindArgs),
    Describe(describe::DescribeArgs),
    #[command(visible_alias = "reset")]
    Seek(seek::SeekArgs),
    /// Delete share groups, and where they are
    #[command(
        visible_alias = "rm",
        after_help = "\
A group must have no members to be deleted.

Example:
  ottla share delete billing --yes"
    )]
    Delete(group::DeleteArgs),
    DeleteOffsets(delete::DeleteOffsetsArgs),
}

pub(crate) fn run(command: ShareCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            ShareCommand::List(args) => Box::pin(group::list_of_kind(&args, "share")).await,
            ShareCommand::Describe(args) => Box::pin(describe::run(&args)).await,
            ShareCommand::Seek(args) => Box::pin(seek::run(&args)).await,
            ShareCommand::Delete(args) => Box::pin(group::delete(&args)).await,
            ShareCommand::DeleteOffsets(args) => Box::pin(delete::run(&args)).await,
        }
    })
}
