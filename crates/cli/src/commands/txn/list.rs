//! `ottla txn list`.

use anyhow::Result;
use clap::Args;
use ottla_client::BrokerId;
use ottla_client::admin::TransactionsFilter;
use serde::Serialize;

use crate::exit::{Outcome, answered, usage};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;
use crate::timestamp::parse_duration;

/// List transactional producers, and how their transactions stand
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla txn list
  ottla txn list --state Ongoing --longer-than 10m
  ottla txn list --matching 'billing-.*' -o json | jq -r '.[].transactionalId'")]
pub(crate) struct ListArgs {
    /// Only those in this state: Empty, Ongoing, PrepareCommit, ...
    #[arg(long = "state", value_name = "STATE", value_delimiter = ',')]
    states: Vec<String>,

    /// Only those of this producer
    #[arg(long = "producer-id", value_name = "N", value_delimiter = ',')]
    producer_ids: Vec<i64>,

    /// Only transactions that have been open for longer: 90s, 10m, 2h
    #[arg(long, value_name = "TIME")]
    longer_than: Option<String>,

    /// Only those whose whole transactional id matches this expression
    #[arg(long, value_name = "REGEX")]
    matching: Option<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionRow {
    transactional_id: String,
    coordinator: BrokerId,
    producer_id: i64,
    state: String,
}

impl Answer for TransactionRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("TRANSACTIONAL-ID", "transactionalId"),
        Column::new("COORDINATOR", "coordinator"),
        Column::new("PRODUCER-ID", "producerId"),
        Column::new("STATE", "state"),
    ]);
}

impl ListArgs {
    fn filter(&self) -> Result<TransactionsFilter> {
        let duration_min = match &self.longer_than {
            None => None,
            Some(text) => {
                let said = || usage(format!("--longer-than {text}: say it as 90s, 10m or 2h"));
                Some(parse_duration(text).ok_or_else(said)?)
            }
        };
        Ok(TransactionsFilter {
            states: self.states.clone(),
            producer_ids: self.producer_ids.clone(),
            duration_min,
            transactional_id_pattern: self.matching.clone(),
        })
    }
}

pub(super) async fn run(args: &ListArgs) -> Result<Outcome> {
    let filter = args.filter()?;
    let remote = args.connection.connect().await?;
    let listed = remote.admin.list_transactions(&filter).await?;
    let (listed, outcome) =
        answered(listed, |broker| format!("cannot list the transactions of broker {broker}"));
    let mut rows = Vec::new();
    for (broker, transactions) in listed {
        rows.extend(transactions.into_iter().map(|it| TransactionRow {
            transactional_id: it.transactional_id.to_string(),
            coordinator: broker,
            producer_id: it.producer_id,
            state: it.state.to_string(),
        }));
    }
    rows.sort_by(|a, b| a.transactional_id.cmp(&b.transactional_id));
    args.output.print_all(&rows)?;
    Ok(outcome)
}
