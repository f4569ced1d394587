//! Where groups go on: a plan, which `--execute` carries out.

use std::io::Write;

use anyhow::Result;
use ottla_client::admin::{Admin, DescribedGroup};
use ottla_client::{ErrorCode, TopicPartition};

use super::super::group_scripts::{
    Plan, Plans, check_there, commit, export, of_topics, planned, print_error, show,
};
use super::super::options::Options;
use super::groups;

pub(super) async fn run(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let groups = groups(options, admin).await?;
    let ids: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut plans = Plans::new();
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
    let plan = planned(options, admin, group, &partitions, out).await?;
    if options.has("execute") {
        commit(admin, group, &plan).await?;
    }
    Ok(plan)
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
    of_topics(options, "topic", admin).await
}
