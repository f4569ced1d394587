//! Whom a request goes to, and over which connection.

use std::sync::Arc;

use ottla_wire::{ApiKey, ErrorCode, Request};

use super::{Call, Client, Coordinator, Lane, Reply};
use crate::cluster::{Broker, Cluster};
use crate::config::RecoveryStrategy;
use crate::connection::Connection;
use crate::error::{NoBroker, Resource, ResponseError};
use crate::link::Link;
use crate::{BrokerId, Error, Result, TopicPartition, random};

/// Whom a request goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// Whoever has least to do.
    Any,
    /// The broker of that number.
    Broker(BrokerId),
    /// The broker that leads a partition.
    Leader(TopicPartition),
    /// The broker that carries out administrative requests.
    Controller,
    /// The broker that coordinates a group or a transactional producer.
    Coordinator(Coordinator),
}

impl Client {
    /// A connection to whom a call goes to.
    pub(crate) async fn connection(&self, call: &Call) -> Result<(Option<BrokerId>, Connection)> {
        self.check_open()?;
        let broker = match &call.destination {
            Destination::Any => return Ok((None, self.any(call.lane).await?)),
            Destination::Broker(id) => self.broker(*id).await?,
            Destination::Leader(partition) => self.leader(partition).await?,
            Destination::Controller => match self.controller().await? {
                Some(broker) => broker,
                None => return Ok((None, self.any(call.lane).await?)),
            },
            Destination::Coordinator(coordinator) => self.coordinator(coordinator).await?,
        };
        let link = self.inner.links.to_broker(&broker, call.lane);
        Ok((Some(broker.id), link.connection().await?))
    }

    async fn broker(&self, id: BrokerId) -> Result<Broker> {
        if let Some(broker) = self.fresh(&[]).await?.broker(id) {
            return Ok(broker.clone());
        }
        let cluster = self.refresh().await?;
        cluster.broker(id).cloned().ok_or_else(|| {
            let error = ResponseError::new(ApiKey::Metadata, ErrorCode::BrokerNotAvailable.code());
            error.with_message(Some(&format!("there is no broker {id} in the cluster"))).into()
        })
    }

    async fn leader(&self, partition: &TopicPartition) -> Result<Broker> {
        let cluster = self.fresh(std::slice::from_ref(&partition.topic)).await?;
        match cluster.leader(partition) {
            Some(broker) => Ok(broker.clone()),
            None => Err(without_leader(&cluster, partition)),
        }
    }

    async fn controller(&self) -> Result<Option<Broker>> {
        let cluster = self.fresh(&[]).await?;
        Ok(cluster.controller().and_then(|id| cluster.broker(id)).cloned())
    }

    /// A connection to any broker: one that is up and has least to do, else the first that can be connected to.
    async fn any(&self, lane: Lane) -> Result<Connection> {
        let mut attempts = Vec::new();
        for link in self.candidates(lane) {
            match link.connection().await {
                Ok(connection) => return Ok(connection),
                Err(error) if is_the_same_everywhere(&error) => return Err(error),
                Err(error) => attempts.push(link.attempt(&error)),
            }
        }
        Err(NoBroker { attempts }.into())
    }

    /// Makes a request to any broker: if one does not answer, to the next.
    pub(super) async fn ask_any<R: Request>(&self, call: &Call, request: &R) -> Result<Reply<R::Response>> {
        self.check_open()?;
        let mut attempts = Vec::new();
        for link in self.candidates(Lane::SHARED) {
            let asking = async { self.request_on(&link.connection().await?, call, request).await };
            match asking.await {
                Err(error) if !is_the_same_everywhere(&error) => attempts.push(link.attempt(&error)),
                outcome => return outcome,
            }
        }
        Err(NoBroker { attempts }.into())
    }

    /// Those that are up, by what they have to do; then those that did not fail lately, in random order; then
    /// `bootstrap.servers`, to begin anew if all others are gone (KIP-899); then the rest.
    fn candidates(&self, lane: Lane) -> Vec<Arc<Link>> {
        let cluster = self.cluster();
        let mut brokers: Vec<_> = cluster.brokers().map(|b| self.inner.links.to_broker(b, lane)).collect();
        brokers.sort_by_cached_key(|link| (link.load().unwrap_or(usize::MAX), random::u64()));
        let (resting, mut candidates): (Vec<_>, Vec<_>) =
            brokers.into_iter().partition(|link| link.is_resting());
        let may_begin_anew = self.config().metadata_recovery_strategy == RecoveryStrategy::Rebootstrap;
        if may_begin_anew || cluster.brokers().next().is_none() {
            let seeds = &self.inner.seeds;
            let first = random::below(seeds.len());
            let in_turn = seeds[first..].iter().chain(&seeds[..first]);
            candidates.extend(in_turn.map(|seed| self.inner.links.to_seed(seed)));
        }
        candidates.extend(resting);
        candidates
    }
}

/// Whether other brokers would not do better.
fn is_the_same_everywhere(error: &Error) -> bool {
    matches!(
        error,
        Error::Authentication { .. } | Error::NoToken { .. } | Error::Tls { .. } | Error::Closed(_)
    )
}

/// Why a partition has no leader that could be asked.
fn without_leader(cluster: &Cluster, partition: &TopicPartition) -> Error {
    let code = match (cluster.topic_error(&partition.topic), cluster.partition(partition)) {
        (Some(code), None) => code,
        (None, None) => ErrorCode::UnknownTopicOrPartition,
        (_, Some(_)) => ErrorCode::LeaderNotAvailable,
    };
    ResponseError::new(ApiKey::Metadata, code.code())
        .about(Resource::TopicPartition(partition.clone()))
        .into()
}
