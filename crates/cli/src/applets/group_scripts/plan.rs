//! Where groups go on: planned, committed, shown.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Result, anyhow};
use ottla_client::admin::{Admin, CommittedOffset, OffsetReset, OffsetSpec, PlannedOffset, Results};
use ottla_client::config::IsolationLevel;
use ottla_client::{ErrorCode, Offset, TopicPartition};

use super::super::columns::Columns;
use super::super::options::Options;
use super::{Scenario, print_error};
use crate::commands::offsets_of::all_offsets_of;

/// Where a group goes on.
pub(in crate::applets) type Plan = BTreeMap<TopicPartition, Offset>;

/// Where each group goes on.
pub(in crate::applets) type Plans = BTreeMap<String, Plan>;

/// For a group that commits offsets, in these partitions, or in those that a file names.
pub(in crate::applets) async fn planned(
    options: &Options,
    admin: &Admin,
    group: &str,
    partitions: &[TopicPartition],
    out: &mut dyn Write,
) -> Result<Plan> {
    let mut plan = Plan::new();
    let Some(Scenario { reset }) = Scenario::parse(options, group)? else {
        print_error(out, &format!("No reset plan for group {group} found"))?;
        return Ok(plan);
    };
    let is_explicit = matches!(reset, OffsetReset::Explicit(_));
    let wanted = (!is_explicit).then_some(partitions);
    if partitions.is_empty() && wanted.is_some() {
        return Ok(plan);
    }
    if let OffsetReset::Timestamp(time) = reset {
        tell_empty(admin, partitions, time, out).await?;
    }
    for (partition, planned) in admin.plan_offset_reset(group, wanted, &reset).await? {
        let planned = planned.map_err(|error| {
            let is_shift = matches!(reset, OffsetReset::Shift(_));
            if !(is_shift && error.code() == Some(ErrorCode::OffsetNotAvailable)) {
                return anyhow::Error::from(error);
            }
            let reason = "since there is no current committed offset";
            options.misuse(format!("Cannot shift offset for partition {partition} {reason}")).into()
        })?;
        tell_clamped(&partition, &planned);
        plan.insert(partition, planned.to);
    }
    Ok(plan)
}

/// Where no record is that young the end is taken.
pub(in crate::applets) async fn tell_empty(
    admin: &Admin,
    partitions: &[TopicPartition],
    time: i64,
    out: &mut dyn Write,
) -> Result<()> {
    let spec = OffsetSpec::Timestamp(time);
    let found = all_offsets_of(admin, partitions, spec, IsolationLevel::ReadUncommitted).await?;
    for partition in partitions.iter().filter(|partition| !found.contains_key(partition)) {
        writeln!(
            out,
            "\nWarn: Partition {} from topic {} is empty. Falling back to latest known offset.",
            partition.partition, partition.topic
        )?;
    }
    Ok(())
}

fn tell_clamped(partition: &TopicPartition, planned: &PlannedOffset) {
    let Some(wanted) = planned.clamped else { return };
    let (beyond, bound) = if wanted > planned.to { ("higher", "latest") } else { ("lower", "earliest") };
    sayln!(
        "New offset ({wanted}) is {beyond} than {bound} offset for topic partition {partition}. Value will be set to {}",
        planned.to
    );
}

/// Has a group that commits offsets go on there.
pub(in crate::applets) async fn commit(admin: &Admin, group: &str, plan: &Plan) -> Result<()> {
    let committed = plan.iter().map(|(partition, to)| (partition.clone(), CommittedOffset::new(*to)));
    check_altered(&admin.alter_group_offsets(group, &committed.collect()).await?)
}

/// That no partition was refused.
fn check_altered(outcomes: &Results<TopicPartition, ()>) -> Result<()> {
    let mut refused = outcomes.iter().filter(|(_, outcome)| outcome.is_err()).peekable();
    if refused.peek().is_none() {
        return Ok(());
    }
    Err(not_altered(refused.map(|(partition, _)| partition)))
}

/// That these were refused; why is not told.
fn not_altered<'a>(partitions: impl Iterator<Item = &'a TopicPartition>) -> anyhow::Error {
    let partitions: Vec<String> = partitions.map(ToString::to_string).collect();
    anyhow!("Failed altering group offsets for the following partitions: [{}]", partitions.join(", "))
}

/// Has a share group go on there.
pub(in crate::applets) async fn begin(admin: &Admin, group: &str, plan: &Plan) -> Result<()> {
    match admin.alter_share_group_offsets(group, plan).await {
        Err(error) if error.code().is_some() => Err(not_altered(plan.keys())),
        altered => check_altered(&altered?),
    }
}

/// As most of the scripts show it.
pub(in crate::applets) fn show(plans: &Plans, out: &mut dyn Write) -> Result<()> {
    let rows = rows(plans);
    Ok(Columns::fitting(&[15, 15], &rows).then(&[10]).write_set_off(out, &rows)?)
}

/// What is shown of plans: nothing at all, if there are none.
pub(in crate::applets) fn rows(plans: &Plans) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    if !plans.is_empty() {
        rows.push(["GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"].map(str::to_owned).to_vec());
    }
    for (group, plan) in plans {
        rows.extend(plan.iter().map(|(partition, offset)| {
            let (topic, number) = (partition.topic.to_string(), partition.partition.to_string());
            vec![group.clone(), topic, number, offset.to_string()]
        }));
    }
    rows
}

/// As CSV, with the group if several were asked for.
pub(in crate::applets) fn export(options: &Options, plans: &Plans, out: &mut dyn Write) -> Result<()> {
    let is_single = options.values("group").count() == 1;
    for (group, plan) in plans {
        for (partition, offset) in plan {
            if !is_single {
                write!(out, "{},", quoted(group))?;
            }
            writeln!(out, "{},{},{offset}", quoted(&partition.topic), partition.partition)?;
        }
    }
    Ok(writeln!(out)?)
}

/// Longer texts are quoted without a look at them.
const PLAIN_MAX: usize = 24;

fn quoted(text: &str) -> String {
    let is_plain = text.len() <= PLAIN_MAX && text.bytes().all(|byte| byte > b',');
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}
