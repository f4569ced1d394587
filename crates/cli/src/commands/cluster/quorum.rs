//! `ottla cluster quorum`.

use anyhow::Result;
use ottla_client::Offset;
use ottla_client::admin::QuorumReplica;
use serde::Serialize;

use super::QuestionArgs;
use crate::exit::Outcome;
use crate::kafka_id::kafka_id;
use crate::output::{Answer, Column, Layout, Nested};
use crate::timestamp::Iso;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct QuorumDetails {
    leader: i32,
    leader_epoch: i32,
    high_watermark: Offset,
    replicas: Vec<ReplicaRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplicaRow {
    node: i32,
    status: &'static str,
    log_end_offset: Offset,
    lag: i64,
    last_fetch: Option<String>,
    last_caught_up: Option<String>,
    directory_id: Option<String>,
}

impl Answer for QuorumDetails {
    const LAYOUT: Layout = Layout::Details {
        facts: &[
            Column::new("LEADER", "leader"),
            Column::new("EPOCH", "leaderEpoch"),
            Column::new("HIGH-WATERMARK", "highWatermark"),
        ],
        tables: &[Nested {
            title: "Replicas",
            field: "replicas",
            columns: &[
                Column::new("NODE", "node"),
                Column::new("STATUS", "status"),
                Column::new("END", "logEndOffset"),
                Column::new("LAG", "lag"),
                Column::wide("LAST-FETCH", "lastFetch"),
                Column::wide("LAST-CAUGHT-UP", "lastCaughtUp"),
                Column::wide("DIRECTORY", "directoryId"),
            ],
        }],
    };
}

pub(super) async fn run(args: &QuestionArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let quorum = admin.describe_metadata_quorum().await?;
    let all = quorum.voters.iter().chain(&quorum.observers);
    let end = all.clone().find(|it| it.id == quorum.leader).map_or(0, |leader| leader.log_end_offset);
    let time = |time: Option<i64>| time.map(|time| Iso(time).to_string());
    let row = |replica: &QuorumReplica, status| ReplicaRow {
        node: replica.id,
        status: if replica.id == quorum.leader { "leader" } else { status },
        log_end_offset: replica.log_end_offset,
        lag: (end - replica.log_end_offset).max(0),
        last_fetch: time(replica.last_fetch_timestamp),
        last_caught_up: time(replica.last_caught_up_timestamp),
        directory_id: replica.directory_id.map(kafka_id),
    };
    let voters = quorum.voters.iter().map(|replica| row(replica, "voter"));
    let observers = quorum.observers.iter().map(|replica| row(replica, "observer"));
    args.output.print_one(&QuorumDetails {
        leader: quorum.leader,
        leader_epoch: quorum.leader_epoch,
        high_watermark: quorum.high_watermark,
        replicas: voters.chain(observers).collect(),
    })?;
    Ok(Outcome::Success)
}
