//! `ottla partition reassign`: what is planned is looked at, then executed, and verified later.
//!
//! A plan is a file in Kafka's JSON, so that the one of Kafka's script can be executed here, and the other way round.

mod cancel;
mod execute;
mod list;
mod plan;
mod state;
mod throttling;
mod verify;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use ottla_client::BrokerId;
use serde::Serialize;

use crate::exit::{Outcome, usage};
use crate::output::Column;
use crate::reassignment::{Assignment, Change, Plan, to_json};

#[derive(Debug, Subcommand)]
pub(crate) enum ReassignCommand {
    Plan(plan::PlanArgs),
    Execute(execute::ExecuteArgs),
    Verify(verify::VerifyArgs),
    Cancel(cancel::CancelArgs),
    #[command(visible_alias = "ls", visible_alias = "describe")]
    List(list::ListArgs),
}

pub(super) async fn run(command: &ReassignCommand) -> Result<Outcome> {
    match command {
        ReassignCommand::Plan(args) => Box::pin(plan::run(args)).await,
        ReassignCommand::Execute(args) => Box::pin(execute::run(args)).await,
        ReassignCommand::Verify(args) => Box::pin(verify::run(args)).await,
        ReassignCommand::Cancel(args) => Box::pin(cancel::run(args)).await,
        ReassignCommand::List(args) => Box::pin(list::run(args)).await,
    }
}

/// A partition that is moved, or would be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MoveRow {
    topic: String,
    partition: i32,
    replicas: Vec<BrokerId>,
    new_replicas: Vec<BrokerId>,
    adding: Vec<BrokerId>,
    removing: Vec<BrokerId>,
    /// What is copied between brokers, where that is known.
    bytes: Option<i64>,
    result: &'static str,
    error: Option<String>,
}

const MOVE_COLUMNS: &[Column] = &[
    Column::new("TOPIC", "topic"),
    Column::new("PARTITION", "partition"),
    Column::new("REPLICAS", "replicas"),
    Column::new("NEW-REPLICAS", "newReplicas"),
    Column::wide("ADDING", "adding"),
    Column::wide("REMOVING", "removing"),
    Column::new("BYTES", "bytes"),
    Column::new("RESULT", "result"),
];

impl crate::output::Answer for MoveRow {
    const LAYOUT: crate::output::Layout = crate::output::Layout::Rows(MOVE_COLUMNS);
}

impl MoveRow {
    fn new(partition: &ottla_client::TopicPartition, it: &Change, result: &'static str) -> MoveRow {
        MoveRow {
            topic: partition.topic.to_string(),
            partition: partition.partition,
            replicas: it.from.clone(),
            new_replicas: it.to.clone(),
            adding: it.adding(),
            removing: it.removing(),
            bytes: None,
            result,
            error: None,
        }
    }
}

/// The plan in a file, or on standard input if that is `-`.
fn read_plan(path: &str) -> Result<Assignment> {
    let mut text = String::new();
    if path == "-" {
        io::stdin().read_to_string(&mut text).context("cannot read the plan from standard input")?;
    } else {
        text = fs::read_to_string(path).with_context(|| format!("cannot read the plan {path}"))?;
    }
    let plan = Plan::parse(&text).and_then(|plan| {
        if let Some(((partition, _), dir)) = plan.dirs.first_key_value() {
            bail!("{partition} names the directory {dir}: `ottla kafka-reassign-partitions` moves to directories");
        }
        plan.checked()
    });
    plan.map_err(|error| usage(format!("the plan {path}: {error:#}")))
}

fn save(path: &str, assignment: &Assignment) -> Result<()> {
    let text = to_json(assignment, &BTreeMap::new())? + "\n";
    fs::write(path, text).with_context(|| format!("cannot write {path}"))
}
