//! Ends what is under way.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use ottla_client::TopicPartition;
use ottla_client::admin::Admin;

use super::super::options::Options;
use super::execute::refuse_if_any;
use super::{dirs, joined, plural, throttles};
use crate::reassignment::Plan;

pub(super) async fn run(json: &str, options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let plan = Plan::parse(json)?;
    cancel_moves(&plan, admin, out).await?;
    let moving = dirs::states(&plan.dirs, admin).await?.into_iter();
    let back: BTreeMap<_, _> =
        moving.filter_map(|(replica, state)| Some((replica, state.moving_from()?))).collect();
    if back.is_empty() {
        // The original does not end the line.
        write!(out, "None of the specified partition moves are active.")?;
    } else {
        dirs::move_to(back, dirs::timeout(options)?, admin, out).await?;
    }
    if options.has("preserve-throttles") { Ok(()) } else { throttles::clear(&plan, admin, out).await }
}

async fn cancel_moves(plan: &Plan, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let partitions: Vec<TopicPartition> =
        plan.partitions.iter().map(|(partition, _)| partition.clone()).collect();
    let mut under_way = admin.list_partition_reassignments(Some(&partitions)).await?;
    under_way.retain(|_, it| !it.adding.is_empty() || !it.removing.is_empty());
    if under_way.is_empty() {
        return Ok(writeln!(out, "None of the specified partition reassignments are active.")?);
    }
    let ends = under_way.keys().map(|partition| (partition.clone(), None)).collect();
    let ended = admin.alter_partition_reassignments(&ends, true).await?;
    let failed = ended.values().filter(|outcome| outcome.is_err()).count();
    refuse_if_any(&format!("Error cancelling partition reassignment{} for:", plural(failed)), &ended)?;
    let (count, partitions) = (under_way.len(), joined(under_way.keys()));
    Ok(writeln!(out, "Successfully cancelled partition reassignment{} for: {partitions}", plural(count))?)
}
