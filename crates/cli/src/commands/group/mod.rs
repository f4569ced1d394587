//! `ottla group`: who consumes what, how far they are, and setting that otherwise.

mod clone;
mod delete;
mod describe;
mod list;
mod members;
mod peek;
mod seek;
mod watch;

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Subcommand;
use ottla_client::admin::Admin;
use ottla_client::{Offset, TopicPartition};

use crate::commands::partitions_of::named_partitions;
use crate::exit::Outcome;
use crate::remote::block_on;

// Share and streams groups are told of, deleted and set in part as these are.
pub(crate) use delete::{DeleteArgs, DeleteOffsetsArgs, offsets as delete_offsets, run as delete};
pub(crate) use describe::lag_of;
pub(crate) use list::{ListOfKindArgs, list_of_kind};
pub(crate) use seek::{SeekArgs, parse as parse_reset, report as report_reset, run as seek, warn_of_members};

#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    Describe(describe::DescribeArgs),
    #[command(visible_alias = "reset")]
    Seek(SeekArgs),
    #[command(visible_alias = "rm")]
    Delete(DeleteArgs),
    DeleteOffsets(DeleteOffsetsArgs),
    RemoveMember(members::RemoveMemberArgs),
    Clone(clone::CloneArgs),
    Peek(peek::PeekArgs),
    Watch(watch::WatchArgs),
}

pub(crate) fn run(command: GroupCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            GroupCommand::List(args) => Box::pin(list::run(&args)).await,
            GroupCommand::Describe(args) => Box::pin(describe::run(&args)).await,
            GroupCommand::Seek(args) => Box::pin(seek(&args)).await,
            GroupCommand::Delete(args) => Box::pin(delete(&args)).await,
            GroupCommand::DeleteOffsets(args) => Box::pin(delete_offsets(&args)).await,
            GroupCommand::RemoveMember(args) => Box::pin(members::run(&args)).await,
            GroupCommand::Clone(args) => Box::pin(clone::run(&args)).await,
            GroupCommand::Peek(args) => Box::pin(peek::run(&args)).await,
            GroupCommand::Watch(args) => Box::pin(watch::run(&args)).await,
        }
    })
}

/// Where a group has committed, in all partitions or in those that are named on the command line.
pub(crate) async fn committed_offsets(
    admin: &Admin,
    group: &str,
    named: &[String],
) -> Result<BTreeMap<TopicPartition, Offset>> {
    let partitions = named_partitions(admin, named).await?;
    let wanted = (!partitions.is_empty()).then_some(&partitions[..]);
    let listed = admin.list_group_offsets(group, wanted, false).await?;
    Ok(listed.into_iter().filter_map(|(partition, it)| Some((partition, it.ok()??.offset))).collect())
}
