//! `ottla topic clone`: a topic like another.

use anyhow::{Context as _, Result};
use clap::Args;
use ottla_client::TopicPartition;

use super::copying::copy_records;
use crate::commands::apply::{new_topic, present};
use crate::commands::changes::Changes;
use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Create a topic with the partitions, replicas and options of another
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla topic clone orders orders-copy
  ottla topic clone orders orders-copy --data
  ottla consume orders -e --key 7 -o ndjson | ottla produce copy -i ndjson")]
pub(crate) struct CloneArgs {
    /// The topic that is there
    from: String,

    /// The name of the new one
    to: String,

    /// Copy the records that are there now, too: keys, headers, timestamps and
    /// partitions, and of transactions those that are committed
    #[arg(long, conflicts_with = "validate_only")]
    data: bool,

    /// Only say whether it could be done
    #[arg(long, visible_alias = "dry-run")]
    validate_only: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &CloneArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let original = present(&admin, &[&args.from]).await?.remove(&args.from);
    let original = original.with_context(|| format!("there is no topic {}", args.from))?;
    let partitions = (0..original.partitions).map(|number| TopicPartition::new(&*args.from, number));
    let partitions: Vec<TopicPartition> = partitions.collect();
    // What is the brokers' default is the copy's anyway, as it is the original's.
    let topic = new_topic(&original.described_as(&args.to));
    let (results, done) = match args.validate_only {
        true => (admin.validate_topics(&[topic]).await?, "valid"),
        false => (admin.create_topics(&[topic]).await?, "created"),
    };
    let mut changes = Changes::default();
    for (name, result) in results {
        match result {
            Ok(_) if args.data => {
                copy_records(&args.connection, &partitions, &args.to).await?;
                changes.add(name, Ok(()), "copied");
            }
            result => changes.add(name, result, done),
        }
    }
    changes.report(args.output)
}
