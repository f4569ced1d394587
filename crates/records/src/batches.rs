use bytes::Bytes;

use crate::splitter::Splitter;
use crate::{Batch, PositionedError};

/// The batches of version 2 in bytes that hold any number of them, one after another.
///
/// Ends after the first error. [`BatchError::Incomplete`](crate::BatchError::Incomplete) is the one that need not
/// mean damage: the bytes end within a batch, as a torn log or a fetch does. A message of an old version is
/// [`BatchError::OldMagic`](crate::BatchError::OldMagic); where those may be, use [`Entries`](crate::Entries).
#[derive(Clone, Debug)]
pub struct Batches(Splitter);

impl Batches {
    pub fn new(bytes: Bytes) -> Self {
        Self(Splitter::new(bytes))
    }

    /// Where the next batch starts; after an error, where the bad one does.
    pub fn position(&self) -> usize {
        self.0.position()
    }

    /// The bytes after the last entry whose end is known.
    pub fn unread(&self) -> &Bytes {
        self.0.unread()
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, PositionedError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_entry(Batch::from_frame)
    }
}
