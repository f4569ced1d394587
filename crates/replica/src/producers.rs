//! The producers of a partition: which batches they may write next, and which they wrote before (KIP-98).

mod producer;
mod verification;
mod window;

use std::collections::BTreeMap;

use ottla_records::{
    BatchHeader, Epoch, NO_PRODUCER_ID, Offset, ProducerEpoch, ProducerId, Sequence, Timestamp,
};

use crate::append::{AppendError, Origin};
use crate::marker::Marker;
use crate::transactions::{CompletedTransaction, Transactions};
use producer::Producer;
use verification::{Permission, Verifications};
use window::WrittenBatch;

pub use verification::{Unverified, VerificationGuard};

/// What is known of a producer: an entry of a producer snapshot, and what DescribeProducers tells.
///
/// Of the batches only the last is in it, so after a restart older ones are no longer recognised as duplicates
/// unless they lie behind the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerEntry {
    pub producer_id: ProducerId,
    pub producer_epoch: ProducerEpoch,
    /// [`NO_SEQUENCE`](ottla_records::NO_SEQUENCE) if it wrote nothing in its epoch.
    pub last_sequence: Sequence,
    /// −1 if it wrote nothing in its epoch.
    pub last_offset: Offset,
    /// From the first offset of the last batch to its last.
    pub offset_delta: i32,
    /// Of the last batch or marker.
    pub timestamp: Timestamp,
    /// −1 if no marker was written.
    pub coordinator_epoch: Epoch,
    pub transaction_start: Option<Offset>,
}

/// What the log says of a batch that came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    pub(crate) base_offset: Offset,
    pub(crate) last_offset: Offset,
    pub(crate) timestamp: Timestamp,
}

/// Producers by their id, and their transactions.
///
/// An ordered map: clients choose the ids that they send, and a hash without a secret could be driven into
/// collisions; its order also makes snapshots the same each time. Entries are boxed, because a leaf of the map
/// has room for eleven and most partitions have one producer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Producers {
    producers: BTreeMap<ProducerId, Box<Producer>>,
    transactions: Transactions,
    verifications: Verifications,
}

/// Kafka takes any negative id for none.
fn is_idempotent(header: &BatchHeader) -> bool {
    header.producer_id > NO_PRODUCER_ID
}

impl Producers {
    /// Decides on a batch that is to be at `base_offset`, and remembers it if it is accepted.
    ///
    /// A refused batch and a duplicate change nothing.
    pub(crate) fn append(
        &mut self,
        header: &BatchHeader,
        base_offset: Offset,
        origin: Origin,
        guard: Option<VerificationGuard>,
    ) -> Result<Option<Duplicate>, AppendError> {
        if !is_idempotent(header) {
            return Ok(None);
        }
        let permission = self.verifications.permission(header, guard);
        let Some(producer) = self.producers.get_mut(&header.producer_id) else {
            return self.append_first(header, base_offset, origin, &permission);
        };
        if origin == Origin::Client
            && let Some(batch) = producer.duplicate_of(header)
        {
            return Ok(Some(Duplicate::from(batch)));
        }
        producer.check(header, origin, &permission)?;
        if producer.wrote(header, base_offset) {
            self.transactions.begin(header.producer_id, base_offset);
        }
        self.wrote_transactional(header);
        Ok(None)
    }

    fn append_first(
        &mut self,
        header: &BatchHeader,
        base_offset: Offset,
        origin: Origin,
        permission: &Permission,
    ) -> Result<Option<Duplicate>, AppendError> {
        Producer::unknown().check(header, origin, permission)?;
        self.remember(header, base_offset);
        self.wrote_transactional(header);
        Ok(None)
    }

    /// The next transaction asks anew.
    fn wrote_transactional(&mut self, header: &BatchHeader) {
        if header.is_transactional() {
            self.verifications.end(header.producer_id);
        }
    }

    /// What an append shows that may begin a transaction, once the coordinator has said yes to it. None: the producer's
    /// transaction is open here, and nobody need be asked.
    pub(crate) fn begin_verification(
        &mut self,
        now: Timestamp,
        batch: &Unverified,
    ) -> Option<VerificationGuard> {
        let producer = self.producers.get(&batch.producer_id);
        if producer.is_some_and(|producer| producer.has_transaction_of(batch.producer_epoch)) {
            return None;
        }
        Some(self.verifications.begin(now, batch))
    }

    /// The coordinator has said no, and will not say yes later.
    pub(crate) fn end_verification(&mut self, producer_id: ProducerId, guard: VerificationGuard) {
        self.verifications.end_guarded(producer_id, guard);
    }

    /// Decides on a marker, and remembers it if it is accepted: the transaction that it ended, if anything was written
    /// in it. The header has its offset.
    pub(crate) fn append_marker(
        &mut self,
        header: &BatchHeader,
        marker: Marker,
        transaction_version: i8,
    ) -> Result<Option<CompletedTransaction>, AppendError> {
        if let Some(producer) = self.producers.get(&header.producer_id) {
            producer.check_marker(header, marker, transaction_version)?;
        }
        self.verifications.marked(header, transaction_version);
        Ok(self.remember_marker(header, marker))
    }

    /// Takes over a batch that is in the log already. Nothing is checked: a leader did that.
    pub(crate) fn remember(&mut self, header: &BatchHeader, base_offset: Offset) {
        if is_idempotent(header) && self.entry(header.producer_id).wrote(header, base_offset) {
            self.transactions.begin(header.producer_id, base_offset);
        }
    }

    /// Takes over a marker that is in the log already. The transaction that it ended, if anything was written in it.
    pub(crate) fn remember_marker(
        &mut self,
        header: &BatchHeader,
        marker: Marker,
    ) -> Option<CompletedTransaction> {
        if !is_idempotent(header) {
            return None;
        }
        let first_offset = self.entry(header.producer_id).ended(header, marker.coordinator_epoch)?;
        Some(CompletedTransaction {
            producer_id: header.producer_id,
            first_offset,
            last_offset: header.last_offset(),
            last_stable_offset: self.transactions.complete(first_offset, header.last_offset()),
            outcome: marker.outcome,
        })
    }

    fn entry(&mut self, producer_id: ProducerId) -> &mut Producer {
        self.producers.entry(producer_id).or_insert_with(|| Box::new(Producer::unknown()))
    }

    /// Forgets those whose last batch is as old as `expiration_ms` (`producer.id.expiration.ms`).
    pub(crate) fn expire(&mut self, now: Timestamp, expiration_ms: i64) {
        self.producers.retain(|_, producer| !producer.is_expired(now, expiration_ms));
        self.verifications.expire(now, expiration_ms);
    }

    pub(crate) fn restore(&mut self, entry: &ProducerEntry) {
        let producer = Producer::from_entry(entry);
        if let Some(first_offset) = producer.transaction() {
            self.transactions.begin(entry.producer_id, first_offset);
        }
        self.producers.insert(entry.producer_id, Box::new(producer));
    }

    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = ProducerEntry> {
        self.producers.iter().map(|(&producer_id, producer)| producer.to_entry(producer_id))
    }

    pub(crate) fn high_watermark_advanced(&mut self, high_watermark: Offset) {
        self.transactions.high_watermark_advanced(high_watermark);
    }

    pub(crate) fn first_unstable(&self) -> Option<Offset> {
        self.transactions.first_unstable()
    }
}

impl From<&WrittenBatch> for Duplicate {
    fn from(batch: &WrittenBatch) -> Self {
        Self { base_offset: batch.first_offset(), last_offset: batch.last_offset, timestamp: batch.timestamp }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod transaction_tests;
