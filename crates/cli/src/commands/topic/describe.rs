//! `ottla topic describe`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{Admin, ConfigResource, DescribedPartition, DescribedTopic, OffsetSpec};
use ottla_client::config::IsolationLevel;
use ottla_client::{Offset, TopicPartition};
use serde::Serialize;

use super::names;
use crate::commands::config::{OptionRow, options_of};
use crate::commands::offsets_of::offsets_of;
use crate::exit::{Outcome, answered};
use crate::kafka_id::kafka_id;
use crate::output::{Answer, Column, Layout, Nested, OutputArgs};
use crate::remote::ConnectionArgs;

/// Show topics: partitions, offsets, replicas, and what is configured
#[derive(Debug, Args)]
#[command(after_help = "\
Options are left out whose values are the defaults, unless the topic has them
of its own; `ottla topic config get` has them all.

Examples:
  ottla topic describe orders
  ottla topic describe orders payments -o json
  ottla topic describe orders -o json | jq '.[].partitions[].leader'")]
pub(crate) struct DescribeArgs {
    /// Topics to show
    #[arg(required = true, value_name = "TOPIC")]
    topics: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TopicDetails {
    name: String,
    id: Option<String>,
    is_internal: bool,
    partition_count: usize,
    replication_factor: usize,
    partitions: Vec<PartitionRow>,
    configs: Vec<OptionRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PartitionRow {
    partition: i32,
    leader: Option<i32>,
    leader_epoch: Option<i32>,
    replicas: Vec<i32>,
    in_sync_replicas: Vec<i32>,
    offline_replicas: Vec<i32>,
    start_offset: Option<Offset>,
    end_offset: Option<Offset>,
    records: Option<i64>,
}

impl Answer for TopicDetails {
    const LAYOUT: Layout = Layout::Details {
        facts: &[
            Column::new("NAME", "name"),
            Column::new("ID", "id"),
            Column::new("INTERNAL", "isInternal"),
            Column::new("PARTITIONS", "partitionCount"),
            Column::new("REPLICAS", "replicationFactor"),
        ],
        tables: &[
            Nested {
                title: "Partitions",
                field: "partitions",
                columns: &[
                    Column::of_owner("TOPIC", "name"),
                    Column::new("PARTITION", "partition"),
                    Column::new("LEADER", "leader"),
                    Column::new("EPOCH", "leaderEpoch"),
                    Column::new("REPLICAS", "replicas"),
                    Column::new("IN-SYNC", "inSyncReplicas"),
                    Column::wide("OFFLINE", "offlineReplicas"),
                    Column::new("START", "startOffset"),
                    Column::new("END", "endOffset"),
                    Column::wide("OFFSETS", "records"),
                ],
            },
            Nested { title: "Configs", field: "configs", columns: OptionRow::COLUMNS_OF_TOPIC },
        ],
    };
}

pub(super) async fn run(args: &DescribeArgs) -> Result<Outcome> {
    let remote = args.connection.connect().await?;
    let described = remote.admin.describe_topics(&names(&args.topics)).await?;
    let (topics, outcome) = answered(described, |name| format!("cannot describe {name}"));
    let mut details = Vec::new();
    for (_, topic) in topics {
        details.push(details_of(&remote.admin, topic).await?);
    }
    args.output.print_found(&details)?;
    Ok(outcome)
}

async fn details_of(admin: &Admin, topic: DescribedTopic) -> Result<TopicDetails> {
    let partition = |it: &DescribedPartition| TopicPartition::new(topic.name.clone(), it.number);
    // Those without a leader have nobody to ask.
    let led = topic.partitions.iter().filter(|it| it.leader.is_some()).map(partition);
    let led: Vec<TopicPartition> = led.collect();
    let isolation = IsolationLevel::ReadUncommitted;
    let starts = offsets_of(admin, &led, OffsetSpec::Earliest, isolation).await?;
    // Of those that could be asked: one that is not to be reached would only be waited for once more.
    let led: Vec<TopicPartition> = starts.keys().cloned().collect();
    let ends = offsets_of(admin, &led, OffsetSpec::Latest, isolation).await?;
    let mut configs = options_of(admin, &ConfigResource::topic(&topic.name), &[]).await?;
    configs.retain(|option| !option.is_as_by_default());
    let rows = topic.partitions.iter().map(|it| {
        let (start, end) = (starts.get(&partition(it)).copied(), ends.get(&partition(it)).copied());
        PartitionRow {
            partition: it.number,
            leader: it.leader,
            leader_epoch: it.leader_epoch,
            replicas: it.replicas.clone(),
            in_sync_replicas: it.in_sync_replicas.clone(),
            offline_replicas: it.offline_replicas.clone(),
            start_offset: start,
            end_offset: end,
            records: end.zip(start).map(|(end, start)| end - start),
        }
    });
    Ok(TopicDetails {
        id: topic.id.map(kafka_id),
        is_internal: topic.is_internal,
        partition_count: topic.partitions.len(),
        replication_factor: topic.partitions.iter().map(|it| it.replicas.len()).max().unwrap_or_default(),
        partitions: rows.collect(),
        configs,
        name: topic.name.to_string(),
    })
}
