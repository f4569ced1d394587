//! Gives a batch its place. No disk is touched.

use ottla_records::{AssignedBatch, BatchHeader, NO_LEADER_EPOCH, Offset};

use super::segment::Segment;
use super::tail::TailBatch;
use super::{Log, Rolling};
use crate::error::{Error, Result};
use crate::format::{ProducerEntry, encode_producer_snapshot};
use crate::index::{Indexed, TimeEntry};

/// Where a batch went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    pub segment: Offset,
    pub position: u32,
    /// The batch opened a new segment.
    pub rolled: bool,
}

impl Log {
    /// Appends a batch that has its offset: at the end of the log, or behind a gap if it comes from a leader that
    /// compacts. It can be read at once.
    ///
    /// `producers` is asked only if the batch opens a new segment, for the producers' state *before* it.
    pub fn append(
        &mut self,
        batch: &AssignedBatch,
        now_ms: i64,
        producers: impl FnOnce() -> Vec<ProducerEntry>,
    ) -> Result<Appended> {
        let header = batch.header();
        let len = self.check_appendable(header, batch.size_in_bytes())?;
        let rolled = self.must_roll(header, len, now_ms);
        if rolled {
            self.roll_to(self.next_base(header), now_ms, producers());
        }
        let position = self.place(header, len);
        let segment = self.active().base;
        self.tail.push(TailBatch::new(segment, position, len, batch));
        self.end = header.next_offset();
        Ok(Appended { segment, position, rolled })
    }

    /// Whether [`Log::append`] of such a batch would open a new segment.
    pub fn would_roll(&self, header: &BatchHeader, now_ms: i64) -> bool {
        u32::try_from(header.size_in_bytes()).is_ok_and(|len| self.must_roll(header, len, now_ms))
    }

    /// Closes the active segment, unless it is empty, and opens one at the end of the log.
    pub fn roll(&mut self, now_ms: i64, producers: impl FnOnce() -> Vec<ProducerEntry>) {
        if self.active().size > 0 {
            self.roll_to(self.end, now_ms, producers());
        }
    }

    fn check_appendable(&self, header: &BatchHeader, bytes: usize) -> Result<u32> {
        if header.base_offset < self.end || header.last_offset() < header.base_offset {
            let (offset, end) = (header.base_offset, self.end);
            return Err(Error::OutOfOrder { path: self.dir.to_path_buf(), offset, end });
        }
        let limit = self.config.segment_bytes;
        u32::try_from(bytes).ok().filter(|len| *len <= limit).ok_or(Error::BatchTooLarge { bytes, limit })
    }

    fn must_roll(&self, header: &BatchHeader, len: u32, now_ms: i64) -> bool {
        let active = self.active();
        if header.last_offset() - active.base > i64::from(i32::MAX) {
            return true;
        }
        let full = active.size > self.config.segment_bytes.saturating_sub(len);
        let expired = self.rolling.waited_ms(header.max_timestamp, now_ms) > self.segment_ms();
        active.size > 0 && (full || expired || active.index_is_full(self.config.segment_index_bytes))
    }

    /// The end of the log, so that segments follow each other without a gap, unless the batch is too far from it.
    fn next_base(&self, header: &BatchHeader) -> Offset {
        if header.last_offset() - self.end > i64::from(i32::MAX) { header.base_offset } else { self.end }
    }

    /// How long the active segment stays open. The jitter is drawn from the folder's name and the base offset, so
    /// that partitions of a topic do not all roll at once and a restart draws the same.
    fn segment_ms(&self) -> i64 {
        let config = &*self.config;
        // An active segment is not compacted, so it must close before its records are overdue.
        let lag_max = if config.cleanup_policy.compact { config.max_compaction_lag_ms } else { i64::MAX };
        let segment_ms = config.segment_ms.min(lag_max);
        let jitter_max = config.segment_jitter_ms.min(segment_ms);
        if jitter_max <= 0 {
            return segment_ms;
        }
        let mut draw = self.active().base.cast_unsigned();
        for byte in self.dir.as_os_str().as_encoded_bytes() {
            draw = (draw ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        segment_ms - (draw % jitter_max.cast_unsigned()).cast_signed()
    }

    /// Closes the active segment and opens one at `base`.
    pub(super) fn roll_to(&mut self, base: Offset, now_ms: i64, producers: Vec<ProducerEntry>) {
        if self.active().size == 0 {
            // Nothing was ever written to it, so nothing is missed.
            self.segments.pop();
        } else {
            self.active_mut().growth().close();
        }
        self.unwritten_snapshots.push((base, encode_producer_snapshot(&producers)));
        self.segments.push(Segment::new(base));
        self.rolling = Rolling { first_timestamp: None, created_ms: now_ms };
        self.folder_changed = true;
    }

    fn place(&mut self, header: &BatchHeader, len: u32) -> u32 {
        if header.leader_epoch != NO_LEADER_EPOCH && self.is_new_epoch(header.leader_epoch) {
            self.epochs_changed |= self.epochs.assign(header.leader_epoch, header.base_offset);
        }
        self.rolling.first_timestamp.get_or_insert(header.max_timestamp);
        let interval = self.config.index_interval_bytes;
        let active = self.active_mut();
        let position = active.size;
        let last = TimeEntry { timestamp: header.max_timestamp, offset: header.last_offset() };
        active.growth().append(Indexed { position, len, last }, interval);
        active.size += len;
        position
    }
}

impl Rolling {
    /// How long the active segment has been open: in record time, as far as its records have one.
    fn waited_ms(&self, timestamp: i64, now_ms: i64) -> i64 {
        match self.first_timestamp {
            Some(first) if first >= 0 => timestamp.saturating_sub(first),
            _ => now_ms.saturating_sub(self.created_ms),
        }
    }
}
