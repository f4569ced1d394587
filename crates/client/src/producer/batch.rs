//! Records of one partition that are sent together.

use std::sync::Arc;

use bytes::Bytes;
use ottla_records::{BATCH_HEADER_SIZE, BatchError, Codec, Timestamp};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::contents::Contents;
use super::delivery::{Outcome, Written};
use super::interceptor::{Ended, EndedBatch};
use super::sequence::Numbered;
use super::{Delivery, ProducerRecord};
use crate::{Error, Result, TopicPartition};

/// A share of `buffer.memory`. Given back when it is dropped.
pub(super) type Memory = OwnedSemaphorePermit;

/// A record and its time.
type Timed = (Timestamp, ProducerRecord);

/// A batch, from its first record until it is known what became of it.
#[derive(Debug)]
pub(super) struct Batch {
    /// Its place among the batches of the partition; those that were one batch have the same.
    position: u64,
    pub(super) created_at: Instant,
    /// Takes no more records, and waits for none.
    pub(super) is_closed: bool,
    /// How often it was sent.
    pub(super) attempts: u32,
    /// Is not sent again before then.
    pub(super) retry_at: Option<Instant>,
    pub(super) numbers: Option<Numbered>,
    /// Why it was not written when it was sent last.
    pub(super) last_error: Option<Arc<Error>>,
    /// How many records it has.
    count: usize,
    contents: Contents,
    /// The records themselves, if anybody wants to see them when it has ended.
    kept: Vec<Timed>,
    /// The most that it takes before it is compressed.
    size_max: usize,
    outcome: Arc<Outcome>,
    /// The number of the first record in the outcome.
    first: usize,
    memory: Vec<Arc<Memory>>,
    /// Where it is put once it has ended, if anybody wants to see it then.
    ended: Option<Ended>,
}

impl Batch {
    /// An empty one, which may come to be of so many bytes.
    pub(super) fn new(
        partition: TopicPartition,
        (position, size): (u64, usize),
        ended: Option<Ended>,
        now: Instant,
    ) -> Batch {
        Batch {
            ended,
            position,
            created_at: now,
            is_closed: false,
            attempts: 0,
            retry_at: None,
            numbers: None,
            last_error: None,
            count: 0,
            contents: Contents::new(size),
            kept: Vec::new(),
            size_max: BATCH_HEADER_SIZE,
            outcome: Arc::new(Outcome::new(partition)),
            first: 0,
            memory: Vec::new(),
        }
    }

    /// What batches of a partition are ordered by.
    pub(super) fn place(&self) -> (u64, usize) {
        (self.position, self.first)
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn size_max(&self) -> usize {
        self.size_max
    }

    /// Whether one more record may be added.
    pub(super) fn has_room(&self, timestamp: Timestamp, record: &ProducerRecord, batch_size: usize) -> bool {
        let has_room = || self.size_max + record.size_max() <= batch_size && self.contents.takes(timestamp);
        !self.is_closed && (self.count == 0 || has_room())
    }

    /// [`BatchError::DoesNotFit`] if no batch has room for it.
    pub(super) fn add(
        &mut self,
        timestamp: Timestamp,
        record: &ProducerRecord,
        memory: Memory,
    ) -> Result<Delivery, BatchError> {
        self.contents.append(timestamp, record)?;
        if self.ended.is_some() {
            self.kept.push((timestamp, record.clone()));
        }
        let delivery = Delivery::new(self.outcome.clone(), self.first + self.count, timestamp);
        self.count += 1;
        self.size_max += record.size_max();
        match self.memory.last_mut().and_then(Arc::get_mut) {
            Some(held) => held.merge(memory),
            None => self.memory.push(Arc::new(memory)),
        }
        Ok(delivery)
    }

    /// The bytes to send, the same as before if nothing changed.
    pub(super) fn encode(&mut self, codec: Codec, transactional: bool) -> Result<Bytes, BatchError> {
        self.contents.seal(self.numbers, codec, transactional)
    }

    /// The bytes that were sent last, and what they would be without compression.
    pub(super) fn sizes(&self) -> (usize, usize) {
        self.contents.sizes()
    }

    /// Takes the second half off. The batch must have more than one record.
    pub(super) fn split_off(&mut self) -> Batch {
        let half = self.count.div_ceil(2);
        let contents = self.contents.split_off(half).expect("what was encoded here can be decoded");
        self.size_max = self.contents.size();
        let second = Batch {
            position: self.position,
            created_at: self.created_at,
            is_closed: true,
            attempts: self.attempts,
            retry_at: self.retry_at,
            numbers: None,
            last_error: self.last_error.clone(),
            count: self.count - half,
            size_max: contents.size(),
            contents,
            kept: self.kept.split_off(half.min(self.kept.len())),
            outcome: self.outcome.clone(),
            first: self.first + half,
            memory: self.memory.clone(),
            ended: self.ended.clone(),
        };
        self.count = half;
        second
    }

    /// Tells whoever waits. What the batch held of `buffer.memory` is free then.
    pub(super) fn end(mut self, result: Result<Written>) {
        self.tell(result);
    }

    fn tell(&mut self, result: Result<Written>) {
        let count = std::mem::take(&mut self.count);
        let records = std::mem::take(&mut self.kept);
        if let Some(ended) = &self.ended {
            let partition = self.outcome.partition().clone();
            ended.push(EndedBatch { partition, records, result: result.clone() });
        }
        self.memory.clear();
        self.outcome.resolve(self.first, count, result);
    }

    /// What the batch will end in, and how many records must have ended for that.
    pub(super) fn outcome(&self) -> (Arc<Outcome>, usize) {
        (self.outcome.clone(), self.first + self.count)
    }
}

/// Whoever waits for a batch that is dropped is told so: it is when the client is closed.
impl Drop for Batch {
    fn drop(&mut self) {
        if self.count > 0 {
            self.tell(Err(Error::Closed("the producer")));
        }
    }
}
