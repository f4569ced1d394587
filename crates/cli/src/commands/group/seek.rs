//! `ottla group seek`: where a group goes on.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{Admin, DescribedGroup, OffsetReset, PlannedOffset, Results};
use ottla_client::{ErrorCode, Offset, TopicPartition};
use serde::Serialize;

use crate::clock;
use crate::commands::partitions_of::named_partitions;
use crate::exit::{Outcome, print_error, print_refusal, print_warning, usage};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;
use crate::timestamp::parse_time;

/// Set where a group goes on; shows it alone without --execute
#[derive(Debug, Args)]
#[command(after_help = "\
The group must have no members meanwhile. TO is start, end, an offset, +N or -N
from where the group is, @TIME, or `current`, which commits where it is.

Examples:
  ottla group seek billing --to start
  ottla group seek billing --to @-2h --topic orders --execute
  ottla group seek billing --to -100 --topic orders:0,3 --execute")]
pub(crate) struct SeekArgs {
    /// The group, which may be a new one
    #[arg(value_name = "GROUP")]
    group: String,

    /// Where to
    #[arg(long, value_name = "TO", allow_hyphen_values = true)]
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
struct SeekRow {
    topic: String,
    partition: i32,
    offset: Option<Offset>,
    new_offset: Option<Offset>,
    /// What was asked for, where that is beyond what is there.
    clamped: Option<Offset>,
    error: Option<String>,
}

impl Answer for SeekRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("TOPIC", "topic"),
        Column::new("PARTITION", "partition"),
        Column::new("OFFSET", "offset"),
        Column::new("NEW-OFFSET", "newOffset"),
        Column::if_present("CLAMPED", "clamped"),
        Column::if_present("ERROR", "error"),
    ]);
}

pub(crate) async fn run(args: &SeekArgs) -> Result<Outcome> {
    let reset = parse(&args.to)
        .ok_or_else(|| usage(format!("--to {}: give start, end, 42, +10, -10, @TIME or current", args.to)))?;
    let admin = args.connection.connect().await?.admin;
    let partitions = named_partitions(&admin, &args.topics).await?;
    let wanted = (!partitions.is_empty()).then_some(&partitions[..]);
    let plan = admin.plan_offset_reset(&args.group, wanted, &reset).await?;
    if plan.is_empty() {
        return Err(usage(format!("{} has committed nothing: name topics with --topic", args.group)));
    }
    let mut results = BTreeMap::new();
    if args.execute {
        results = admin.reset_offsets(&args.group, &plan).await?;
    } else {
        warn_of_members(&args.group, member_count(&admin, &args.group).await);
        if args.output.is_for_people() {
            print_warning("nothing was changed: --execute does it");
        }
    }
    report(args.output, plan, results)
}

/// As far as that is told: a new group has none.
async fn member_count(admin: &Admin, group: &str) -> usize {
    let described = admin.describe_groups(&[group]).await.unwrap_or_default().into_values().next();
    match described {
        Some(Ok(DescribedGroup::Classic(group))) => group.members.len(),
        Some(Ok(DescribedGroup::Consumer(group))) => group.members.len(),
        _ => 0,
    }
}

/// Before somebody tries in vain to set where it goes on.
pub(crate) fn warn_of_members(group: &str, count: usize) {
    if count > 0 {
        print_warning(format!(
            "{group} has members, {count} of them: --execute fails until they are stopped"
        ));
    }
}

/// What was planned of each partition, and what became of it.
pub(crate) fn report(
    output: OutputArgs,
    plan: Results<TopicPartition, PlannedOffset>,
    mut results: Results<TopicPartition, ()>,
) -> Result<Outcome> {
    let mut outcome = Outcome::Success;
    let mut rows = Vec::new();
    for (partition, planned) in plan {
        let carried_out = results.remove(&partition).unwrap_or(Ok(()));
        let error = planned.as_ref().err().or(carried_out.as_ref().err());
        let planned = planned.as_ref().ok();
        match error {
            Some(error) => {
                print_not_set(&partition, error);
                outcome = Outcome::Failure;
            }
            None => planned.iter().for_each(|planned| warn_if_clamped(&partition, planned)),
        }
        rows.push(SeekRow {
            topic: partition.topic.to_string(),
            partition: partition.partition,
            offset: planned.and_then(|planned| planned.from),
            new_offset: planned.filter(|_| error.is_none()).map(|planned| planned.to),
            clamped: planned.and_then(|planned| planned.clamped),
            error: error.map(ToString::to_string),
        });
    }
    output.print_all(&rows)?;
    Ok(outcome)
}

/// Tells that an offset was not set. While a group has members they alone commit: brokers take others for members whom nobody knows.
pub(super) fn print_not_set(partition: &TopicPartition, error: &ottla_client::Error) {
    if matches!(error.code(), Some(ErrorCode::UnknownMemberId | ErrorCode::NonEmptyGroup)) {
        print_error(&format!("{partition}: the group has members: stop them first ({error})"));
    } else {
        print_refusal(partition, error);
    }
}

fn warn_if_clamped(partition: &TopicPartition, planned: &PlannedOffset) {
    let Some(wanted) = planned.clamped else { return };
    let bound = if wanted > planned.to { "end" } else { "start" };
    print_warning(format!("{partition} has no offset {wanted}: its {bound} is taken, {}", planned.to));
}

pub(crate) fn parse(text: &str) -> Option<OffsetReset> {
    let number = |text: &str| text.parse::<i64>().ok().filter(|_| !text.starts_with(['+', '-']));
    match text {
        "start" | "beginning" | "earliest" | "oldest" => Some(OffsetReset::Earliest),
        "end" | "latest" | "newest" => Some(OffsetReset::Latest),
        "current" => Some(OffsetReset::Current),
        text => {
            if let Some(time) = text.strip_prefix('@') {
                parse_time(time, clock::wall_ms()).map(OffsetReset::Timestamp)
            } else if let Some(on) = text.strip_prefix('+') {
                number(on).map(OffsetReset::Shift)
            } else if let Some(back) = text.strip_prefix('-') {
                number(back).map(|back| OffsetReset::Shift(-back))
            } else {
                number(text).map(OffsetReset::Offset)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_to_is_spelled_as_for_consuming() {
        for (text, expected) in [
            ("start", Some(OffsetReset::Earliest)),
            ("latest", Some(OffsetReset::Latest)),
            ("42", Some(OffsetReset::Offset(42))),
            ("+7", Some(OffsetReset::Shift(7))),
            ("-7", Some(OffsetReset::Shift(-7))),
            ("@1700000000000", Some(OffsetReset::Timestamp(1_700_000_000_000))),
            ("--7", None),
            ("+-7", None),
            ("", None),
            ("@", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
