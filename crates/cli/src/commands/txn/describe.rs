//! `ottla txn describe`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::TransactionDescription;
use serde::Serialize;

use crate::clock;
use crate::exit::{Outcome, answered};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;
use crate::timestamp::Iso;

const OPEN_STATES: [&str; 4] = ["Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence"];

/// Show transactional producers: state, epoch, how long, which partitions
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  ottla txn describe billing-1")]
pub(crate) struct DescribeArgs {
    /// Transactional ids to show
    #[arg(required = true, value_name = "TRANSACTIONAL-ID")]
    ids: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionDetails {
    transactional_id: String,
    state: String,
    producer_id: i64,
    producer_epoch: i16,
    timeout_ms: u128,
    started_at: Option<String>,
    open_for_ms: Option<i64>,
    partitions: Vec<String>,
}

impl Answer for TransactionDetails {
    const LAYOUT: Layout = Layout::Details {
        facts: &[
            Column::new("TRANSACTIONAL-ID", "transactionalId"),
            Column::new("STATE", "state"),
            Column::new("PRODUCER-ID", "producerId"),
            Column::new("EPOCH", "producerEpoch"),
            Column::new("TIMEOUT-MS", "timeoutMs"),
            Column::new("STARTED-AT", "startedAt"),
            Column::new("OPEN-FOR-MS", "openForMs"),
            Column::new("PARTITIONS", "partitions"),
        ],
        tables: &[],
    };
}

pub(super) async fn run(args: &DescribeArgs) -> Result<Outcome> {
    let remote = args.connection.connect().await?;
    let ids: Vec<&str> = args.ids.iter().map(String::as_str).collect();
    let now = clock::wall_ms();
    let described = remote.admin.describe_transactions(&ids).await?;
    let (transactions, outcome) = answered(described, |id| format!("cannot describe {id}"));
    let details: Vec<TransactionDetails> =
        transactions.iter().map(|(id, transaction)| details_of(id, transaction, now)).collect();
    args.output.print_found(&details)?;
    Ok(outcome)
}

fn details_of(id: &str, transaction: &TransactionDescription, now: i64) -> TransactionDetails {
    let started_at = transaction.started_at;
    // Of one that has ended brokers still tell when it began.
    let is_open = OPEN_STATES.contains(&&*transaction.state);
    TransactionDetails {
        transactional_id: id.to_owned(),
        state: transaction.state.to_string(),
        producer_id: transaction.producer_id,
        producer_epoch: transaction.producer_epoch,
        timeout_ms: transaction.timeout.as_millis(),
        started_at: started_at.map(|at| Iso(at).to_string()),
        open_for_ms: started_at.filter(|_| is_open).map(|start| now.saturating_sub(start).max(0)),
        partitions: transaction.partitions.iter().map(ToString::to_string).collect(),
    }
}
