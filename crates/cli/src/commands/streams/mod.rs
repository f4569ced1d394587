//! `ottla streams`: groups of Kafka Streams programs that have brokers assign their tasks (KIP-1071).
//!
//! They commit offsets as groups of consumers do, so that these are set and deleted in the same way.

mod describe;

use anyhow::Result;
use clap::Subcommand;

use crate::commands::group;
use crate::exit::Outcome;
use crate::remote::block_on;

#[derive(Debug, Subcommand)]
pub(crate) enum StreamsCommand {
    /// List streams groups
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  ottla streams list
  ottla streams list --state Empty -o json"
    )]
    List(group::ListOfKindArgs),
    Describe(describe::DescribeArgs),
    /// Set where a streams group goes on; shows it alone without --execute
    #[command(
        visible_alias = "reset",
        after_help = "\
The group must have no members meanwhile. TO is start, end, an offset, +N or -N
from where the group is, @TIME, or `current`. Topics of its own, for state and
for repartitioning, are left as they are.

Examples:
  ottla streams seek totals --to start
  ottla streams seek totals --to @-2h --topic orders --execute"
    )]
    Seek(group::SeekArgs),
    /// Delete streams groups, and all that they committed
    #[command(
        visible_alias = "rm",
        after_help = "\
A group must have no members to be deleted. Its topics are left as they are.

Example:
  ottla streams delete totals --yes"
    )]
    Delete(group::DeleteArgs),
    /// Forget what a streams group committed of some topics
    #[command(after_help = "\
Examples:
  ottla streams delete-offsets totals orders --yes
  ottla streams delete-offsets totals orders:0,3 payments --yes")]
    DeleteOffsets(group::DeleteOffsetsArgs),
}

pub(crate) fn run(command: StreamsCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            StreamsCommand::List(args) => Box::pin(group::list_of_kind(&args, "streams")).await,
            StreamsCommand::Describe(args) => Box::pin(describe::run(&args)).await,
            StreamsCommand::Seek(args) => Box::pin(group::seek(&args)).await,
            StreamsCommand::Delete(args) => Box::pin(group::delete(&args)).await,
            StreamsCommand::DeleteOffsets(args) => Box::pin(group::delete_offsets(&args)).await,
        }
    })
}
