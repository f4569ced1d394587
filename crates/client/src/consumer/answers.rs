//! What answers make of what is assigned. Pure.

use std::sync::Arc;

use ottla_wire::messages::fetch_response::{LeaderIdAndEpoch, PartitionData};
use ottla_wire::messages::{FetchRequest, FetchResponse};
use ottla_wire::{ApiKey, ErrorCode};
use tokio::time::Instant;

use super::aborted::AbortedTransactions;
use super::assigned::Phase;
use super::fetched::{Fetched, end_of};
use super::fetcher::{Fetcher, Peer};
use super::position::{Begin, Position, Target};
use super::record::Bounds;
use crate::cluster::{Cluster, LeaderHint};
use crate::config::OffsetReset;
use crate::error::{Resource, ResponseError};
use crate::{BrokerId, Error, Offset, Result, TopicPartition};

/// What an answer tells about the cluster.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    pub(super) leaders: Vec<(TopicPartition, LeaderHint)>,
    /// What is known of the cluster is not so.
    pub(super) is_stale: bool,
}

impl Fetcher {
    /// A broker answered a fetch, or did not.
    pub(super) fn answered(
        &mut self,
        broker: BrokerId,
        result: Result<FetchResponse>,
        now: Instant,
    ) -> Learnt {
        let Some(peer) = self.peers.get_mut(&broker) else { return Learnt::default() };
        let Some(in_flight) = peer.in_flight.take() else { return Learnt::default() };
        for partition in peer.session.asked().keys() {
            if let Some(assigned) = self.assigned.get_mut(partition) {
                assigned.is_in_flight = false;
            }
        }
        match result.map(|response| (peer.session.answered(&response), response)) {
            Ok((Ok(()), response)) => self.fetched(broker, in_flight.round, &response, now),
            Ok((Err(code), _)) if SESSION_ERRORS.contains(&code) => Learnt::default(),
            Ok((Err(code), _)) => {
                self.failed(broker, &ResponseError::new(ApiKey::Fetch, code.code()).into(), now)
            }
            Err(error) => {
                peer.session.failed();
                self.failed(broker, &error, now)
            }
        }
    }

    fn failed(&mut self, broker: BrokerId, error: &Error, now: Instant) -> Learnt {
        let Some(peer) = self.peers.get(&broker) else { return Learnt::default() };
        for partition in peer.session.asked().keys() {
            if let Some(assigned) = self.assigned.get_mut(partition) {
                assigned.preferred = None;
                assigned.failed(self.settings.backoff, now);
            }
        }
        if !error.is_retriable() {
            self.failure = Some(error.clone());
        }
        Learnt { is_stale: true, ..Learnt::default() }
    }

    fn fetched(&mut self, broker: BrokerId, round: u64, response: &FetchResponse, now: Instant) -> Learnt {
        let topics = self.peers.get(&broker).map(|peer| peer.session.topics()).unwrap_or_default();
        let mut learnt = Learnt::default();
        for topic in &response.responses {
            let by_id = topics.get(&topic.topic_id).cloned();
            let name = by_id.unwrap_or_else(|| Arc::from(&*topic.topic));
            for data in &topic.partitions {
                let partition = TopicPartition::new(name.clone(), data.partition_index);
                if self.is_awaited(&partition, broker, round) {
                    self.learn(&partition, broker, data, now, &mut learnt);
                }
            }
        }
        learnt
    }

    /// Whether what a broker was asked of a partition is still what is wanted of it.
    fn is_awaited(&self, partition: &TopicPartition, broker: BrokerId, round: u64) -> bool {
        let asked = self.peers.get(&broker).and_then(|peer| peer.session.asked().get(partition));
        let (Some(asked), Some(assigned)) = (asked, self.assigned.get(partition)) else { return false };
        let is_of_now = assigned.round <= round && asked.offset == assigned.fetching.offset;
        is_of_now && assigned.phase == Phase::Consuming && !assigned.is_paused
    }

    fn learn(
        &mut self,
        partition: &TopicPartition,
        broker: BrokerId,
        data: &PartitionData,
        now: Instant,
        learnt: &mut Learnt,
    ) {
        if let Some(hint) = hint(&data.current_leader) {
            learnt.leaders.push((partition.clone(), hint));
        }
        let code = ErrorCode::from_code(data.error_code).unwrap_or(ErrorCode::UnknownServerError);
        let diverging = &data.diverging_epoch;
        if code == ErrorCode::OffsetOutOfRange {
            let offset = self.assigned.get(partition).map_or(-1, |assigned| assigned.fetching.offset);
            self.out_of_range(partition, offset, now);
        } else if code != ErrorCode::None {
            learnt.is_stale = true;
            self.refused(partition, data.error_code, now);
        } else if diverging.epoch >= 0 || diverging.end_offset >= 0 {
            let epoch = (diverging.epoch >= 0).then_some(diverging.epoch);
            self.truncated(partition, Position { offset: diverging.end_offset.max(0), epoch }, now);
        } else {
            self.received(partition, broker, data, now);
        }
    }

    fn refused(&mut self, partition: &TopicPartition, code: i16, now: Instant) {
        let Some(assigned) = self.assigned.get_mut(partition) else { return };
        assigned.preferred = None;
        assigned.failed(self.settings.backoff, now);
        let error =
            ResponseError::new(ApiKey::Fetch, code).about(Resource::TopicPartition(partition.clone()));
        if !error.is_retriable() {
            self.tell(partition, error.into());
        }
    }

    fn received(&mut self, partition: &TopicPartition, broker: BrokerId, data: &PartitionData, now: Instant) {
        let Some(assigned) = self.assigned.get_mut(partition) else { return };
        assigned.succeeded();
        assigned.high_watermark = (data.high_watermark >= 0).then_some(data.high_watermark);
        assigned.log_start = (data.log_start_offset >= 0).then_some(data.log_start_offset);
        if data.preferred_read_replica >= 0 && data.preferred_read_replica != broker {
            assigned.prefer(data.preferred_read_replica, now, self.settings.preferred_lasting);
        }
        let bytes = data.records.as_ref().and_then(|records| records.as_bytes()).unwrap_or_default();
        if bytes.is_empty() {
            return;
        }
        match end_of(&bytes) {
            Ok(end) if end.offset > assigned.fetching.offset => {
                assigned.fetching = end;
                assigned.buffered_bytes += bytes.len();
                let aborted = AbortedTransactions::new(data.aborted_transactions.as_deref());
                let round = assigned.round;
                self.push(Fetched::new(partition.clone(), round, bytes, aborted, bounds(data)));
            }
            // Nothing new: it is as if nothing had come, but it must not be asked for again and again at once.
            Ok(_) => assigned.failed(self.settings.backoff, now),
            Err(bad) => {
                let offset = assigned.fetching.offset;
                assigned.failed(self.settings.backoff, now);
                let reason = bad.to_string().into();
                self.tell(partition, Error::Corrupt { partition: partition.clone(), offset, reason });
            }
        }
    }
}

/// What is wrong with the session alone: the next request opens another one.
const SESSION_ERRORS: &[ErrorCode] = &[
    ErrorCode::FetchSessionIdNotFound,
    ErrorCode::InvalidFetchSessionEpoch,
    ErrorCode::FetchSessionTopicIdError,
];

fn bounds(data: &PartitionData) -> Bounds {
    Bounds {
        log_start_offset: data.log_start_offset,
        last_stable_offset: data.last_stable_offset,
        high_watermark: data.high_watermark,
    }
}

fn hint(told: &LeaderIdAndEpoch) -> Option<LeaderHint> {
    let is_told = told.leader_id >= 0 && told.leader_epoch >= 0;
    is_told.then_some(LeaderHint { leader: told.leader_id, epoch: told.leader_epoch })
}

impl Fetcher {
    /// The offsets that were asked for, each with its epoch; none where no record is that young, or nothing was committed.
    pub(super) fn found(
        &mut self,
        round: u64,
        found: Vec<(TopicPartition, Result<Option<Position>>)>,
        now: Instant,
    ) {
        for (partition, result) in found {
            let Some(assigned) = self.assigned.get_mut(&partition) else { continue };
            if assigned.round > round || !matches!(assigned.phase, Phase::Asking(_)) {
                continue;
            }
            match result {
                Ok(Some(position)) => assigned.go_to(position, assigned.round),
                Ok(None) if assigned.phase == Phase::Asking(Target::Committed) => {
                    self.never_committed(&partition, now)
                }
                Ok(None) => assigned.phase = Phase::Seeking(Target::Latest),
                Err(error) => {
                    assigned.failed(self.settings.backoff, now);
                    if !error.is_retriable() {
                        self.tell(&partition, error);
                    }
                }
            }
        }
    }

    fn never_committed(&mut self, partition: &TopicPartition, now: Instant) {
        let Some(assigned) = self.assigned.get_mut(partition) else { return };
        match Target::of(self.settings.reset) {
            Some(target) => assigned.phase = Phase::Seeking(target),
            None => {
                assigned.failed(self.settings.backoff, now);
                self.tell(partition, Error::NoOffset { partition: partition.clone() });
            }
        }
    }

    /// The partitions that have no leader, and what the cluster said of their topics.
    pub(super) fn without_leader(&self, cluster: &Cluster) -> Vec<(TopicPartition, Option<ErrorCode>)> {
        let is_without = |partition: &&TopicPartition| {
            cluster.partition(partition).and_then(|known| known.leader).is_none()
        };
        let told = |partition: &TopicPartition| (partition.clone(), cluster.topic_error(&partition.topic));
        self.assigned.keys().filter(is_without).map(told).collect()
    }

    /// The cluster was asked, and still does not tell the leaders of these.
    pub(super) fn refreshed(
        &mut self,
        result: Result<()>,
        missing: Vec<(TopicPartition, Option<ErrorCode>)>,
        now: Instant,
    ) {
        for (partition, code) in missing {
            if let (Some(code), Some(assigned)) = (code, self.assigned.get_mut(&partition))
                && !code.is_retriable()
            {
                assigned.failed(self.settings.backoff, now);
                let topic = Resource::Topic(partition.topic.clone());
                let error = ResponseError::new(ApiKey::Metadata, code.code()).about(topic);
                self.tell(&partition, error.into());
            }
        }
        if let Err(error) = result
            && !error.is_retriable()
        {
            self.failure = Some(error);
        }
    }

    /// The log that was read was cut below what was read of it: goes on where both agree, or tells.
    pub(super) fn truncated(&mut self, partition: &TopicPartition, end: Position, now: Instant) {
        let Some(assigned) = self.assigned.get_mut(partition) else { return };
        let offset = assigned.position.offset;
        if self.settings.reset == OffsetReset::None && end.offset < offset {
            assigned.failed(self.settings.backoff, now);
            let error = Error::Truncated { partition: partition.clone(), offset, end: end.offset };
            return self.tell(partition, error);
        }
        tracing::warn!(target: "ottla_client::consumer", %partition, offset, end = end.offset, "the log was truncated");
        // What was read last may be of the epoch that is gone, though it lies below the end.
        let agreed =
            Position { offset: offset.min(end.offset), epoch: assigned.position.epoch.min(end.epoch) };
        let _assigned = self.with_new_round(partition, |assigned, round| assigned.go_to(agreed, round));
    }

    /// The topic was deleted, and another one has its name: nothing of that was read. Begins with its first record, or tells.
    pub(super) fn replaced(&mut self, partition: &TopicPartition, now: Instant) {
        let Some(assigned) = self.assigned.get_mut(partition) else { return };
        let offset = assigned.position.offset;
        (assigned.high_watermark, assigned.log_start) = (None, None);
        if self.settings.reset == OffsetReset::None {
            assigned.failed(self.settings.backoff, now);
            return self.tell(partition, Error::Truncated { partition: partition.clone(), offset, end: 0 });
        }
        tracing::warn!(target: "ottla_client::consumer", %partition, offset, "another topic has this name now: begins with it");
        let _assigned = self.with_new_round(partition, |assigned, round| {
            assigned.begin(Begin::Seek(Target::Earliest), round);
        });
    }

    /// The offset is not among those that the leader has.
    pub(super) fn out_of_range(&mut self, partition: &TopicPartition, offset: Offset, now: Instant) {
        let Some(assigned) = self.assigned.get_mut(partition) else { return };
        // A replica that is behind does not know what the leader has.
        if assigned.preferred.take().is_some() {
            return;
        }
        let Some(target) = Target::of(self.settings.reset) else {
            assigned.failed(self.settings.backoff, now);
            let error = ResponseError::new(ApiKey::Fetch, ErrorCode::OffsetOutOfRange.code())
                .with_message(Some(&format!("there is no offset {offset}, and auto.offset.reset is none")))
                .about(Resource::TopicPartition(partition.clone()));
            return self.tell(partition, error.into());
        };
        tracing::info!(target: "ottla_client::consumer", %partition, offset, ?target, "out of range: begins anew");
        let _assigned =
            self.with_new_round(partition, |assigned, round| assigned.begin(Begin::Seek(target), round));
    }

    /// What has the brokers forget their sessions.
    pub(super) fn closing(&self) -> Vec<(BrokerId, FetchRequest)> {
        let closing = |(broker, peer): (&BrokerId, &Peer)| Some((*broker, peer.session.closing()?));
        self.peers.iter().filter_map(closing).collect()
    }
}
