//! Who leads, votes and follows, and how far behind they are.

use std::io::Write;

use anyhow::{Context as _, Result, bail};
use ottla_client::Uuid;
use ottla_client::admin::{Admin, Quorum, QuorumReplica};

use super::super::columns::write_table;
use super::super::options::Options;
use crate::clock;
use crate::kafka_id::kafka_id;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Status,
    Replication { is_human_readable: bool },
}

impl Wanted {
    pub(super) fn of(options: &Options) -> Result<Wanted> {
        let is_human_readable = options.has("human-readable");
        match (options.has("status"), options.has("replication")) {
            (true, true) => {
                bail!("Only one of --status or --replication should be specified with describe sub-command")
            }
            (true, false) if is_human_readable => {
                bail!("The option --human-readable is only supported along with --replication")
            }
            (true, false) => Ok(Wanted::Status),
            (false, true) => Ok(Wanted::Replication { is_human_readable }),
            (false, false) => {
                bail!("One of --status or --replication must be specified with describe sub-command")
            }
        }
    }
}

pub(super) async fn run(wanted: Wanted, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    match wanted {
        Wanted::Status => {
            let cluster_id = admin.describe_cluster(false).await?.id;
            let quorum = admin.describe_metadata_quorum().await?;
            writeln!(out, "{}", status(&cluster_id, &quorum)?)?;
        }
        Wanted::Replication { is_human_readable } => {
            let quorum = admin.describe_metadata_quorum().await?;
            let now = is_human_readable.then(clock::wall_ms);
            let headings = [
                "NodeId",
                "DirectoryId",
                "LogEndOffset",
                "Lag",
                "LastFetchTimestamp",
                "LastCaughtUpTimestamp",
                "Status",
            ];
            write_table(out, headings, &rows(&quorum, now)?)?;
        }
    }
    Ok(())
}

fn status(cluster_id: &str, quorum: &Quorum) -> Result<String> {
    let leader = leader(quorum)?;
    let last = quorum.voters.iter().min_by_key(|voter| voter.log_end_offset).unwrap_or(leader);
    let lag_ms = match (leader.last_caught_up_timestamp, last.last_caught_up_timestamp) {
        _ if leader == last => 0,
        (Some(leader), Some(last)) => leader.saturating_sub(last),
        _ => -1,
    };
    let Quorum { leader_epoch, high_watermark, .. } = quorum;
    Ok([
        format!("ClusterId:              {cluster_id}"),
        format!("LeaderId:               {}", leader.id),
        format!("LeaderEpoch:            {leader_epoch}"),
        format!("HighWatermark:          {high_watermark}"),
        format!("MaxFollowerLag:         {}", leader.log_end_offset.saturating_sub(last.log_end_offset)),
        format!("MaxFollowerLagTimeMs:   {lag_ms}"),
        format!("CurrentVoters:          {}", nodes(quorum, &quorum.voters)),
        format!("CurrentObservers:       {}", nodes(quorum, &quorum.observers)),
    ]
    .join("\n"))
}

fn leader(quorum: &Quorum) -> Result<&QuorumReplica> {
    let leader = quorum.voters.iter().find(|voter| voter.id == quorum.leader);
    leader.with_context(|| format!("the leader, node {}, is not among the voters", quorum.leader))
}

/// `[{"id": 0, "directoryId": "UUID1", "endpoints": ["C://controller-0:1234"]}]`
fn nodes(quorum: &Quorum, replicas: &[QuorumReplica]) -> String {
    let replicas: Vec<String> = replicas.iter().map(|replica| node(quorum, replica)).collect();
    format!("[{}]", replicas.join(", "))
}

fn node(quorum: &Quorum, replica: &QuorumReplica) -> String {
    let mut fields = vec![format!("\"id\": {}", replica.id)];
    fields.extend(replica.directory_id.map(|id| format!("\"directoryId\": \"{}\"", kafka_id(id))));
    let endpoints = quorum.nodes.iter().filter(|node| node.id == replica.id).flat_map(|node| &node.endpoints);
    let endpoints: Vec<String> = endpoints
        .map(|it| format!("\"{}://{}:{}\"", it.listener, super::membership::bracketed(&it.host), it.port))
        .collect();
    if !endpoints.is_empty() {
        fields.push(format!("\"endpoints\": [{}]", endpoints.join(", ")));
    }
    format!("{{{}}}", fields.join(", "))
}

/// The leader first, then those who vote, then those who follow; with the time, times as how long ago.
fn rows(quorum: &Quorum, now: Option<i64>) -> Result<Vec<[String; 7]>> {
    let leader = leader(quorum)?;
    let others = quorum.voters.iter().filter(|voter| voter.id != leader.id);
    let all = [(leader, "Leader")]
        .into_iter()
        .chain(others.map(|voter| (voter, "Follower")))
        .chain(quorum.observers.iter().map(|observer| (observer, "Observer")));
    let row = |(replica, status): (&QuorumReplica, &str)| {
        Ok([
            replica.id.to_string(),
            kafka_id(replica.directory_id.unwrap_or(Uuid::nil())),
            replica.log_end_offset.to_string(),
            leader.log_end_offset.saturating_sub(replica.log_end_offset).to_string(),
            time(replica.last_fetch_timestamp, now, "last fetch")?,
            time(replica.last_caught_up_timestamp, now, "last caught up")?,
            status.to_owned(),
        ])
    };
    all.map(row).collect()
}

fn time(timestamp: Option<i64>, now: Option<i64>, what: &str) -> Result<String> {
    match (timestamp, now) {
        (None, _) => Ok("-1".to_owned()),
        (Some(timestamp), None) => Ok(timestamp.to_string()),
        (Some(timestamp), Some(now)) if timestamp > 0 && timestamp <= now => {
            Ok(format!("{} ms ago", now - timestamp))
        }
        (Some(timestamp), Some(now)) => bail!(
            "Error while computing relative time, possible drift in system clock.\n\
             Current timestamp is {now}, {what} timestamp is {timestamp}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_they_are_or_as_how_long_ago() {
        for (timestamp, now, expected) in [
            (None, Some(50), Some("-1")),
            (Some(42), None, Some("42")),
            (Some(42), Some(50), Some("8 ms ago")),
            (Some(50), Some(50), Some("0 ms ago")),
            (Some(51), Some(50), None),
            (Some(0), Some(50), None),
        ] {
            assert_eq!(time(timestamp, now, "last fetch").ok().as_deref(), expected, "{timestamp:?} {now:?}");
        }
    }
}
