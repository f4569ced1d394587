//! `ottla token list`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::Principal;

use super::row::TokenRow;
use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::principal::principal;
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
    #[arg(long = "owner", value_name = "KIND:NAME", value_parser = principal)]
    owners: Vec<Principal>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &ListArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let owners = (!args.owners.is_empty()).then_some(&args.owners[..]);
    let mut tokens = admin.describe_delegation_tokens(owners).await?;
    tokens.sort_by(|a, b| (a.issued_at, &a.id).cmp(&(b.issued_at, &b.id)));
    args.output.print_all(&tokens.iter().map(TokenRow::from).collect::<Vec<_>>())?;
    Ok(Outcome::Success)
}
