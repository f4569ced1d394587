//! The producers' state is the replica's. The log keeps its snapshots, and reads the batches behind the last one.

use ottla_records::{Batch, Entry, Offset};

use super::Log;
use super::scan::{Scanned, Scanner};
use crate::error::{Error, Result};
use crate::format::{ProducerEntry, decode_producer_snapshot, encode_producer_snapshot, read_whole};
use crate::index::AbortedTxn;
use crate::names::FileKind;

/// The state to begin with, and the offset from which on batches must be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerState {
    pub replay_from: Offset,
    pub entries: Vec<ProducerEntry>,
}

impl Log {
    /// The newest snapshot that can be relied on. Snapshots that cannot be read are skipped.
    ///
    /// After an unclean stop none is newer than the recovery point, so that the replay meets every abort whose
    /// entry in a transaction index may be lost; the caller gives them to [`Log::append_aborted`] again.
    pub fn producer_state(&self) -> Result<ProducerState> {
        for offset in self.snapshots.iter().rev().copied() {
            if offset > self.replay_limit || offset < self.start {
                continue;
            }
            let bytes = read_whole(self.files.disk(), &self.path(offset, FileKind::Snapshot))?;
            if let Some(entries) = bytes.and_then(|bytes| decode_producer_snapshot(&bytes).ok()) {
                return Ok(ProducerState { replay_from: offset, entries });
            }
        }
        Ok(ProducerState { replay_from: self.start, entries: Vec::new() })
    }

    /// Shows every batch that ends at `from` or later, in order, whole, those that are still in memory included.
    /// Messages of old versions, which have no producer, are left out.
    pub fn replay(&mut self, from: Offset, mut visit: impl FnMut(Batch)) -> Result<()> {
        for at in self.segment_of(from)..self.segments.len() {
            let Some(start) = self.locate(at, from)? else { continue };
            let file_end = self.file_end(at);
            if start < file_end {
                self.replay_file(at, start, file_end, &mut visit)?;
            }
            for batch in self.tail.from(self.segments[at].base, start.max(file_end)) {
                visit(Batch::parse(batch.to_bytes()).map_err(|error| Error::BadBatch(error.to_string()))?);
            }
        }
        Ok(())
    }

    fn replay_file(&self, at: usize, start: u32, end: u32, visit: &mut impl FnMut(Batch)) -> Result<()> {
        let base = self.segments[at].base;
        let path = self.path(base, FileKind::Log);
        let file = self.files.get(self.key(base, FileKind::Log), &self.dir)?;
        let mut scanner = Scanner::new(file, &path, start, end);
        loop {
            match scanner.next()? {
                Scanned::Batch(_, Entry::Batch(batch)) => visit(batch),
                Scanned::Batch(_, Entry::Message(_)) => {}
                Scanned::End => return Ok(()),
                Scanned::Bad { position, reason } => {
                    return Err(Error::Corrupt {
                        path,
                        position: position.into(),
                        reason: reason.to_string(),
                    });
                }
            }
        }
    }

    /// Keeps the producers' state before the record at `offset`, so that a start after a kill need not replay what
    /// precedes it. Written with the next sync. `offset` is the end of the log, or was when the entries were made.
    pub fn write_producer_snapshot(&mut self, offset: Offset, entries: &[ProducerEntry]) {
        self.unwritten_snapshots.retain(|(unwritten, _)| *unwritten != offset);
        self.unwritten_snapshots.push((offset, encode_producer_snapshot(entries)));
    }

    /// The snapshot files that nothing needs once `new` are there. The one at a segment's base serves truncation and
    /// recovery from there; of the others the newest, and the one before it, until the recovery point that goes with
    /// the newest is in its checkpoint.
    pub(super) fn outdated_snapshots(&self, new: &[(Offset, Vec<u8>)]) -> Vec<Offset> {
        let is_base =
            |offset: &Offset| self.segments.binary_search_by_key(offset, |segment| segment.base).is_ok();
        let mut others: Vec<Offset> =
            self.snapshots.iter().copied().filter(|offset| !is_base(offset)).collect();
        let added =
            new.iter().filter(|(offset, _)| !is_base(offset) && !self.snapshots.contains(offset)).count();
        others.truncate((others.len() + added).saturating_sub(2).min(others.len()));
        others
    }

    /// The offsets of the snapshot files.
    pub fn snapshot_offsets(&self) -> &[Offset] {
        &self.snapshots
    }

    pub(super) fn note_snapshot(&mut self, offset: Offset) {
        if let Err(at) = self.snapshots.binary_search(&offset) {
            self.snapshots.insert(at, offset);
        }
    }

    /// Notes an aborted transaction whose marker is replayed. Those already known are skipped.
    pub fn append_aborted(&mut self, aborted: AbortedTxn) -> Result<()> {
        let known = self.aborted_of(self.segment_of(aborted.last_offset))?;
        if known.last().is_none_or(|last| last.last_offset < aborted.last_offset) {
            self.note_aborted(aborted);
        }
        Ok(())
    }

    /// Notes an aborted transaction whose marker was just appended: it cannot be known yet. No disk is touched.
    pub fn note_aborted(&mut self, aborted: AbortedTxn) {
        let at = self.segment_of(aborted.last_offset);
        let is_active = at + 1 == self.segments.len();
        let growth = self.segments[at].growth();
        growth.closed = !is_active;
        growth.aborted.push(aborted);
    }

    /// The aborted transactions that have records in `from..to`, for a read_committed fetch.
    pub fn aborted_transactions(&self, from: Offset, to: Offset) -> Result<Vec<AbortedTxn>> {
        let mut found = Vec::new();
        for at in self.segment_of(from)..self.segments.len() {
            for aborted in self.aborted_of(at)? {
                if aborted.last_offset >= from && aborted.first_offset < to {
                    found.push(aborted);
                }
                if aborted.last_stable_offset >= to {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    pub(super) fn aborted_of(&self, at: usize) -> Result<Vec<AbortedTxn>> {
        let segment = &self.segments[at];
        let mut aborted = self.read_index(segment.base, FileKind::TxnIndex, 0, segment.aborted_entries)?;
        if let Some(growth) = segment.growth.as_deref() {
            aborted.extend_from_slice(&growth.aborted);
        }
        Ok(aborted)
    }
}
