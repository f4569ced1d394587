use ottla_records::{Offset, Sequence, Timestamp};

use crate::sequence::advance;

/// How many batches of a producer are remembered: as many as a client may have in flight.
pub(crate) const WINDOW_SIZE: usize = 5;

/// A batch that an idempotent producer wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrittenBatch {
    pub(crate) last_sequence: Sequence,
    /// From the first offset to the last; the sequences have the same distance.
    pub(crate) offset_delta: i32,
    pub(crate) last_offset: Offset,
    pub(crate) timestamp: Timestamp,
}

impl WrittenBatch {
    pub(crate) fn first_sequence(&self) -> Sequence {
        advance(self.last_sequence, -i64::from(self.offset_delta))
    }

    pub(crate) fn first_offset(&self) -> Offset {
        self.last_offset.saturating_sub(i64::from(self.offset_delta))
    }
}

/// The last batches of one producer, newest first. In place, so that a known producer costs no allocation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    batches: [WrittenBatch; WINDOW_SIZE],
    len: usize,
}

impl Window {
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Remembers a batch, and forgets the oldest if there is no room.
    pub(crate) fn push(&mut self, batch: WrittenBatch) {
        self.batches.copy_within(..WINDOW_SIZE - 1, 1);
        self.batches[0] = batch;
        self.len = WINDOW_SIZE.min(self.len + 1);
    }

    pub(crate) fn newest(&self) -> Option<&WrittenBatch> {
        self.batches().first()
    }

    /// The batch with exactly these sequences.
    pub(crate) fn find(&self, first: Sequence, last: Sequence) -> Option<&WrittenBatch> {
        self.batches().iter().find(|batch| batch.last_sequence == last && batch.first_sequence() == first)
    }

    fn batches(&self) -> &[WrittenBatch] {
        &self.batches[..self.len]
    }
}

impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.batches() == other.batches()
    }
}

impl Eq for Window {}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(last_sequence: Sequence, offset_delta: i32) -> WrittenBatch {
        WrittenBatch { last_sequence, offset_delta, last_offset: 100, timestamp: 7 }
    }

    #[test]
    fn five_batches_are_remembered_and_no_more() {
        let mut window = Window::default();
        assert_eq!(window.newest(), None);
        for sequence in 0..6 {
            window.push(batch(sequence, 0));
            assert_eq!(window.newest(), Some(&batch(sequence, 0)));
        }
        assert_eq!(window.find(0, 0), None);
        for sequence in 1..6 {
            assert_eq!(window.find(sequence, sequence), Some(&batch(sequence, 0)));
        }
        window.clear();
        assert_eq!((window.newest(), window.find(5, 5)), (None, None));
    }

    #[test]
    fn both_ends_of_a_batch_must_agree() {
        let mut window = Window::default();
        window.push(batch(1, 3));
        let cases = [(i32::MAX - 1, 1, true), (i32::MAX, 1, false), (i32::MAX - 1, 0, false), (0, 1, false)];
        for (first, last, expected) in cases {
            assert_eq!(window.find(first, last).is_some(), expected, "{first} to {last}");
        }
    }
}
