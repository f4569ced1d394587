//! `ottla group clone`.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use ottla_client::Offset;
use ottla_client::admin::CommittedOffset;
use serde::Serialize;

use super::committed_offsets;
use super::seek::print_not_set;
use crate::exit::{Outcome, print_warning, usage};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;

/// Have a group go on where another one is; shows it alone without --execute
#[derive(Debug, Args)]
#[command(after_help = "\
The group that goes on there must have no members meanwhile.

Examples:
  ottla group clone billing billing-test
  ottla group clone billing billing-test --topic orders --execute")]
pub(crate) struct CloneArgs {
    /// The group whose offsets are copied
    #[arg(value_name = "GROUP")]
    from: String,

    /// The group that gets them
    #[arg(value_name = "NEW-GROUP")]
    to: String,

    /// In these alone [default: all that the group has been in]
    #[arg(short, long = "topic", value_name = "TOPIC[:N,…]")]
    topics: Vec<String>,

    /// Do it
    #[arg(long)]
    execute: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CloneRow {
    topic: String,
    partition: i32,
    /// Where the new group was before.
    offset: Option<Offset>,
    new_offset: Option<Offset>,
    error: Option<String>,
}

impl Answer for CloneRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("TOPIC", "topic"),
        Column::new("PARTITION", "partition"),
        Column::new("OFFSET", "offset"),
        Column::new("NEW-OFFSET", "newOffset"),
        Column::if_present("ERROR", "error"),
    ]);
}

pub(super) async fn run(args: &CloneArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let offsets = committed_offsets(&admin, &args.from, &args.topics).await?;
    if offsets.is_empty() {
        return Err(usage(format!("{} has committed nothing there", args.from)));
    }
    let before = committed_offsets(&admin, &args.to, &[]).await?;
    let mut results = BTreeMap::new();
    if args.execute {
        let committed = offsets.iter().map(|(it, offset)| (it.clone(), CommittedOffset::new(*offset)));
        results = admin.alter_group_offsets(&args.to, &committed.collect()).await?;
    } else if args.output.is_for_people() {
        print_warning("nothing was changed: --execute does it");
    }
    let mut outcome = Outcome::Success;
    let mut rows = Vec::new();
    for (partition, new_offset) in offsets {
        let error = results.remove(&partition).and_then(Result::err);
        if let Some(error) = &error {
            print_not_set(&partition, error);
            outcome = Outcome::Failure;
        }
        rows.push(CloneRow {
            topic: partition.topic.to_string(),
            partition: partition.partition,
            offset: before.get(&partition).copied(),
            new_offset: error.is_none().then_some(new_offset),
            error: error.map(|error| error.to_string()),
        });
    }
    args.output.print_all(&rows)?;
    Ok(outcome)
}
