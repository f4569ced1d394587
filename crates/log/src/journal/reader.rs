//! Reads frames from a file that may hold anything.

use bytes::Bytes;

use super::Lsn;
use super::file::JournalFile;
use super::frame::{FRAME_HEAD_SIZE, FRAME_HEADER_SIZE, FrameHeader, PAGE, batch_is_intact};
use crate::error::{Error, Result};

/// How much is read at once.
const WINDOW: usize = 512 * 1024;

#[derive(Debug)]
pub(super) struct Reader {
    file: JournalFile,
    window: Vec<u8>,
    /// Of the window in the file.
    start: u64,
}

/// A frame whose header is intact. Its batch may not be.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) header: FrameHeader,
}

impl Reader {
    pub(super) fn new(file: JournalFile) -> Reader {
        Reader { file, window: Vec::new(), start: 0 }
    }

    /// The frame at a position, if there is one and it lies within the file.
    pub(super) fn frame(&mut self, salt: u64, position: u64) -> Result<Option<Frame>> {
        let file_len = self.file.len;
        let Some(head) = self.bytes(position, FRAME_HEAD_SIZE)?.and_then(|bytes| bytes.first_chunk()) else {
            return Ok(None);
        };
        let header = FrameHeader::parse(salt, head);
        Ok(header.filter(|header| position + header.frame_size() <= file_len).map(|header| Frame { header }))
    }

    /// The batch of a frame, if its checksum holds.
    pub(super) fn batch(&mut self, position: u64, frame: &Frame) -> Result<Option<Bytes>> {
        let size = usize::try_from(frame.header.batch_size).unwrap_or(usize::MAX);
        let batch = self.bytes(position + FRAME_HEADER_SIZE as u64, size)?;
        Ok(batch.filter(|batch| batch_is_intact(batch)).map(Bytes::copy_from_slice))
    }

    /// `None` beyond the end of the file.
    fn bytes(&mut self, position: u64, len: usize) -> Result<Option<&[u8]>> {
        let end = position.saturating_add(len as u64);
        if end > self.file.len {
            return Ok(None);
        }
        if position < self.start || end > self.start + self.window.len() as u64 {
            self.fill(position, len)?;
        }
        let from = usize::try_from(position - self.start).unwrap_or(usize::MAX);
        Ok(self.window.get(from..from + len))
    }

    fn fill(&mut self, position: u64, len: usize) -> Result<()> {
        let rest = usize::try_from(self.file.len - position).unwrap_or(usize::MAX);
        self.window.resize(len.max(WINDOW).min(rest), 0);
        self.start = position;
        let read = self.file.file.read_exact_at(&mut self.window, position);
        read.map_err(Error::io("read", &self.file.path))
    }
}

/// Where, from a position on, there is proof that an entry was durable: a file header or the first frame of a
/// write that was written later. Writes begin on pages, so only these are looked at.
pub(super) fn find_synced(file: &JournalFile, salt: u64, from: u64, entry: Lsn) -> Result<Option<u64>> {
    let page = PAGE as u64;
    if from == 0 && file.read_header(salt)?.is_some_and(|header| header.synced >= entry) {
        return Ok(Some(0));
    }
    let mut reader = Reader::new(file.clone());
    let mut position = from.next_multiple_of(page).max(page);
    while position < file.len {
        if reader.frame(salt, position)?.is_some_and(|frame| frame.header.synced >= entry) {
            return Ok(Some(position));
        }
        position += page;
    }
    Ok(None)
}
