//! How far a plan is.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::Result;
use ottla_client::admin::{Admin, Reassignment};
use ottla_client::{BrokerId, ErrorCode, TopicPartition};

use super::super::options::Options;
use super::{Assignment, dirs, joined, throttles};
use crate::reassignment::Plan;

pub(super) async fn run(json: &str, options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let plan = Plan::parse(json)?;
    let under_way = admin.list_partition_reassignments(None).await?;
    let current = there(&plan, &under_way, admin).await?;
    writeln!(out, "Status of partition reassignment:")?;
    // What is named twice is told once.
    let targets: BTreeMap<&TopicPartition, &Vec<BrokerId>> =
        plan.partitions.iter().map(|(partition, replicas)| (partition, replicas)).collect();
    for (partition, target) in targets {
        writeln!(out, "{}", progress(partition, target, under_way.contains_key(partition), &current))?;
    }
    let states = dirs::states(&plan.dirs, admin).await?;
    let told: Vec<String> = states.iter().map(|(replica, state)| state.told(replica)).collect();
    writeln!(out, "{}", told.join("\n"))?;
    let is_done = under_way.is_empty() && !states.values().any(dirs::State::is_moving);
    if is_done && !options.has("preserve-throttles") {
        throttles::clear(&plan, admin, out).await?;
    }
    Ok(())
}

/// Where those partitions are that are not on the move. What is not there is nowhere.
async fn there(
    plan: &Plan,
    under_way: &BTreeMap<TopicPartition, Reassignment>,
    admin: &Admin,
) -> Result<Assignment> {
    let partitions = plan.partitions.iter().map(|(partition, _)| partition);
    let settled = partitions.filter(|partition| !under_way.contains_key(*partition));
    let topics: BTreeSet<&str> = settled.map(|partition| &*partition.topic).collect();
    let mut there = Assignment::new();
    for (name, described) in admin.describe_topics(&topics.into_iter().collect::<Vec<_>>()).await? {
        match described {
            Err(error) if error.code() == Some(ErrorCode::UnknownTopicOrPartition) => {}
            described => {
                let partitions = described?.partitions.into_iter();
                there
                    .extend(partitions.map(|it| (TopicPartition::new(name.clone(), it.number), it.replicas)));
            }
        }
    }
    Ok(there)
}

fn progress(
    partition: &TopicPartition,
    target: &[BrokerId],
    is_under_way: bool,
    current: &Assignment,
) -> String {
    let current = current.get(partition).map(Vec::as_slice).unwrap_or_default();
    if is_under_way {
        format!("Reassignment of partition {partition} is still in progress.")
    } else if current == target {
        format!("Reassignment of partition {partition} is completed.")
    } else {
        format!(
            "There is no active reassignment of partition {partition}, but replica set is {} rather than {}.",
            joined(current),
            joined(target)
        )
    }
}
