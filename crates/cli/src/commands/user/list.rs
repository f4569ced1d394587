//! `ottla user list`.

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::exit::{Outcome, answered};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;
use crate::word::Word as _;

/// List users, and by which hashes they authenticate
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla user list
  ottla user list alice bob -o json")]
pub(crate) struct ListArgs {
    /// These alone
    #[arg(value_name = "USER")]
    users: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
struct CredentialRow {
    user: String,
    mechanism: &'static str,
    iterations: i32,
}

impl Answer for CredentialRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("USER", "user"),
        Column::new("MECHANISM", "mechanism"),
        Column::new("ITERATIONS", "iterations"),
    ]);
}

pub(super) async fn run(args: &ListArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let names: Vec<&str> = args.users.iter().map(String::as_str).collect();
    let named = (!names.is_empty()).then_some(&names[..]);
    let described = admin.describe_user_scram_credentials(named).await?;
    let (users, outcome) = answered(described, |name| format!("cannot describe {name}"));
    let rows = users.iter().flat_map(|(user, credentials)| {
        credentials.iter().map(|credential| CredentialRow {
            user: user.to_string(),
            mechanism: credential.mechanism.word(),
            iterations: credential.iterations,
        })
    });
    let mut rows: Vec<CredentialRow> = rows.collect();
    rows.sort_by(|a, b| (&a.user, a.mechanism).cmp(&(&b.user, b.mechanism)));
    args.output.print_all(&rows)?;
    Ok(outcome)
}
