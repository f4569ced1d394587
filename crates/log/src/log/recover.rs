//! What is done with the segments after a stop that was not clean.
//!
//! Below the recovery point everything was durable: what cannot be read there is corruption, and reported. Above it
//! the log ends at the first batch that is not whole.

use std::path::PathBuf;

use ottla_records::{Entry, NO_LEADER_EPOCH, Offset};

use super::open::OpenOptions;
use super::scan::{Scanned, Scanner};
use super::span::Span;
use super::{Log, segment::Segment};
use crate::error::{Error, Result};
use crate::index::{
    AbortedTxn, Growth, IndexEntry, Indexed, OffsetEntry, TimeEntry, decode_entries, decode_offset_index,
    decode_time_index,
};
use crate::names::{FileKind, FileName};

/// What opening a log found, for one line to the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    pub scanned_bytes: u64,
    /// Base offsets of the segments whose indexes were missing or did not fit.
    pub rebuilt_indexes: Vec<Offset>,
    pub cut: Option<Cut>,
    /// The log ends before this offset, although it was durable up to there once.
    pub missing_below: Option<Offset>,
}

/// What was cut off behind the last whole batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    pub path: PathBuf,
    pub position: u64,
    /// Of this segment and of those behind it.
    pub bytes: u64,
    pub reason: String,
    /// The log's end after the cut.
    pub offset: Offset,
}

/// Where the scan of a segment begins, and with which entries in its indexes.
#[derive(Debug, Default)]
struct Resume {
    position: u32,
    offsets: u32,
    times: u32,
    aborted: u32,
    last_time: Option<TimeEntry>,
}

/// How the scan of a segment ended.
struct Scan {
    size: u32,
    /// Behind the last batch.
    end: Offset,
    bad: Option<String>,
}

impl Log {
    /// Segments whose indexes are missing or cannot be, as far as recovery will not rebuild them anyway.
    pub(super) fn rebuild_missing_indexes(
        &mut self,
        options: &OpenOptions,
        recovery: &mut Recovery,
    ) -> Result<()> {
        let recovered_from = match options.is_clean {
            true => self.segments.len(),
            false => self.first_to_recover(options.recovery_point),
        };
        for at in 0..recovered_from {
            let segment = &self.segments[at];
            let lacks_time = segment.time_entries == 0;
            if segment.size > 0 && (!segment.has_indexes || (lacks_time && segment.offset_entries > 0)) {
                self.rebuild_segment(at, recovery)?;
            }
        }
        Ok(())
    }

    pub(super) fn rebuild_segment(&mut self, at: usize, recovery: &mut Recovery) -> Result<()> {
        let base = self.segments[at].base;
        recovery.rebuilt_indexes.push(base);
        let resume = Resume { aborted: self.segments[at].aborted_entries, ..Resume::default() };
        let scan = self.scan_segment(at, &resume, Offset::MAX, recovery)?;
        match scan.bad {
            None => Ok(()),
            Some(reason) => Err(self.corrupt(base, scan.size, reason)),
        }
    }

    /// Scans everything from the recovery point on, and sets the end of the log.
    pub(super) fn recover_from(&mut self, options: &OpenOptions, recovery: &mut Recovery) -> Result<()> {
        let recovery_point = options.recovery_point;
        let first = self.first_to_recover(recovery_point);
        self.end = self.segments[first].base;
        let gaps_below = if options.may_have_gaps { Offset::MAX } else { recovery_point };
        for at in first..self.segments.len() {
            if at > first && self.segments[at].base > self.end.max(gaps_below) {
                self.cut_behind(at - 1, recovery)?;
                break;
            }
            let resume = self.resume_point(at, recovery_point, recovery)?;
            let scan = self.scan_segment(at, &resume, gaps_below, recovery)?;
            self.end = scan.end;
            let Some(reason) = scan.bad else { continue };
            if self.end < recovery_point {
                return Err(self.corrupt(self.segments[at].base, scan.size, reason));
            }
            self.cut_at(at, scan.size, reason, recovery)?;
            break;
        }
        if self.end < recovery_point {
            recovery.missing_below = Some(recovery_point);
        }
        Ok(())
    }

    /// The segment of the last durable record. It may have been closed since, which adds to its time index.
    fn first_to_recover(&self, recovery_point: Offset) -> usize {
        self.segment_of(recovery_point.saturating_sub(1))
    }

    fn corrupt(&self, base: Offset, position: u32, reason: String) -> Error {
        let path = self.path(base, FileKind::Log);
        Error::Corrupt { path, position: position.into(), reason }
    }

    /// The last entries of the indexes that speak of what was durable, if they can be believed.
    fn resume_point(&self, at: usize, recovery_point: Offset, recovery: &mut Recovery) -> Result<Resume> {
        let segment = &self.segments[at];
        if recovery_point <= segment.base || segment.size == 0 {
            return Ok(Resume::default());
        }
        let aborted = self.read_entries(segment.base, FileKind::TxnIndex, decode_entries::<AbortedTxn>)?;
        let aborted = count(aborted.iter().take_while(|entry| entry.last_offset < recovery_point));
        let rebuilt = Resume { aborted, ..Resume::default() };
        if !segment.has_indexes {
            recovery.rebuilt_indexes.push(segment.base);
            return Ok(rebuilt);
        }
        let offsets = self.read_entries(segment.base, FileKind::OffsetIndex, decode_offset_index)?;
        let offsets = count(offsets.iter().take_while(|entry| entry.offset < recovery_point));
        let Some(last) = self.last_of(segment, offsets)? else { return Ok(rebuilt) };
        if !self.is_entry_right(at, last)? {
            recovery.rebuilt_indexes.push(segment.base);
            return Ok(rebuilt);
        }
        let times = self.read_entries(segment.base, FileKind::TimeIndex, decode_time_index)?;
        let times: Vec<_> = times.into_iter().take_while(|entry| entry.offset <= last.offset).collect();
        // The batch of the last offset entry is scanned again, and gets its entries again.
        let times_before = times.iter().filter(|entry| entry.offset < last.offset);
        let last_time = times_before.clone().next_back().copied();
        let times = count(times_before);
        Ok(Resume { position: last.position, offsets: offsets - 1, times, aborted, last_time })
    }

    fn last_of(&self, segment: &Segment, offsets: u32) -> Result<Option<OffsetEntry>> {
        let last = offsets.saturating_sub(1);
        Ok(self.read_index(segment.base, FileKind::OffsetIndex, last, offsets)?.pop())
    }

    pub(super) fn is_entry_right(&self, at: usize, entry: OffsetEntry) -> Result<bool> {
        let size = self.segments[at].size;
        match self.walk(at, entry.position, size)?.next() {
            Ok(span) => Ok(span.is_some_and(|span| span.last_offset == entry.offset)),
            Err(Error::Corrupt { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The entries of an index file, which may be padded, torn or missing.
    fn read_entries<E: IndexEntry>(
        &self,
        base: Offset,
        kind: FileKind,
        decode: impl Fn(Offset, &[u8]) -> Vec<E>,
    ) -> Result<Vec<E>> {
        let path = FileName::new(base, kind).path(&self.dir);
        let bytes = crate::format::read_whole(self.files.disk(), &path)?;
        Ok(bytes.map(|bytes| decode(base, &bytes)).unwrap_or_default())
    }

    /// Reads a segment to its end or to the first bad batch, and makes its index entries anew from `resume` on.
    fn scan_segment(
        &mut self,
        at: usize,
        resume: &Resume,
        gaps_below: Offset,
        recovery: &mut Recovery,
    ) -> Result<Scan> {
        let (base, size) = (self.segments[at].base, self.segments[at].size);
        let mut growth = Growth::after(resume.last_time);
        if resume.position > 0 {
            growth = growth.with_entry_due();
        }
        let mut end = base;
        let mut scanned = Scan { size: resume.position, end, bad: None };
        if size > resume.position {
            let path = self.path(base, FileKind::Log);
            let file = self.files.get(self.key(base, FileKind::Log), &self.dir)?;
            let mut scanner = Scanner::new(file, &path, resume.position, size);
            loop {
                match scanner.next()? {
                    Scanned::Batch(span, _) if !span.may_follow(base, end, gaps_below) => {
                        let reason =
                            format!("a batch at offset {} cannot follow offset {end}", span.base_offset);
                        scanned = Scan { size: span.position, end, bad: Some(reason) };
                        break;
                    }
                    Scanned::Batch(span, entry) => {
                        end = self.note_batch(&mut growth, span, &entry);
                        scanned = Scan { size: span.end(), end, bad: None };
                    }
                    Scanned::Bad { position, reason } => {
                        scanned = Scan { size: position, end, bad: Some(reason.to_string()) };
                        break;
                    }
                    Scanned::End => break,
                }
            }
        }
        recovery.scanned_bytes += u64::from(scanned.size - resume.position);
        self.replace_indexes(at, resume, growth)?;
        self.unsynced.push((base, FileKind::Log));
        Ok(scanned)
    }

    fn note_batch(&mut self, growth: &mut Growth, span: Span, entry: &Entry) -> Offset {
        let epoch = entry.leader_epoch();
        if epoch != NO_LEADER_EPOCH && self.is_new_epoch(epoch) {
            self.epochs_changed |= self.epochs.assign(epoch, span.base_offset);
        }
        let last = TimeEntry { timestamp: span.max_timestamp, offset: span.last_offset };
        let batch = Indexed { position: span.position, len: span.len, last };
        growth.append(batch, self.config.index_interval_bytes);
        span.last_offset + 1
    }

    /// The index files keep the entries that the scan began with; the others follow with the next writes.
    fn replace_indexes(&mut self, at: usize, resume: &Resume, mut growth: Growth) -> Result<()> {
        let base = self.segments[at].base;
        self.shorten(base, FileKind::OffsetIndex, resume.offsets, OffsetEntry::SIZE)?;
        self.shorten(base, FileKind::TimeIndex, resume.times, TimeEntry::SIZE)?;
        self.shorten(base, FileKind::TxnIndex, resume.aborted, AbortedTxn::SIZE)?;
        if at + 1 < self.segments.len() {
            growth.close();
        }
        let segment = &mut self.segments[at];
        segment.offset_entries = resume.offsets;
        segment.time_entries = resume.times;
        segment.aborted_entries = resume.aborted;
        segment.last_time = resume.last_time;
        segment.growth = Some(Box::new(growth));
        self.forget_lookups();
        Ok(())
    }

    pub(super) fn shorten(&mut self, base: Offset, kind: FileKind, entries: u32, size: usize) -> Result<()> {
        let len = u64::from(entries) * size as u64;
        let path = self.path(base, kind);
        if let Some(file) = self.files.find(self.key(base, kind), &self.dir)?
            && file.len().map_err(Error::io("measure", &path))? != len
        {
            file.set_len(len).map_err(Error::io("cut", &path))?;
            self.unsynced.push((base, kind));
        }
        Ok(())
    }

    /// Ends the log behind the segment at `at`, because what should follow is not there.
    fn cut_behind(&mut self, at: usize, recovery: &mut Recovery) -> Result<()> {
        let reason = format!("the next segment begins at offset {}", self.segments[at + 1].base);
        self.cut_at(at, self.segments[at].size, reason, recovery)
    }

    /// Ends the log at a position of the segment at `at`.
    fn cut_at(&mut self, at: usize, size: u32, reason: String, recovery: &mut Recovery) -> Result<()> {
        let base = self.segments[at].base;
        let path = self.path(base, FileKind::Log);
        let behind: u64 = self.segments[at + 1..].iter().map(|segment| u64::from(segment.size)).sum();
        let bytes = u64::from(self.segments[at].size - size) + behind;
        let file = self.files.get(self.key(base, FileKind::Log), &self.dir)?;
        file.set_len(size.into()).map_err(Error::io("cut", &path))?;
        file.sync_data().map_err(Error::io("sync", &path))?;
        for segment in self.segments.split_off(at + 1) {
            self.remove_segment_files(segment.base)?;
        }
        // What is appended next may begin a segment of the same name, and the old one must not come back in its place.
        self.files.disk().sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))?;
        let active = self.active_mut();
        active.size = size;
        active.growth().closed = false;
        recovery.cut = Some(Cut { path, position: size.into(), bytes, reason, offset: self.end });
        Ok(())
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).expect("an index has fewer than 2³² entries")
}
