use bytes::{Buf, Bytes, BytesMut};

use crate::crc::crc32c_of_parts;
use crate::header::CHECKSUMMED_FROM;
use crate::{BATCH_HEADER_SIZE, Batch, BatchHeader, Epoch, Offset, Timestamp, TimestampType};

/// How many bytes of a batch the broker sets when it gives it an offset: base offset, length, leader epoch.
pub const ASSIGNED_PREFIX_SIZE: usize = 16;

/// The first bytes of a batch. They lie outside its checksum.
pub fn prefix(base_offset: Offset, length: i32, leader_epoch: Epoch) -> [u8; ASSIGNED_PREFIX_SIZE] {
    let mut prefix = [0; ASSIGNED_PREFIX_SIZE];
    prefix[..8].copy_from_slice(&base_offset.to_be_bytes());
    prefix[8..12].copy_from_slice(&length.to_be_bytes());
    prefix[12..].copy_from_slice(&leader_epoch.to_be_bytes());
    prefix
}

/// A batch that has its place in the log: a fresh head, and a slice of the bytes that the producer sent.
///
/// The head is the prefix alone, or the whole header when the broker changed what the checksum covers.
#[derive(Clone, Debug)]
pub struct AssignedBatch {
    header: BatchHeader,
    head: [u8; BATCH_HEADER_SIZE],
    head_size: usize,
    body: Bytes,
}

impl AssignedBatch {
    pub(crate) fn new(batch: Batch, base_offset: Offset, leader_epoch: Epoch) -> Self {
        let header = BatchHeader { base_offset, leader_epoch, ..*batch.header() };
        let mut head = [0; BATCH_HEADER_SIZE];
        head[..ASSIGNED_PREFIX_SIZE].copy_from_slice(&prefix(base_offset, header.length, leader_epoch));
        Self::behind(header, head, ASSIGNED_PREFIX_SIZE, batch)
    }

    pub(crate) fn with_time(
        batch: Batch,
        base_offset: Offset,
        leader_epoch: Epoch,
        timestamp_type: TimestampType,
        max_timestamp: Timestamp,
    ) -> Self {
        let attributes = batch.header().attributes.with_timestamp_type(timestamp_type);
        let mut header =
            BatchHeader { base_offset, leader_epoch, attributes, max_timestamp, ..*batch.header() };
        header.crc = crc32c_of_parts(&header.encode()[CHECKSUMMED_FROM..], batch.payload());
        Self::behind(header, header.encode(), BATCH_HEADER_SIZE, batch)
    }

    fn behind(header: BatchHeader, head: [u8; BATCH_HEADER_SIZE], head_size: usize, batch: Batch) -> Self {
        let mut body = batch.into_bytes();
        body.advance(head_size);
        Self { header, head, head_size, body }
    }

    /// The header as it will be stored.
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The first bytes of the batch: the 16 of the prefix, or all 61 of the header.
    pub fn head(&self) -> &[u8] {
        &self.head[..self.head_size]
    }

    /// What follows the head, as it was received.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    pub fn size_in_bytes(&self) -> usize {
        self.head_size + self.body.len()
    }

    /// All of it in one piece, which copies.
    pub fn to_bytes(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(self.size_in_bytes());
        self.write_to(&mut bytes);
        bytes.freeze()
    }

    /// Appends all of it.
    pub fn write_to(&self, out: &mut BytesMut) {
        out.extend_from_slice(self.head());
        out.extend_from_slice(&self.body);
    }

    /// All of it in one piece, which copies, as a batch again.
    pub fn to_batch(&self) -> Batch {
        Batch::from_parts(self.header, self.to_bytes())
    }
}

/// A batch that is stored as it is: by a follower, or by a writer that knows the offsets.
impl From<Batch> for AssignedBatch {
    fn from(batch: Batch) -> Self {
        let BatchHeader { base_offset, leader_epoch, .. } = *batch.header();
        Self::new(batch, base_offset, leader_epoch)
    }
}
