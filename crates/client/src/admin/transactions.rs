//! Transactions: list, describe, abort, fence.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
use ottla_wire::messages::{
    DescribeTransactionsRequest, InitProducerIdRequest, ListTransactionsRequest, WriteTxnMarkersRequest,
};

use super::{Admin, ProducerState, Results, known, text};
use crate::error::Resource;
use crate::{BrokerId, Call, Coordinator, Destination, Result, TopicPartition};

/// Which transactions are meant. The default: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionsFilter {
    /// In one of these states: `Ongoing`, `PrepareCommit`, ...; none for all.
    pub states: Vec<String>,
    /// Of one of these producers; none for all.
    pub producer_ids: Vec<i64>,
    /// That last at least so long (KIP-994).
    pub duration_min: Option<Duration>,
    /// Whose transactional id matches this expression (KIP-1152).
    pub transactional_id_pattern: Option<String>,
}

/// A transactional producer among others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionListing {
    /// Its transactional id.
    pub transactional_id: Arc<str>,
    /// Its producer id.
    pub producer_id: i64,
    /// The state of its transaction.
    pub state: Arc<str>,
}

/// A transactional producer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionDescription {
    /// The state of its transaction.
    pub state: Arc<str>,
    /// Its producer id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// How long its transactions may last.
    pub timeout: Duration,
    /// When its transaction began, in milliseconds since the epoch, if one is open.
    pub started_at: Option<i64>,
    /// The partitions of its transaction.
    pub partitions: Vec<TopicPartition>,
}

impl Admin {
    /// Transactional producers by the broker that coordinates them.
    pub async fn list_transactions(
        &self,
        filter: &TransactionsFilter,
    ) -> Result<Results<BrokerId, Vec<TransactionListing>>> {
        let request = ListTransactionsRequest {
            state_filters: filter.states.iter().map(|state| state.as_str().into()).collect(),
            producer_id_filters: filter.producer_ids.clone(),
            duration_filter: filter
                .duration_min
                .map_or(-1, |duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
            transactional_id_pattern: filter.transactional_id_pattern.as_deref().map(Into::into),
        };
        // Brokers of before would list more than is asked for.
        let version = match (&filter.transactional_id_pattern, filter.duration_min) {
            (Some(_), _) => 2,
            (None, Some(_)) => 1,
            (None, None) => 0,
        };
        let mut results = Results::new();
        for broker in self.broker_ids().await? {
            let call = Call::to(Destination::Broker(broker)).versions(version..=i16::MAX);
            let listed = self.ask(&call, &request, |response, answer| {
                answer.check(response.error_code, None)?;
                let listed = response.transaction_states.iter().map(|state| TransactionListing {
                    transactional_id: text(&state.transactional_id),
                    producer_id: state.producer_id,
                    state: text(&state.transaction_state),
                });
                Ok(listed.collect())
            });
            results.insert(broker, listed.await);
        }
        Ok(results)
    }

    /// Transactional producers by their ids.
    pub async fn describe_transactions(
        &self,
        transactional_ids: &[&str],
    ) -> Result<Results<Arc<str>, TransactionDescription>> {
        let mut results = Results::new();
        for id in transactional_ids {
            results.insert(text(id), self.describe_transaction(id).await);
        }
        Ok(results)
    }

    async fn describe_transaction(&self, id: &str) -> Result<TransactionDescription> {
        let call = Call::to(Coordinator::of_transactional_id(id).into());
        let request = DescribeTransactionsRequest { transactional_ids: vec![id.into()] };
        self.ask(&call, &request, |response, answer| {
            let state = response.transaction_states.first().ok_or_else(|| answer.lacks("the transaction"))?;
            answer.check_about(state.error_code, None, Resource::TransactionalId(text(id)))?;
            let partitions = state.topics.iter().flat_map(|topic| {
                topic.partitions.iter().map(|number| TopicPartition::new(&*topic.topic, *number))
            });
            Ok(TransactionDescription {
                state: text(&state.transaction_state),
                producer_id: state.producer_id,
                producer_epoch: state.producer_epoch,
                timeout: Duration::from_millis(u64::try_from(state.transaction_timeout_ms).unwrap_or(0)),
                started_at: known(state.transaction_start_time_ms),
                partitions: partitions.collect(),
            })
        })
        .await
    }

    /// Ends a transaction that nobody will end any more, at one partition: a marker is written there, whatever the coordinator thinks.
    /// `producer` is as [`Admin::describe_producers`] tells it.
    pub async fn abort_transaction(
        &self,
        partition: &TopicPartition,
        producer: &ProducerState,
    ) -> Result<()> {
        let marker = |partition: &TopicPartition| WritableTxnMarker {
            producer_id: producer.producer_id,
            // An epoch has 16 bits, wherever it is told with more.
            producer_epoch: i16::try_from(producer.producer_epoch).unwrap_or(-1),
            transaction_result: false,
            topics: vec![WritableTxnMarkerTopic {
                name: (&*partition.topic).into(),
                partition_indexes: vec![partition.partition],
            }],
            coordinator_epoch: producer.coordinator_epoch.unwrap_or(-1),
            ..WritableTxnMarker::default()
        };
        let ask = |partitions: &[TopicPartition]| WriteTxnMarkersRequest {
            markers: partitions.iter().map(marker).collect(),
        };
        let results = self.ask_leaders([partition.clone()], ask, |response, answer| {
            let topics = response.markers.iter().flat_map(|marker| &marker.topics);
            let results = topics.flat_map(|topic| {
                topic.partitions.iter().map(|partition| {
                    answer.of_partition(&topic.name, partition.partition_index, partition.error_code, None)
                })
            });
            results.collect()
        });
        results.await?.remove(partition).unwrap_or(Ok(()))
    }

    /// Ends the open transaction of a producer by its transactional id, and fences it (KIP-1128).
    pub async fn force_terminate_transaction(&self, transactional_id: &str) -> Result<()> {
        self.fence(transactional_id).await.map(drop)
    }

    /// Fences producers: their open transactions are aborted, and they cannot begin another. Gives their ids and new epochs.
    pub async fn fence_producers(&self, transactional_ids: &[&str]) -> Result<Results<Arc<str>, (i64, i16)>> {
        let mut results = BTreeMap::new();
        for id in transactional_ids {
            results.insert(text(id), self.fence(id).await);
        }
        Ok(results)
    }

    async fn fence(&self, id: &str) -> Result<(i64, i16)> {
        let request = InitProducerIdRequest {
            transactional_id: Some(id.into()),
            // Nobody begins a transaction with it; a broker refuses 0.
            transaction_timeout_ms: 1,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        // Version 6 is not settled yet.
        let call = Call::to(Coordinator::of_transactional_id(id).into()).versions(0..=5);
        self.ask(&call, &request, |response, answer| {
            answer.check_about(response.error_code, None, Resource::TransactionalId(text(id)))?;
            Ok((response.producer_id, response.producer_epoch))
        })
        .await
    }
}
