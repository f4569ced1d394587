//! The leader epochs of a log.

use ottla_records::{Epoch, Offset};

use super::Log;
use crate::format::{EpochEnd, EpochEntry};

impl Log {
    /// Notes that the leader of `epoch` begins at the end of the log. Durable with the next sync.
    pub fn begin_epoch(&mut self, epoch: Epoch) {
        self.epochs_changed |= self.epochs.assign(epoch, self.end);
    }

    pub fn latest_epoch(&self) -> Option<Epoch> {
        self.epochs.latest().map(|entry| entry.epoch)
    }

    pub fn epoch_entries(&self) -> &[EpochEntry] {
        self.epochs.entries()
    }

    /// The epoch of the record at `offset`, if that is known.
    pub fn epoch_of(&self, offset: Offset) -> Option<Epoch> {
        self.epochs.epoch_of(offset)
    }

    /// Where `epoch` ends: for OffsetForLeaderEpoch and for fetches that carry a last fetched epoch.
    pub fn end_of_epoch(&self, epoch: Epoch) -> Option<EpochEnd> {
        self.epochs.end_offset(epoch, self.end)
    }

    pub(super) fn is_new_epoch(&self, epoch: Epoch) -> bool {
        self.epochs.latest().is_none_or(|latest| epoch > latest.epoch)
    }
}
