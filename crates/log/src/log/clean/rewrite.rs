//! Writes a new segment beside the ones in use, under names that end in `.cleaned`.

use std::io::IoSlice;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ottla_records::{Batch, Entry, Offset};

use crate::disk::{Disk, File, Mode};
use crate::error::{Error, Result};
use crate::index::{AbortedTxn, Growth, IndexEntry, Indexed, TimeEntry, encode_entries};
use crate::names::{FileKind, FileName, Suffix};

/// What is collected before it is written.
const BUFFER_BYTES: usize = 1 << 20;

/// A segment that is complete and durable under its temporary names.
#[derive(Debug)]
pub(super) struct NewSegment {
    pub(super) base: Offset,
    pub(super) size: u32,
    pub(super) offset_entries: u32,
    pub(super) time_entries: u32,
    pub(super) aborted_entries: u32,
    pub(super) kinds: Vec<FileKind>,
}

pub(super) struct Rewrite<'a> {
    disk: &'a dyn Disk,
    dir: &'a Path,
    base: Offset,
    file: Arc<dyn File>,
    interval: u32,
    growth: Growth,
    buffer: Vec<u8>,
    written: u64,
    /// The first error of a write; nothing follows it.
    failed: Option<Error>,
}

impl<'a> Rewrite<'a> {
    pub(super) fn begin(
        disk: &'a dyn Disk,
        dir: &'a Path,
        base: Offset,
        interval: u32,
    ) -> Result<Rewrite<'a>> {
        let file = create(disk, &temporary(dir, base, FileKind::Log))?;
        let growth = Growth::after(None);
        Ok(Rewrite { disk, dir, base, file, interval, growth, buffer: Vec::new(), written: 0, failed: None })
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.failed.is_none()
    }

    pub(super) fn push(&mut self, batch: &Batch) {
        let header = batch.header();
        let last = TimeEntry { timestamp: header.max_timestamp, offset: header.last_offset() };
        self.push_bytes(batch.bytes(), last);
    }

    pub(super) fn push_message(&mut self, entry: &Entry) {
        let last = TimeEntry { timestamp: entry.max_timestamp(), offset: entry.last_offset() };
        self.push_bytes(entry.bytes(), last);
    }

    pub(super) fn push_aborted(&mut self, transaction: AbortedTxn) {
        self.growth.aborted.push(transaction);
    }

    fn push_bytes(&mut self, bytes: &[u8], last: TimeEntry) {
        let position = self.written + self.buffer.len() as u64;
        let end = position + bytes.len() as u64;
        if end > i32::MAX.cast_unsigned().into() {
            let reason = format!("its cleaned batches need {end} bytes, more than a segment may have");
            self.failed = Some(Error::malformed(&temporary(self.dir, self.base, FileKind::Log), reason));
            return;
        }
        let small = |bytes: u64| u32::try_from(bytes).expect("checked to be less than 2 GiB");
        let batch = Indexed { position: small(position), len: small(bytes.len() as u64), last };
        self.growth.append(batch, self.interval);
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER_BYTES
            && let Err(error) = self.flush()
        {
            self.failed = Some(error);
        }
    }

    fn flush(&mut self) -> Result<()> {
        let path = temporary(self.dir, self.base, FileKind::Log);
        let write = self.file.write_all_at(&[IoSlice::new(&self.buffer)], self.written);
        write.map_err(Error::io("write", &path))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Durable on return, but for the names.
    pub(super) fn finish(mut self) -> Result<NewSegment> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.flush()?;
        let path = temporary(self.dir, self.base, FileKind::Log);
        self.file.sync_data().map_err(Error::io("sync", &path))?;
        self.growth.close();
        // The log is last: while it is there alone, it is `.cleaned` as a whole.
        let mut kinds = vec![FileKind::OffsetIndex, FileKind::TimeIndex];
        let offset_entries = self.write_index(FileKind::OffsetIndex, &self.growth.offsets)?;
        let time_entries = self.write_index(FileKind::TimeIndex, &self.growth.times)?;
        let mut aborted_entries = 0;
        if !self.growth.aborted.is_empty() {
            aborted_entries = self.write_index(FileKind::TxnIndex, &self.growth.aborted)?;
            kinds.push(FileKind::TxnIndex);
        }
        kinds.push(FileKind::Log);
        let size = u32::try_from(self.written).expect("checked to be less than 2 GiB");
        Ok(NewSegment { base: self.base, size, offset_entries, time_entries, aborted_entries, kinds })
    }

    fn write_index<E: IndexEntry>(&self, kind: FileKind, entries: &[E]) -> Result<u32> {
        let path = temporary(self.dir, self.base, kind);
        let file = create(self.disk, &path)?;
        let bytes = encode_entries(self.base, entries);
        file.write_all_at(&[IoSlice::new(&bytes)], 0).map_err(Error::io("write", &path))?;
        file.sync_data().map_err(Error::io("sync", &path))?;
        Ok(u32::try_from(entries.len()).expect("an index has fewer than 2³² entries"))
    }
}

fn temporary(dir: &Path, base: Offset, kind: FileKind) -> PathBuf {
    FileName::new(base, kind).with(Suffix::Cleaned).path(dir)
}

/// A new file, or an empty one where an earlier attempt has left something.
fn create(disk: &dyn Disk, path: &Path) -> Result<Arc<dyn File>> {
    let file = disk.open(path, Mode::Create).map_err(Error::io("create", path))?;
    file.set_len(0).map_err(Error::io("empty", path))?;
    Ok(file)
}
