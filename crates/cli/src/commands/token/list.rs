//! `ottla token list`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::Principal;

use super::row::{TokenRow, principal};
use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// List tokens that you may see
#[derive(Debug, Args)]
#[command(after_help = "\
-o wide and json have the HMACs too, which are as secret as passwords.

Examples:
  ottla token list
  ottla token list --owner User:alice -o json")]
pub(crate) struct ListArgs {
    /// Only of this owner, as User:alice
    #[arg(long = "owner", value_name = "KIND:NAME")]
    owners: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &ListArgs) -> Result<Outcome> {
    let owners: Vec<Principal> = args.owners.iter().map(|text| principal(text)).collect::<Result<_>>()?;
    let admin = args.connection.connect().await?.admin;
    let named = (!owners.is_empty()).then_some(&owners[..]);
    let mut tokens = admin.describe_delegation_tokens(named).await?;
    tokens.sort_by(|a, b| (a.issued_at, &a.id).cmp(&(b.issued_at, &b.id)));
    args.output.print_all(&tokens.iter().map(TokenRow::from).collect::<Vec<_>>())?;
    Ok(Outcome::Success)
}
