//! `ottla config list`.

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::entity::Entity;
use crate::exit::Outcome;
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;

/// List what has options
#[derive(Debug, Args)]
#[command(after_help = "\
Of groups and subscriptions to clients' metrics those are listed that have
options of their own. Brokers before Kafka 4.1 tell of the latter alone.

Examples:
  ottla config list
  ottla config list --kind group,client-metrics")]
pub(crate) struct ListArgs {
    /// Only these: topic, broker, loggers, group, client-metrics
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',', value_parser = KINDS)]
    kinds: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

const KINDS: [&str; 5] = ["topic", "broker", "loggers", "group", "client-metrics"];

#[derive(Debug, Serialize)]
struct EntityRow {
    kind: &'static str,
    name: Option<String>,
}

impl Answer for EntityRow {
    const LAYOUT: Layout = Layout::Rows(&[Column::new("KIND", "kind"), Column::new("NAME", "name")]);
}

pub(super) async fn run(args: &ListArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let resources = admin.list_config_resources().await?;
    let entities = resources.iter().map(Entity::from);
    let mut rows: Vec<EntityRow> = entities
        .filter(|entity| args.kinds.is_empty() || args.kinds.iter().any(|kind| kind == entity.kind))
        .map(|Entity { kind, name }| EntityRow { kind, name })
        .collect();
    rows.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    args.output.print_all(&rows)?;
    Ok(Outcome::Success)
}
