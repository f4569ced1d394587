//! `ottla acl list`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::PatternType;

use super::binding::AclRow;
use super::matching::{MatchArgs, matching};
use super::word;
use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// List who may do what
#[derive(Debug, Args)]
#[command(after_help = "\
Of a named resource everything is listed that applies to it, also what is said
of all names, or of all that begin alike; --pattern literal leaves that out.

Examples:
  ottla acl list
  ottla acl list --topic orders
  ottla acl list --principal User:alice -o json
  ottla acl list --permission deny --operation write")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    matching: MatchArgs,

    /// How names are meant: match, literal, prefixed or any
    #[arg(long, value_name = "PATTERN", value_parser = word::<PatternType>, default_value = "match")]
    pattern: PatternType,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &ListArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let found = matching(&admin, &args.matching.filters(args.pattern)).await?;
    args.output.print_all(&found.iter().map(AclRow::from).collect::<Vec<_>>())?;
    Ok(Outcome::Success)
}
