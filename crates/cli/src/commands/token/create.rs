//! `ottla token create`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{NewToken, Principal};

use super::row::TokenRow;
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::principal::principal;
use crate::remote::ConnectionArgs;
use crate::timestamp::parse_duration;

/// Create a token, for yourself or for somebody else
#[derive(Debug, Args)]
#[command(after_help = "\
-o wide and json show the HMAC, by which the token is used: with SASL/SCRAM, the
token's id as user name and the HMAC as password.

Examples:
  ottla token create --renewer User:scheduler -o wide
  ottla token create --owner User:etl --lifetime 7d -o json")]
pub(crate) struct CreateArgs {
    /// Whose it is [default: yours]
    #[arg(long, value_name = "KIND:NAME", value_parser = principal)]
    owner: Option<Principal>,

    /// Who may renew it beside the owner
    #[arg(long = "renewer", value_name = "KIND:NAME", value_parser = principal)]
    renewers: Vec<Principal>,

    /// For how long it can be renewed, as 7d [default: the broker's]
    #[arg(long, value_name = "TIME")]
    lifetime: Option<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &CreateArgs) -> Result<Outcome> {
    let lifetime = args.lifetime.as_ref().map(|text| {
        parse_duration(text).ok_or_else(|| usage(format!("--lifetime {text}: say it as 12h or 7d")))
    });
    let new = NewToken {
        owner: args.owner.clone(),
        renewers: args.renewers.clone(),
        lifetime_max: lifetime.transpose()?,
    };
    let admin = args.connection.connect().await?.admin;
    args.output.print_one(&TokenRow::from(&admin.create_delegation_token(&new).await?))?;
    Ok(Outcome::Success)
}
