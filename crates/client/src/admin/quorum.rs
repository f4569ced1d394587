//! The quorum of controllers.

use std::sync::Arc;

use ottla_wire::Uuid;
use ottla_wire::messages::add_raft_voter_request::Listener;
use ottla_wire::messages::describe_quorum_request::{PartitionData, TopicData};
use ottla_wire::messages::describe_quorum_response::ReplicaState;
use ottla_wire::messages::{AddRaftVoterRequest, DescribeQuorumRequest, RemoveRaftVoterRequest};

use super::{Admin, known, text};
use crate::{Epoch, Offset, Result};

/// The quorum, as its leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quorum {
    /// The node that leads it.
    pub leader: i32,
    /// The leader's term.
    pub leader_epoch: Epoch,
    /// Up to where the metadata log is replicated.
    pub high_watermark: Offset,
    /// Those who vote.
    pub voters: Vec<QuorumReplica>,
    /// Those who follow.
    pub observers: Vec<QuorumReplica>,
    /// Where voters can be reached, where brokers tell.
    pub nodes: Vec<QuorumNode>,
}

/// A replica of the metadata log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuorumReplica {
    /// The node.
    pub id: i32,
    /// The directory it is in, where it is known.
    pub directory_id: Option<Uuid>,
    /// The end of its log.
    pub log_end_offset: Offset,
    /// When it last fetched, in milliseconds since the epoch.
    pub last_fetch_timestamp: Option<i64>,
    /// When it last had all that the leader had.
    pub last_caught_up_timestamp: Option<i64>,
}

/// Where a voter can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuorumNode {
    /// The node.
    pub id: i32,
    /// Its listeners.
    pub endpoints: Vec<VoterEndpoint>,
}

/// A listener of a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoterEndpoint {
    /// The listener's name.
    pub listener: Arc<str>,
    /// Its host.
    pub host: Arc<str>,
    /// Its port.
    pub port: u16,
}

impl Admin {
    /// The quorum.
    pub async fn describe_metadata_quorum(&self) -> Result<Quorum> {
        let partitions = vec![PartitionData { partition_index: 0 }];
        let topic = TopicData { topic_name: "__cluster_metadata".into(), partitions };
        self.ask_any(&DescribeQuorumRequest { topics: vec![topic] }, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())?;
            let topic = response.topics.first().and_then(|topic| topic.partitions.first());
            let log = topic.ok_or_else(|| answer.lacks("the metadata log"))?;
            answer.check(log.error_code, log.error_message.as_deref())?;
            let nodes = response.nodes.iter().map(|node| QuorumNode {
                id: node.node_id,
                endpoints: node
                    .listeners
                    .iter()
                    .map(|it| VoterEndpoint { listener: text(&it.name), host: text(&it.host), port: it.port })
                    .collect(),
            });
            Ok(Quorum {
                leader: log.leader_id,
                leader_epoch: log.leader_epoch,
                high_watermark: log.high_watermark,
                voters: log.current_voters.iter().map(replica).collect(),
                observers: log.observers.iter().map(replica).collect(),
                nodes: nodes.collect(),
            })
        })
        .await
    }

    /// Lets a controller vote (KIP-853). With the cluster's id it is refused in another cluster.
    pub async fn add_raft_voter(
        &self,
        cluster_id: Option<&str>,
        voter: i32,
        directory_id: Uuid,
        endpoints: &[VoterEndpoint],
    ) -> Result<()> {
        let listeners = endpoints.iter().map(|it| Listener {
            name: (&*it.listener).into(),
            host: (&*it.host).into(),
            port: it.port,
        });
        let request = AddRaftVoterRequest {
            cluster_id: cluster_id.map(Into::into),
            timeout_ms: self.timeout_ms(),
            voter_id: voter,
            voter_directory_id: directory_id,
            listeners: listeners.collect(),
            ..AddRaftVoterRequest::default()
        };
        self.ask_controller(&request, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())
        })
        .await
    }

    /// Has a controller vote no more (KIP-853).
    pub async fn remove_raft_voter(
        &self,
        cluster_id: Option<&str>,
        voter: i32,
        directory_id: Uuid,
    ) -> Result<()> {
        let request = RemoveRaftVoterRequest {
            cluster_id: cluster_id.map(Into::into),
            voter_id: voter,
            voter_directory_id: directory_id,
        };
        self.ask_controller(&request, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())
        })
        .await
    }
}

fn replica(replica: &ReplicaState) -> QuorumReplica {
    let directory = replica.replica_directory_id;
    QuorumReplica {
        id: replica.replica_id,
        directory_id: (!directory.is_nil()).then_some(directory),
        log_end_offset: replica.log_end_offset,
        last_fetch_timestamp: known(replica.last_fetch_timestamp),
        last_caught_up_timestamp: known(replica.last_caught_up_timestamp),
    }
}
