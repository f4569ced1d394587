//! `ottla txn find-hanging` (KIP-664).

use anyhow::Result;
use clap::Args;
use ottla_client::admin::Admin;
use ottla_client::{Offset, TopicPartition};
use serde::Serialize;

use crate::clock;
use crate::commands::partitions_of::partitions_of;
use crate::exit::{Outcome, answered, usage};
use crate::hanging_transactions::hanging;
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;
use crate::timestamp::parse_duration;

/// Find transactions that are open at partitions, and that nobody will end
#[derive(Debug, Args)]
#[command(after_help = "\
A transaction hangs if it is open at a partition and its coordinator does not
know that. Readers of committed records do not get past it. What is found can
be ended with `ottla txn abort --at TOPIC:N@OFFSET`.

Examples:
  ottla txn find-hanging
  ottla txn find-hanging orders payments --longer-than 1h")]
pub(crate) struct FindHangingArgs {
    /// Look at these topics; by default at all
    #[arg(value_name = "TOPIC")]
    topics: Vec<String>,

    /// Leave transactions alone that wrote more lately: by default as long as
    /// brokers let transactions last
    #[arg(long, value_name = "TIME", default_value = "15m")]
    longer_than: String,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HangingRow {
    topic: String,
    partition: i32,
    producer_id: i64,
    producer_epoch: i32,
    start_offset: Offset,
    /// In milliseconds since 1970.
    last_timestamp: i64,
    idle_ms: i64,
}

impl Answer for HangingRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("TOPIC", "topic"),
        Column::new("PARTITION", "partition"),
        Column::new("PRODUCER-ID", "producerId"),
        Column::new("EPOCH", "producerEpoch"),
        Column::new("START-OFFSET", "startOffset"),
        Column::wide("LAST-TIMESTAMP", "lastTimestamp"),
        Column::new("IDLE-MS", "idleMs"),
    ]);
}

pub(super) async fn run(args: &FindHangingArgs) -> Result<Outcome> {
    let text = &args.longer_than;
    let said = || usage(format!("--longer-than {text}: say it as 90s, 10m or 2h"));
    let idle_min = parse_duration(text).ok_or_else(said)?;
    let admin = args.connection.connect().await?.admin;
    let now = clock::wall_ms();
    let described = admin.describe_producers(&partitions(&admin, &args.topics).await?).await?;
    let (described, outcome) = answered(described, |partition| format!("cannot look at {partition}"));
    let rows = hanging(&admin, described, now, idle_min).await?.into_iter().map(|it| HangingRow {
        topic: it.partition.topic.to_string(),
        partition: it.partition.partition,
        producer_id: it.producer.producer_id,
        producer_epoch: it.producer.producer_epoch,
        start_offset: it.start_offset,
        last_timestamp: it.producer.last_timestamp,
        idle_ms: now.saturating_sub(it.producer.last_timestamp),
    });
    args.output.print_all(&rows.collect::<Vec<_>>())?;
    Ok(outcome)
}

async fn partitions(admin: &Admin, topics: &[String]) -> Result<Vec<TopicPartition>> {
    let mut names = topics.to_vec();
    if names.is_empty() {
        names.extend(admin.list_topics(true).await?.iter().map(|topic| topic.name.to_string()));
    }
    let mut partitions = Vec::new();
    for name in names {
        partitions.extend(partitions_of(admin, &name, &[]).await?);
    }
    Ok(partitions)
}
