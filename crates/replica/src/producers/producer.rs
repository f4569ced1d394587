use ottla_records::{
    BatchHeader, Epoch, NO_PRODUCER_EPOCH, NO_SEQUENCE, NO_TIMESTAMP, Offset, ProducerEpoch, Sequence,
    Timestamp,
};

use super::ProducerEntry;
use super::verification::Permission;
use super::window::{Window, WrittenBatch};
use crate::append::{AppendError, Origin};
use crate::marker::Marker;
use crate::sequence::follows;

/// No transaction coordinator has written a marker yet.
const NO_COORDINATOR_EPOCH: Epoch = -1;
/// The first version of transactions whose markers have the epoch that follows that of the records (KIP-890).
const EPOCH_BUMPS_FROM: i8 = 2;

/// What one producer wrote last, and what it may write next.
///
/// | the batch's epoch | its first sequence | answer |
/// |---|---|---|
/// | below the known one | any | InvalidProducerEpoch |
/// | above it | 0 | accepted; the batches of the old epoch are forgotten (KIP-360) |
/// | above it | another | OutOfOrderSequence |
/// | the same | of one of the last five batches, exactly | duplicate |
/// | the same | the one after the last | accepted |
/// | the same | another | OutOfOrderSequence |
/// | nothing is known of the producer | any | accepted: its state may have expired, or its records been deleted |
///
/// The last line is why there is no UnknownProducerId among the answers: no Kafka since 2.5 gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Producer {
    epoch: ProducerEpoch,
    coordinator_epoch: Epoch,
    last_timestamp: Timestamp,
    /// Where its open transaction begins.
    transaction: Option<Offset>,
    window: Window,
}

impl Producer {
    /// A producer of which nothing is known: its first batch is accepted whatever its sequence.
    pub(crate) fn unknown() -> Self {
        Self {
            epoch: NO_PRODUCER_EPOCH,
            coordinator_epoch: NO_COORDINATOR_EPOCH,
            last_timestamp: NO_TIMESTAMP,
            transaction: None,
            window: Window::default(),
        }
    }

    pub(crate) fn transaction(&self) -> Option<Offset> {
        self.transaction
    }

    /// The earlier batch that this one repeats.
    pub(crate) fn duplicate_of(&self, header: &BatchHeader) -> Option<&WrittenBatch> {
        if header.producer_epoch != self.epoch {
            return None;
        }
        self.window.find(header.base_sequence, header.last_sequence())
    }

    /// Whether batches of that epoch belong to a transaction that is open here.
    pub(crate) fn has_transaction_of(&self, epoch: ProducerEpoch) -> bool {
        self.transaction.is_some() && self.epoch == epoch
    }

    pub(super) fn check(
        &self,
        header: &BatchHeader,
        origin: Origin,
        permission: &Permission,
    ) -> Result<(), AppendError> {
        self.check_transaction(header, permission)?;
        self.check_epoch(header)?;
        match origin {
            Origin::Client => self.check_sequence(header, permission),
            Origin::Coordinator => Ok(()),
        }
    }

    fn check_epoch(&self, header: &BatchHeader) -> Result<(), AppendError> {
        if header.producer_epoch >= self.epoch {
            return Ok(());
        }
        Err(self.fenced(header))
    }

    fn fenced(&self, header: &BatchHeader) -> AppendError {
        AppendError::InvalidProducerEpoch {
            producer_id: header.producer_id,
            epoch: header.producer_epoch,
            current: self.epoch,
        }
    }

    fn check_sequence(&self, header: &BatchHeader, permission: &Permission) -> Result<(), AppendError> {
        let last = if header.producer_epoch == self.epoch { self.last_sequence() } else { NO_SEQUENCE };
        let has_batches = self.window.newest().is_some();
        if permission.is_in_order(header.base_sequence, has_batches)
            && (self.epoch == NO_PRODUCER_EPOCH || follows(last, header.base_sequence))
        {
            return Ok(());
        }
        Err(AppendError::OutOfOrderSequence {
            producer_id: header.producer_id,
            epoch: header.producer_epoch,
            sequence: header.base_sequence,
            last,
        })
    }

    /// A transaction goes on, or begins with the knowledge of its coordinator; nothing else is written while it is open.
    fn check_transaction(&self, header: &BatchHeader, permission: &Permission) -> Result<(), AppendError> {
        let is_allowed = match header.is_transactional() {
            true => self.has_transaction_of(header.producer_epoch) || permission.lets_begin(),
            // What an older epoch has left is told it by its epoch.
            false => self.transaction.is_none() || header.producer_epoch < self.epoch,
        };
        if is_allowed {
            return Ok(());
        }
        Err(AppendError::InvalidTransactionState { producer_id: header.producer_id })
    }

    /// Whether a coordinator may end the transaction. The marker of a transaction of version 2 has a higher epoch than
    /// its records: with the same one it comes late, for a transaction before the open one. Nothing is wrong with one
    /// that comes twice.
    pub(crate) fn check_marker(
        &self,
        header: &BatchHeader,
        marker: Marker,
        transaction_version: i8,
    ) -> Result<(), AppendError> {
        let repeats = self.transaction.is_none() || header.producer_epoch == ProducerEpoch::MAX;
        if transaction_version >= EPOCH_BUMPS_FROM && header.producer_epoch == self.epoch && !repeats {
            return Err(self.fenced(header));
        }
        self.check_epoch(header)?;
        if marker.coordinator_epoch < self.coordinator_epoch {
            return Err(AppendError::TransactionCoordinatorFenced {
                producer_id: header.producer_id,
                epoch: marker.coordinator_epoch,
                current: self.coordinator_epoch,
            });
        }
        Ok(())
    }

    /// The batch is in the log at `base_offset`. Whether a transaction begins with it.
    pub(crate) fn wrote(&mut self, header: &BatchHeader, base_offset: Offset) -> bool {
        self.enter_epoch(header.producer_epoch);
        self.window.push(WrittenBatch {
            last_sequence: header.last_sequence(),
            offset_delta: header.last_offset_delta,
            last_offset: base_offset.saturating_add(i64::from(header.last_offset_delta)),
            timestamp: header.max_timestamp,
        });
        self.last_timestamp = header.max_timestamp;
        let begins = header.is_transactional() && self.transaction.is_none();
        if begins {
            self.transaction = Some(base_offset);
        }
        begins
    }

    /// A marker of a coordinator is in the log. Where the transaction began that it ends; a marker may also come
    /// to a partition to which nothing was written.
    pub(crate) fn ended(&mut self, header: &BatchHeader, coordinator_epoch: Epoch) -> Option<Offset> {
        self.enter_epoch(header.producer_epoch);
        self.coordinator_epoch = coordinator_epoch;
        self.last_timestamp = header.max_timestamp;
        self.transaction.take()
    }

    /// Sequences begin anew with an epoch. In a replayed log it may also fall, as in Kafka's.
    fn enter_epoch(&mut self, epoch: ProducerEpoch) {
        if self.epoch != epoch {
            self.window.clear();
            self.epoch = epoch;
        }
    }

    /// Counted from the timestamps of its batches, not from when they were written. An open transaction keeps it.
    pub(crate) fn is_expired(&self, now: Timestamp, expiration_ms: i64) -> bool {
        self.transaction.is_none() && now.saturating_sub(self.last_timestamp) >= expiration_ms
    }

    fn last_sequence(&self) -> Sequence {
        self.window.newest().map_or(NO_SEQUENCE, |batch| batch.last_sequence)
    }

    pub(crate) fn to_entry(&self, producer_id: i64) -> ProducerEntry {
        let newest = self.window.newest();
        ProducerEntry {
            producer_id,
            producer_epoch: self.epoch,
            last_sequence: self.last_sequence(),
            last_offset: newest.map_or(-1, |batch| batch.last_offset),
            offset_delta: newest.map_or(0, |batch| batch.offset_delta),
            timestamp: self.last_timestamp,
            coordinator_epoch: self.coordinator_epoch,
            transaction_start: self.transaction,
        }
    }

    pub(crate) fn from_entry(entry: &ProducerEntry) -> Self {
        let mut window = Window::default();
        if entry.last_offset >= 0 {
            window.push(WrittenBatch {
                last_sequence: entry.last_sequence,
                offset_delta: entry.offset_delta,
                last_offset: entry.last_offset,
                timestamp: entry.timestamp,
            });
        }
        Self {
            epoch: entry.producer_epoch,
            coordinator_epoch: entry.coordinator_epoch,
            last_timestamp: entry.timestamp,
            transaction: entry.transaction_start,
            window,
        }
    }
}
