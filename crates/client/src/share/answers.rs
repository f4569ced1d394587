//! What answers make of what was asked and told. Pure.

use std::time::Duration;

use ottla_wire::messages::share_fetch_response::PartitionData;
use ottla_wire::messages::{ShareAcknowledgeResponse, ShareFetchResponse};
use ottla_wire::{ApiKey, ErrorCode};
use tokio::time::Instant;

use super::fetched::Fetched;
use super::fetcher::{Due, ShareFetcher};
use super::in_flight::Source;
use super::listener::Acknowledged;
use super::peer::{Sent, Waiting};
use super::session::Numbered;
use crate::cluster::LeaderHint;
use crate::error::{Resource, ResponseError};
use crate::{BrokerId, Error, Result, TopicPartition};

/// What an answer tells about the cluster.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    pub(super) leaders: Vec<(TopicPartition, LeaderHint)>,
    /// What is known of the cluster is not so.
    pub(super) is_stale: bool,
}

/// Records that brokers were told of, since that was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) acknowledged: usize,
    pub(super) failed: usize,
}

/// What says that the partition is somebody else's now: its locks ended with that.
const MOVED: &[ErrorCode] = &[
    ErrorCode::NotLeaderOrFollower,
    ErrorCode::FencedLeaderEpoch,
    ErrorCode::UnknownTopicOrPartition,
    ErrorCode::UnknownTopicId,
];

impl ShareFetcher {
    /// A broker answered a fetch, or did not.
    pub(super) fn fetched(
        &mut self,
        broker: BrokerId,
        result: Result<ShareFetchResponse>,
        now: Instant,
    ) -> Learnt {
        let mut learnt = Learnt::default();
        let result = result.and_then(|response| {
            let message = response.error_message.as_deref();
            checked(ApiKey::ShareFetch, response.error_code, message).map(|()| response)
        });
        let Some(mut told) = self.answered(broker, result.as_ref().err(), now, &mut learnt) else {
            return learnt;
        };
        let Ok(response) = result else { return learnt };
        let lock = u64::try_from(response.acquisition_lock_timeout_ms).ok().filter(|lock| *lock > 0);
        self.lock_timeout = lock.map(Duration::from_millis).or(self.lock_timeout);
        let mut has_failed = false;
        for topic in &response.responses {
            for data in &topic.partitions {
                let number = (topic.topic_id, data.partition_index);
                let code = data.acknowledge_error_code;
                let heard = checked(ApiKey::ShareFetch, code, data.acknowledge_error_message.as_deref());
                for waiting in take_of(&mut told, number) {
                    self.complete(waiting, heard.clone());
                }
                has_failed |= self.received(broker, number, data, now, &mut learnt);
            }
        }
        self.not_mentioned(told);
        if has_failed && let Some(peer) = self.peers.get_mut(&broker) {
            peer.failed(self.settings.backoff, now);
        }
        learnt
    }

    /// What a broker gave of a partition; whether it gave nothing because something is wrong.
    fn received(
        &mut self,
        broker: BrokerId,
        number: Numbered,
        data: &PartitionData,
        now: Instant,
        learnt: &mut Learnt,
    ) -> bool {
        let Some(partition) = self.names.get(&number).cloned() else { return false };
        learnt.leader(&partition, data.current_leader.leader_id, data.current_leader.leader_epoch);
        if let Err(error) = checked(ApiKey::ShareFetch, data.error_code, data.error_message.as_deref()) {
            learnt.is_stale = true;
            if !error.is_retriable() {
                self.tell_error(about(error, &partition));
            }
            return true;
        }
        let bytes = data.records.as_ref().and_then(|records| records.as_bytes()).unwrap_or_default();
        if !data.acquired_records.is_empty() {
            let source = Source { topic_id: number.0, broker };
            let expires_at = self.lock_timeout.map(|lock| now + lock);
            let fetched = Fetched::new(partition, source, expires_at, &data.acquired_records, bytes);
            self.buffer.push_back(fetched);
        }
        false
    }

    /// A broker answered what it was told, or did not.
    pub(super) fn told(
        &mut self,
        broker: BrokerId,
        result: Result<ShareAcknowledgeResponse>,
        now: Instant,
    ) -> Learnt {
        let mut learnt = Learnt::default();
        let result = result.and_then(|response| {
            let message = response.error_message.as_deref();
            checked(ApiKey::ShareAcknowledge, response.error_code, message).map(|()| response)
        });
        let Some(mut told) = self.answered(broker, result.as_ref().err(), now, &mut learnt) else {
            return learnt;
        };
        let Ok(response) = result else { return learnt };
        let lock = u64::try_from(response.acquisition_lock_timeout_ms).ok().filter(|lock| *lock > 0);
        self.lock_timeout = lock.map(Duration::from_millis).or(self.lock_timeout);
        for topic in &response.responses {
            for data in &topic.partitions {
                let number = (topic.topic_id, data.partition_index);
                let api = ApiKey::ShareAcknowledge;
                let heard = checked(api, data.error_code, data.error_message.as_deref());
                for waiting in take_of(&mut told, number) {
                    let leader = &data.current_leader;
                    learnt.leader(&waiting.partition, leader.leader_id, leader.leader_epoch);
                    self.heard(broker, waiting, heard.clone(), now, &mut learnt);
                }
            }
        }
        self.not_mentioned(told);
        learnt
    }

    /// A broker said something about what it was told of one partition: what may help is tried again.
    fn heard(
        &mut self,
        broker: BrokerId,
        waiting: Waiting,
        heard: Result<()>,
        now: Instant,
        learnt: &mut Learnt,
    ) {
        let code = heard.as_ref().err().and_then(Error::code);
        let has_moved = code.is_some_and(|code| MOVED.contains(&code));
        learnt.is_stale |= has_moved;
        let may_help = heard.as_ref().is_err_and(Error::is_retriable) && !has_moved;
        match self.peers.get_mut(&broker) {
            Some(peer) if may_help && !peer.session.is_new() => {
                peer.waiting.push(waiting);
                peer.failed(self.settings.backoff, now);
            }
            _ => self.complete(waiting, heard),
        }
    }

    /// The request that was on its way is not any more. What it told, if the broker looked at that.
    fn answered(
        &mut self,
        broker: BrokerId,
        error: Option<&Error>,
        now: Instant,
        learnt: &mut Learnt,
    ) -> Option<Vec<Waiting>> {
        let peer = self.peers.get_mut(&broker)?;
        let Sent { told, is_last, .. } = peer.sent.take()?;
        let Some(error) = error else {
            peer.session.succeeded();
            peer.succeeded();
            if is_last {
                peer.session.failed();
            }
            return Some(told);
        };
        peer.session.failed();
        peer.failed(self.settings.backoff, now);
        tracing::debug!(target: "ottla_client::consumer", broker, %error, "the share session ended");
        learnt.is_stale |= error.code().is_none_or(|code| MOVED.contains(&code));
        for waiting in told {
            self.complete(waiting, Err(error.clone()));
        }
        if !error.is_retriable() && !is_last {
            self.tell_error(error.clone());
        }
        None
    }

    /// Nothing can be told to a broker that knows of no session: the locks ended with it.
    pub(super) fn lose(&mut self, broker: BrokerId) {
        let lost = self.peers.get_mut(&broker).map(|peer| std::mem::take(&mut peer.waiting));
        for waiting in lost.unwrap_or_default() {
            let error = invalid("the share session ended, and the locks on its records with it");
            self.complete(waiting, Err(error));
        }
    }

    fn not_mentioned(&mut self, told: Vec<Waiting>) {
        for waiting in told {
            let error = invalid("the broker did not say what it made of it");
            self.complete(waiting, Err(error));
        }
    }

    /// Nobody waits any longer for what brokers refused for now.
    pub(super) fn give_up_late(&mut self, now: Instant, due: &mut Due) {
        let mut late = Vec::new();
        for peer in self.peers.values_mut() {
            late.extend(peer.waiting.extract_if(.., |waiting| waiting.deadline <= now));
            let next = peer.waiting.iter().map(|waiting| waiting.deadline).min();
            due.wake_at = due.wake_at.into_iter().chain(next).min();
        }
        for waiting in late {
            let what = format!("acknowledging records of {}", waiting.partition).into();
            let error = Error::Timeout { what, after: self.settings.patience, last: None };
            self.complete(waiting, Err(error));
        }
    }

    /// It is known what came of it.
    fn complete(&mut self, waiting: Waiting, result: Result<()>) {
        let result = result.map_err(|error| about(error, &waiting.partition));
        let records = waiting.acknowledgements.records();
        match &result {
            Ok(()) => {
                self.counted.acknowledged += records;
                let renewed = waiting.renewals.into_iter().map(|record| (waiting.source, record));
                self.renewed.extend(renewed);
            }
            Err(_) => self.counted.failed += records,
        }
        if let Some(ticket) = waiting.ticket {
            self.commits.answered(ticket, &waiting.partition, &result);
        }
        if self.has_listener {
            let offsets = waiting.acknowledgements.offsets();
            self.acknowledged.push(Acknowledged { partition: waiting.partition, offsets, result });
        }
    }
}

impl Learnt {
    fn leader(&mut self, partition: &TopicPartition, leader: BrokerId, epoch: crate::Epoch) {
        if leader >= 0 && epoch >= 0 {
            self.leaders.push((partition.clone(), LeaderHint { leader, epoch }));
        }
    }
}

/// Those about a partition, out of all.
fn take_of(told: &mut Vec<Waiting>, number: Numbered) -> Vec<Waiting> {
    told.extract_if(.., |waiting| waiting.number() == number).collect()
}

fn checked(api: ApiKey, code: i16, message: Option<&str>) -> Result<()> {
    if code == ErrorCode::None.code() {
        return Ok(());
    }
    Err(ResponseError::new(api, code).with_message(message).into())
}

fn invalid(message: &str) -> Error {
    let code = ErrorCode::InvalidRecordState.code();
    ResponseError::new(ApiKey::ShareAcknowledge, code).with_message(Some(message)).into()
}

fn about(error: Error, partition: &TopicPartition) -> Error {
    if let Error::Response(response) = &error
        && response.resource.is_none()
    {
        return response.clone().about(Resource::TopicPartition(partition.clone())).into();
    }
    error
}
