//! `ottla share delete-offsets`.

use anyhow::Result;
use clap::Args;

use crate::commands::changes::Changes;
use crate::confirm::ConfirmArgs;
use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Forget where a share group is in topics
#[derive(Debug, Args)]
#[command(after_help = "\
The group must have no members meanwhile.

Example:
  ottla share delete-offsets billing orders payments --yes")]
pub(crate) struct DeleteOffsetsArgs {
    /// The group that forgets where it was
    #[arg(value_name = "GROUP")]
    group: String,

    /// In these topics
    #[arg(required = true, value_name = "TOPIC")]
    topics: Vec<String>,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &DeleteOffsetsArgs) -> Result<Outcome> {
    let what = format!("forget where {} is in {}", args.group, args.topics.join(", "));
    if !args.confirm.allows(&what)? {
        return Ok(Outcome::Failure);
    }
    let admin = args.connection.connect().await?.admin;
    let topics: Vec<&str> = args.topics.iter().map(String::as_str).collect();
    let mut changes = Changes::default();
    for (topic, result) in admin.delete_share_group_offsets(&args.group, &topics).await? {
        changes.add(topic, result, "deleted");
    }
    changes.report(args.output)
}
