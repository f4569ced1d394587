//! `ottla group list`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{GroupListing, GroupsFilter};
use serde::Serialize;

use crate::exit::{Outcome, answered};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;

const KINDS: [&str; 4] = ["classic", "consumer", "share", "streams"];

/// Of groups of all kinds.
const STATES: [&str; 8] = [
    "Stable",
    "Empty",
    "Dead",
    "PreparingRebalance",
    "CompletingRebalance",
    "Assigning",
    "Reconciling",
    "NotReady",
];

/// List groups of all kinds
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla group list
  ottla group list --state Empty --type classic
  ottla group list -o json | jq -r '.[].group'")]
pub(crate) struct ListArgs {
    /// Only those in this state: Stable, Empty, ...
    #[arg(long = "state", value_name = "STATE", value_delimiter = ',', value_parser = STATES, ignore_case = true, hide_possible_values = true)]
    states: Vec<String>,

    /// Only those of this kind: classic, consumer, share, streams
    #[arg(long = "type", value_name = "KIND", value_delimiter = ',', value_parser = KINDS, ignore_case = true, hide_possible_values = true)]
    types: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// What commands take that are about one kind of groups.
#[derive(Debug, Args)]
pub(crate) struct ListOfKindArgs {
    /// Only those in this state: Stable, Empty, ...
    #[arg(long = "state", value_name = "STATE", value_delimiter = ',', value_parser = STATES, ignore_case = true, hide_possible_values = true)]
    states: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupRow {
    group: String,
    #[serde(rename = "type")]
    group_type: Option<String>,
    state: Option<String>,
    protocol_type: String,
    coordinator: i32,
}

impl Answer for GroupRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("GROUP", "group"),
        Column::new("TYPE", "type"),
        Column::new("STATE", "state"),
        Column::wide("PROTOCOL-TYPE", "protocolType"),
        Column::new("COORDINATOR", "coordinator"),
    ]);
}

pub(super) async fn run(args: &ListArgs) -> Result<Outcome> {
    let filter = GroupsFilter { states: args.states.clone(), types: args.types.clone() };
    list(&filter, args.output, &args.connection).await
}

/// As if `--type` named the kind.
pub(crate) async fn list_of_kind(args: &ListOfKindArgs, kind: &str) -> Result<Outcome> {
    let filter = GroupsFilter { states: args.states.clone(), types: vec![kind.to_owned()] };
    list(&filter, args.output, &args.connection).await
}

async fn list(filter: &GroupsFilter, output: OutputArgs, connection: &ConnectionArgs) -> Result<Outcome> {
    let admin = connection.connect().await?.admin;
    let listed = admin.list_groups(filter).await?;
    let (listed, outcome) = answered(listed, |broker| format!("cannot list the groups of broker {broker}"));
    let groups = listed.into_iter().flat_map(|(_, groups)| groups);
    let row = |group: GroupListing| GroupRow {
        group: group.id.to_string(),
        group_type: group.group_type.map(|it| it.to_string()),
        state: group.state.map(|it| it.to_string()),
        protocol_type: group.protocol_type.to_string(),
        coordinator: group.coordinator,
    };
    let mut rows: Vec<GroupRow> = groups.map(row).collect();
    rows.sort_by(|a, b| a.group.cmp(&b.group));
    output.print_all(&rows)?;
    Ok(outcome)
}
