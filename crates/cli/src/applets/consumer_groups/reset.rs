//! Where groups go on: a plan, which `--execute` carries out.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Result, anyhow};
use ottla_client::admin::{Admin, DescribedGroup, OffsetReset, OffsetSpec, PlannedOffset};
use ottla_client::config::IsolationLevel;
use ottla_client::{ErrorCode, Offset, TopicPartition};

use super::super::columns::Columns;
use super::super::ending::Misuse;
use super::super::options::Options;
use super::scenario::Scenario;
use super::{groups, print_error};
use crate::commands::offsets_of::offsets_of;

type Plan = BTreeMap<TopicPartition, Offset>;

pub(super) async fn run(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let groups = groups(options, admin).await?;
    let ids: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut plans = BTreeMap::new();
    for (group, described) in admin.describe_groups(&ids).await? {
        let state = match described {
            Ok(DescribedGroup::Classic(group)) => group.state,
            Ok(DescribedGroup::Consumer(group)) => group.state,
            Err(error) if error.code() == Some(ErrorCode::GroupIdNotFound) => "Dead".into(),
            Err(error) => return Err(error.into()),
            Ok(_) => "Unknown".into(),
        };
        let plan = match &*state {
            "Empty" | "Dead" => reset(options, admin, &group, out).await?,
            state => {
                let message = format!(
                    "Assignments can only be reset if the group '{group}' is inactive, but the current state is \
                     {state}."
                );
                print_error(out, &message)?;
                Plan::new()
            }
        };
        plans.insert(group.to_string(), plan);
    }
    if options.has("export") { export(options, &plans, out) } else { show(&plans, out) }
}

async fn reset(options: &Options, admin: &Admin, group: &str, out: &mut dyn Write) -> Result<Plan> {
    let partitions = partitions(options, admin, group).await?;
    check_there(admin, &partitions).await?;
    let scenario = Scenario::parse(options, group)?;
    let Some(scenario) = scenario else {
        print_error(out, &format!("No reset plan for group {group} found"))?;
        return Ok(Plan::new());
    };
    let is_explicit = matches!(scenario.reset, OffsetReset::Explicit(_));
    let wanted = (!is_explicit).then_some(&partitions[..]);
    let mut plan = Plan::new();
    if partitions.is_empty() && wanted.is_some() {
        return Ok(plan);
    }
    if let OffsetReset::Timestamp(time) = scenario.reset {
        tell_empty(admin, &partitions, time, out).await?;
    }
    for (partition, planned) in admin.plan_offset_reset(group, wanted, &scenario.reset).await? {
        let planned = planned.map_err(|error| {
            let is_shift = matches!(scenario.reset, OffsetReset::Shift(_));
            if !(is_shift && error.code() == Some(ErrorCode::OffsetNotAvailable)) {
                return anyhow::Error::from(error);
            }
            let reason = "since there is no current committed offset";
            options.misuse(format!("Cannot shift offset for partition {partition} {reason}")).into()
        })?;
        tell_clamped(&partition, &planned);
        plan.insert(partition, planned.to);
    }
    if options.has("execute") {
        let planned = plan
            .iter()
            .map(|(partition, to)| (partition.clone(), ottla_client::admin::CommittedOffset::new(*to)));
        for outcome in admin.alter_group_offsets(group, &planned.collect()).await?.into_values() {
            outcome?;
        }
    }
    Ok(plan)
}

/// Where no record is that young the end is taken.
async fn tell_empty(
    admin: &Admin,
    partitions: &[TopicPartition],
    time: i64,
    out: &mut dyn Write,
) -> Result<()> {
    let spec = OffsetSpec::Timestamp(time);
    let found = offsets_of(admin, partitions, spec, IsolationLevel::ReadUncommitted).await?;
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
    eprintln!(
        "New offset ({wanted}) is {beyond} than {bound} offset for topic partition {partition}. Value will be set to {}",
        planned.to
    );
}

async fn partitions(options: &Options, admin: &Admin, group: &str) -> Result<Vec<TopicPartition>> {
    if options.has("all-topics") {
        let committed = admin.list_group_offsets(group, None, false).await?.into_iter();
        let there = committed.filter(|(_, offset)| matches!(offset, Ok(Some(_))));
        return Ok(there.map(|(partition, _)| partition).collect());
    }
    if !options.has("topic") && !options.has("from-file") {
        let message = "One of the reset scopes should be defined: --all-topics, --topic.";
        return Err(options.misuse(message).into());
    }
    let mut partitions = Vec::new();
    let mut topics = Vec::new();
    for text in options.values("topic") {
        if text.contains(':') { partitions.extend(named(options, text)?) } else { topics.push(text) }
    }
    for (topic, described) in admin.describe_topics(&topics).await? {
        let numbers = described?.partitions.into_iter().map(|partition| partition.number);
        partitions.extend(numbers.map(|number| TopicPartition::new(topic.clone(), number)));
    }
    Ok(partitions)
}

/// Partitions as `orders:0,1`.
pub(super) fn named(options: &Options, text: &str) -> Result<Vec<TopicPartition>, Misuse> {
    let invalid =
        || options.misuse(format!("Invalid topic arg '{text}', expected topic name and partitions"));
    let (topic, numbers) = text.split_once(':').ok_or_else(invalid)?;
    if numbers.is_empty() || numbers.contains(':') {
        return Err(invalid());
    }
    let partition = |number: &str| match number.parse() {
        Ok(number) => Ok(TopicPartition::new(topic, number)),
        Err(_not_a_number) => {
            let message = format!("Invalid partition '{number}' specified in topic arg '{text}''");
            Err(options.misuse(message))
        }
    };
    numbers.split(',').map(partition).collect()
}

async fn check_there(admin: &Admin, partitions: &[TopicPartition]) -> Result<()> {
    let topics: std::collections::BTreeSet<&str> = partitions.iter().map(|it| &*it.topic).collect();
    let topics: Vec<&str> = topics.into_iter().collect();
    let (mut missing, mut leaderless) = (Vec::new(), Vec::new());
    let described = admin.describe_topics(&topics).await?;
    for partition in partitions {
        let topic = described.get(&partition.topic).and_then(|topic| topic.as_ref().ok());
        match topic.and_then(|it| it.partitions.iter().find(|it| it.number == partition.partition)) {
            None => missing.push(partition.to_string()),
            Some(found) if found.leader.is_none() => leaderless.push(partition.to_string()),
            Some(_) => {}
        }
    }
    if !missing.is_empty() {
        return Err(anyhow!("The partitions \"{}\" do not exist", missing.join(",")));
    }
    if !leaderless.is_empty() {
        return Err(anyhow!("The partitions \"{}\" have no leader", leaderless.join(",")));
    }
    Ok(())
}

fn show(plans: &BTreeMap<String, Plan>, out: &mut dyn Write) -> Result<()> {
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
    let columns = Columns::fitting(&[15, 15, 10], &rows);
    for row in &rows {
        writeln!(out)?;
        columns.write(out, row)?;
    }
    Ok(writeln!(out)?)
}

/// As CSV, with the group if several were asked for.
fn export(options: &Options, plans: &BTreeMap<String, Plan>, out: &mut dyn Write) -> Result<()> {
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
