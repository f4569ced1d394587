//! The batches that are in no file yet.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use ottla_records::{AssignedBatch, Offset, Timestamp};

/// Up to this size a batch is copied into one piece: cheaper than two, and it does not pin the buffer that it came in.
const COPIED_BYTES_MAX: usize = 4096;

#[derive(Debug)]
pub(super) struct TailBatch {
    /// Its segment's base offset.
    pub(super) segment: Offset,
    pub(super) position: u32,
    pub(super) len: u32,
    pub(super) base_offset: Offset,
    pub(super) last_offset: Offset,
    pub(super) max_timestamp: Timestamp,
    head: Bytes,
    body: Bytes,
}

impl TailBatch {
    pub(super) fn new(segment: Offset, position: u32, len: u32, batch: &AssignedBatch) -> TailBatch {
        let (head, body) = if batch.size_in_bytes() <= COPIED_BYTES_MAX {
            (Bytes::new(), batch.to_bytes())
        } else {
            (BytesMut::from(batch.head()).freeze(), batch.body().clone())
        };
        let header = batch.header();
        TailBatch {
            segment,
            position,
            len,
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            max_timestamp: header.max_timestamp,
            head,
            body,
        }
    }

    pub(super) fn end(&self) -> u32 {
        self.position + self.len
    }

    /// In one piece, which may copy.
    pub(super) fn to_bytes(&self) -> Bytes {
        if self.head.is_empty() {
            self.body.clone()
        } else {
            [&self.head[..], &self.body[..]].concat().into()
        }
    }

    /// The bytes in one piece or two.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Bytes> {
        [&self.head, &self.body].into_iter().filter(|part| !part.is_empty())
    }
}

/// In the order of the log; it may span segments.
#[derive(Debug, Default)]
pub(super) struct Tail {
    batches: VecDeque<TailBatch>,
    bytes: u64,
}

impl Tail {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn push(&mut self, batch: TailBatch) {
        self.bytes += u64::from(batch.len);
        self.batches.push_back(batch);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TailBatch> {
        self.batches.iter()
    }

    /// Where the file part of a segment of `size` bytes ends.
    pub(super) fn file_end(&self, segment: Offset, size: u32) -> u32 {
        match self.batches.front() {
            Some(first) if first.segment == segment => first.position,
            Some(first) if first.segment < segment => 0,
            _ => size,
        }
    }

    /// The first batch of `segment` that ends at `offset` or after it.
    pub(super) fn find(&self, segment: Offset, offset: Offset) -> Option<&TailBatch> {
        let at = self.batches.partition_point(|batch| batch.last_offset < offset || batch.segment < segment);
        self.batches.get(at).filter(|batch| batch.segment == segment)
    }

    /// The batches of `segment` that start at `from` or after it.
    pub(super) fn from(&self, segment: Offset, from: u32) -> impl Iterator<Item = &TailBatch> {
        let at = self.batches.partition_point(|batch| (batch.segment, batch.position) < (segment, from));
        self.batches.range(at..).take_while(move |batch| batch.segment == segment)
    }

    /// The last batch of `segment` that ends at `limit` or before it.
    pub(super) fn last_within(&self, segment: Offset, limit: u32) -> Option<&TailBatch> {
        let after = self.batches.partition_point(|batch| (batch.segment, batch.end()) <= (segment, limit));
        self.batches.get(after.checked_sub(1)?).filter(|batch| batch.segment == segment)
    }

    /// Forgets the batches up to `end` of `segment`, which are in the file now.
    pub(super) fn drop_until(&mut self, segment: Offset, end: u32) {
        while let Some(first) = self.batches.front() {
            if (first.segment, first.end()) > (segment, end) {
                break;
            }
            self.bytes -= u64::from(first.len);
            self.batches.pop_front();
        }
        if self.batches.is_empty() {
            self.batches = VecDeque::new();
        }
    }

    /// The first offset that is in no file.
    pub(super) fn first_offset(&self) -> Option<Offset> {
        self.batches.front().map(|batch| batch.base_offset)
    }

    pub(super) fn clear(&mut self) {
        *self = Tail::default();
    }
}
