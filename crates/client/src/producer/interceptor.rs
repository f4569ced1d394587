//! Seeing every record before it is sent and after it is known what became of it.

use std::sync::{Arc, Mutex, PoisonError};

use ottla_records::Timestamp;

use super::delivery::{Written, metadata};
use super::{ProducerRecord, RecordMetadata};
use crate::{Result, TopicPartition};

/// Somebody who sees every record of a producer: to count, to trace, to add headers.
///
/// It is called outside of all locks, but on the way of the records: it must be quick. If it panics in `on_acknowledgement` the
/// producer ends.
pub trait ProducerInterceptor: Send + Sync {
    /// A record is about to be sent: it goes as this gives it back, to a partition that is chosen afterwards.
    fn on_send(&self, record: ProducerRecord) -> ProducerRecord {
        record
    }

    /// A record was written, or will not be. `record` is as it was sent.
    fn on_acknowledgement(&self, record: &ProducerRecord, result: &Result<RecordMetadata>) {
        let _ = (record, result);
    }
}

/// All interceptors of a producer, in their order.
#[derive(Clone, Default)]
pub(super) struct Interceptors {
    all: Vec<Arc<dyn ProducerInterceptor>>,
    ended: Option<Ended>,
}

/// Batches that ended, until the interceptors are told.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended {
    batches: Arc<Mutex<Vec<EndedBatch>>>,
}

/// A batch, and what it ended in.
#[derive(Debug)]
pub(super) struct EndedBatch {
    pub(super) partition: TopicPartition,
    pub(super) records: Vec<(Timestamp, ProducerRecord)>,
    pub(super) result: Result<Written>,
}

impl Interceptors {
    pub(super) fn new(all: Vec<Arc<dyn ProducerInterceptor>>) -> Interceptors {
        let ended = (!all.is_empty()).then(Ended::default);
        Interceptors { all, ended }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Where batches are put when they end, if anybody wants to know.
    pub(super) fn ended(&self) -> Option<Ended> {
        self.ended.clone()
    }

    pub(super) fn on_send(&self, record: ProducerRecord) -> ProducerRecord {
        self.all.iter().fold(record, |record, interceptor| interceptor.on_send(record))
    }

    /// A record was not even taken.
    pub(super) fn refused<T>(&self, record: Option<&ProducerRecord>, result: &Result<T>) {
        if let (Some(record), Err(error)) = (record, result) {
            self.acknowledge(record, &Err(error.clone()));
        }
    }

    /// The record, if anybody will want to see it again.
    pub(super) fn keep(&self, record: &ProducerRecord) -> Option<ProducerRecord> {
        (!self.all.is_empty()).then(|| record.clone())
    }

    /// Tells of what has ended. No lock may be held.
    pub(super) fn tell(&self) {
        let Some(ended) = &self.ended else { return };
        for EndedBatch { partition, records, result } in ended.take() {
            for (at, (timestamp, record)) in records.iter().enumerate() {
                let result = result.clone().map(|written| metadata(&partition, written, at, *timestamp));
                self.acknowledge(record, &result);
            }
        }
    }

    fn acknowledge(&self, record: &ProducerRecord, result: &Result<RecordMetadata>) {
        for interceptor in &self.all {
            interceptor.on_acknowledgement(record, result);
        }
    }
}

impl Ended {
    pub(super) fn push(&self, batch: EndedBatch) {
        // Nothing panics while it holds the lock.
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
    }

    fn take(&self) -> Vec<EndedBatch> {
        std::mem::take(&mut self.batches.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
