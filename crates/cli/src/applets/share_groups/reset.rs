//! Where a group goes on: a plan, which `--execute` carries out.

use std::io::Write;

use anyhow::Result;
use ottla_client::admin::{Admin, OffsetReset};
use ottla_client::{ErrorCode, TopicPartition};

use super::super::group_scripts::{Plan, Plans, Scenario, begin, check_there, of_topics, show, tell_empty};
use super::super::java;
use super::super::options::Options;
use crate::exit::Outcome;

pub(super) async fn run(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<Outcome> {
    let group = options.value("group")?.unwrap_or_default();
    if let Some(reason) = why_not(admin, group).await? {
        sayln!("{reason}");
        return Ok(Outcome::Failure);
    }
    let partitions = partitions(options, admin, group).await?;
    check_there(admin, &partitions).await?;
    let plan = planned(options, admin, group, &partitions, out).await?;
    if options.has("execute") {
        begin(admin, group, &plan).await?;
    }
    show(&Plans::from([(group.to_owned(), plan)]), out)?;
    Ok(Outcome::Success)
}

/// Of a group that has members, or that may not be looked at. One that is not there begins where it is told.
async fn why_not(admin: &Admin, group: &str) -> Result<Option<String>> {
    let described = admin.describe_share_groups(&[group]).await?.into_values().next();
    Ok(match described {
        Some(Ok(described)) if !matches!(&*described.state, "Empty" | "Dead") => {
            Some(format!("Share group '{group}' is not empty."))
        }
        Some(Err(error)) if error.code() != Some(ErrorCode::GroupIdNotFound) => Some(java::words(&error)),
        _ => None,
    })
}

async fn partitions(options: &Options, admin: &Admin, group: &str) -> Result<Vec<TopicPartition>> {
    if options.has("topic") {
        return of_topics(options, "topic", admin).await;
    }
    let listed = admin.list_share_group_offsets(group, None).await?.into_iter();
    Ok(listed.filter(|(_, offset)| offset.is_ok()).map(|(partition, _)| partition).collect())
}

async fn planned(
    options: &Options,
    admin: &Admin,
    group: &str,
    partitions: &[TopicPartition],
    out: &mut dyn Write,
) -> Result<Plan> {
    let Some(Scenario { reset }) = Scenario::parse(options, group)? else { return Ok(Plan::new()) };
    if partitions.is_empty() {
        return Ok(Plan::new());
    }
    if let OffsetReset::Timestamp(time) = reset {
        tell_empty(admin, partitions, time, out).await?;
    }
    let plan = admin.plan_share_offset_reset(group, Some(partitions), &reset).await?;
    plan.into_iter().map(|(partition, planned)| Ok((partition, planned?.to))).collect()
}
