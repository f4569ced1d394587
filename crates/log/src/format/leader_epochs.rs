//! Which leader epoch begins at which offset: `leader-epoch-checkpoint` and what is asked of it.

use std::fmt::Write as _;
use std::path::Path;

use ottla_records::{Epoch, Offset};

use super::atomic::{read_text, replace};
use super::checkpoint::{parse_lines, to_lines};
use crate::disk::Disk;
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochEntry {
    pub epoch: Epoch,
    pub start_offset: Offset,
}

/// The answer to OffsetForLeaderEpoch: the greatest known epoch that is not above the one asked for, and where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochEnd {
    pub epoch: Epoch,
    pub end_offset: Offset,
}

/// Epochs and start offsets both rise strictly from entry to entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaderEpochs {
    entries: Vec<EpochEntry>,
}

impl LeaderEpochs {
    pub fn entries(&self) -> &[EpochEntry] {
        &self.entries
    }

    pub fn latest(&self) -> Option<EpochEntry> {
        self.entries.last().copied()
    }

    /// The epoch of the record at `offset`.
    pub fn epoch_of(&self, offset: Offset) -> Option<Epoch> {
        let after = self.entries.partition_point(|entry| entry.start_offset <= offset);
        Some(self.entries[after.checked_sub(1)?].epoch)
    }

    /// Notes that `epoch` begins at `start_offset`. Entries that contradict it go. Says whether anything changed.
    pub fn assign(&mut self, epoch: Epoch, start_offset: Offset) -> bool {
        let news =
            self.latest().is_none_or(|latest| epoch != latest.epoch || start_offset < latest.start_offset);
        if news {
            self.entries.retain(|entry| entry.epoch < epoch && entry.start_offset < start_offset);
            self.entries.push(EpochEntry { epoch, start_offset });
            self.entries.shrink_to(4);
        }
        news
    }

    /// Where `epoch` ends in a log that ends at `log_end`; `None` if `epoch` is not known or above all that are.
    pub fn end_offset(&self, epoch: Epoch, log_end: Offset) -> Option<EpochEnd> {
        if self.latest()?.epoch == epoch {
            return Some(EpochEnd { epoch, end_offset: log_end });
        }
        let higher = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let end_offset = self.entries.get(higher)?.start_offset;
        let floor = higher.checked_sub(1).map_or(epoch, |at| self.entries[at].epoch);
        Some(EpochEnd { epoch: floor, end_offset })
    }

    /// Forgets epochs that begin at or after the new end. Says whether anything changed.
    pub fn truncate_from_end(&mut self, end: Offset) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.start_offset < end);
        self.entries.len() != before
    }

    /// Forgets epochs that end before the new start; the one that holds it begins there now.
    pub fn truncate_from_start(&mut self, start: Offset) -> bool {
        let covered = self.entries.partition_point(|entry| entry.start_offset <= start);
        let Some(last) = covered.checked_sub(1) else { return false };
        if last == 0 && self.entries[0].start_offset == start {
            return false;
        }
        self.entries.drain(..last);
        self.entries[0].start_offset = start;
        true
    }

    pub fn parse(text: &str) -> std::result::Result<LeaderEpochs, String> {
        let entries = parse_lines(text, |line| {
            let (epoch, start_offset) = line.split_once(' ')?;
            Some(EpochEntry { epoch: epoch.parse().ok()?, start_offset: start_offset.parse().ok()? })
        })?;
        let mut epochs = LeaderEpochs::default();
        for entry in entries {
            epochs.assign(entry.epoch, entry.start_offset);
        }
        Ok(epochs)
    }

    pub fn to_text(&self) -> String {
        to_lines(&self.entries, |line, entry| write!(line, "{} {}", entry.epoch, entry.start_offset))
    }

    /// Empty if there is no such file.
    pub fn read(disk: &dyn Disk, path: &Path) -> Result<LeaderEpochs> {
        let Some(text) = read_text(disk, path)? else { return Ok(LeaderEpochs::default()) };
        LeaderEpochs::parse(&text).map_err(|reason| Error::malformed(path, reason))
    }

    /// Durable on return.
    pub fn write(&self, disk: &dyn Disk, path: &Path) -> Result<()> {
        replace(disk, path, self.to_text().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(entries: &[(Epoch, Offset)]) -> LeaderEpochs {
        let mut epochs = LeaderEpochs::default();
        for (epoch, start) in entries {
            epochs.assign(*epoch, *start);
        }
        epochs
    }

    #[test]
    fn of_epochs_that_start_at_the_same_offset_the_last_remains() {
        assert_eq!(epochs(&[(0, 0), (2, 0), (4, 0)]), epochs(&[(4, 0)]));
        assert_eq!(epochs(&[(0, 0), (2, 10), (4, 10)]).to_text(), "0\n2\n0 0\n4 10\n");
    }

    #[test]
    fn an_epoch_ends_where_the_next_begins() {
        let known = epochs(&[(2, 10), (4, 20)]);
        for (asked, expected) in
            [(1, Some((1, 10))), (2, Some((2, 20))), (3, Some((2, 20))), (4, Some((4, 33))), (5, None)]
        {
            let found = known.end_offset(asked, 33).map(|end| (end.epoch, end.end_offset));
            assert_eq!(found, expected, "epoch {asked}");
        }
        assert_eq!(LeaderEpochs::default().end_offset(0, 5), None);
    }

    #[test]
    fn truncation_moves_the_ends() {
        let mut known = epochs(&[(0, 0), (2, 20), (4, 40)]);
        assert!(known.truncate_from_start(25));
        assert_eq!(known.to_text(), "0\n2\n2 25\n4 40\n");
        assert!(!known.truncate_from_start(25));
        assert!(known.truncate_from_end(40));
        assert_eq!(known.to_text(), "0\n1\n2 25\n");
        assert_eq!(known.epoch_of(24), None);
        assert_eq!(known.epoch_of(25), Some(2));
    }

    #[test]
    fn text_is_read_back() {
        let known = epochs(&[(0, 0), (2, 20)]);
        assert_eq!(LeaderEpochs::parse(&known.to_text()), Ok(known));
        assert!(LeaderEpochs::parse("0\n1\n1\n").is_err());
    }
}
