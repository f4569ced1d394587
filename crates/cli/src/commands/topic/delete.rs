//! `ottla topic delete`.

use anyhow::Result;
use clap::Args;
use ottla_client::ErrorCode;

use super::names;
use crate::commands::changes::Changes;
use crate::confirm::ConfirmArgs;
use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Delete topics, and all records in them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla topic delete orders
  ottla topic delete orders payments --yes --if-exists")]
pub(crate) struct DeleteArgs {
    /// Topics to delete, with all their records
    #[arg(required = true, value_name = "TOPIC")]
    topics: Vec<String>,

    /// Be content with a topic that is not there
    #[arg(long)]
    if_exists: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &DeleteArgs) -> Result<Outcome> {
    if !args.confirm.allows(&format!("delete {} with all records", args.topics.join(", ")))? {
        return Ok(Outcome::Failure);
    }
    let remote = args.connection.connect().await?;
    let mut changes = Changes::default();
    for (name, result) in remote.admin.delete_topics(&names(&args.topics)).await? {
        match result {
            Err(error) if args.if_exists && error.code() == Some(ErrorCode::UnknownTopicOrPartition) => {
                changes.add(name, Ok(()), "absent");
            }
            result => changes.add(name, result, "deleted"),
        }
    }
    changes.report(args.output)
}
