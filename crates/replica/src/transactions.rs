//! Which transactions hold the last stable offset back, and which records a transactional reader must skip.

use std::collections::BTreeMap;

use ottla_records::{Offset, ProducerId};

/// A transaction that its marker has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedTransaction {
    pub producer_id: ProducerId,
    pub first_offset: Offset,
    /// The marker's.
    pub last_offset: Offset,
    /// What the last stable offset was once this transaction no longer held it, as if everything were replicated.
    pub last_stable_offset: Offset,
    pub outcome: Outcome,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Committed,
    Aborted,
}

impl CompletedTransaction {
    /// What goes into the transaction index: aborted transactions alone.
    pub fn aborted(&self) -> Option<AbortedTransaction> {
        let Self { producer_id, first_offset, last_offset, last_stable_offset, outcome } = *self;
        (outcome == Outcome::Aborted).then_some(AbortedTransaction {
            producer_id,
            first_offset,
            last_offset,
            last_stable_offset,
        })
    }
}

/// An entry of `.txnindex`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbortedTransaction {
    pub producer_id: ProducerId,
    pub first_offset: Offset,
    /// The marker's.
    pub last_offset: Offset,
    pub last_stable_offset: Offset,
}

/// The aborted transactions that a fetch of `from..to` must name, out of the index entries of the segment that
/// holds `from` and of those that follow it, in order.
///
/// Reading ends with the first entry that was written when everything below `to` was stable: what comes after it
/// cannot reach back.
pub fn aborted_within(
    entries: impl IntoIterator<Item = AbortedTransaction>,
    from: Offset,
    to: Offset,
) -> Vec<AbortedTransaction> {
    let mut aborted = Vec::new();
    for entry in entries {
        if entry.last_offset >= from && entry.first_offset < to {
            aborted.push(entry);
        }
        if entry.last_stable_offset >= to {
            break;
        }
    }
    aborted
}

/// The transactions of one partition that are not yet stable.
///
/// | a transaction is | once | and holds the last stable offset |
/// |---|---|---|
/// | ongoing | its first batch is appended | yes |
/// | unreplicated | its marker is appended | yes: the marker may still be lost |
/// | forgotten | the marker lies below the high watermark | no |
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transactions {
    /// By first offset.
    ongoing: BTreeMap<Offset, ProducerId>,
    /// First offset and the marker's.
    unreplicated: BTreeMap<Offset, Offset>,
}

impl Transactions {
    pub(crate) fn begin(&mut self, producer_id: ProducerId, first_offset: Offset) {
        self.ongoing.insert(first_offset, producer_id);
    }

    /// The marker is in the log. The answer is the last stable offset that goes into the transaction index.
    pub(crate) fn complete(&mut self, first_offset: Offset, marker_offset: Offset) -> Offset {
        self.ongoing.remove(&first_offset);
        self.unreplicated.insert(first_offset, marker_offset);
        self.ongoing.keys().next().copied().unwrap_or_else(|| marker_offset.saturating_add(1))
    }

    pub(crate) fn high_watermark_advanced(&mut self, high_watermark: Offset) {
        if !self.unreplicated.is_empty() {
            self.unreplicated.retain(|_, marker_offset| *marker_offset >= high_watermark);
        }
    }

    /// The first offset whose fate is open, or not yet safe.
    pub(crate) fn first_unstable(&self) -> Option<Offset> {
        let ongoing = self.ongoing.keys().next();
        let unreplicated = self.unreplicated.keys().next();
        ongoing.into_iter().chain(unreplicated).min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_unstable_until_its_marker_is_below_the_high_watermark() {
        let mut transactions = Transactions::default();
        assert_eq!(transactions.first_unstable(), None);
        transactions.begin(1, 10);
        transactions.begin(2, 12);
        assert_eq!(transactions.first_unstable(), Some(10));

        assert_eq!(transactions.complete(10, 20), 12);
        transactions.high_watermark_advanced(20);
        assert_eq!(transactions.first_unstable(), Some(10));
        transactions.high_watermark_advanced(21);
        assert_eq!(transactions.first_unstable(), Some(12));

        assert_eq!(transactions.complete(12, 21), 22);
        transactions.high_watermark_advanced(22);
        assert_eq!(transactions.first_unstable(), None);
    }

    #[test]
    fn a_fetch_names_the_aborted_transactions_that_reach_into_it() {
        let entry = |first_offset, last_offset, last_stable_offset| AbortedTransaction {
            producer_id: 9,
            first_offset,
            last_offset,
            last_stable_offset,
        };
        let entries = [entry(0, 10, 2), entry(12, 20, 2), entry(2, 25, 26), entry(28, 30, 31)];
        let cases: [(Offset, Offset, &[usize]); 6] = [
            (0, 40, &[0, 1, 2, 3]),
            (11, 40, &[1, 2, 3]),
            (11, 26, &[1, 2]),
            (0, 2, &[0]),
            (26, 28, &[]),
            (31, 40, &[]),
        ];
        for (from, to, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|&index| entries[index]).collect();
            assert_eq!(aborted_within(entries, from, to), expected, "{from}..{to}");
        }
    }
}
