//! Records of one partition that are sent together.

use std::sync::Arc;

use bytes::Bytes;
use ottla_records::{
    BATCH_HEADER_SIZE, BatchBuilder, BatchError, BatchOptions, Codec, HeaderView, NO_PRODUCER_EPOCH,
    NO_PRODUCER_ID, NO_SEQUENCE, Timestamp,
};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

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
    records: Vec<Timed>,
    /// The most that it takes before it is compressed.
    size_max: usize,
    /// As it was sent last.
    encoded: Option<(Option<Numbered>, Bytes)>,
    /// The bytes that it has without compression, as it was sent last.
    uncompressed: usize,
    outcome: Arc<Outcome>,
    /// The number of the first record in the outcome.
    first: usize,
    memory: Vec<Arc<Memory>>,
    /// Where it is put once it has ended, if anybody wants to see it then.
    ended: Option<Ended>,
}

impl Batch {
    pub(super) fn new(partition: TopicPartition, position: u64, ended: Option<Ended>, now: Instant) -> Batch {
        Batch {
            ended,
            position,
            created_at: now,
            is_closed: false,
            attempts: 0,
            retry_at: None,
            numbers: None,
            last_error: None,
            records: Vec::new(),
            size_max: BATCH_HEADER_SIZE,
            encoded: None,
            uncompressed: 0,
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
        self.records.len()
    }

    pub(super) fn size_max(&self) -> usize {
        self.size_max
    }

    /// Whether one more record may be added.
    pub(super) fn has_room(&self, record: &ProducerRecord, batch_size: usize) -> bool {
        !self.is_closed && (self.records.is_empty() || self.size_max + record.size_max() <= batch_size)
    }

    pub(super) fn add(&mut self, timestamp: Timestamp, record: ProducerRecord, memory: Memory) -> Delivery {
        let delivery = Delivery::new(self.outcome.clone(), self.first + self.records.len(), timestamp);
        self.size_max += record.size_max();
        self.records.push((timestamp, record));
        match self.memory.last_mut().and_then(Arc::get_mut) {
            Some(held) => held.merge(memory),
            None => self.memory.push(Arc::new(memory)),
        }
        delivery
    }

    /// The bytes to send, the same as before if nothing changed.
    pub(super) fn encode(&mut self, codec: Codec, transactional: bool) -> Result<Bytes, BatchError> {
        if let Some((numbers, bytes)) = &self.encoded
            && *numbers == self.numbers
        {
            return Ok(bytes.clone());
        }
        let identity = self.numbers.map(|numbers| numbers.identity);
        let mut builder = BatchBuilder::new(BatchOptions {
            codec,
            producer_id: identity.map_or(NO_PRODUCER_ID, |identity| identity.id),
            producer_epoch: identity.map_or(NO_PRODUCER_EPOCH, |identity| identity.epoch),
            base_sequence: self.numbers.map_or(NO_SEQUENCE, |numbers| numbers.base_sequence()),
            transactional,
            ..BatchOptions::default()
        });
        for (timestamp, record) in &self.records {
            append(&mut builder, *timestamp, record)?;
        }
        self.uncompressed = builder.size_in_bytes();
        let bytes = builder.build()?.bytes().clone();
        self.encoded = Some((self.numbers, bytes.clone()));
        Ok(bytes)
    }

    /// The bytes that were sent last, and what they would be without compression.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.encoded.as_ref().map_or(0, |(_, bytes)| bytes.len()), self.uncompressed)
    }

    /// Takes the second half off. The batch must have more than one record.
    pub(super) fn split_off(&mut self) -> Batch {
        let half = self.records.len().div_ceil(2);
        let records = self.records.split_off(half);
        let sizes = |records: &[Timed]| records.iter().map(|(_, record)| record.size_max()).sum::<usize>();
        let size_of_second = sizes(&records);
        self.size_max -= size_of_second;
        self.encoded = None;
        Batch {
            position: self.position,
            created_at: self.created_at,
            is_closed: true,
            attempts: self.attempts,
            retry_at: self.retry_at,
            numbers: None,
            last_error: self.last_error.clone(),
            records,
            size_max: BATCH_HEADER_SIZE + size_of_second,
            encoded: None,
            uncompressed: 0,
            outcome: self.outcome.clone(),
            first: self.first + half,
            memory: self.memory.clone(),
            ended: self.ended.clone(),
        }
    }

    /// Tells whoever waits. What the batch held of `buffer.memory` is free then.
    pub(super) fn end(mut self, result: Result<Written>) {
        self.tell(result);
    }

    fn tell(&mut self, result: Result<Written>) {
        let count = self.records.len();
        let records = std::mem::take(&mut self.records);
        if let Some(ended) = &self.ended {
            let partition = self.outcome.partition().clone();
            ended.push(EndedBatch { partition, records, result: result.clone() });
        }
        self.memory.clear();
        self.outcome.resolve(self.first, count, result);
    }

    /// What the batch will end in, and how many records must have ended for that.
    pub(super) fn outcome(&self) -> (Arc<Outcome>, usize) {
        (self.outcome.clone(), self.first + self.records.len())
    }
}

/// Whoever waits for a batch that is dropped is told so: it is when the client is closed.
impl Drop for Batch {
    fn drop(&mut self) {
        if !self.records.is_empty() {
            self.tell(Err(Error::Closed("the producer")));
        }
    }
}

fn append(
    builder: &mut BatchBuilder,
    timestamp: Timestamp,
    record: &ProducerRecord,
) -> Result<(), BatchError> {
    let headers = record.headers.iter();
    let headers: Vec<_> =
        headers.map(|header| HeaderView { key: &header.key, value: header.value.as_deref() }).collect();
    builder.append(timestamp, record.key.as_deref(), record.value.as_deref(), &headers)
}
