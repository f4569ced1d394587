//! Takes back what was appended: a follower's answer to a diverging leader.

use ottla_records::Offset;

use super::Log;
use crate::error::{Error, Result};
use crate::format::LeaderEpochs;
use crate::index::{AbortedTxn, IndexEntry, OffsetEntry, TimeEntry};
use crate::names::{FileKind, FileName};

impl Log {
    /// Removes every batch that ends at `offset` or later, and ends the log there. `Busy` while a
    /// [`crate::Writes`] or the like is out.
    ///
    /// The producers' state must be read anew, and if the recovery point moved, the checkpoint that holds it must be
    /// durable before anything is appended: recovery would take it for corruption what is torn below it.
    pub fn truncate_to(&mut self, offset: Offset) -> Result<()> {
        self.check_not_in_use()?;
        if offset >= self.end {
            return Ok(());
        }
        if offset <= self.segments[0].base {
            return self.truncate_fully_and_start_at(offset);
        }
        self.write_pending()?;
        let at = self.segment_of(offset);
        for segment in self.segments.split_off(at + 1) {
            self.remove_segment_files(segment.base)?;
        }
        self.truncate_active(offset)?;
        self.end_at(offset)
    }

    /// Removes everything. The log is empty and begins at `offset`.
    pub fn truncate_fully_and_start_at(&mut self, offset: Offset) -> Result<()> {
        self.check_not_in_use()?;
        self.tail.clear();
        self.drop_all_segments(offset)?;
        self.epochs = LeaderEpochs::default();
        self.epochs_changed = true;
        self.start = offset;
        let stale: Vec<Offset> = std::mem::take(&mut self.snapshots);
        stale.into_iter().try_for_each(|snapshot| self.remove_snapshot(snapshot))?;
        self.end_at(offset)
    }

    fn end_at(&mut self, offset: Offset) -> Result<()> {
        self.end = offset;
        self.written_end = offset;
        self.recovery_point = self.recovery_point.min(offset);
        self.flushed = self.flushed.min(offset);
        self.truncations = self.truncations.wrapping_add(1);
        self.start = self.start.min(offset);
        self.epochs_changed |= self.epochs.truncate_from_end(offset);
        self.unwritten_snapshots.retain(|(snapshot, _)| *snapshot <= offset);
        self.forget_lookups();
        self.remove_snapshots_beyond_end()?;
        // A snapshot that came back after a crash could be taken for one of what is appended next.
        self.files.disk().sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))?;
        self.rolling.first_timestamp = None;
        self.resume_active()
    }

    fn truncate_active(&mut self, offset: Offset) -> Result<()> {
        let at = self.segments.len() - 1;
        let base = self.segments[at].base;
        let size = self.locate(at, offset)?.unwrap_or(self.segments[at].size);
        self.settle_indexes()?;
        let aborted = self.aborted_of(at)?;
        let segment = &self.segments[at];
        let offsets: Vec<OffsetEntry> =
            self.read_index(base, FileKind::OffsetIndex, 0, segment.offset_entries)?;
        let times: Vec<TimeEntry> = self.read_index(base, FileKind::TimeIndex, 0, segment.time_entries)?;
        let kept = [
            (
                FileKind::OffsetIndex,
                offsets.partition_point(|entry| entry.offset < offset),
                OffsetEntry::SIZE,
            ),
            (FileKind::TimeIndex, times.partition_point(|entry| entry.offset < offset), TimeEntry::SIZE),
            (
                FileKind::TxnIndex,
                aborted.partition_point(|entry| entry.last_offset < offset),
                AbortedTxn::SIZE,
            ),
        ];
        self.shorten_log(base, size)?;
        let mut counts = [0; 3];
        for (count, (kind, entries, entry_size)) in counts.iter_mut().zip(kept) {
            *count = u32::try_from(entries).expect("an index has fewer than 2³² entries");
            self.shorten(base, kind, *count, entry_size)?;
        }
        let segment = &mut self.segments[at];
        [segment.offset_entries, segment.time_entries, segment.aborted_entries] = counts;
        segment.size = size;
        segment.growth = None;
        segment.last_time = None;
        Ok(())
    }

    /// Brings all pending entries to the index files.
    fn settle_indexes(&mut self) -> Result<()> {
        let writes = self.take_all_writes();
        writes.run()?;
        self.written(writes);
        Ok(())
    }

    fn shorten_log(&mut self, base: Offset, size: u32) -> Result<()> {
        let path = self.path(base, FileKind::Log);
        if let Some(file) = self.files.find(self.key(base, FileKind::Log), &self.dir)? {
            file.set_len(size.into()).map_err(Error::io("cut", &path))?;
            self.unsynced.push((base, FileKind::Log));
        }
        Ok(())
    }

    pub(super) fn remove_snapshot(&mut self, offset: Offset) -> Result<()> {
        let path = FileName::new(offset, FileKind::Snapshot).path(&self.dir);
        self.folder_changed = true;
        match self.files.disk().remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }
}
