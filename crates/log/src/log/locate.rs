//! Finds where a batch lies: in the memory tail, by what earlier reads learned, or through the offset index.

use std::sync::Arc;

use ottla_records::Offset;

use super::Log;
use super::span::{HEAD_BYTES, Span};
use crate::disk::File;
use crate::error::{Error, Result};
use crate::index::{IndexEntry, OffsetEntry};
use crate::names::FileKind;

const PAGE_ENTRIES: u32 = 512;
/// What a walk reads at once.
const WALK_BYTES: u32 = 4096;
const HINTS: usize = 4;

/// What earlier reads found out, so that the next one of the same reader needs no index.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    page: Option<Page>,
    hints: [Option<Hint>; HINTS],
    next: usize,
}

/// A piece of an offset index.
#[derive(Debug)]
struct Page {
    segment: Offset,
    entries: Box<[OffsetEntry]>,
}

/// The batch that is read from `offset` on starts at `position`.
#[derive(Debug, Clone, Copy)]
struct Hint {
    segment: Offset,
    offset: Offset,
    position: u32,
}

impl Lookups {
    pub(super) fn learn(&mut self, segment: Offset, offset: Offset, position: u32) {
        self.hints[self.next % HINTS] = Some(Hint { segment, offset, position });
        self.next = (self.next + 1) % HINTS;
    }

    pub(super) fn knows(&self, segment: Offset, offset: Offset) -> bool {
        self.hinted(segment, offset).is_some()
    }

    fn hinted(&self, segment: Offset, offset: Offset) -> Option<u32> {
        let mut hints = self.hints.iter().flatten();
        hints.find(|hint| hint.offset == offset && hint.segment == segment).map(|hint| hint.position)
    }
}

/// A place where a batch ends or starts, and, if it was seen, the offset of the batch that starts there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Boundary {
    pub(super) position: u32,
    pub(super) next_offset: Option<Offset>,
}

impl Log {
    /// Must follow whatever changes the place of a batch.
    pub(super) fn forget_lookups(&mut self) {
        self.lookups = Lookups::default();
    }

    /// The position of the first batch in a segment that ends at `offset` or after it.
    pub(super) fn locate(&mut self, at: usize, offset: Offset) -> Result<Option<u32>> {
        let (base, file_end) = (self.segments[at].base, self.file_end(at));
        let in_tail = self.tail.find(base, offset);
        if let Some(batch) = in_tail
            && (batch.position > file_end || batch.base_offset <= offset || file_end == 0)
        {
            return Ok(Some(batch.position));
        }
        if let Some(position) = self.lookups.hinted(base, offset) {
            return Ok(Some(position));
        }
        let tail_position = in_tail.map(|batch| batch.position);
        let found = self.locate_in_file(at, offset, file_end)?;
        Ok(found.map(|span| span.position).or(tail_position))
    }

    /// As [`Log::locate`], among the batches that are in the file.
    pub(super) fn locate_in_file(
        &mut self,
        at: usize,
        offset: Offset,
        file_end: u32,
    ) -> Result<Option<Span>> {
        let floor = self.floor_entry(at, |entry| entry.offset <= offset && entry.position < file_end)?;
        let mut walk = self.walk(at, floor.map_or(0, |entry| entry.position), file_end)?;
        if let Some(entry) = floor
            && !walk.is_at(entry)?
        {
            // The index does not fit the log. The log is right.
            walk = self.walk(at, 0, file_end)?;
        }
        while let Some(span) = walk.next()? {
            if span.last_offset >= offset {
                return Ok(Some(span));
            }
        }
        Ok(None)
    }

    /// The greatest boundary between batches from `start` up to `limit`.
    pub(super) fn boundary_before(&mut self, at: usize, start: u32, limit: u32) -> Result<Boundary> {
        let (base, file_end) = (self.segments[at].base, self.file_end(at));
        if limit >= file_end && file_end >= start {
            let batch = self.tail.last_within(base, limit);
            let next_offset = batch.map(|batch| batch.last_offset + 1);
            return Ok(Boundary { position: batch.map_or(file_end, |batch| batch.end()), next_offset });
        }
        if start >= file_end {
            let batch = self.tail.last_within(base, limit).filter(|batch| batch.position >= start);
            let next_offset = batch.map(|batch| batch.last_offset + 1);
            return Ok(Boundary { position: batch.map_or(start, |batch| batch.end()), next_offset });
        }
        self.boundary_in_file(at, start, limit, file_end)
    }

    fn boundary_in_file(&mut self, at: usize, start: u32, limit: u32, file_end: u32) -> Result<Boundary> {
        let floor = self.floor_entry(at, |entry| entry.position <= limit)?;
        let mut walk = self.walk(at, start, file_end)?;
        if let Some(entry) = floor.filter(|entry| entry.position > start) {
            let mut ahead = self.walk(at, entry.position, file_end)?;
            if ahead.is_at(entry)? {
                walk = ahead;
            }
        }
        let mut found = Boundary { position: walk.position, next_offset: None };
        while let Some(span) = walk.next()? {
            if span.end() > limit {
                found.next_offset.get_or_insert(span.base_offset);
                break;
            }
            found = Boundary { position: span.end(), next_offset: Some(span.last_offset + 1) };
        }
        Ok(found)
    }

    /// The batch that starts at `position`.
    pub(super) fn span_at(&mut self, at: usize, position: u32) -> Result<Option<Span>> {
        let (base, file_end) = (self.segments[at].base, self.file_end(at));
        if position < file_end {
            return self.walk(at, position, file_end)?.next();
        }
        let batch = self.tail.from(base, position).next();
        Ok(batch.map(|batch| Span {
            position: batch.position,
            len: batch.len,
            base_offset: batch.base_offset,
            last_offset: batch.last_offset,
            max_timestamp: batch.max_timestamp,
        }))
    }

    /// Where the part of a segment ends that is in its file.
    pub(super) fn file_end(&self, at: usize) -> u32 {
        let segment = &self.segments[at];
        self.tail.file_end(segment.base, segment.size)
    }

    pub(super) fn walk(&self, at: usize, position: u32, end: u32) -> Result<Walk<'_>> {
        let base = self.segments[at].base;
        let file = match position < end {
            true => Some(self.file(base, FileKind::Log, position.into(), WALK_BYTES.into())?),
            false => None,
        };
        Ok(Walk { log: self, base, file, position, end, buffer: [0; WALK_BYTES as usize], start: 0, len: 0 })
    }

    /// The last entry of the offset index for which `wanted` holds, which must hold up to some entry and for none
    /// after it.
    fn floor_entry(
        &mut self,
        at: usize,
        wanted: impl Fn(&OffsetEntry) -> bool,
    ) -> Result<Option<OffsetEntry>> {
        let (mut low, mut high) = (0, self.segments[at].offset_entry_count());
        if let Some(found) = self.floor_in_page(at, &wanted) {
            return Ok(Some(found));
        }
        while high - low > PAGE_ENTRIES {
            let middle = low + (high - low) / 2;
            match wanted(&self.entry(at, middle)?) {
                true => low = middle,
                false => high = middle,
            }
        }
        self.load_page(at, low, high)?;
        let entries = self.lookups.page.as_ref().map_or(&[][..], |page| &page.entries);
        let after = entries.partition_point(&wanted);
        Ok(after.checked_sub(1).map(|last| entries[last]))
    }

    /// Answers from the page at hand, if the boundary is certain to lie within it.
    fn floor_in_page(&self, at: usize, wanted: &impl Fn(&OffsetEntry) -> bool) -> Option<OffsetEntry> {
        let page = self.lookups.page.as_ref().filter(|page| page.segment == self.segments[at].base)?;
        let after = page.entries.partition_point(wanted);
        let is_inside = after > 0 && after < page.entries.len();
        is_inside.then(|| page.entries[after - 1])
    }

    fn entry(&self, at: usize, index: u32) -> Result<OffsetEntry> {
        Ok(self.entries(at, index, index + 1)?[0])
    }

    fn load_page(&mut self, at: usize, first: u32, end: u32) -> Result<()> {
        let entries = self.entries(at, first, end)?.into_boxed_slice();
        self.lookups.page = Some(Page { segment: self.segments[at].base, entries });
        Ok(())
    }

    /// The entries `first..end` of the offset index, wherever they are.
    fn entries(&self, at: usize, first: u32, end: u32) -> Result<Vec<OffsetEntry>> {
        let segment = &self.segments[at];
        let in_file = segment.offset_entries;
        let mut entries = self.read_index(segment.base, FileKind::OffsetIndex, first, end.min(in_file))?;
        if let Some(growth) = segment.growth.as_deref() {
            let pending = first.saturating_sub(in_file) as usize..end.saturating_sub(in_file) as usize;
            entries.extend_from_slice(growth.offsets.get(pending).unwrap_or(&[]));
        }
        Ok(entries)
    }

    /// The entries `first..end` of an index file.
    pub(super) fn read_index<E: IndexEntry>(
        &self,
        base: Offset,
        kind: FileKind,
        first: u32,
        end: u32,
    ) -> Result<Vec<E>> {
        let count = end.saturating_sub(first) as usize;
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; count * E::SIZE];
        let position = u64::from(first) * E::SIZE as u64;
        let file = self.file(base, kind, position, bytes.len() as u64)?;
        self.read_file(base, kind, &*file, &mut bytes, position)?;
        let entries = crate::index::decode_entries(base, &bytes);
        if entries.len() == count {
            return Ok(entries);
        }
        let (path, reason) = (self.path(base, kind), "an index entry cannot be read".into());
        Err(Error::Corrupt { path, position, reason })
    }
}

/// Goes from head to head through the file of a segment.
pub(super) struct Walk<'a> {
    log: &'a Log,
    base: Offset,
    file: Option<Arc<dyn File>>,
    position: u32,
    end: u32,
    buffer: [u8; WALK_BYTES as usize],
    /// What of the file the buffer holds.
    start: u32,
    len: u32,
}

impl Walk<'_> {
    /// The next batch; an error if what lies there is none, or reaches beyond the end.
    pub(super) fn next(&mut self) -> Result<Option<Span>> {
        let Some(span) = self.peek()? else { return Ok(None) };
        self.position = span.end();
        Ok(Some(span))
    }

    /// Whether the batch here is the one that an index entry speaks of.
    fn is_at(&mut self, entry: OffsetEntry) -> Result<bool> {
        match self.peek() {
            // What is there is not known yet.
            Err(cold @ Error::Cold(_)) => Err(cold),
            peeked => Ok(peeked.ok().flatten().is_some_and(|span| span.last_offset == entry.offset)),
        }
    }

    fn peek(&mut self) -> Result<Option<Span>> {
        if self.position >= self.end {
            return Ok(None);
        }
        let position = self.position;
        match Span::parse(position, self.head()?) {
            Ok(span) if span.end() <= self.end => Ok(Some(span)),
            Ok(span) => Err(self.corrupt(format!("a batch of {} bytes reaches beyond the end", span.len))),
            Err(error) => Err(self.corrupt(error.to_string())),
        }
    }

    fn head(&mut self) -> Result<&[u8]> {
        let wanted = (self.end - self.position).min(HEAD_BYTES);
        let buffered = self.start <= self.position && self.position + wanted <= self.start + self.len;
        if !buffered {
            self.fill()?;
        }
        let from = (self.position - self.start) as usize;
        Ok(&self.buffer[from..self.len as usize])
    }

    fn fill(&mut self) -> Result<()> {
        let len = (self.end - self.position).min(WALK_BYTES);
        let file = self.file.as_ref().expect("a walk that has bytes before it has a file");
        let (buffer, position) = (&mut self.buffer[..len as usize], u64::from(self.position));
        self.log.read_file(self.base, FileKind::Log, &**file, buffer, position)?;
        (self.start, self.len) = (self.position, len);
        Ok(())
    }

    fn corrupt(&self, reason: String) -> Error {
        let path = self.log.path(self.base, FileKind::Log);
        Error::Corrupt { path, position: u64::from(self.position), reason }
    }
}
