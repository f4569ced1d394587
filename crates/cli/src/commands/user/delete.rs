//! `ottla user delete`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{ScramAlteration, ScramMechanism};

use super::{alter_each, mechanism};
use crate::confirm::ConfirmArgs;
use crate::exit::{Outcome, answered};
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Delete users, or one of their passwords
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla user delete alice bob --yes
  ottla user delete alice --mechanism SCRAM-SHA-256 --yes")]
pub(crate) struct DeleteArgs {
    /// Users who shall not authenticate any more
    #[arg(required = true, value_name = "USER")]
    users: Vec<String>,

    /// Only what is for this hash [default: all]
    #[arg(long = "mechanism", value_name = "MECHANISM", value_delimiter = ',', value_parser = mechanism)]
    mechanisms: Vec<ScramMechanism>,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &DeleteArgs) -> Result<Outcome> {
    if !args.confirm.allows(&format!("delete {}", args.users.join(", ")))? {
        return Ok(Outcome::Failure);
    }
    let admin = args.connection.connect().await?.admin;
    let names: Vec<&str> = args.users.iter().map(String::as_str).collect();
    let described = admin.describe_user_scram_credentials(Some(&names)).await?;
    let (users, outcome) = answered(described, |name| format!("cannot delete {name}"));
    let mut deletions = Vec::new();
    for (user, credentials) in users {
        let there = credentials.iter().map(|credential| credential.mechanism);
        let wanted: Vec<ScramMechanism> =
            if args.mechanisms.is_empty() { there.collect() } else { args.mechanisms.clone() };
        deletions.extend(
            wanted.into_iter().map(|mechanism| ScramAlteration::Delete { user: user.clone(), mechanism }),
        );
    }
    let changes = alter_each(&admin, &deletions, "deleted").await?;
    Ok(outcome.and(changes.report(args.output)?))
}
