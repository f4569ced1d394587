//! `ottla topic list`.

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::exit::{Outcome, usage};
use crate::java_regex::java_regex;
use crate::kafka_id::kafka_id;
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;

/// List topics
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla topic list
  ottla topic list --match '^orders' -o json
  ottla topic list -o tsv | awk 'NR > 1 {print $1}'")]
pub(crate) struct ListArgs {
    /// Only those whose names match this regular expression
    #[arg(long = "match", value_name = "REGEX")]
    pattern: Option<String>,

    /// Kafka's own topics too
    #[arg(short, long)]
    internal: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TopicRow {
    name: String,
    partitions: usize,
    replication_factor: usize,
    is_internal: bool,
    under_replicated: usize,
    offline: usize,
    id: Option<String>,
}

impl Answer for TopicRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("NAME", "name"),
        Column::new("PARTITIONS", "partitions"),
        Column::new("REPLICAS", "replicationFactor"),
        Column::wide("INTERNAL", "isInternal"),
        Column::wide("UNDER-REPLICATED", "underReplicated"),
        Column::wide("OFFLINE", "offline"),
        Column::wide("ID", "id"),
    ]);
}

pub(super) async fn run(args: &ListArgs) -> Result<Outcome> {
    let pattern = args.pattern.as_deref().map(java_regex).transpose();
    let pattern = pattern.map_err(|error| usage(format!("--match: {error}")))?;
    let remote = args.connection.connect().await?;
    let listed = remote.admin.list_topics(args.internal).await?;
    let names: Vec<&str> = listed.iter().map(|topic| &*topic.name).collect();
    let names: Vec<&str> = names
        .into_iter()
        .filter(|name| pattern.as_ref().is_none_or(|it| it.is_match(name.as_bytes())))
        .collect();
    let mut rows = Vec::new();
    if !names.is_empty() {
        for topic in remote.admin.describe_topics(&names).await?.into_values() {
            // One that was deleted meanwhile is not there to be listed.
            let Ok(topic) = topic else { continue };
            let partitions = &topic.partitions;
            rows.push(TopicRow {
                name: topic.name.to_string(),
                partitions: partitions.len(),
                replication_factor: partitions.iter().map(|it| it.replicas.len()).max().unwrap_or_default(),
                is_internal: topic.is_internal,
                under_replicated: partitions
                    .iter()
                    .filter(|it| it.in_sync_replicas.len() < it.replicas.len())
                    .count(),
                offline: partitions.iter().filter(|it| it.leader.is_none()).count(),
                id: topic.id.map(kafka_id),
            });
        }
    }
    args.output.print_all(&rows)?;
    Ok(Outcome::Success)
}
