//! Decides whether a log is worth cleaning, and what a round of it reads.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ottla_records::{Offset, ProducerEpoch, ProducerId};

use super::super::Log;
use crate::config::LogConfig;
use crate::error::Result;
use crate::files::{Files, LogId};
use crate::index::AbortedTxn;
use crate::names::FileKind;

/// What there is to clean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cleanable {
    pub first_dirty: Offset,
    /// Behind the last segment that may be cleaned.
    pub end: Offset,
    pub clean_bytes: u64,
    pub dirty_bytes: u64,
    /// A dirty record is older than `max.compaction.lag.ms` allows.
    pub is_overdue: bool,
}

impl Cleanable {
    /// The dirty part of what a round would read: of several logs the one with the greatest goes first.
    #[allow(clippy::cast_precision_loss, reason = "a ratio need not be exact")]
    pub fn dirty_ratio(&self) -> f64 {
        self.dirty_bytes as f64 / (self.clean_bytes + self.dirty_bytes).max(1) as f64
    }

    pub fn is_due(&self, config: &LogConfig) -> bool {
        self.dirty_bytes > 0 && (self.is_overdue || self.dirty_ratio() > config.min_cleanable_dirty_ratio)
    }
}

/// The last that is known of a producer that may go on: of the replica's producer state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRecord {
    /// Of the last record that is no marker, if there is one since the producer's last marker.
    pub data_offset: Option<Offset>,
    pub producer_epoch: ProducerEpoch,
}

/// A round of cleaning that is about to run. While it exists, the log is neither truncated nor are segments of it
/// deleted.
#[derive(Debug)]
pub struct Cleaning {
    pub(super) files: Arc<Files>,
    pub(super) log: LogId,
    pub(super) dir: Arc<Path>,
    pub(super) config: Arc<LogConfig>,
    pub(super) sources: Vec<Source>,
    pub(super) aborted: Vec<AbortedTxn>,
    pub(super) producers: HashMap<ProducerId, LastRecord>,
    pub(super) first_dirty: Offset,
    pub(super) now_ms: i64,
    pub(super) in_use: Arc<AtomicBool>,
}

/// A segment that is to be rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) base: Offset,
    pub(super) end: Offset,
    pub(super) size: u32,
    pub(super) offset_entries: u32,
    pub(super) time_entries: u32,
}

impl Log {
    /// What there is to clean; `None` if that is nothing.
    ///
    /// `cleaned_to` is from `cleaner-offset-checkpoint`. `limit` is the least of the last stable offset, the high
    /// watermark and the recovery point *in its checkpoint*: a log must not have gaps above that.
    pub fn cleanable(
        &mut self,
        now_ms: i64,
        cleaned_to: Option<Offset>,
        limit: Offset,
    ) -> Result<Option<Cleanable>> {
        let first_base = self.segments[0].base;
        let known = cleaned_to.filter(|offset| (first_base..=self.end).contains(offset));
        let first_dirty = known.unwrap_or(first_base).max(self.start);
        let end = self.first_uncleanable(first_dirty, now_ms, limit)?;
        let bytes = |from: Offset, to: Offset| -> u64 {
            let within = self.segments.iter().filter(|segment| (from..to).contains(&segment.base));
            within.map(|segment| u64::from(segment.size)).sum()
        };
        let dirty_base = self.segments[self.segment_of(first_dirty)].base;
        let (clean_bytes, dirty_bytes) = (bytes(0, dirty_base), bytes(dirty_base, end));
        if dirty_bytes == 0 || first_dirty >= end {
            return Ok(None);
        }
        let is_overdue = self.is_overdue(dirty_base, end, now_ms)?;
        Ok(Some(Cleanable { first_dirty, end, clean_bytes, dirty_bytes, is_overdue }))
    }

    /// The base of the first segment that must be left alone.
    fn first_uncleanable(&mut self, first_dirty: Offset, now_ms: i64, limit: Offset) -> Result<Offset> {
        let lag_ms = self.config.min_compaction_lag_ms;
        for at in 0..self.segments.len() {
            let is_active = at + 1 == self.segments.len();
            let is_young = lag_ms > 0
                && self.segment_end(at) > first_dirty
                && self.largest_time(at)?.timestamp > now_ms.saturating_sub(lag_ms);
            if is_active || is_young || self.segment_end(at) > limit {
                return Ok(self.segments[at].base);
            }
        }
        Ok(self.active().base)
    }

    /// By the first timestamp of each dirty segment.
    fn is_overdue(&mut self, from: Offset, to: Offset, now_ms: i64) -> Result<bool> {
        let oldest_allowed = now_ms.saturating_sub(self.config.max_compaction_lag_ms);
        if self.config.max_compaction_lag_ms == i64::MAX {
            return Ok(false);
        }
        for at in 0..self.segments.len() {
            if !(from..to).contains(&self.segments[at].base) {
                continue;
            }
            let first = self.span_at(at, 0)?.map_or(-1, |first| first.max_timestamp);
            if (0..oldest_allowed).contains(&first) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Prepares a round. What it reads is in files and does not change. `Busy` while a [`crate::Writes`] or
    /// the like is out; those that are taken later do not touch what is cleaned.
    pub fn plan_cleaning(
        &mut self,
        cleanable: Cleanable,
        producers: HashMap<ProducerId, LastRecord>,
        now_ms: i64,
    ) -> Result<Cleaning> {
        self.check_not_in_use()?;
        self.write_pending()?;
        let last = self.segments.partition_point(|segment| segment.base < cleanable.end);
        let sources = (0..last).map(|at| self.source(at)).collect();
        Ok(Cleaning {
            files: Arc::clone(&self.files),
            log: self.id,
            dir: Arc::clone(&self.dir),
            config: Arc::clone(&self.config),
            sources,
            aborted: self.aborted_transactions(self.segments[0].base, self.end)?,
            producers,
            first_dirty: cleanable.first_dirty,
            now_ms,
            in_use: Arc::clone(&self.in_use),
        })
    }

    fn source(&self, at: usize) -> Source {
        let segment = &self.segments[at];
        Source {
            base: segment.base,
            end: self.segment_end(at),
            size: segment.size,
            offset_entries: segment.offset_entry_count(),
            time_entries: segment.time_entry_count(),
        }
    }
}

impl Cleaning {
    pub(super) fn scanner(&self, source: &Source) -> Result<super::super::scan::Scanner> {
        let key = crate::files::FileKey { log: self.log, base: source.base, kind: FileKind::Log };
        let path = crate::names::FileName::new(source.base, FileKind::Log).path(&self.dir);
        let file = self.files.get(key, &self.dir)?;
        Ok(super::super::scan::Scanner::new(file, &path, 0, source.size))
    }
}
