//! What became of records, as a broker is told. Pure.

use std::collections::BTreeMap;

use crate::Offset;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AcknowledgeType {
    /// It was processed: nobody gets it again.
    Accept,
    /// It was not processed and may be: somebody gets it again, unless it was delivered `group.share.delivery.count.limit` times.
    Release,
    /// It will never be processed: nobody gets it again.
    Reject,
    /// It is still being processed: the lock on it begins anew, and the next poll gives it again (KIP-1222).
    Renew,
}

/// No record is at the offset.
const GAP: i8 = 0;

impl AcknowledgeType {
    /// As it stands on the wire.
    pub fn code(self) -> i8 {
        match self {
            AcknowledgeType::Accept => 1,
            AcknowledgeType::Release => 2,
            AcknowledgeType::Reject => 3,
            AcknowledgeType::Renew => 4,
        }
    }
}

/// Offsets that follow each other, and what became of all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) first: Offset,
    pub(super) last: Offset,
    pub(super) code: i8,
}

/// What became of records of one partition.
///
/// Ranges rather than offsets: a broker may say that it acquired any number of offsets where there are no records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Acknowledgements {
    /// By the first offset of a range: the last one, and the code.
    ranges: BTreeMap<Offset, (Offset, i8)>,
    records: usize,
}

impl Acknowledgements {
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many of them are about records.
    pub(super) fn records(&self) -> usize {
        self.records
    }

    /// A record.
    pub(super) fn add(&mut self, offset: Offset, what: AcknowledgeType) {
        self.records += 1;
        self.ranges.insert(offset, (offset, what.code()));
    }

    /// A range in which nothing can be told apart.
    pub(super) fn add_range(&mut self, first: Offset, last: Offset, what: AcknowledgeType) {
        self.ranges.insert(first, (last, what.code()));
    }

    /// A range without records.
    pub(super) fn add_gap(&mut self, first: Offset, last: Offset) {
        self.ranges.insert(first, (last, GAP));
    }

    /// As few ranges as there can be, in their order.
    pub(super) fn batches(&self) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        for (&first, &(last, code)) in &self.ranges {
            match batches.last_mut() {
                Some(batch) if batch.code == code && batch.last.checked_add(1) == Some(first) => {
                    batch.last = last;
                }
                _ => batches.push(Batch { first, last, code }),
            }
        }
        batches
    }

    /// The offsets of ranges, in their order, for whoever hears of them.
    pub(super) fn offsets(&self) -> Vec<std::ops::RangeInclusive<Offset>> {
        let mut ranges: Vec<std::ops::RangeInclusive<Offset>> = Vec::new();
        for (&first, &(last, code)) in &self.ranges {
            match ranges.last_mut() {
                _ if code == GAP => {}
                Some(range) if range.end().checked_add(1) == Some(first) => *range = *range.start()..=last,
                _ => ranges.push(first..=last),
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_with_the_same_fate_are_one_range() {
        let mut all = Acknowledgements::default();
        for (offset, what) in [
            (7, AcknowledgeType::Release),
            (3, AcknowledgeType::Accept),
            (1, AcknowledgeType::Accept),
            (2, AcknowledgeType::Accept),
            (9, AcknowledgeType::Release),
        ] {
            all.add(offset, what);
        }
        all.add_gap(4, 6);
        let batches: Vec<_> =
            all.batches().iter().map(|batch| (batch.first, batch.last, batch.code)).collect();
        assert_eq!(batches, [(1, 3, 1), (4, 6, 0), (7, 7, 2), (9, 9, 2)]);
        assert_eq!(all.offsets(), [1..=3, 7..=7, 9..=9]);
        assert_eq!(all.records(), 5);
    }

    #[test]
    fn a_gap_may_be_as_wide_as_offsets_go() {
        let mut all = Acknowledgements::default();
        all.add_gap(5, Offset::MAX);
        all.add(4, AcknowledgeType::Reject);
        let batches: Vec<_> =
            all.batches().iter().map(|batch| (batch.first, batch.last, batch.code)).collect();
        assert_eq!(batches, [(4, 4, 3), (5, Offset::MAX, 0)]);
    }
}
