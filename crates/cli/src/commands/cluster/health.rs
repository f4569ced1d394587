//! `ottla cluster health`.

use anyhow::Result;
use ottla_client::admin::DescribedPartition;
use serde::Serialize;

use super::QuestionArgs;
use crate::exit::Outcome;
use crate::output::{Answer, Column, Layout};

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    is_healthy: bool,
    controller: Option<i32>,
    broker_count: usize,
    partition_count: usize,
    leaderless: Vec<String>,
    under_replicated: Vec<String>,
}

impl Answer for Health {
    const LAYOUT: Layout = Layout::Details {
        facts: &[
            Column::new("HEALTHY", "isHealthy"),
            Column::new("CONTROLLER", "controller"),
            Column::new("BROKERS", "brokerCount"),
            Column::new("PARTITIONS", "partitionCount"),
            Column::new("LEADERLESS", "leaderless"),
            Column::new("UNDER-REPLICATED", "underReplicated"),
        ],
        tables: &[],
    };
}

pub(super) async fn run(args: &QuestionArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let cluster = admin.describe_cluster(false).await?;
    let listed = admin.list_topics(true).await?;
    let names: Vec<&str> = listed.iter().map(|topic| &*topic.name).collect();
    let mut health =
        Health { controller: cluster.controller, broker_count: cluster.brokers.len(), ..Health::default() };
    if !names.is_empty() {
        for (name, topic) in admin.describe_topics(&names).await? {
            // One that was deleted meanwhile is nobody's concern.
            let Ok(topic) = topic else { continue };
            topic.partitions.iter().for_each(|partition| health.add(&name, partition));
        }
    }
    health.is_healthy =
        health.controller.is_some() && health.leaderless.is_empty() && health.under_replicated.is_empty();
    args.output.print_one(&health)?;
    Ok(if health.is_healthy { Outcome::Success } else { Outcome::Failure })
}

impl Health {
    fn add(&mut self, topic: &str, partition: &DescribedPartition) {
        self.partition_count += 1;
        let name = format!("{topic}-{}", partition.number);
        if partition.leader.is_none() {
            self.leaderless.push(name.clone());
        }
        if partition.in_sync_replicas.len() < partition.replicas.len() {
            self.under_replicated.push(name);
        }
    }
}
