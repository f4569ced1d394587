//! `ottla topic export`.

use anyhow::Result;
use clap::Args;

use crate::commands::apply::{Topics, all_names, present};
use crate::exit::Outcome;
use crate::output::{Answer, Column, Layout, Nested, OutputArgs};
use crate::remote::ConnectionArgs;

/// Show topics as `ottla apply` takes them
#[derive(Debug, Args)]
#[command(after_help = "\
With -o yaml or -o json it is a file for `ottla apply`.

Examples:
  ottla topic export -o yaml > topics.yaml
  ottla topic export orders payments -o json")]
pub(crate) struct ExportArgs {
    /// These alone [default: all but the cluster's own]
    #[arg(value_name = "TOPIC")]
    topics: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

impl Answer for Topics {
    const LAYOUT: Layout = Layout::Details {
        facts: &[],
        tables: &[Nested {
            title: "Topics",
            field: "topics",
            columns: &[
                Column::new("NAME", "name"),
                Column::new("PARTITIONS", "partitions"),
                Column::new("REPLICAS", "replicas"),
                Column::new("CONFIGS", "configs"),
            ],
        }],
    };
}

pub(super) async fn run(args: &ExportArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let mut names = if args.topics.is_empty() { all_names(&admin).await? } else { args.topics.clone() };
    // Whoever keeps it with a history sees what changed, and nothing else.
    names.sort_unstable();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut found = present(&admin, &names).await?;
    let missing: Vec<&str> = names.iter().filter(|name| !found.contains_key(**name)).copied().collect();
    let topic = |name: &&str| Some(found.remove(*name)?.described_as(name));
    args.output.print_one(&Topics { topics: names.iter().filter_map(topic).collect() })?;
    for name in &missing {
        crate::exit::print_error(&format!("there is no topic {name}"));
    }
    Ok(if missing.is_empty() { Outcome::Success } else { Outcome::Failure })
}
