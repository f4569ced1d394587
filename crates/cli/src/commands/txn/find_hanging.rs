//! `ottla txn find-hanging` (KIP-664).

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{Admin, ProducerState, TransactionsFilter};
use ottla_client::{Offset, TopicPartition};
use serde::Serialize;

use crate::clock;
use crate::commands::partitions_of::partitions_of;
use crate::exit::{Outcome, answered, usage};
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

/// A transaction that is open at a partition, and has not been written to for long.
struct Candidate {
    partition: TopicPartition,
    producer: ProducerState,
    start_offset: Offset,
}

pub(super) async fn run(args: &FindHangingArgs) -> Result<Outcome> {
    let text = &args.longer_than;
    let said = || usage(format!("--longer-than {text}: say it as 90s, 10m or 2h"));
    let idle_min = parse_duration(text).ok_or_else(said)?;
    let admin = args.connection.connect().await?.admin;
    let now = clock::wall_ms();
    let described = admin.describe_producers(&partitions(&admin, &args.topics).await?).await?;
    let (described, outcome) = answered(described, |partition| format!("cannot look at {partition}"));
    let candidates = candidates(described, now, idle_min);
    let known = known_to_coordinators(&admin, &candidates).await?;
    let hangs = |it: &Candidate| !known.contains(&(it.producer.producer_id, it.partition.clone()));
    let rows = candidates.into_iter().filter(hangs).map(|it| HangingRow {
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

/// Those that have had a transaction open for so long without writing to it.
fn candidates(
    described: Vec<(TopicPartition, Vec<ProducerState>)>,
    now: i64,
    idle_min: Duration,
) -> Vec<Candidate> {
    let idle_min = i64::try_from(idle_min.as_millis()).unwrap_or(i64::MAX);
    let mut candidates = Vec::new();
    for (partition, producers) in described {
        for producer in producers {
            let is_idle = now.saturating_sub(producer.last_timestamp) >= idle_min;
            if let Some(start_offset) = producer.current_transaction_start_offset.filter(|_| is_idle) {
                candidates.push(Candidate { partition: partition.clone(), producer, start_offset });
            }
        }
    }
    candidates
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

/// The producers, and the partitions, of transactions that some coordinator will end. Unless all of them tell, nothing is
/// said to hang.
async fn known_to_coordinators(
    admin: &Admin,
    candidates: &[Candidate],
) -> Result<BTreeSet<(i64, TopicPartition)>> {
    let producer_ids: BTreeSet<i64> = candidates.iter().map(|it| it.producer.producer_id).collect();
    if producer_ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let producer_ids = producer_ids.into_iter().collect();
    let filter = TransactionsFilter { producer_ids, ..TransactionsFilter::default() };
    let mut ids = Vec::new();
    for listed in admin.list_transactions(&filter).await?.into_values() {
        ids.extend(listed?.into_iter().map(|it| it.transactional_id));
    }
    let names: Vec<&str> = ids.iter().map(|id| &**id).collect();
    let mut known = BTreeSet::new();
    for described in admin.describe_transactions(&names).await?.into_values() {
        let transaction = described?;
        let partitions = transaction.partitions.into_iter();
        known.extend(partitions.map(|partition| (transaction.producer_id, partition)));
    }
    Ok(known)
}
