//! `ottla topic add-partitions`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use clap::Args;
use ottla_client::admin::NewPartitions;

use super::names;
use crate::commands::changes::Changes;
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::remote::{ConnectionArgs, Remote};

/// Give topics more partitions
#[derive(Debug, Args)]
#[command(after_help = "\
Records with the same key go to other partitions from then on. Partitions
cannot be taken away again.

Examples:
  ottla topic add-partitions orders --to 12
  ottla topic add-partitions orders payments --by 3 --validate-only")]
pub(crate) struct AddPartitionsArgs {
    /// Topics that get more partitions
    #[arg(required = true, value_name = "TOPIC")]
    topics: Vec<String>,

    /// How many it shall have in all
    #[arg(long, value_name = "N", required_unless_present = "by")]
    to: Option<i32>,

    /// How many are added to those that it has
    #[arg(long, value_name = "N", conflicts_with = "to", value_parser = clap::value_parser!(i32).range(1..))]
    by: Option<i32>,

    /// Only say whether it could be done
    #[arg(long, visible_alias = "dry-run")]
    validate_only: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &AddPartitionsArgs) -> Result<Outcome> {
    let remote = args.connection.connect().await?;
    let wanted = wanted(args, &remote).await?;
    let results = remote.admin.create_partitions(&wanted, args.validate_only).await?;
    let mut changes = Changes::default();
    for (name, result) in results {
        changes.add(name, result, if args.validate_only { "valid" } else { "altered" });
    }
    changes.report(args.output)
}

async fn wanted<'a>(
    args: &'a AddPartitionsArgs,
    remote: &Remote,
) -> Result<BTreeMap<&'a str, NewPartitions>> {
    let topics = names(&args.topics);
    if let Some(count) = args.to {
        return Ok(topics.into_iter().map(|name| (name, NewPartitions::to(count))).collect());
    }
    let by = args.by.context("clap requires one of both")?;
    let mut described = remote.admin.describe_topics(&topics).await?;
    let mut wanted = BTreeMap::new();
    for name in topics {
        let Some(topic) = described.remove(name) else { continue };
        let count = i32::try_from(topic?.partitions.len())?.checked_add(by);
        let count = count.ok_or_else(|| usage(format!("--by {by} is too many")))?;
        wanted.insert(name, NewPartitions::to(count));
    }
    Ok(wanted)
}
