//! Finds records by their timestamps (ListOffsets).

use ottla_records::{Entries, Entry, Epoch, Limits, Offset, Timestamp, TimestampType};

use super::Log;
use super::span::Span;
use crate::error::{Error, Result};
use crate::index::{NO_TIME, TimeEntry};
use crate::names::FileKind;

/// A record that was asked for by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundRecord {
    pub offset: Offset,
    pub timestamp: Timestamp,
    /// `None` if the record is older than leader epochs are.
    pub leader_epoch: Option<Epoch>,
}

impl Log {
    /// The first record that is not older than `timestamp`. Records are unpacked to find it.
    ///
    /// The caller drops it if it lies above what its client may read.
    pub fn offset_for_timestamp(&mut self, timestamp: Timestamp) -> Result<Option<FoundRecord>> {
        for at in self.segment_of(self.start)..self.segments.len() {
            if self.largest_time(at)?.timestamp < timestamp {
                continue;
            }
            if let Some(found) = self.find_in_segment(at, timestamp)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The first record that has the greatest timestamp of all; of those with log append time the batch's last.
    pub fn max_timestamp(&mut self) -> Result<Option<FoundRecord>> {
        let mut latest: Option<(usize, TimeEntry)> = None;
        for at in self.segment_of(self.start)..self.segments.len() {
            let largest = self.largest_time(at)?;
            if largest.timestamp >= 0 && latest.is_none_or(|(_, known)| largest.timestamp > known.timestamp) {
                latest = Some((at, largest));
            }
        }
        let Some((at, largest)) = latest else { return Ok(None) };
        let Some(position) = self.locate(at, largest.offset)? else { return Ok(None) };
        let Some((_, entry)) = self.entry_at(at, position)? else { return Ok(None) };
        if let Entry::Batch(batch) = &entry
            && batch.header().timestamp_type() == TimestampType::LogAppendTime
        {
            return Ok(Some(found(&entry, batch.header().last_offset(), batch.header().max_timestamp)));
        }
        self.first_record(at, position, &entry, |record| record.1 == largest.timestamp)
    }

    /// The greatest timestamp in a segment, and the last offset of the batch that has it.
    pub(super) fn largest_time(&mut self, at: usize) -> Result<TimeEntry> {
        let segment = &self.segments[at];
        if let Some(growth) = segment.growth.as_deref() {
            return Ok(growth.largest());
        }
        let (base, count) = (segment.base, segment.time_entries);
        if segment.last_time.is_none() && count > 0 {
            let last = self.read_index::<TimeEntry>(base, FileKind::TimeIndex, count - 1, count)?;
            self.segments[at].last_time = last.first().copied();
        }
        Ok(self.segments[at].last_time.unwrap_or(NO_TIME))
    }

    fn find_in_segment(&mut self, at: usize, timestamp: Timestamp) -> Result<Option<FoundRecord>> {
        let known =
            self.last_time_before(at, timestamp)?.map_or(self.segments[at].base, |entry| entry.offset);
        let start = self.start;
        let Some(mut position) = self.locate(at, known.max(start))? else { return Ok(None) };
        while let Some((span, entry)) =
            self.entry_at_if(at, position, |span| span.max_timestamp >= timestamp)?
        {
            position = span.end();
            let Some(entry) = entry else { continue };
            let wanted = |(offset, time): (Offset, Timestamp)| time >= timestamp && offset >= start;
            if let Some(found) = self.first_record(at, span.position, &entry, wanted)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The last entry of the time index below `timestamp`: up to there no record is wanted.
    fn last_time_before(&self, at: usize, timestamp: Timestamp) -> Result<Option<TimeEntry>> {
        let segment = &self.segments[at];
        let (mut low, mut high) = (0, segment.time_entries);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.time_entry(at, middle)?.timestamp < timestamp {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        let in_file = if low > 0 { Some(self.time_entry(at, low - 1)?) } else { None };
        let pending = segment.growth.as_deref().map_or(&[][..], |growth| &growth.times);
        let below = pending.partition_point(|entry| entry.timestamp < timestamp);
        Ok(below.checked_sub(1).map(|last| pending[last]).or(in_file))
    }

    fn time_entry(&self, at: usize, index: u32) -> Result<TimeEntry> {
        let entries = self.read_index(self.segments[at].base, FileKind::TimeIndex, index, index + 1)?;
        Ok(entries[0])
    }

    /// The first record of an entry that is wanted by offset and timestamp.
    fn first_record(
        &self,
        at: usize,
        position: u32,
        entry: &Entry,
        wanted: impl Fn((Offset, Timestamp)) -> bool,
    ) -> Result<Option<FoundRecord>> {
        let corrupt = |error: ottla_records::BatchError| Error::Corrupt {
            path: self.path(self.segments[at].base, FileKind::Log),
            position: position.into(),
            reason: error.to_string(),
        };
        for record in entry.records(&Limits::default()).map_err(corrupt)? {
            let record = record.map_err(corrupt)?;
            if wanted((record.offset, record.timestamp)) {
                return Ok(Some(found(entry, record.offset, record.timestamp)));
            }
        }
        Ok(None)
    }

    fn entry_at(&mut self, at: usize, position: u32) -> Result<Option<(Span, Entry)>> {
        let found = self.entry_at_if(at, position, |_| true)?;
        Ok(found.and_then(|(span, entry)| Some((span, entry?))))
    }

    /// The span at a position, and the whole entry if that is wanted.
    fn entry_at_if(
        &mut self,
        at: usize,
        position: u32,
        wanted: impl Fn(&Span) -> bool,
    ) -> Result<Option<(Span, Option<Entry>)>> {
        let Some(span) = self.span_at(at, position)? else { return Ok(None) };
        if !wanted(&span) {
            return Ok(Some((span, None)));
        }
        let bytes = self.load_span(at, span)?;
        let corrupt = |reason: String| Error::Corrupt {
            path: self.path(self.segments[at].base, FileKind::Log),
            position: position.into(),
            reason,
        };
        match Entries::new(bytes).next() {
            Some(Ok(entry)) => Ok(Some((span, Some(entry)))),
            Some(Err(error)) => Err(corrupt(error.to_string())),
            None => Err(corrupt("an empty batch".into())),
        }
    }

    fn load_span(&self, at: usize, span: Span) -> Result<bytes::Bytes> {
        let base = self.segments[at].base;
        if let Some(batch) =
            self.tail.from(base, span.position).next().filter(|b| b.position == span.position)
        {
            return Ok(batch.to_bytes());
        }
        let mut bytes = vec![0; span.len as usize];
        let file = self.file(base, FileKind::Log, span.position.into(), span.len.into())?;
        self.read_file(base, FileKind::Log, &*file, &mut bytes, span.position.into())?;
        Ok(bytes.into())
    }
}

fn found(entry: &Entry, offset: Offset, timestamp: Timestamp) -> FoundRecord {
    let leader_epoch = Some(entry.leader_epoch()).filter(|epoch| *epoch >= 0);
    FoundRecord { offset, timestamp, leader_epoch }
}
