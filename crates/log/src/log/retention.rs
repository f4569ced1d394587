//! Deletes whole segments from the front.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ottla_records::Offset;

use super::Log;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::format::ProducerEntry;
use crate::names::{FileKind, FileName, Suffix};

/// Files that bear the suffix `.deleted`. Nothing refers to them any more but reads that began before.
#[derive(Debug)]
#[must_use = "the files stay until they are removed"]
pub struct DeletedFiles {
    files: Arc<Files>,
    paths: Vec<PathBuf>,
}

impl DeletedFiles {
    pub(crate) fn none(files: &Arc<Files>) -> DeletedFiles {
        DeletedFiles { files: Arc::clone(files), paths: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// To be called after `file.delete.delay.ms`. What is gone already is no error.
    pub fn remove(self) -> Result<()> {
        for path in &self.paths {
            match self.files.disk().remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Log {
    /// Deletes what `retention.ms`, `retention.bytes` and the log's start allow, as far as the high watermark
    /// covers it. If that is everything, the active segment is rolled first, as Kafka does.
    ///
    /// While a [`crate::Writes`] or the like is out, nothing is deleted.
    pub fn apply_retention(
        &mut self,
        now_ms: i64,
        high_watermark: Offset,
        producers: impl FnOnce() -> Vec<ProducerEntry>,
    ) -> Result<DeletedFiles> {
        let mut count = self.expired_segments(now_ms, high_watermark)?;
        if count == 0 || self.is_in_use() {
            return Ok(DeletedFiles::none(&self.files));
        }
        self.write_pending()?;
        if count == self.segments.len() {
            self.roll(now_ms, producers);
            count = count.min(self.segments.len() - 1);
            self.write_pending()?;
            self.keep_end()?;
        }
        let deleted = self.delete_front(count)?;
        self.advance_start(self.start.max(self.segments[0].base));
        Ok(deleted)
    }

    /// Moves the start of the log to `offset` (DeleteRecords), which the caller has checked against the high
    /// watermark. Segments go with the next [`Log::apply_retention`]. Says whether the start moved.
    pub fn delete_records_before(&mut self, offset: Offset) -> Result<bool> {
        if offset > self.end {
            return Err(Error::OffsetOutOfRange { offset, start: self.start, end: self.end });
        }
        let moves = offset > self.start;
        self.advance_start(offset.max(self.start));
        Ok(moves)
    }

    /// Whether `log-start-offset-checkpoint` must name this log: its start lies within a segment.
    pub fn start_needs_checkpoint(&self) -> bool {
        self.start > self.segments[0].base
    }

    fn advance_start(&mut self, start: Offset) {
        self.start = start;
        self.epochs_changed |= self.epochs.truncate_from_start(start);
    }

    /// How many segments from the front may go.
    fn expired_segments(&mut self, now_ms: i64, high_watermark: Offset) -> Result<usize> {
        let deletes = self.config.cleanup_policy.delete;
        let mut count = 0;
        // Each rule adds to what the ones before it leave, as Kafka's three passes do.
        count += self.count_deletable(count, high_watermark, |log, at| {
            Ok(log.segments.get(at + 1).is_some_and(|next| next.base <= log.start))
        })?;
        if deletes && self.config.retention_bytes >= 0 {
            let mut excess = i64::try_from(self.remaining_bytes(count))
                .unwrap_or(i64::MAX)
                .saturating_sub(self.config.retention_bytes);
            count += self.count_deletable(count, high_watermark, |log, at| {
                excess = excess.saturating_sub(log.segments[at].size.into());
                Ok(excess >= 0)
            })?;
        }
        if deletes && self.config.retention_ms >= 0 {
            count += self.count_deletable(count, high_watermark, |log, at| {
                let largest = log.largest_time(at)?.timestamp;
                Ok(largest >= 0 && now_ms.saturating_sub(largest) > log.config.retention_ms)
            })?;
        }
        Ok(count)
    }

    fn remaining_bytes(&self, from: usize) -> u64 {
        self.segments[from..].iter().map(|segment| u64::from(segment.size)).sum()
    }

    fn count_deletable(
        &mut self,
        from: usize,
        high_watermark: Offset,
        mut expired: impl FnMut(&mut Log, usize) -> Result<bool>,
    ) -> Result<usize> {
        let mut at = from;
        while at < self.segments.len() {
            let is_empty_active = at + 1 == self.segments.len() && self.segments[at].size == 0;
            if is_empty_active || self.segment_end(at) > high_watermark || !expired(self, at)? {
                break;
            }
            at += 1;
        }
        Ok(at - from)
    }

    /// Renames the files of the first `count` segments, and of the snapshots that belong to them.
    ///
    /// One after the other is durable: if a crash brought back a segment and not the ones behind it, recovery would
    /// have to take that for a hole.
    fn delete_front(&mut self, count: usize) -> Result<DeletedFiles> {
        let mut deleted = DeletedFiles::none(&self.files);
        for _ in 0..count {
            let base = self.segments.remove(0).base;
            for kind in FileKind::SEGMENT {
                self.mark_deleted(base, kind, &mut deleted)?;
            }
            self.files.disk().sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))?;
        }
        let first = self.segments[0].base;
        let outdated = self.snapshots.partition_point(|offset| *offset < first);
        for offset in self.snapshots.drain(..outdated).collect::<Vec<_>>() {
            self.mark_deleted(offset, FileKind::Snapshot, &mut deleted)?;
        }
        self.unwritten_snapshots.retain(|(offset, _)| *offset >= first);
        self.forget_lookups();
        Ok(deleted)
    }

    /// Gives a file the suffix `.deleted`, if it is there.
    pub(super) fn mark_deleted(
        &mut self,
        base: Offset,
        kind: FileKind,
        deleted: &mut DeletedFiles,
    ) -> Result<()> {
        let name = FileName::new(base, kind);
        let (from, to) = (name.path(&self.dir), name.with(Suffix::Deleted).path(&self.dir));
        self.files.forget(self.key(base, kind));
        self.unsynced.retain(|unsynced| *unsynced != (base, kind));
        match self.files.disk().rename(&from, &to) {
            Ok(()) => deleted.paths.push(to),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("rename", &from)(error)),
        }
        self.folder_changed = true;
        Ok(())
    }
}
