//! `ottla topic trim`: deletes the oldest records.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{Admin, OffsetSpec};
use ottla_client::config::IsolationLevel;
use ottla_client::{Offset, TopicPartition};
use serde::Serialize;

use crate::clock;
use crate::commands::offsets_of::all_offsets_of;
use crate::commands::partitions_of::partitions_of;
use crate::confirm::ConfirmArgs;
use crate::exit::{Outcome, print_refusal, usage};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;
use crate::timestamp::parse_time;

/// Delete the oldest records of a topic
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla topic trim orders --before @-48h
  ottla topic trim orders --before @2024-02-29T12:00:00Z --yes
  ottla topic trim orders --before 1000 --partition 3
  ottla topic trim orders --before end --dry-run")]
pub(crate) struct TrimArgs {
    /// The topic whose oldest records are deleted
    #[arg(value_name = "TOPIC")]
    topic: String,

    /// The first that stays: an offset, `end`, or a time: @TIME
    #[arg(long, value_name = "OFFSET|end|@TIME")]
    before: String,

    /// Of these partitions alone
    #[arg(short, long = "partition", value_name = "N", value_delimiter = ',')]
    partitions: Vec<i32>,

    /// Only say what would be deleted
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TrimRow {
    partition: i32,
    start_offset: Option<Offset>,
    new_start_offset: Offset,
    error: Option<String>,
}

impl Answer for TrimRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("PARTITION", "partition"),
        Column::new("START", "startOffset"),
        Column::new("NEW-START", "newStartOffset"),
    ]);
}

/// What is deleted need not be committed.
const ISOLATION: IsolationLevel = IsolationLevel::ReadUncommitted;

/// The first record that stays.
enum Before {
    Offset(Offset),
    End,
    Time(i64),
}

impl Before {
    fn parse(text: &str) -> Result<Before> {
        let parsed = match text {
            "end" => Some(Before::End),
            text => match text.strip_prefix('@') {
                Some(time) => parse_time(time, clock::wall_ms()).map(Before::Time),
                None => text.parse().ok().filter(|offset| *offset >= 0).map(Before::Offset),
            },
        };
        parsed.ok_or_else(|| {
            usage(format!("--before {text}: give an offset, end, @2024-02-29T12:00Z or @-48h"))
        })
    }

    async fn of(
        &self,
        admin: &Admin,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        let mut ends = all_offsets_of(admin, partitions, OffsetSpec::Latest, ISOLATION).await?;
        match self {
            Before::End => {}
            // No partition is asked for more than it has.
            Before::Offset(offset) => ends.values_mut().for_each(|end| *end = (*end).min(*offset)),
            Before::Time(time) => {
                ends.extend(all_offsets_of(admin, partitions, OffsetSpec::Timestamp(*time), ISOLATION).await?)
            }
        }
        Ok(ends)
    }
}

pub(super) async fn run(args: &TrimArgs) -> Result<Outcome> {
    let before = Before::parse(&args.before)?;
    let remote = args.connection.connect().await?;
    let partitions = partitions_of(&remote.admin, &args.topic, &args.partitions).await?;
    let starts = all_offsets_of(&remote.admin, &partitions, OffsetSpec::Earliest, ISOLATION).await?;
    let mut wanted = before.of(&remote.admin, &partitions).await?;
    wanted.retain(|partition, offset| starts.get(partition).is_none_or(|start| start < offset));
    let row = |(partition, offset): (&TopicPartition, &Offset)| TrimRow {
        partition: partition.partition,
        start_offset: starts.get(partition).copied(),
        new_start_offset: *offset,
        error: None,
    };
    let mut rows: Vec<TrimRow> = wanted.iter().map(row).collect();
    let count: i64 = rows.iter().map(|row| row.new_start_offset - row.start_offset.unwrap_or_default()).sum();
    if args.dry_run || wanted.is_empty() {
        args.output.print_all(&rows)?;
        return Ok(Outcome::Success);
    }
    if !args.confirm.allows(&format!("delete up to {count} records of {}", args.topic))? {
        return Ok(Outcome::Failure);
    }
    let mut outcome = Outcome::Success;
    for (row, (partition, result)) in rows.iter_mut().zip(remote.admin.delete_records(&wanted).await?) {
        match result {
            Ok(start) => row.new_start_offset = start,
            Err(error) => {
                print_refusal(partition, &error);
                row.error = Some(error.to_string());
                outcome = Outcome::Failure;
            }
        }
    }
    args.output.print_all(&rows)?;
    Ok(outcome)
}
