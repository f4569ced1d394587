use bytes::Bytes;

use crate::{BatchError, Frame, PositionedError};

/// Cuts bytes into entries by their frames. Ends after the first error.
#[derive(Clone, Debug)]
pub(crate) struct Splitter {
    rest: Bytes,
    position: usize,
    stopped: bool,
}

impl Splitter {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { rest: bytes, position: 0, stopped: false }
    }

    /// Where the next entry starts; after an error, where the bad one does.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The bytes after the last entry whose end is known.
    pub(crate) fn unread(&self) -> &Bytes {
        &self.rest
    }

    /// Cuts the next entry off and parses it.
    #[inline]
    pub(crate) fn next_entry<T>(
        &mut self,
        parse: impl FnOnce(Frame, Bytes) -> Result<T, BatchError>,
    ) -> Option<Result<T, PositionedError>> {
        if self.stopped || self.rest.is_empty() {
            return None;
        }
        Some(self.cut(parse).map_err(|error| {
            self.stopped = true;
            PositionedError { position: self.position, error }
        }))
    }

    #[inline]
    fn cut<T>(&mut self, parse: impl FnOnce(Frame, Bytes) -> Result<T, BatchError>) -> Result<T, BatchError> {
        let frame = Frame::parse_whole(&self.rest)?;
        let entry = parse(frame, self.rest.split_to(frame.size_in_bytes))?;
        self.position += frame.size_in_bytes;
        Ok(entry)
    }
}
