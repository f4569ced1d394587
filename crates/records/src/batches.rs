use bytes::Bytes;

use crate::{Batch, BatchError, Entries, Entry, PositionedError};

/// The batches of version 2 in bytes that hold any number of them, one after another.
///
/// Ends after the first error. [`BatchError::Incomplete`] is the one that need not mean damage: the bytes end
/// within a batch, as a torn log or a fetch does. A message of an old version is [`BatchError::OldMagic`]; where
/// those may be, use [`Entries`].
#[derive(Clone, Debug)]
pub struct Batches {
    entries: Entries,
}

impl Batches {
    pub fn new(bytes: Bytes) -> Self {
        Self { entries: Entries::new(bytes) }
    }

    /// Where the next batch starts, or, after an error, where the bad one does.
    pub fn position(&self) -> usize {
        self.entries.position()
    }

    /// The bytes after the last entry whose end is known.
    pub fn unread(&self) -> &Bytes {
        self.entries.unread()
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, PositionedError>;

    fn next(&mut self) -> Option<Self::Item> {
        let position = self.entries.position();
        match self.entries.next()? {
            Ok(Entry::Batch(batch)) => Some(Ok(batch)),
            Ok(Entry::Message(message)) => {
                self.entries.stop();
                let error = BatchError::OldMagic { magic: message.header().magic };
                Some(Err(PositionedError { position, error }))
            }
            Err(error) => Some(Err(error)),
        }
    }
}
