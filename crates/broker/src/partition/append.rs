//! Appending a batch: place, log and journal under one lock, so that their orders agree.

use std::sync::Arc;

use ottla_log::{format::ProducerEntry, journal::Entry};
use ottla_records::{AssignedBatch, BatchHeader, Offset, Timestamp};
use ottla_replica::{Acks, AppendError, Appended, Event, Origin, Place, Validated, VerificationGuard};
use tracing::error;

use super::{Partition, State, convert::producer_entries};
use crate::{
    clock,
    durable::{FlushRound, Until},
    storage::{Placed, Storage},
    topics::Durability,
};

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Produced {
    pub(crate) base_offset: Offset,
    /// For LogAppendTime and duplicates, else -1.
    pub(crate) log_append_time: Timestamp,
    pub(crate) log_start: Offset,
    /// The answer waits for this.
    pub(crate) until: Until,
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendRefused {
    #[error(transparent)]
    ByReplica(#[from] AppendError),
    #[error("the topic was deleted")]
    Deleted,
    #[error("the disk is nearly full")]
    NoSpace,
    #[error("a batch of {size} bytes is larger than a segment, {max}")]
    LargerThanSegment { size: usize, max: usize },
    #[error(transparent)]
    Storage(#[from] ottla_log::Error),
}

impl Partition {
    /// Appends a batch that has been validated. The first of a transaction shows the guard with which its coordinator
    /// was asked.
    pub(crate) fn append(
        self: &Arc<Self>,
        storage: &Storage,
        batch: Validated,
        acks: Acks,
        origin: Origin,
        guard: Option<VerificationGuard>,
    ) -> Result<Produced, AppendRefused> {
        let bytes = batch.batch.size_in_bytes() as u64;
        let place = |state: &mut State| {
            if storage.room.space_is_low() && origin == Origin::Client {
                return Err(AppendRefused::NoSpace);
            }
            self.place(state, storage, batch, acks, origin, guard)
        };
        let produced = self.append_under_lock(storage, place)?;
        storage.appended(bytes);
        Ok(produced)
    }

    pub(super) fn append_under_lock(
        &self,
        storage: &Storage,
        place: impl FnOnce(&mut State) -> Result<Produced, AppendRefused>,
    ) -> Result<Produced, AppendRefused> {
        let mut state = self.lock();
        if state.is_deleted {
            return Err(AppendRefused::Deleted);
        }
        let unwritten_before = state.log.unwritten_bytes();
        let produced = place(&mut state);
        storage.room.tail_changed(unwritten_before, state.log.unwritten_bytes());
        produced
    }

    fn place(
        self: &Arc<Self>,
        state: &mut State,
        storage: &Storage,
        batch: Validated,
        acks: Acks,
        origin: Origin,
        guard: Option<VerificationGuard>,
    ) -> Result<Produced, AppendRefused> {
        state.check_fits(batch.batch.size_in_bytes())?;
        let now = clock::wall_ms();
        let log_start = state.replica.log_start_offset();
        let producers_before = state.producers_if_rolls(batch.header(), now);
        let place = match state.replica.append(batch.header(), acks, origin, guard)? {
            Appended::New(place) => place,
            Appended::Duplicate { base_offset, timestamp, .. } => {
                if state.settings.durability == Durability::Os {
                    // The first time it may have found the disk full.
                    self.write_through(state, storage)?;
                }
                let until = Until { journal: state.last_lsn, flush: state.flushing.last() };
                return Ok(Produced { base_offset, log_append_time: timestamp, log_start, until });
            }
        };
        let assigned = batch.batch.assign(place.base_offset, place.leader_epoch);
        state.write(&assigned, now, producers_before);
        let until = self.make_durable(state, storage, assigned, &place)?;
        let log_append_time = batch.log_append_time.unwrap_or(-1);
        Ok(Produced { base_offset: place.base_offset, log_append_time, log_start, until })
    }

    /// Hands a batch on that the log has: what an answer to it waits for.
    pub(super) fn make_durable(
        self: &Arc<Self>,
        state: &mut State,
        storage: &Storage,
        batch: AssignedBatch,
        place: &Place,
    ) -> Result<Until, AppendRefused> {
        // Before the journal has it: what is durable there and listed nowhere may be let go of.
        if state.list() {
            storage.list_unwritten(Arc::clone(self));
        }
        match state.settings.durability {
            Durability::Journal => {
                let entry = Entry {
                    topic_id: self.topic.id,
                    partition: self.index,
                    batch,
                    sync: true,
                    tag: Placed { partition: Arc::clone(self), end: place.last_offset + 1 },
                };
                state.last_lsn = storage.journal.append(entry);
                Ok(Until { journal: state.last_lsn, ..Until::default() })
            }
            Durability::Os => Ok(Until { flush: self.write_through(state, storage)?, ..Until::default() }),
        }
    }

    /// Puts the tail into the page cache, where it outlives the process. The flush that the answer waits for.
    fn write_through(
        self: &Arc<Self>,
        state: &mut State,
        storage: &Storage,
    ) -> Result<FlushRound, AppendRefused> {
        if let Err(error) = state.log.write_pending() {
            error!(topic = %self.topic.name, partition = self.index, %error, "cannot write to a segment");
            return Err(error.into());
        }
        let mut round = FlushRound::ZERO;
        if state.has_flush_messages() {
            round = storage.ask_for_flush(self, state);
        } else if state.begins_to_wait() {
            storage.list_timely(self);
        }
        let mut commands = Vec::new();
        let end = state.readable_end();
        state.replica.on(clock::wall_ms(), &Event::Durable { end }, &mut commands);
        if !commands.is_empty() {
            self.followers.tell();
        }
        Ok(round)
    }
}

impl State {
    /// The topic's settings may have changed since the batch was validated; the coordinators' are not.
    pub(super) fn check_fits(&self, size: usize) -> Result<(), AppendRefused> {
        let max = self.log.config().segment_bytes as usize;
        if size <= max { Ok(()) } else { Err(AppendRefused::LargerThanSegment { size, max }) }
    }

    /// The producers' state before a batch that opens a new segment: the snapshot at its beginning.
    pub(super) fn producers_if_rolls(
        &self,
        header: &BatchHeader,
        now: Timestamp,
    ) -> Option<Vec<ProducerEntry>> {
        let placed = BatchHeader { base_offset: self.replica.log_end_offset(), ..*header };
        self.log.would_roll(&placed, now).then(|| producer_entries(&self.replica))
    }

    pub(super) fn write(
        &mut self,
        batch: &AssignedBatch,
        now: Timestamp,
        producers_before: Option<Vec<ProducerEntry>>,
    ) {
        let snapshot = || producers_before.expect("it was asked whether the segment would roll");
        self.log.append(batch, now, snapshot).expect("it was checked that the batch fits");
    }
}
