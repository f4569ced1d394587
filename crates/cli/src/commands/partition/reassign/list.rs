//! `ottla partition reassign list`.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::Reassignment;
use ottla_client::{BrokerId, TopicPartition};
use serde::Serialize;

use super::state::sizes;
use crate::commands::partitions_of::named_partitions;
use crate::exit::Outcome;
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;

/// List partitions that are on the move, and how far they are
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla partition reassign list
  ottla partition reassign list orders -o json")]
pub(crate) struct ListArgs {
    /// These alone
    #[arg(value_name = "TOPIC[:N,…]")]
    partitions: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MovingRow {
    topic: String,
    partition: i32,
    replicas: Vec<BrokerId>,
    adding: Vec<BrokerId>,
    removing: Vec<BrokerId>,
    /// The size of what is copied to each of those that are about to have it.
    bytes: Option<i64>,
    /// What the one of them has that has least.
    copied_bytes: Option<i64>,
}

impl Answer for MovingRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("TOPIC", "topic"),
        Column::new("PARTITION", "partition"),
        Column::new("REPLICAS", "replicas"),
        Column::new("ADDING", "adding"),
        Column::new("REMOVING", "removing"),
        Column::new("BYTES", "bytes"),
        Column::new("COPIED", "copiedBytes"),
    ]);
}

pub(super) async fn run(args: &ListArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let named = named_partitions(&admin, &args.partitions).await?;
    let wanted = (!named.is_empty()).then_some(&named[..]);
    let moving = admin.list_partition_reassignments(wanted).await?;
    let sizes = if moving.is_empty() { BTreeMap::new() } else { sizes(&admin).await? };
    let rows = moving.into_iter().map(|(partition, it)| MovingRow::new(&partition, it, &sizes));
    args.output.print_all(&rows.collect::<Vec<_>>())?;
    Ok(Outcome::Success)
}

impl MovingRow {
    fn new(
        partition: &TopicPartition,
        it: Reassignment,
        sizes: &BTreeMap<(TopicPartition, BrokerId), i64>,
    ) -> MovingRow {
        let size = |broker: &BrokerId| sizes.get(&(partition.clone(), *broker)).copied();
        let settled = it.replicas.iter().filter(|broker| !it.adding.contains(broker));
        MovingRow {
            bytes: settled.filter_map(size).max(),
            copied_bytes: it.adding.iter().map(|broker| size(broker).unwrap_or_default()).min(),
            topic: partition.topic.to_string(),
            partition: partition.partition,
            replicas: it.replicas,
            adding: it.adding,
            removing: it.removing,
        }
    }
}
