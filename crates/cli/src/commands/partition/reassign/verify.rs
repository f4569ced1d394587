//! `ottla partition reassign verify`.

use anyhow::Result;
use clap::Args;
use ottla_client::BrokerId;
use serde::Serialize;

use super::read_plan;
use super::state::replicas_now;
use super::throttling::unthrottle;
use crate::exit::Outcome;
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;

/// Show whether partitions are where a plan wants them
#[derive(Debug, Args)]
#[command(after_help = "\
Once all are there, throttles are taken away. Ends with 1 as long as they are
not: STATE is done, moving, or elsewhere, which no move under way will change.

Examples:
  ottla partition reassign verify plan.json
  ottla partition reassign verify plan.json --keep-throttle -o json")]
pub(crate) struct VerifyArgs {
    /// The plan, in Kafka's JSON; - is standard input
    #[arg(value_name = "FILE")]
    plan: String,

    /// Leave throttles as they are
    #[arg(long)]
    keep_throttle: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StateRow {
    topic: String,
    partition: i32,
    replicas: Vec<BrokerId>,
    wanted_replicas: Vec<BrokerId>,
    state: &'static str,
}

impl Answer for StateRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("TOPIC", "topic"),
        Column::new("PARTITION", "partition"),
        Column::new("REPLICAS", "replicas"),
        Column::new("WANTED", "wantedReplicas"),
        Column::new("STATE", "state"),
    ]);
}

pub(super) async fn run(args: &VerifyArgs) -> Result<Outcome> {
    let plan = read_plan(&args.plan)?;
    let admin = args.connection.connect().await?.admin;
    let moving = admin.list_partition_reassignments(None).await?;
    let now = replicas_now(&admin, &plan).await?;
    let rows = plan.iter().map(|(partition, wanted)| StateRow {
        topic: partition.topic.to_string(),
        partition: partition.partition,
        replicas: now[partition].clone(),
        wanted_replicas: wanted.clone(),
        state: match (moving.contains_key(partition), now[partition] == *wanted) {
            (true, _) => "moving",
            (false, true) => "done",
            (false, false) => "elsewhere",
        },
    });
    let rows: Vec<StateRow> = rows.collect();
    args.output.print_all(&rows)?;
    if rows.iter().any(|row| row.state != "done") {
        return Ok(Outcome::Failure);
    }
    if !args.keep_throttle {
        unthrottle(&admin, &plan).await?;
    }
    Ok(Outcome::Success)
}
