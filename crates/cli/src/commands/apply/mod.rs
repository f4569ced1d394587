//! `ottla apply`: topics as a file describes them.
//!
//! ```text
//! file       what a file says
//! present    topics as they are
//! plan       what has to be done
//! carry_out  doing it
//! ```

mod carry_out;
mod file;
mod plan;
mod present;

use std::collections::BTreeSet;
use std::fs;
use std::io;

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;

use crate::confirm::ConfirmArgs;
use crate::exit::{Outcome, print_error, print_refusal, usage};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::{ConnectionArgs, block_on};
use carry_out::carry_out;
pub(crate) use carry_out::new_topic;
use file::Topic;
pub(crate) use file::Topics;
use plan::{Action, Step, plan};
pub(crate) use present::{all_names, present};

/// Make topics what a file says
#[derive(Debug, Args)]
#[command(after_help = "\
The file is YAML or JSON, as `ottla topic export -o yaml` writes it:

  topics:
  - name: orders
    partitions: 12
    replicas: 3
    configs:
      retention.ms: 86400000

What is left out is left as it is; but `configs`, where it is there, names all
options that the topic shall have of its own. Topics that are not in the file
are left alone, unless --prune is given. Brokers judge all changes before the
first is made.

Examples:
  ottla apply -f topics.yaml --dry-run
  ottla apply -f topics.yaml --check     # exits with 1 if something differs
  ottla apply -f topics.yaml --yes
  ottla topic export -o yaml | ottla apply -b other:9092 -f - --yes")]
pub(crate) struct ApplyArgs {
    /// The file; - is standard input
    #[arg(short, long, value_name = "FILE")]
    file: String,

    /// Also delete topics that are not in the file
    #[arg(long)]
    prune: bool,

    /// Only show what differs, and whether brokers would do it
    #[arg(long)]
    dry_run: bool,

    /// Only show what differs, and end with 1 if something does
    #[arg(long, conflicts_with = "dry_run")]
    check: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// A step, and what became of it.
#[derive(Debug, Serialize)]
struct StepRow {
    topic: String,
    action: &'static str,
    what: Option<String>,
    from: Option<String>,
    to: Option<String>,
    result: &'static str,
    error: Option<String>,
}

impl Answer for StepRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("TOPIC", "topic"),
        Column::new("ACTION", "action"),
        Column::new("WHAT", "what"),
        Column::new("FROM", "from"),
        Column::new("TO", "to"),
        Column::new("RESULT", "result"),
    ]);
}

pub(crate) fn run(args: &ApplyArgs) -> Result<Outcome> {
    let wanted = read(&args.file)?;
    block_on(Box::pin(apply(args, &wanted.topics)))
}

async fn apply(args: &ApplyArgs, wanted: &[Topic]) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let mut names: Vec<String> = wanted.iter().map(|topic| topic.name.clone()).collect();
    if args.prune {
        names.extend(all_names(&admin).await?);
        names.sort();
        names.dedup();
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let steps = plan(wanted, &present(&admin, &names).await?, args.prune);
    let planned: Vec<StepRow> = steps.iter().map(|step| StepRow::new(step, "planned")).collect();
    let refusals: Vec<String> = steps.iter().filter_map(refusal).collect();
    refusals.iter().for_each(|refusal| print_error(refusal));
    if args.check || steps.is_empty() || !refusals.is_empty() {
        args.output.print_all(&planned)?;
        return Ok(if steps.is_empty() { Outcome::Success } else { Outcome::Failure });
    }
    // Brokers judge all of it first, so that nothing is done by halves.
    let judged = carry_out(&admin, &steps, true).await?;
    if args.dry_run || judged.iter().any(Result::is_err) {
        return report(args, &steps, &judged, "valid");
    }
    if !confirmed(args, &steps, &planned)? {
        return Ok(Outcome::Failure);
    }
    report(args, &steps, &carry_out(&admin, &steps, false).await?, "done")
}

fn read(path: &str) -> Result<Topics> {
    let text = match path {
        "-" => io::read_to_string(io::stdin()).context("cannot read topics from standard input")?,
        path => fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?,
    };
    Topics::parse(&text).map_err(|error| usage(format!("{path}: {error:#}")))
}

/// Who is asked sees first what it is about.
fn confirmed(args: &ApplyArgs, steps: &[Step], planned: &[StepRow]) -> Result<bool> {
    if args.confirm.asks() {
        args.output.print_all(planned)?;
    }
    let deleted = steps.iter().filter(|step| step.action == Action::Delete).count();
    let what = match deleted {
        0 => format!("make {} changes", steps.len()),
        deleted => format!("delete {deleted} topics, and make {} changes", steps.len() - deleted),
    };
    args.confirm.allows(&what)
}

fn report(
    args: &ApplyArgs,
    steps: &[Step],
    results: &[ottla_client::Result<()>],
    done: &'static str,
) -> Result<Outcome> {
    let mut outcome = Outcome::Success;
    let mut rows = Vec::new();
    // All options of a topic have one answer.
    let mut told = BTreeSet::new();
    for (step, result) in steps.iter().zip(results) {
        let mut row = StepRow::new(step, done);
        if let Err(error) = result {
            if told.insert((&step.topic, error.to_string())) {
                print_refusal(&step.topic, error);
            }
            (row.result, row.error, outcome) = ("failed", Some(error.to_string()), Outcome::Failure);
        }
        rows.push(row);
    }
    args.output.print_all(&rows)?;
    Ok(outcome)
}

impl StepRow {
    fn new(step: &Step, result: &'static str) -> StepRow {
        let topic = step.topic.clone();
        let row = |action, what: Option<&str>, from: Option<String>, to: Option<String>| StepRow {
            topic,
            action,
            what: what.map(str::to_owned),
            from,
            to,
            result,
            error: None,
        };
        match &step.action {
            Action::Create(topic) => row("create", None, None, Some(summary(topic))),
            Action::AddPartitions { from, to } => {
                row("add", Some("partitions"), Some(from.to_string()), Some(to.to_string()))
            }
            Action::Set { key, from, to } => row("set", Some(key), from.clone(), Some(to.clone())),
            Action::Unset { key, from } => row("unset", Some(key), from.clone(), None),
            Action::Delete => row("delete", None, None, None),
            Action::Refuse { what, from, to, why } => {
                let row = row("refuse", Some(what), Some(from.clone()), Some(to.clone()));
                StepRow { result: "refused", error: Some((*why).to_owned()), ..row }
            }
        }
    }
}

/// Why a step cannot be done, if that is so.
fn refusal(step: &Step) -> Option<String> {
    let Action::Refuse { what, from, to, why } = &step.action else { return None };
    Some(format!("{}: {what} {from} to {to}: {why}", step.topic))
}

/// What a new topic is to be.
fn summary(topic: &Topic) -> String {
    let partitions = topic.partitions.map(|count| format!("partitions={count}"));
    let replicas = topic.replicas.map(|count| format!("replicas={count}"));
    let configs = topic
        .configs
        .iter()
        .flatten()
        .filter_map(|(key, value)| Some(format!("{key}={}", value.0.as_ref()?)));
    partitions.into_iter().chain(replicas).chain(configs).collect::<Vec<_>>().join(" ")
}
