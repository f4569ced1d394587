//! `ottla cluster info` and `ottla cluster brokers`.

use anyhow::Result;
use ottla_client::admin::{ClusterDescription, DescribedBroker};
use serde::Serialize;

use super::QuestionArgs;
use crate::exit::Outcome;
use crate::output::{Answer, Column, Layout, Nested};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    cluster_id: String,
    controller: Option<i32>,
    broker_count: usize,
    brokers: Vec<BrokerRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BrokerRow {
    id: i32,
    host: String,
    port: i32,
    rack: Option<String>,
    is_controller: bool,
    is_fenced: bool,
}

const BROKER_COLUMNS: &[Column] = &[
    Column::new("ID", "id"),
    Column::new("HOST", "host"),
    Column::new("PORT", "port"),
    Column::new("RACK", "rack"),
    Column::wide("CONTROLLER", "isController"),
    Column::wide("FENCED", "isFenced"),
];

impl Answer for Info {
    const LAYOUT: Layout = Layout::Details {
        facts: &[
            Column::new("CLUSTER-ID", "clusterId"),
            Column::new("CONTROLLER", "controller"),
            Column::new("BROKERS", "brokerCount"),
        ],
        tables: &[Nested { title: "Brokers", field: "brokers", columns: BROKER_COLUMNS }],
    };
}

impl Answer for BrokerRow {
    const LAYOUT: Layout = Layout::Rows(BROKER_COLUMNS);
}

pub(super) async fn run(args: &QuestionArgs) -> Result<Outcome> {
    let remote = args.connection.connect().await?;
    let cluster = remote.admin.describe_cluster(false).await?;
    let brokers = rows(&cluster);
    args.output.print_one(&Info {
        cluster_id: cluster.id.to_string(),
        controller: cluster.controller,
        broker_count: brokers.len(),
        brokers,
    })?;
    Ok(Outcome::Success)
}

pub(super) async fn brokers(args: &QuestionArgs) -> Result<Outcome> {
    let remote = args.connection.connect().await?;
    args.output.print_all(&rows(&remote.admin.describe_cluster(false).await?))?;
    Ok(Outcome::Success)
}

fn rows(cluster: &ClusterDescription) -> Vec<BrokerRow> {
    let row = |broker: &DescribedBroker| BrokerRow {
        id: broker.id,
        host: broker.host.to_string(),
        port: broker.port,
        rack: broker.rack.as_ref().map(ToString::to_string),
        is_controller: cluster.controller == Some(broker.id),
        is_fenced: broker.is_fenced,
    };
    let mut rows: Vec<BrokerRow> = cluster.brokers.iter().map(row).collect();
    rows.sort_by_key(|broker| broker.id);
    rows
}
