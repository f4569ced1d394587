//! Begins what a plan says, and slows it down.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::{Result, bail};
use ottla_client::BrokerId;
use ottla_client::TopicPartition;
use ottla_client::admin::{Admin, Reassignment, Results};

use super::super::java;
use super::super::options::Options;
use super::{
    Assignment, Refused, assignment_of_topics, current_dirs, dirs, joined, missing, plural, throttles,
};
use crate::reassignment::{Moves, Plan, to_json};

pub(super) async fn run(json: &str, options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let plan = Plan::parse(json)?;
    let proposed = plan.checked()?;
    let under_way = admin.list_partition_reassignments(None).await?;
    if !options.has("additional") && !under_way.is_empty() {
        bail!(Refused(
            "Cannot execute because there is an existing partition assignment.  Use --additional to override this and \
             create a new partition assignment in addition to the existing one. The --additional flag can also be used \
             to change the throttle by resubmitting the current reassignment."
                .to_owned()
        ));
    }
    check_brokers(&proposed, admin).await?;
    let current = assignment_of(&proposed, admin).await?;
    let json = to_json(&current, &current_dirs(&current, admin).await?)?;
    writeln!(out, "Current partition replica assignment\n\n{json}\n")?;
    writeln!(out, "Save this to use as the --reassignment-json-file option during rollback")?;
    slow_down(&plan, &proposed, &under_way, &current, options, admin, out).await?;
    let moves = proposed.iter().map(|(partition, replicas)| (partition.clone(), Some(replicas.clone())));
    let may_change_count = !options.has("disallow-replication-factor-change");
    let begun = admin.alter_partition_reassignments(&moves.collect(), may_change_count).await?;
    refuse_if_any("Error reassigning partition(s):", &begun)?;
    let (count, partitions) = (proposed.len(), joined(proposed.keys()));
    writeln!(out, "Successfully started partition reassignment{} for {partitions}", plural(count))?;
    if plan.dirs.is_empty() {
        return Ok(());
    }
    dirs::move_to(plan.dirs, dirs::timeout(options)?, admin, out).await
}

/// Refuses with what was said of those that failed.
pub(super) fn refuse_if_any(heading: &str, outcomes: &Results<TopicPartition, ()>) -> Result<()> {
    let failed = outcomes.iter().filter_map(|(partition, outcome)| {
        let error = outcome.as_ref().err()?;
        Some(format!("{partition}: {}", java::words(error)))
    });
    let failed: Vec<String> = failed.collect();
    if failed.is_empty() { Ok(()) } else { bail!(Refused(format!("{heading}\n{}", failed.join("\n")))) }
}

async fn check_brokers(proposed: &Assignment, admin: &Admin) -> Result<()> {
    let there = admin.describe_cluster(false).await?.brokers;
    let there: BTreeSet<BrokerId> = there.iter().map(|broker| broker.id).collect();
    let wanted: BTreeSet<BrokerId> = proposed.values().flatten().copied().collect();
    match wanted.difference(&there).next() {
        Some(unknown) => bail!("Unknown broker id {unknown}"),
        None => Ok(()),
    }
}

async fn assignment_of(partitions: &Assignment, admin: &Admin) -> Result<Assignment> {
    let topics: BTreeSet<&str> = partitions.keys().map(|partition| &*partition.topic).collect();
    let mut current = assignment_of_topics(&topics.into_iter().collect::<Vec<_>>(), admin).await?;
    current.retain(|partition, _| partitions.contains_key(partition));
    let lacking: Vec<String> = partitions
        .keys()
        .filter(|partition| !current.contains_key(*partition))
        .map(ToString::to_string)
        .collect();
    if !lacking.is_empty() {
        bail!(missing(&format!("Unable to find partition: {}", lacking.join(", "))));
    }
    Ok(current)
}

async fn slow_down(
    plan: &Plan,
    proposed: &Assignment,
    under_way: &BTreeMap<TopicPartition, Reassignment>,
    current: &Assignment,
    options: &Options,
    admin: &Admin,
    out: &mut dyn Write,
) -> Result<()> {
    let rate = |name| -> Result<Option<i64>> { Ok(options.number(name)?.filter(|rate: &i64| *rate >= 0)) };
    let (between_brokers, between_dirs) = (rate("throttle")?, rate("replica-alter-log-dirs-throttle")?);
    if between_brokers.is_some() || between_dirs.is_some() {
        writeln!(
            out,
            "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is \
             removed."
        )?;
    }
    if let Some(rate) = between_brokers {
        throttles::set_between_brokers(&Moves::of(under_way, proposed, current)?, rate, admin, out).await?;
    }
    if let Some(rate) = between_dirs {
        let brokers: BTreeSet<BrokerId> = plan.dirs.keys().map(|(_, broker)| *broker).collect();
        throttles::set_between_dirs(&brokers, rate, admin, out).await?;
    }
    Ok(())
}
