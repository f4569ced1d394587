//! Which producers ask a transaction's coordinator whether they may write to this partition (KIP-890).
//!
//! A transaction that its coordinator does not know of would never end here. So the first batch of one needs the
//! coordinator's word, and it must not have ended between that word and the append: a marker withdraws it.

use std::collections::BTreeMap;

use ottla_records::{BatchHeader, ProducerEpoch, ProducerId, Sequence, Timestamp};

/// From this transaction version on each end of a transaction bumps the producer's epoch.
const BUMPS_EPOCH_FROM: i8 = 2;

/// Names what was asked: an append that shows it relies on the answer. It is good for one append, and only until a
/// marker of the producer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationGuard(u64);

/// A batch that may be the first of a transaction here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unverified {
    pub producer_id: ProducerId,
    pub producer_epoch: ProducerEpoch,
    pub base_sequence: Sequence,
    /// The producer's epoch rises with each transaction, so sequences begin anew with each.
    pub bumps_epoch: bool,
}

/// What a producer has asked and not used yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Verification {
    guard: VerificationGuard,
    since: Timestamp,
    epoch: ProducerEpoch,
    /// Of all that were asked for: a batch must not overtake one before it that was told to try again.
    lowest_sequence: Sequence,
    bumps_epoch: bool,
}

/// All that has been asked for. Ordered, as producers are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verifications {
    last: u64,
    asked: BTreeMap<ProducerId, Verification>,
}

impl Verifications {
    /// The batches of one producer that ask at the same time share a guard.
    pub(super) fn begin(&mut self, now: Timestamp, batch: &Unverified) -> VerificationGuard {
        let last = &mut self.last;
        let verification = self.asked.entry(batch.producer_id).or_insert_with(|| {
            *last += 1;
            Verification {
                guard: VerificationGuard(*last),
                since: now,
                epoch: batch.producer_epoch,
                lowest_sequence: batch.base_sequence,
                bumps_epoch: batch.bumps_epoch,
            }
        });
        verification.saw(batch);
        verification.guard
    }

    /// A marker was written: whoever asked within the transaction that it ended has no part in the next. From version 2
    /// on the marker's epoch is the next transaction's already, which may have been asked for before the marker came.
    pub(super) fn marked(&mut self, marker: &BatchHeader, transaction_version: i8) {
        let bumps_epoch = transaction_version >= BUMPS_EPOCH_FROM;
        let Some(asked) = self.asked.get(&marker.producer_id) else { return };
        if !(bumps_epoch && asked.epoch >= marker.producer_epoch) {
            self.asked.remove(&marker.producer_id);
        }
    }

    /// A batch was written.
    pub(super) fn end(&mut self, producer_id: ProducerId) {
        if !self.asked.is_empty() {
            self.asked.remove(&producer_id);
        }
    }

    pub(super) fn end_guarded(&mut self, producer_id: ProducerId, guard: VerificationGuard) {
        if self.asked.get(&producer_id).is_some_and(|asked| asked.guard == guard) {
            self.asked.remove(&producer_id);
        }
    }

    pub(super) fn expire(&mut self, now: Timestamp, expiration_ms: i64) {
        self.asked.retain(|_, asked| now.saturating_sub(asked.since) < expiration_ms);
    }

    pub(super) fn permission(&self, header: &BatchHeader, guard: Option<VerificationGuard>) -> Permission {
        let asked = if self.asked.is_empty() { None } else { self.asked.get(&header.producer_id).copied() };
        Permission { asked, guard }
    }
}

impl Verification {
    fn saw(&mut self, batch: &Unverified) {
        if batch.producer_epoch > self.epoch {
            self.epoch = batch.producer_epoch;
            self.lowest_sequence = batch.base_sequence;
        } else if batch.producer_epoch == self.epoch {
            self.lowest_sequence = self.lowest_sequence.min(batch.base_sequence);
        }
    }
}

/// What a batch may do that is to be appended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Permission {
    asked: Option<Verification>,
    guard: Option<VerificationGuard>,
}

impl Permission {
    /// A transaction may begin with the batch.
    pub(super) fn lets_begin(&self) -> bool {
        self.guard.is_some() && self.asked.map(|asked| asked.guard) == self.guard
    }

    /// No batch is missing before this one, as far as what was asked tells. A producer of which nothing is known may
    /// begin with any sequence, but not if it counts anew in each transaction.
    pub(super) fn is_in_order(&self, base_sequence: Sequence, has_batches: bool) -> bool {
        self.asked.is_none_or(|asked| {
            let begins_anew = !asked.bumps_epoch || has_batches || base_sequence == 0;
            begins_anew && base_sequence <= asked.lowest_sequence
        })
    }
}
