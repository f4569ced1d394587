//! The cluster and its brokers.

use std::sync::Arc;

use ottla_wire::messages::{DescribeClusterRequest, UnregisterBrokerRequest};

use super::acls::operations;
use super::{Admin, Operations, known, text};
use crate::client::CONTROLLERS;
use crate::{BrokerId, Result};

/// The cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClusterDescription {
    /// Its id.
    pub id: Arc<str>,
    /// The broker that carries out administrative requests, if one is known.
    pub controller: Option<BrokerId>,
    /// Its brokers.
    pub brokers: Vec<DescribedBroker>,
    /// What the client may do with the cluster, where the broker tells.
    pub authorized_operations: Option<Operations>,
}

/// A broker of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribedBroker {
    /// Its number.
    pub id: BrokerId,
    /// The host that it advertises.
    pub host: Arc<str>,
    /// The port that it advertises.
    pub port: i32,
    /// Where it is.
    pub rack: Option<Arc<str>>,
    /// Whether it is registered but not alive.
    pub is_fenced: bool,
}

impl Admin {
    /// The cluster as a broker sees it, or the controllers if it is these that are asked; with `fenced`, brokers that are not alive
    /// too, where brokers tell (KIP-1073).
    pub async fn describe_cluster(&self, fenced: bool) -> Result<ClusterDescription> {
        let mut request = DescribeClusterRequest {
            include_cluster_authorized_operations: true,
            include_fenced_brokers: fenced,
            ..DescribeClusterRequest::default()
        };
        if self.client.are_controllers() {
            request.endpoint_type = CONTROLLERS;
        }
        self.ask_any(&request, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())?;
            let brokers = response.brokers.iter().map(|broker| DescribedBroker {
                id: broker.broker_id,
                host: text(&broker.host),
                port: broker.port,
                rack: broker.rack.as_deref().map(text),
                is_fenced: broker.is_fenced,
            });
            Ok(ClusterDescription {
                id: text(&response.cluster_id),
                controller: known(response.controller_id),
                brokers: brokers.collect(),
                authorized_operations: operations(response.cluster_authorized_operations),
            })
        })
        .await
    }

    /// Strikes a broker that will not come back off the list.
    pub async fn unregister_broker(&self, broker_id: BrokerId) -> Result<()> {
        self.ask_controller(&UnregisterBrokerRequest { broker_id }, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())
        })
        .await
    }
}
