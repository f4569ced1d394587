//! Where groups go on: a plan, which `--execute` carries out.

use std::io::Write;

use anyhow::{Result, anyhow};
use ottla_client::admin::Admin;
use ottla_client::{ErrorCode, TopicPartition};

use super::super::columns::Columns;
use super::super::group_scripts::{
    Plan, Plans, check_there, commit, export, of_topics, planned, print_error, rows,
};
use super::super::java;
use super::super::options::Options;
use super::{KIND, input, internal_topics};

pub(super) async fn run(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let groups = KIND.wanted(options, admin).await?;
    let ids: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut plans = Plans::new();
    for (group, described) in admin.describe_streams_groups(&ids).await? {
        let plan = match described {
            Ok(described) if matches!(&*described.state, "Empty" | "Dead") => {
                let plan = reset(options, admin, &group, out).await?;
                if options.has("execute") {
                    internal_topics::delete_after_reset(options, admin, &group, out).await?;
                }
                plan
            }
            Ok(described) => {
                let state = described.state;
                let message = format!(
                    "Assignments can only be reset if the group '{group}' is inactive, but the current state is \
                     {state}."
                );
                print_error(out, &message)?;
                Plan::new()
            }
            Err(error) if error.code() == Some(ErrorCode::GroupIdNotFound) => {
                reset(options, admin, &group, out).await?
            }
            Err(error) => return Err(anyhow!(java::wrapped(&error))),
        };
        plans.insert(group.to_string(), plan);
    }
    if options.has("export") {
        return export(options, &plans, out);
    }
    Ok(Columns::fixed(&[30, 30, 10, 15]).write_set_off(out, &rows(&plans))?)
}

async fn reset(options: &Options, admin: &Admin, group: &str, out: &mut dyn Write) -> Result<Plan> {
    let partitions = partitions(options, admin, group, out).await?;
    let plan = planned(options, admin, group, &partitions, out).await?;
    if options.has("execute") {
        commit(admin, group, &plan).await?;
    }
    Ok(plan)
}

async fn partitions(
    options: &Options,
    admin: &Admin,
    group: &str,
    out: &mut dyn Write,
) -> Result<Vec<TopicPartition>> {
    if options.has("all-input-topics") {
        return input::partitions(admin, group).await;
    }
    if !options.has("input-topic") && !options.has("from-file") {
        let message = "One of the reset scopes should be defined: --all-topics, --topic.";
        return Err(options.misuse(message).into());
    }
    let partitions = of_topics(options, "input-topic", admin).await?;
    if partitions.is_empty() {
        return Ok(partitions);
    }
    check_there(admin, &partitions).await?;
    let committed = input::committed(admin, group).await?;
    if partitions.iter().all(|partition| committed.contains_key(partition)) {
        return Ok(partitions);
    }
    print_error(out, &format!("One or more topics are not part of the group '{group}'."))?;
    Ok(Vec::new())
}
