//! Transactions that are open at partitions, and that nobody will end.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, bail};
use ottla_client::admin::{Admin, ProducerState};
use ottla_client::{BrokerId, TopicPartition};

use super::super::columns::write_table;
use super::super::connection::Properties;
use super::super::options::Options;
use super::{failed, partition};
use crate::clock;
use crate::hanging_transactions::{OpenTransaction, hanging};

const DEFAULT_TIMEOUT_MINUTES: u64 = 15;

const MS_PER_MINUTE: i64 = 60_000;

pub(super) async fn run(options: &Options, properties: &Properties, out: &mut dyn Write) -> Result<()> {
    let broker: Option<BrokerId> = options.last_number("broker-id")?;
    if !options.has("topic") && broker.is_none() {
        bail!(
            "The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search"
        );
    }
    if options.has("partition") && !options.has("topic") {
        bail!("The --partition argument requires --topic to be provided");
    }
    let minutes = options.last_number("max-transaction-timeout")?.unwrap_or(DEFAULT_TIMEOUT_MINUTES);
    let idle_min = Duration::from_secs(minutes.saturating_mul(60));
    let admin = properties.connect().await?.admin;
    let partitions = match options.has("partition") {
        true => vec![partition(options)?],
        false => partitions(options.last("topic"), broker, &admin).await?,
    };
    let now = clock::wall_ms();
    let producers = producers(&admin, broker, &partitions).await?;
    let rows: Vec<_> =
        hanging(&admin, producers, now, idle_min).await?.iter().map(|it| row(it, now)).collect();
    let headings = [
        "Topic",
        "Partition",
        "ProducerId",
        "ProducerEpoch",
        "CoordinatorEpoch",
        "StartOffset",
        "LastTimestamp",
        "Duration(min)",
    ];
    write_table(out, headings, &rows)?;
    Ok(())
}

/// Of this topic or all, those that this broker has.
async fn partitions(
    topic: Option<&str>,
    broker: Option<BrokerId>,
    admin: &Admin,
) -> Result<Vec<TopicPartition>> {
    let topics: Vec<String> = match topic {
        Some(topic) => vec![topic.to_owned()],
        None => admin.list_topics(true).await?.iter().map(|topic| topic.name.to_string()).collect(),
    };
    let names: Vec<&str> = topics.iter().map(String::as_str).collect();
    let failed = |error| failed(&format!("describe {} topics", names.len()), &error);
    let mut partitions = Vec::new();
    for (name, described) in admin.describe_topics(&names).await.map_err(failed)? {
        for partition in described.map_err(failed)?.partitions {
            if broker.is_none_or(|broker| partition.replicas.contains(&broker)) {
                partitions.push(TopicPartition::new(name.clone(), partition.number));
            }
        }
    }
    Ok(partitions)
}

async fn producers(
    admin: &Admin,
    broker: Option<BrokerId>,
    partitions: &[TopicPartition],
) -> Result<Vec<(TopicPartition, Vec<ProducerState>)>> {
    let failed = |error| failed(&format!("describe producers for {} partitions", partitions.len()), &error);
    let described = match broker {
        Some(broker) => admin.describe_producers_at(broker, partitions).await,
        None => admin.describe_producers(partitions).await,
    };
    let described = described.map_err(failed)?.into_iter();
    described.map(|(partition, producers)| Ok((partition, producers.map_err(failed)?))).collect()
}

fn row(open: &OpenTransaction, now: i64) -> [String; 8] {
    let OpenTransaction { partition, producer, start_offset } = open;
    [
        partition.topic.to_string(),
        partition.partition.to_string(),
        producer.producer_id.to_string(),
        producer.producer_epoch.to_string(),
        producer.coordinator_epoch.unwrap_or(-1).to_string(),
        start_offset.to_string(),
        producer.last_timestamp.to_string(),
        (now.saturating_sub(producer.last_timestamp) / MS_PER_MINUTE).to_string(),
    ]
}
