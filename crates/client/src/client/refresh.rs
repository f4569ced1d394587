//! Asking the cluster for its brokers, topics and partitions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::messages::metadata_request::MetadataRequestTopic;
use ottla_wire::messages::metadata_response::MetadataResponseBroker;
use ottla_wire::messages::{DescribeClusterRequest, MetadataRequest, MetadataResponse};
use ottla_wire::{ApiKey, ErrorCode, Uuid};

use super::{Call, Client, Destination};
use crate::cluster::{Broker, Cluster, LeaderHint, Topic};
use crate::error::{Resource, ResponseError};
use crate::metadata::{Turn, outcome};
use crate::{Error, Result, TopicPartition, clock};

/// Of DescribeCluster: who is to be told of, instead of brokers.
pub(crate) const CONTROLLERS: i8 = 2;

impl Client {
    /// Asks the cluster anew. Those who want that at the same time share one request.
    ///
    /// Cancel-safe: the request goes on for the others.
    pub async fn refresh(&self) -> Result<Arc<Cluster>> {
        self.refresh_with(&[]).await
    }

    /// Asks the cluster about a topic until it is there, no longer than `default.api.timeout.ms`. Nothing is created.
    ///
    /// Cancel-safe.
    pub async fn topic(&self, name: &str) -> Result<Topic> {
        let name: Arc<str> = name.into();
        let within = self.config().default_api_timeout;
        let mut retrying = self.retrying(format!("finding the topic {name}"), within);
        loop {
            match self.known_topic(&name).await {
                Ok(topic) => return Ok(topic),
                Err(error) => retrying.pause_after(self, &Destination::Any, error).await?,
            }
        }
    }

    /// All topics, as one broker knows them now.
    ///
    /// Cancel-safe.
    pub async fn all_topics(&self) -> Result<Vec<Topic>> {
        let response = self.ask(None, false).await?;
        Ok(Cluster::default().merged(&response, true).topics().cloned().collect())
    }

    /// The topics with these ids, as one broker knows them now; those that it does not know are left out.
    pub(crate) async fn topics_by_id(&self, ids: &BTreeSet<Uuid>) -> Result<Vec<Topic>> {
        let topic = |id: &Uuid| MetadataRequestTopic { topic_id: *id, name: None };
        let request =
            MetadataRequest { topics: Some(ids.iter().map(topic).collect()), ..MetadataRequest::default() };
        // Versions 10 and 11 have ids, but do not answer by them.
        let call = Call::to(Destination::Any).versions(12..=i16::MAX);
        let reply = self.ask_any(&call, &request).await?;
        Ok(Cluster::default().merged(&reply.response, true).topics().cloned().collect())
    }

    /// Asks about a topic until it is there, having the broker make it if it does that.
    pub(crate) async fn topic_to_send_to(&self, name: &Arc<str>, within: Duration) -> Result<Topic> {
        let mut retrying = self.retrying(format!("finding the topic {name}"), within);
        loop {
            match retrying.in_time(self.known_or_made_topic(name)).await {
                Ok(topic) => return Ok(topic),
                Err(error) => retrying.pause_after(self, &Destination::Any, error).await?,
            }
        }
    }

    /// Why a topic that is not known cannot be used now.
    pub(crate) fn unknown_topic(&self, name: &Arc<str>) -> Error {
        unknown_topic(&self.cluster(), name)
    }

    /// Whether the cluster should be asked anew.
    pub(crate) fn is_metadata_stale(&self) -> bool {
        self.inner.metadata.is_stale(self.config().metadata_max_age, clock::now())
    }

    /// A broker told of another one.
    pub(crate) fn learn_broker(&self, broker: Option<Broker>) {
        if let Some(broker) = broker {
            self.inner.metadata.update(|cluster| cluster.with_broker(broker));
        }
    }

    /// What is known of a topic, asking if nothing is.
    pub(crate) async fn known_topic(&self, name: &Arc<str>) -> Result<Topic> {
        let cluster = self.fresh(std::slice::from_ref(name)).await?;
        cluster.topic(name).cloned().ok_or_else(|| unknown_topic(&cluster, name))
    }

    /// As [`Client::known_topic`], but has the broker make a topic that is not there, if it does that.
    pub(crate) async fn known_or_made_topic(&self, name: &Arc<str>) -> Result<Topic> {
        match self.known_topic(name).await {
            Err(error) if error.code() == Some(ErrorCode::UnknownTopicOrPartition) => {}
            other => return other,
        }
        let response = self.ask(Some(std::slice::from_ref(name)), true).await?;
        let cluster = self.inner.metadata.update(|cluster| Some(cluster.merged(&response, false)));
        cluster.topic(name).cloned().ok_or_else(|| unknown_topic(&cluster, name))
    }

    /// What is known, asked for anew if it is old or may be wrong, or if one of the topics is not in it.
    pub(crate) async fn fresh(&self, topics: &[Arc<str>]) -> Result<Arc<Cluster>> {
        let (metadata, now) = (&self.inner.metadata, clock::now());
        let are_known = metadata.want(topics, now);
        if are_known && !metadata.is_stale(self.config().metadata_max_age, now) {
            return Ok(metadata.cluster());
        }
        self.refresh_with(topics).await
    }

    /// Whether topics are known well enough not to ask for them again. They are asked about from now on.
    pub(crate) fn knows(&self, topics: &[Arc<str>]) -> bool {
        let (metadata, now) = (&self.inner.metadata, clock::now());
        metadata.want(topics, now) && !metadata.is_stale(self.config().metadata_max_age, now)
    }

    /// A broker told who leads a partition.
    pub(crate) fn learn_leader(&self, partition: &TopicPartition, hint: LeaderHint) {
        self.inner.metadata.update(|cluster| cluster.with_leader(partition, hint));
    }

    /// Something failed in a way that what is known may be wrong.
    pub(crate) fn expire_metadata(&self) {
        self.inner.metadata.expire();
    }

    async fn refresh_with(&self, needed: &[Arc<str>]) -> Result<Arc<Cluster>> {
        // Whoever uses a topic asks for it at least as often as it must be asked for anew.
        let idle_max = self.config().metadata_max_age.saturating_mul(2);
        self.inner.metadata.forget_unused(idle_max, clock::now());
        loop {
            self.check_open()?;
            match self.inner.metadata.turn(needed) {
                Turn::Ask(topics, tell, waiting) => {
                    let client = self.clone();
                    self.inner.links.tasks().spawn(async move {
                        let result = client.ask_and_learn(&topics).await;
                        client.inner.metadata.refreshed(&result, clock::now());
                        let _gone = tell.send(Some(result));
                    });
                    return outcome(waiting).await;
                }
                Turn::Await(waiting) => return outcome(waiting).await,
                Turn::ComeAgain(waiting) => drop(outcome(waiting).await),
            }
        }
    }

    async fn ask_and_learn(&self, topics: &[Arc<str>]) -> Result<Arc<Cluster>> {
        let response = self.ask(Some(topics), false).await?;
        Ok(Arc::new(self.cluster().merged(&response, false)))
    }

    /// Asks any broker about topics, or about all.
    async fn ask(&self, topics: Option<&[Arc<str>]>, may_create: bool) -> Result<MetadataResponse> {
        if self.are_controllers() {
            return match topics {
                Some([]) => self.ask_controllers().await,
                _ => Err(Error::Config("controllers know nothing of topics: brokers are to be asked".into())),
            };
        }
        let topic =
            |name: &Arc<str>| MetadataRequestTopic { name: Some((&**name).into()), ..Default::default() };
        let request = MetadataRequest {
            topics: topics.map(|names| names.iter().map(topic).collect()),
            allow_auto_topic_creation: may_create,
            ..MetadataRequest::default()
        };
        // Before version 4 asking always creates.
        let call = Call::to(Destination::Any).versions(4..=i16::MAX);
        let reply = self.ask_any(&call, &request).await?;
        if reply.response.error_code != ErrorCode::None.code() {
            let error = ResponseError::new(ApiKey::Metadata, reply.response.error_code);
            return Err(error.with_broker(reply.broker).into());
        }
        Ok(reply.response)
    }

    /// Asks any controller about all of them, as brokers tell of themselves.
    async fn ask_controllers(&self) -> Result<MetadataResponse> {
        let request =
            DescribeClusterRequest { endpoint_type: CONTROLLERS, ..DescribeClusterRequest::default() };
        let call = Call::to(Destination::Any).versions(1..=i16::MAX);
        let reply = self.ask_any(&call, &request).await?;
        let response = reply.response;
        if response.error_code != ErrorCode::None.code() {
            let error = ResponseError::new(ApiKey::DescribeCluster, response.error_code);
            return Err(error
                .with_message(response.error_message.as_deref())
                .with_broker(reply.broker)
                .into());
        }
        let controllers = response.brokers.into_iter().map(|it| MetadataResponseBroker {
            node_id: it.broker_id,
            host: it.host,
            port: it.port,
            rack: it.rack,
        });
        Ok(MetadataResponse {
            brokers: controllers.collect(),
            cluster_id: Some(response.cluster_id),
            controller_id: response.controller_id,
            ..MetadataResponse::default()
        })
    }
}

fn unknown_topic(cluster: &Cluster, name: &Arc<str>) -> Error {
    let code = cluster.topic_error(name).unwrap_or(ErrorCode::UnknownTopicOrPartition);
    ResponseError::new(ApiKey::Metadata, code.code()).about(Resource::Topic(name.clone())).into()
}
