//! Reads a segment from front to back, each batch whole and checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use ottla_records::{BatchError, Entries, Entry, Frame};

use super::span::{HEAD_BYTES, Span};
use crate::disk::File;
use crate::error::{Error, Result};

/// As much as one read brings, unless a batch is larger.
const CHUNK_BYTES: u64 = 1 << 20;

#[derive(Debug)]
pub(super) enum Scanned {
    Batch(Span, Entry),
    /// What follows the last whole batch, up to the end of the file, cannot be read.
    Bad {
        position: u32,
        reason: BatchError,
    },
    End,
}

/// The batches between two positions of a file.
#[derive(Debug)]
pub(super) struct Scanner {
    file: Arc<dyn File>,
    path: PathBuf,
    position: u32,
    end: u32,
    buffer: Bytes,
}

impl Scanner {
    pub(super) fn new(file: Arc<dyn File>, path: &Path, position: u32, end: u32) -> Scanner {
        Scanner { file, path: path.to_path_buf(), position, end, buffer: Bytes::new() }
    }

    /// The next batch. After `Bad` it gives the same again.
    pub(super) fn next(&mut self) -> Result<Scanned> {
        if self.position >= self.end {
            return Ok(Scanned::End);
        }
        match self.read_entry() {
            Ok((span, entry)) => {
                self.position = span.end();
                Ok(Scanned::Batch(span, entry))
            }
            Err(Fault::Bad(reason)) => Ok(Scanned::Bad { position: self.position, reason }),
            Err(Fault::Disk(error)) => Err(error),
        }
    }

    fn read_entry(&mut self) -> std::result::Result<(Span, Entry), Fault> {
        self.fill(HEAD_BYTES as usize)?;
        let size = Frame::parse(&self.buffer)?.size_in_bytes;
        self.fill(size)?;
        let available = self.buffer.len();
        if size > available {
            return Err(BatchError::Incomplete { needed: size, available }.into());
        }
        let span = Span::parse(self.position, &self.buffer)?;
        let entry = Entries::new(self.buffer.slice(..size)).next().expect("there are bytes");
        let entry = entry.map_err(|error| error.error)?;
        entry.check_crc()?;
        self.buffer.advance(size);
        Ok((span, entry))
    }

    /// Reads on until the buffer holds `bytes`, or all that remains.
    fn fill(&mut self, bytes: usize) -> std::result::Result<(), Fault> {
        let remaining = u64::from(self.end - self.position);
        if self.buffer.len() >= bytes || self.buffer.len() as u64 >= remaining {
            return Ok(());
        }
        let wanted = CHUNK_BYTES.max(bytes as u64).min(remaining);
        let mut chunk = vec![0; usize::try_from(wanted).expect("a segment fits memory")];
        let read = self.file.read_exact_at(&mut chunk, u64::from(self.position));
        read.map_err(|error| Fault::Disk(Error::io("read", &self.path)(error)))?;
        self.buffer = chunk.into();
        Ok(())
    }
}

enum Fault {
    Bad(BatchError),
    Disk(Error),
}

impl From<BatchError> for Fault {
    fn from(error: BatchError) -> Self {
        Fault::Bad(error)
    }
}
