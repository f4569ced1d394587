//! `ottla topic clone`: a topic like another.

use anyhow::{Context as _, Result};
use clap::Args;
use ottla_client::TopicPartition;
use ottla_client::admin::{ConfigResource, ConfigSource, DescribeConfigs, NewTopic};

use super::copying::copy_records;
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
    let described = admin.describe_topics(&[&args.from]).await?.into_values().next();
    let original = described.context("the broker said nothing of the topic")??;
    let resource = ConfigResource::topic(&args.from);
    let configs = admin.describe_configs(&[resource], &DescribeConfigs::default()).await?;
    let configs = configs.into_values().next().context("the broker said nothing of its options")??;

    let replicas = original.partitions.iter().map(|it| it.replicas.len()).max().unwrap_or(1);
    let topic = NewTopic::new(&args.to)
        .partitions(i32::try_from(original.partitions.len())?)
        .replication_factor(i16::try_from(replicas)?);
    // What is the brokers' default is the copy's anyway, as it is the original's.
    let own = configs.iter().filter(|entry| entry.source == ConfigSource::DynamicTopic);
    let topic = own.fold(topic, |topic, entry| match &entry.value {
        Some(value) => topic.config(&entry.name, value),
        None => topic,
    });
    let (results, done) = match args.validate_only {
        true => (admin.validate_topics(&[topic]).await?, "valid"),
        false => (admin.create_topics(&[topic]).await?, "created"),
    };
    let partitions = original.partitions.iter().map(|it| TopicPartition::new(&*args.from, it.number));
    let partitions: Vec<TopicPartition> = partitions.collect();
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
