//! Appending the marker that ends a transaction, and noting the aborted ones in the transaction index.

use std::sync::Arc;

use ottla_log::index::AbortedTxn;
use ottla_records::{ControlType, EndTransactionMarker, Epoch, ProducerEpoch, ProducerId};
use ottla_replica::{CompletedTransaction, Marker, Outcome};

use super::{AppendRefused, Partition, Produced, State};
use crate::{clock, storage::Storage};

/// The end of a producer's transaction, as its coordinator has decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TransactionEnd {
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    pub(crate) coordinator_epoch: Epoch,
    pub(crate) outcome: Outcome,
    pub(crate) transaction_version: i8,
}

impl TransactionEnd {
    fn marker(&self) -> Marker {
        Marker { outcome: self.outcome, coordinator_epoch: self.coordinator_epoch }
    }
}

impl Partition {
    /// Appends the marker. It needs no free space beyond the reserve: a disk that is nearly full ends transactions.
    pub(crate) fn append_marker(
        self: &Arc<Self>,
        storage: &Storage,
        end: &TransactionEnd,
    ) -> Result<Produced, AppendRefused> {
        let mut bytes = 0;
        let produced = self.append_under_lock(storage, |state| {
            let now = clock::wall_ms();
            let control_type = match end.outcome {
                Outcome::Committed => ControlType::Commit,
                Outcome::Aborted => ControlType::Abort,
            };
            let marker = EndTransactionMarker { coordinator_epoch: end.coordinator_epoch };
            let batch = marker.to_batch(control_type, now, end.producer_id, end.producer_epoch);
            bytes = batch.size_in_bytes() as u64;
            state.check_fits(batch.size_in_bytes())?;
            let log_start = state.replica.log_start_offset();
            let producers_before = state.producers_if_rolls(batch.header(), now);
            let (place, completed) =
                state.replica.append_marker(batch.header(), end.marker(), end.transaction_version)?;
            let assigned = batch.assign(place.base_offset, place.leader_epoch);
            state.write(&assigned, now, producers_before);
            state.note(completed);
            let until = self.make_durable(state, storage, assigned, &place)?;
            Ok(Produced { base_offset: place.base_offset, log_append_time: -1, log_start, until })
        })?;
        storage.appended(bytes);
        Ok(produced)
    }
}

impl State {
    fn note(&mut self, completed: Option<CompletedTransaction>) {
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
