//! Fetches: which bytes, from where. Only what is needed to find them is read here.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use ottla_records::Offset;

use super::Log;
use super::locate::Boundary;
use crate::cold::Cold;
use crate::disk::{File, read_exact_cached_at};
use crate::error::{Error, Result};
use crate::names::FileKind;

/// A run of bytes that belongs into a fetch response.
#[derive(Debug, Clone)]
pub enum Slice {
    Memory(Bytes),
    /// To be sent from the file, which stays readable however long that takes.
    File {
        file: Arc<dyn File>,
        position: u64,
        len: u32,
    },
}

impl Slice {
    pub fn len(&self) -> usize {
        match self {
            Slice::Memory(bytes) => bytes.len(),
            Slice::File { len, .. } => *len as usize,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes themselves, if they can be had without waiting for the disk.
    pub fn load_cached(&self) -> Result<Bytes> {
        let (file, position, len) = match self {
            Slice::Memory(bytes) => return Ok(bytes.clone()),
            Slice::File { file, position, len } => (file, *position, *len),
        };
        let mut bytes = vec![0; len as usize];
        match read_exact_cached_at(&**file, &mut bytes, position) {
            Ok(()) => Ok(bytes.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(Error::Cold(Cold::range(Arc::clone(file), position, len.into())))
            }
            Err(error) => Err(Error::Unreadable(error)),
        }
    }

    /// The bytes themselves.
    pub fn load(&self) -> io::Result<Bytes> {
        match self {
            Slice::Memory(bytes) => Ok(bytes.clone()),
            Slice::File { file, position, len } => {
                let mut bytes = vec![0; *len as usize];
                file.read_exact_at(&mut bytes, *position)?;
                Ok(bytes.into())
            }
        }
    }
}

/// Whole batches, one behind the other.
#[derive(Debug, Clone, Default)]
pub struct ReadResult {
    pub slices: Vec<Slice>,
    pub bytes: usize,
    /// There may be more, within the limits, in a segment that is not in memory.
    pub is_cut_short: bool,
}

impl ReadResult {
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Everything in one piece, read from the files where necessary.
    pub fn load(&self) -> io::Result<Bytes> {
        if let [slice] = self.slices.as_slice() {
            return slice.load();
        }
        let mut all = Vec::with_capacity(self.bytes);
        for slice in &self.slices {
            all.extend_from_slice(&slice.load()?);
        }
        Ok(all.into())
    }

    fn push(&mut self, slice: Slice) {
        self.bytes += slice.len();
        self.slices.push(slice);
    }
}

impl Log {
    /// The batches from the one that holds `from` up to `upper`, which is a high watermark or a last stable offset,
    /// in at most `bytes_max` bytes. With `min_one` the first batch comes even if it alone is larger.
    ///
    /// A batch that begins before `from` comes whole. `OffsetOutOfRange` unless `from` is in `start..=end`.
    pub fn read(
        &mut self,
        from: Offset,
        bytes_max: usize,
        upper: Offset,
        min_one: bool,
    ) -> Result<ReadResult> {
        self.check_in_range(from)?;
        let upper = upper.min(self.end);
        let mut result = ReadResult::default();
        let mut at = self.segment_of(from);
        while at < self.segments.len() && result.bytes < bytes_max.max(1) {
            if from >= upper || self.segments[at].base >= upper {
                break;
            }
            let room = bytes_max.saturating_sub(result.bytes);
            match self.read_segment(at, from, upper, room, min_one && result.is_empty(), &mut result) {
                Ok(true) => at += 1,
                Ok(false) => break,
                // A read of all of them might need more open files than there may be.
                Err(Error::Cold(_)) if !result.is_empty() => {
                    result.is_cut_short = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(result)
    }

    pub(super) fn check_in_range(&self, offset: Offset) -> Result<()> {
        if (self.start..=self.end).contains(&offset) {
            return Ok(());
        }
        Err(Error::OffsetOutOfRange { offset, start: self.start, end: self.end })
    }

    /// Whether a read from here needs no index: its place is in memory or was the end of an earlier read.
    pub fn is_hot(&self, from: Offset) -> bool {
        from >= self.written_end || self.lookups.knows(self.segments[self.segment_of(from)].base, from)
    }

    /// Adds what one segment has. Says whether the segment was read to its end.
    fn read_segment(
        &mut self,
        at: usize,
        from: Offset,
        upper: Offset,
        room: usize,
        min_one: bool,
        result: &mut ReadResult,
    ) -> Result<bool> {
        let Some(start) = self.locate(at, from)? else { return Ok(true) };
        let stop = self.stop_position(at, upper)?;
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        let mut end = match stop.saturating_sub(start) > room {
            false => {
                Boundary { position: stop.max(start), next_offset: Some(upper.min(self.segment_end(at))) }
            }
            true => self.boundary_before(at, start, start + room)?,
        };
        if end.position == start && min_one && start < stop {
            let first = self.span_at(at, start)?;
            let first = first.expect("a located batch is there");
            end = Boundary { position: first.end(), next_offset: Some(first.last_offset + 1) };
        }
        if let Some(next_offset) = end.next_offset {
            self.lookups.learn(self.segments[at].base, next_offset, end.position);
        }
        self.push_slices(at, start, end.position, result)?;
        Ok(end.position == self.segments[at].size)
    }

    /// Where the last batch ends that lies below `upper`.
    fn stop_position(&mut self, at: usize, upper: Offset) -> Result<u32> {
        if upper >= self.segment_end(at) {
            return Ok(self.segments[at].size);
        }
        Ok(self.locate(at, upper)?.unwrap_or(self.segments[at].size))
    }

    fn push_slices(&self, at: usize, start: u32, end: u32, result: &mut ReadResult) -> Result<()> {
        let base = self.segments[at].base;
        let file_end = self.file_end(at).min(end);
        if start < file_end {
            let file = self.file(base, FileKind::Log, start.into(), 0)?;
            result.push(Slice::File { file, position: u64::from(start), len: file_end - start });
        }
        for batch in self.tail.from(base, start.max(file_end)).take_while(|batch| batch.end() <= end) {
            batch.parts().for_each(|part| result.push(Slice::Memory(part.clone())));
        }
        Ok(())
    }
}
