//! Appending the marker that ends a transaction, and noting the aborted ones in the transaction index.

use std::sync::Arc;

use ottla_coordinator::TransactionEnd;
use ottla_log::index::AbortedTxn;
use ottla_records::{Batch, ControlType, EndTransactionMarker, Timestamp};
use ottla_replica::{CompletedTransaction, Marker, Outcome};

use super::{AppendRefused, Partition, Produced, State};
use crate::{clock, storage::Storage};

impl Partition {
    /// Appends the marker. It needs no free space beyond the reserve: a disk that is nearly full ends transactions.
    pub(crate) fn append_marker(
        self: &Arc<Self>,
        storage: &Storage,
        end: &TransactionEnd,
    ) -> Result<Produced, AppendRefused> {
        let now = clock::wall_ms();
        let batch = to_batch(end, now);
        let bytes = batch.size_in_bytes() as u64;
        let place = |state: &mut State| self.place_marker(state, storage, batch, end, now);
        let produced = self.append_under_lock(storage, place)?;
        storage.appended(bytes);
        Ok(produced)
    }

    fn place_marker(
        self: &Arc<Self>,
        state: &mut State,
        storage: &Storage,
        batch: Batch,
        end: &TransactionEnd,
        now: Timestamp,
    ) -> Result<Produced, AppendRefused> {
        state.check_fits(batch.size_in_bytes())?;
        let log_start = state.replica.log_start_offset();
        let producers_before = state.producers_if_rolls(batch.header(), now);
        let (place, completed) =
            state.replica.append_marker(batch.header(), marker(end), end.transaction_version)?;
        let assigned = batch.assign(place.base_offset, place.leader_epoch);
        state.write(&assigned, now, producers_before);
        state.note_aborted(completed);
        let until = self.make_durable(state, storage, assigned, &place)?;
        Ok(Produced { base_offset: place.base_offset, log_append_time: -1, log_start, until })
    }
}

fn marker(end: &TransactionEnd) -> Marker {
    let outcome = if end.committed { Outcome::Committed } else { Outcome::Aborted };
    Marker { outcome, coordinator_epoch: end.coordinator_epoch }
}

fn to_batch(end: &TransactionEnd, now: Timestamp) -> Batch {
    let control_type = if end.committed { ControlType::Commit } else { ControlType::Abort };
    let marker = EndTransactionMarker { coordinator_epoch: end.coordinator_epoch };
    marker.to_batch(control_type, now, end.producer.id, end.producer.epoch)
}

impl State {
    fn note_aborted(&mut self, completed: Option<CompletedTransaction>) {
        if let Some(aborted) = completed.and_then(|transaction| transaction.aborted()) {
            self.log.note_aborted(AbortedTxn {
                producer_id: aborted.producer_id,
                first_offset: aborted.first_offset,
                last_offset: aborted.last_offset,
                last_stable_offset: aborted.last_stable_offset,
            });
        }
    }
}
