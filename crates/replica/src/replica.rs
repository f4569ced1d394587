use ottla_records::{BatchHeader, Epoch, Offset, ProducerId, Timestamp};

use crate::append::{Acknowledgement, Acks, AppendError, Appended, Origin, Place};
use crate::epochs::{EpochCache, EpochEnd, EpochEntry};
use crate::event::{Command, Event, Replicas, Settings};
use crate::followers::Followers;
use crate::marker::Marker;
use crate::producers::{Duplicate, ProducerEntry, Producers, Unverified, VerificationGuard};
use crate::transactions::CompletedTransaction;

/// One replica of one partition, as the node that holds it sees it.
///
/// ```text
///  0      log start       last stable     high watermark   durable end      log end
///  |  gone  |  for everybody    |  undecided or   |  not on enough |  not on stable |
///  |        |                   |  unreplicated   |  replicas      |  storage here  |
/// ```
///
/// log start ≤ last stable offset ≤ high watermark ≤ log end, and durable end ≤ log end. The high watermark never
/// falls while the replica leads; a leader's is the least durable end among the replicas in sync, so alone it is
/// the durable end.
///
/// | role | event | becomes |
/// |---|---|---|
/// | any | BecomeLeader of a higher epoch | leader; the epoch begins at the log end |
/// | leader | BecomeLeader of the same epoch | leader, with other replicas |
/// | any | BecomeFollower of a higher epoch | follower |
///
/// Appending has a function of its own, because it answers and because it is what every batch waits for: it
/// allocates nothing for a producer that is known. It decides and applies in one, under the partition's lock, where
/// nothing can come between; the second look at the producer that a separate step would need is saved. A caller
/// that then cannot write the batch must take the partition out of service: its offset is not given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    pub(crate) role: Role,
    pub(crate) leader_epoch: Epoch,
    pub(crate) log_start: Offset,
    pub(crate) log_end: Offset,
    pub(crate) durable_end: Offset,
    pub(crate) high_watermark: Offset,
    pub(crate) settings: Settings,
    pub(crate) epochs: EpochCache,
    pub(crate) followers: Followers,
    pub(crate) producers: Producers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Leader,
    Follower,
}

/// An offset beyond what a partition's records can be deleted up to. OFFSET_OUT_OF_RANGE
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("offset {offset} is not within 0 to the high watermark, {high_watermark}")]
pub struct OffsetOutOfRange {
    pub offset: Offset,
    pub high_watermark: Offset,
}

impl Replica {
    /// Gives the batch its place, or says why not. Refused batches and duplicates change nothing.
    ///
    /// The batch has passed [`validate`](crate::validate()) and is not a control batch. The first of a transaction needs
    /// the guard of [`Replica::begin_verification`].
    pub fn append(
        &mut self,
        header: &BatchHeader,
        acks: Acks,
        origin: Origin,
        guard: Option<VerificationGuard>,
    ) -> Result<Appended, AppendError> {
        self.check_may_append(acks)?;
        let place = self.place(header)?;
        if let Some(duplicate) = self.producers.append(header, place.base_offset, origin, guard)? {
            let Duplicate { base_offset, last_offset, timestamp } = duplicate;
            return Ok(Appended::Duplicate { base_offset, last_offset, timestamp });
        }
        self.log_end = place.last_offset + 1;
        Ok(Appended::New(place))
    }

    /// Gives the marker its place that ends a producer's transaction, and tells which one that was: there is none if
    /// nothing was written in it. The caller notes the aborted ones in the transaction index.
    pub fn append_marker(
        &mut self,
        header: &BatchHeader,
        marker: Marker,
        transaction_version: i8,
    ) -> Result<(Place, Option<CompletedTransaction>), AppendError> {
        self.check_may_append(Acks::All)?;
        let place = self.place(header)?;
        let placed = BatchHeader { base_offset: place.base_offset, ..*header };
        let completed = self.producers.append_marker(&placed, marker, transaction_version)?;
        self.log_end = place.last_offset + 1;
        Ok((place, completed))
    }

    /// To be called before the transaction's coordinator is asked whether the producer may write here. None: it has
    /// written in this transaction before, and nobody need be asked.
    pub fn begin_verification(&mut self, now: Timestamp, batch: &Unverified) -> Option<VerificationGuard> {
        self.producers.begin_verification(now, batch)
    }

    /// The coordinator has refused for good: the guard is good for nothing.
    pub fn end_verification(&mut self, producer_id: ProducerId, guard: VerificationGuard) {
        self.producers.end_verification(producer_id, guard);
    }

    fn check_may_append(&self, acks: Acks) -> Result<(), AppendError> {
        if self.role != Role::Leader {
            return Err(AppendError::NotLeader);
        }
        let (in_sync, required) = (self.followers.in_sync_count(), self.required_in_sync());
        if acks == Acks::All && in_sync < required {
            return Err(AppendError::NotEnoughReplicas { in_sync, required });
        }
        Ok(())
    }

    /// Where the log ends, unless offsets run out.
    fn place(&self, header: &BatchHeader) -> Result<Place, AppendError> {
        let (base_offset, delta) = (self.log_end, i64::from(header.last_offset_delta));
        match base_offset.checked_add(delta) {
            Some(last_offset) if last_offset < i64::MAX => {
                Ok(Place { base_offset, last_offset, leader_epoch: self.leader_epoch })
            }
            _ => Err(AppendError::OffsetsExhausted { log_end: self.log_end }),
        }
    }

    /// Takes note of what happened, and says what is to be done. Same state and same event give the same commands.
    pub fn on(&mut self, now: Timestamp, event: &Event, out: &mut Vec<Command>) {
        match event {
            Event::Durable { end } => self.became_durable(*end, out),
            Event::BecomeLeader { epoch, replicas } => self.become_leader(*epoch, replicas, out),
            Event::BecomeFollower { epoch } => self.become_follower(*epoch, out),
            Event::ReplicasChanged(replicas) => self.change_replicas(replicas, out),
            Event::FollowerFetched { node, durable_end } => {
                self.followers.fetched(*node, *durable_end);
                self.advance(out);
            }
            Event::LogStartRaised { offset } => self.raise_log_start(*offset, out),
            Event::Configured(settings) => self.settings = *settings,
            Event::Tick => self.producers.expire(now, self.settings.producer_id_expiration_ms),
        }
    }

    fn became_durable(&mut self, end: Offset, out: &mut Vec<Command>) {
        assert!(end <= self.log_end, "what is durable was appended: {end} is beyond {}", self.log_end);
        self.durable_end = self.durable_end.max(end);
        self.advance(out);
    }

    fn become_leader(&mut self, epoch: Epoch, replicas: &Replicas, out: &mut Vec<Command>) {
        if epoch == self.leader_epoch && self.role == Role::Leader {
            return self.change_replicas(replicas, out);
        }
        if epoch <= self.leader_epoch {
            return;
        }
        self.role = Role::Leader;
        self.leader_epoch = epoch;
        self.followers = Followers::of_new_leader(&replicas.followers, &replicas.in_sync);
        if self.epochs.assign(EpochEntry { epoch, start_offset: self.log_end }) {
            out.push(Command::SaveEpochs);
        }
        self.advance(out);
    }

    fn become_follower(&mut self, epoch: Epoch, out: &mut Vec<Command>) {
        if epoch <= self.leader_epoch {
            return;
        }
        if self.role == Role::Leader {
            out.push(Command::GiveUpLeadership);
        }
        self.role = Role::Follower;
        self.leader_epoch = epoch;
        self.followers = Followers::default();
    }

    fn change_replicas(&mut self, replicas: &Replicas, out: &mut Vec<Command>) {
        self.followers.change(&replicas.followers, &replicas.in_sync);
        self.advance(out);
    }

    /// Raises a leader's high watermark to what every replica in sync has. A follower's is its leader's to say.
    fn advance(&mut self, out: &mut Vec<Command>) {
        let safe = self.followers.least_end(self.durable_end);
        if self.role != Role::Leader || safe <= self.high_watermark {
            return;
        }
        self.high_watermark = safe;
        self.producers.high_watermark_advanced(safe);
        out.push(Command::Advance {
            high_watermark: self.high_watermark,
            last_stable_offset: self.last_stable_offset(),
        });
    }

    /// DeleteRecords: removes what lies below `offset`, or below the high watermark if it is −1. The log start
    /// that follows from it.
    pub fn delete_records(
        &mut self,
        offset: Offset,
        out: &mut Vec<Command>,
    ) -> Result<Offset, OffsetOutOfRange> {
        let high_watermark = self.high_watermark;
        let offset = if offset == -1 { high_watermark } else { offset };
        if !(0..=high_watermark).contains(&offset) {
            return Err(OffsetOutOfRange { offset, high_watermark });
        }
        self.raise_log_start(offset, out);
        Ok(self.log_start)
    }

    fn raise_log_start(&mut self, offset: Offset, out: &mut Vec<Command>) {
        assert!(offset <= self.high_watermark, "records above the high watermark stay: {offset}");
        if offset <= self.log_start {
            return;
        }
        self.log_start = offset;
        out.push(Command::RaiseLogStart { offset });
        if self.epochs.truncate_from_start(offset) {
            out.push(Command::SaveEpochs);
        }
    }

    /// Where a batch stands that was written with acks −1 and needs the high watermark at `required_offset`.
    pub fn acknowledgement(&self, required_offset: Offset) -> Acknowledgement {
        if self.high_watermark < required_offset {
            return Acknowledgement::Pending;
        }
        if self.followers.in_sync_count() < self.required_in_sync() {
            return Acknowledgement::NotEnoughReplicas;
        }
        Acknowledgement::Done
    }

    fn required_in_sync(&self) -> usize {
        self.settings.min_in_sync_replicas.min(self.followers.replica_count())
    }

    pub fn is_leader(&self) -> bool {
        self.role == Role::Leader
    }

    pub fn leader_epoch(&self) -> Epoch {
        self.leader_epoch
    }

    pub fn log_start_offset(&self) -> Offset {
        self.log_start
    }

    /// The offset that the next batch gets.
    pub fn log_end_offset(&self) -> Offset {
        self.log_end
    }

    /// Everything below is as safe on this node as the topic's durability asks.
    pub fn durable_end_offset(&self) -> Offset {
        self.durable_end
    }

    /// Readers see what lies below.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Readers of committed transactions see what lies below.
    pub fn last_stable_offset(&self) -> Offset {
        let stable = self.producers.first_unstable().unwrap_or(self.high_watermark);
        stable.max(self.log_start).min(self.high_watermark)
    }

    /// Where `epoch` ends: see [`EpochCache::end_offset_for`].
    pub fn end_offset_for(&self, epoch: Epoch) -> Option<EpochEnd> {
        self.epochs.end_offset_for(epoch, self.log_end)
    }

    pub fn epochs(&self) -> &EpochCache {
        &self.epochs
    }

    /// The producers by their ids: for DescribeProducers, and for a snapshot at the log end.
    pub fn producers(&self) -> impl ExactSizeIterator<Item = ProducerEntry> {
        self.producers.entries()
    }
}

#[cfg(test)]
mod invariants;
#[cfg(test)]
mod tests;
