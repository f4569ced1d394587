//! `ottla partition reassign execute`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use super::state::{replicas_now, settled};
use super::throttling::throttle;
use super::{MoveRow, read_plan, save};
use crate::byte_size::parse_bytes;
use crate::confirm::ConfirmArgs;
use crate::exit::{Outcome, print_refusal, usage};
use crate::output::OutputArgs;
use crate::reassignment::{Moves, changes};
use crate::remote::ConnectionArgs;

/// Begin to move partitions as a plan says
#[derive(Debug, Args)]
#[command(after_help = "\
Returns when the moves have begun; `ottla partition reassign verify` tells when
they are done, and takes the throttle away.

Examples:
  ottla partition reassign execute plan.json --dry-run
  ottla partition reassign execute plan.json --throttle 50MB --yes
  ottla partition reassign execute plan.json --save-current before.json")]
pub(crate) struct ExecuteArgs {
    /// The plan, in Kafka's JSON; - is standard input
    #[arg(value_name = "FILE")]
    plan: String,

    /// At most so many bytes a second at each broker, as 50MB
    #[arg(long, value_name = "BYTES")]
    throttle: Option<String>,

    /// Write where the partitions are now to this file, as a plan
    #[arg(long, value_name = "FILE")]
    save_current: Option<String>,

    /// Refuse what would change the number of replicas
    #[arg(long)]
    keep_replicas: bool,

    /// Have partitions that are on the move already go elsewhere
    #[arg(long)]
    additional: bool,

    /// Only show what would be moved
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &ExecuteArgs) -> Result<Outcome> {
    let throttle_rate = args.rate()?;
    let plan = read_plan(&args.plan)?;
    let admin = args.connection.connect().await?.admin;
    let moving = admin.list_partition_reassignments(None).await?;
    let now = settled(&replicas_now(&admin, &plan).await?, &moving);
    let moves = changes(&now, &plan);
    if args.dry_run {
        let rows = moves.iter().map(|(partition, it)| MoveRow::new(partition, it, "planned"));
        args.output.print_all(&rows.collect::<Vec<_>>())?;
        return Ok(Outcome::Success);
    }
    if let Some(busy) = plan.keys().find(|partition| moving.contains_key(*partition) && !args.additional) {
        bail!("{busy} is on the move already: `ottla partition reassign cancel`, or --additional");
    }
    if !args.confirm.allows(&format!("move {} partitions", moves.len()))? {
        return Ok(Outcome::Failure);
    }
    if let Some(path) = &args.save_current {
        save(path, &now)?;
    }
    if let Some(rate) = throttle_rate {
        let slowed = Moves::of(&moving, &plan, &now)?;
        throttle(&admin, &slowed, rate).await.context("nothing was moved, as it cannot be throttled")?;
    }
    let wanted = moves.iter().map(|(partition, it)| (partition.clone(), Some(it.to.clone())));
    let wanted: BTreeMap<_, _> = wanted.collect();
    let mut results = admin.alter_partition_reassignments(&wanted, !args.keep_replicas).await?;
    let mut outcome = Outcome::Success;
    let mut rows = Vec::new();
    for (partition, it) in &moves {
        let mut row = MoveRow::new(partition, it, "started");
        if let Some(Err(error)) = results.remove(partition) {
            print_refusal(partition, &error);
            (row.result, row.error, outcome) = ("failed", Some(error.to_string()), Outcome::Failure);
        }
        rows.push(row);
    }
    args.output.print_all(&rows)?;
    Ok(outcome)
}

impl ExecuteArgs {
    fn rate(&self) -> Result<Option<u64>> {
        let Some(text) = &self.throttle else { return Ok(None) };
        let rate = parse_bytes(text).filter(|rate| *rate > 0);
        let said = || usage(format!("--throttle {text}: say how many bytes a second, as 50MB"));
        rate.ok_or_else(said).map(Some)
    }
}
