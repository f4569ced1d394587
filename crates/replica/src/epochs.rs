//! The leader epochs of a partition and where each begins (KIP-101).

use ottla_records::{Epoch, Offset};

/// Where a leader epoch begins: a line of `leader-epoch-checkpoint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEntry {
    pub epoch: Epoch,
    pub start_offset: Offset,
}

/// Where an epoch ends, as OffsetForLeaderEpoch answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEnd {
    /// The greatest known epoch that is not above the one asked for.
    pub epoch: Epoch,
    /// The first offset that is no longer of this epoch.
    pub end_offset: Offset,
}

/// The epochs in order: both the epochs and their start offsets strictly increase.
///
/// Most partitions have one entry, so the list grows by what it needs and not by doubling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochCache {
    entries: Vec<EpochEntry>,
}

impl EpochCache {
    /// For `leader-epoch-checkpoint`, in its order.
    pub fn entries(&self) -> &[EpochEntry] {
        &self.entries
    }

    pub fn latest(&self) -> Option<Epoch> {
        self.entries.last().map(|entry| entry.epoch)
    }

    /// The epoch begins here, unless it already began earlier. Whether anything changed.
    ///
    /// Entries that contradict the new one go: an epoch in which nothing was written leaves no trace once the next
    /// one begins at the same offset.
    pub fn assign(&mut self, entry: EpochEntry) -> bool {
        assert!(
            entry.epoch >= 0 && entry.start_offset >= 0,
            "epochs and offsets are not negative: {entry:?}"
        );
        if !self.is_news(entry) {
            return false;
        }
        let contradicts =
            |old: &EpochEntry| old.epoch >= entry.epoch || old.start_offset >= entry.start_offset;
        while self.entries.last().is_some_and(contradicts) {
            self.entries.pop();
        }
        self.entries.reserve_exact(1);
        self.entries.push(entry);
        true
    }

    fn is_news(&self, entry: EpochEntry) -> bool {
        self.entries
            .last()
            .is_none_or(|last| entry.epoch != last.epoch || entry.start_offset < last.start_offset)
    }

    /// Where `epoch` ends, or nothing if it is above all that are known.
    ///
    /// The latest epoch ends at the log's end. An epoch below all that are known ends where the first known one
    /// begins: its records are gone, and what follows them is all that a follower can still agree on.
    pub fn end_offset_for(&self, epoch: Epoch, log_end: Offset) -> Option<EpochEnd> {
        if epoch < 0 {
            return None;
        }
        if self.latest() == Some(epoch) {
            return Some(EpochEnd { epoch, end_offset: log_end });
        }
        let above = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let end_offset = self.entries.get(above)?.start_offset;
        let floor = above.checked_sub(1).map_or(epoch, |below| self.entries[below].epoch);
        Some(EpochEnd { epoch: floor, end_offset })
    }

    /// The epoch in which the record at `offset` was written.
    pub fn epoch_for_offset(&self, offset: Offset) -> Option<Epoch> {
        let after = self.entries.partition_point(|entry| entry.start_offset <= offset);
        after.checked_sub(1).map(|index| self.entries[index].epoch)
    }

    /// Forgets the epochs that end at or before `log_start`; the one that holds it now begins there.
    /// Whether anything changed.
    pub fn truncate_from_start(&mut self, log_start: Offset) -> bool {
        let after = self.entries.partition_point(|entry| entry.start_offset <= log_start);
        let Some(holder) = after.checked_sub(1) else { return false };
        let changed = holder > 0 || self.entries[holder].start_offset != log_start;
        self.entries[holder].start_offset = log_start;
        self.entries.drain(..holder);
        changed
    }

    /// Forgets the epochs that begin at or after `log_end`. Whether anything changed.
    pub fn truncate_from_end(&mut self, log_end: Offset) -> bool {
        let before = self.entries.len();
        let kept = self.entries.partition_point(|entry| entry.start_offset < log_end);
        self.entries.truncate(kept);
        kept != before
    }
}

/// Takes entries in any order, as a damaged checkpoint may hold them.
impl FromIterator<EpochEntry> for EpochCache {
    fn from_iter<I: IntoIterator<Item = EpochEntry>>(entries: I) -> Self {
        let mut cache = Self::default();
        for entry in entries {
            cache.assign(entry);
        }
        cache
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry.
    type Pair = (Epoch, Offset);

    fn cache(entries: &[Pair]) -> EpochCache {
        entries.iter().map(|&(epoch, start_offset)| EpochEntry { epoch, start_offset }).collect()
    }

    fn pairs(cache: &EpochCache) -> Vec<Pair> {
        cache.entries().iter().map(|entry| (entry.epoch, entry.start_offset)).collect()
    }

    #[test]
    fn an_assigned_epoch_displaces_those_that_contradict_it() {
        let cases: [(&[Pair], &[Pair]); 7] = [
            (&[(0, 0), (1, 10)], &[(0, 0), (1, 10)]),
            (&[(0, 0), (0, 10)], &[(0, 0)]),
            (&[(0, 5), (2, 5)], &[(2, 5)]),
            (&[(1, 0), (2, 10), (3, 20), (4, 10)], &[(1, 0), (4, 10)]),
            (&[(5, 10), (3, 20)], &[(3, 20)]),
            (&[(5, 10), (5, 4)], &[(5, 4)]),
            (&[(1, 0), (2, 10), (1, 30)], &[(1, 30)]),
        ];
        for (assigned, left) in cases {
            assert_eq!(pairs(&cache(assigned)), left, "{assigned:?}");
        }
    }

    #[test]
    fn an_epoch_ends_where_the_next_one_begins() {
        let cache = cache(&[(2, 5), (3, 9), (7, 20)]);
        let cases = [
            (-1, None),
            (0, Some((0, 5))),
            (2, Some((2, 9))),
            (3, Some((3, 20))),
            (5, Some((3, 20))),
            (7, Some((7, 33))),
            (8, None),
        ];
        for (epoch, expected) in cases {
            let end = cache.end_offset_for(epoch, 33).map(|end| (end.epoch, end.end_offset));
            assert_eq!(end, expected, "epoch {epoch}");
        }
        assert_eq!(EpochCache::default().end_offset_for(0, 33), None);
    }

    #[test]
    fn an_offset_is_of_the_last_epoch_that_began_before_it() {
        let cache = cache(&[(2, 5), (3, 9)]);
        let cases = [(4, None), (5, Some(2)), (8, Some(2)), (9, Some(3)), (100, Some(3))];
        for (offset, expected) in cases {
            assert_eq!(cache.epoch_for_offset(offset), expected, "offset {offset}");
        }
    }

    #[test]
    fn a_raised_log_start_moves_the_epoch_that_holds_it() {
        let cases: [(Offset, &[Pair], bool); 5] = [
            (4, &[(2, 5), (3, 9), (4, 11)], false),
            (5, &[(2, 5), (3, 9), (4, 11)], false),
            (7, &[(2, 7), (3, 9), (4, 11)], true),
            (9, &[(3, 9), (4, 11)], true),
            (30, &[(4, 30)], true),
        ];
        for (log_start, expected, changed) in cases {
            let mut cache = cache(&[(2, 5), (3, 9), (4, 11)]);
            assert_eq!(cache.truncate_from_start(log_start), changed, "start {log_start}");
            assert_eq!(pairs(&cache), expected, "start {log_start}");
        }
    }

    #[test]
    fn epochs_beyond_a_cut_log_are_forgotten() {
        let cases: [(Offset, &[Pair]); 4] =
            [(12, &[(2, 5), (3, 9)]), (9, &[(2, 5)]), (6, &[(2, 5)]), (5, &[])];
        for (log_end, expected) in cases {
            let mut cache = cache(&[(2, 5), (3, 9)]);
            assert_eq!(cache.truncate_from_end(log_end), expected.len() < 2, "end {log_end}");
            assert_eq!(pairs(&cache), expected, "end {log_end}");
        }
    }
}
