//! What becomes of the records of a batch, for whoever wants to know.

use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ottla_records::Timestamp;
use tokio::sync::Notify;

use super::RecordMetadata;
use crate::{Error, Offset, Result, TopicPartition};

/// A record on its way. Awaited, it tells where the record was written, or why it was not; dropped, it changes nothing.
///
/// Cancel-safe: the record goes its way.
#[derive(Debug)]
#[must_use = "a record whose delivery nobody looks at may be lost without notice"]
pub struct Delivery {
    outcome: Arc<Outcome>,
    at: usize,
    timestamp: Timestamp,
}

/// Where the records of a batch were written: the first of them, and when, if the broker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) base_offset: Option<Offset>,
    pub(super) append_time: Option<Timestamp>,
}

/// What became of a batch. A batch that was too large ends in several parts.
#[derive(Debug)]
pub(super) struct Outcome {
    partition: TopicPartition,
    parts: Mutex<Vec<Part>>,
    changed: Notify,
}

#[derive(Debug)]
struct Part {
    first: usize,
    count: usize,
    result: Result<Written>,
}

/// Of one record of a batch that was written.
pub(super) fn metadata(
    partition: &TopicPartition,
    written: Written,
    at: usize,
    timestamp: Timestamp,
) -> RecordMetadata {
    RecordMetadata {
        topic_partition: partition.clone(),
        offset: written.offset_of(at),
        timestamp: written.append_time.unwrap_or(timestamp),
    }
}

impl Written {
    fn offset_of(&self, at: usize) -> Option<Offset> {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        self.base_offset.map(|base| base.saturating_add(at))
    }
}

impl Part {
    fn has(&self, at: usize) -> bool {
        (self.first..self.first + self.count).contains(&at)
    }
}

impl Outcome {
    pub(super) fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    pub(super) fn new(partition: TopicPartition) -> Outcome {
        Outcome { partition, parts: Mutex::default(), changed: Notify::new() }
    }

    /// So many records from `first` on ended so.
    pub(super) fn resolve(&self, first: usize, count: usize, result: Result<Written>) {
        self.parts().push(Part { first, count, result });
        self.changed.notify_waiters();
    }

    /// Waits until so many records have ended, well or not.
    pub(super) async fn ended(&self, count: usize) {
        let ended = |parts: &[Part]| parts.iter().map(|part| part.count).sum::<usize>() >= count;
        self.until(|| ended(&self.parts()).then_some(())).await;
    }

    /// Waits until it is known what became of a record.
    pub(super) async fn known(&self, at: usize) {
        self.until(|| self.results(at).map(drop)).await;
    }

    /// How many records from this one on ended as it did; where it was written, if it was.
    pub(super) fn results(&self, at: usize) -> Option<(usize, Result<Option<Offset>>)> {
        let parts = self.parts();
        let part = parts.iter().find(|part| part.has(at))?;
        let within = at - part.first;
        Some((part.count - within, part.result.clone().map(|written| written.offset_of(within))))
    }

    fn result(&self, at: usize, timestamp: Timestamp) -> Option<Result<RecordMetadata>> {
        let parts = self.parts();
        let part = parts.iter().find(|part| part.has(at))?;
        let within = at - part.first;
        Some(part.result.clone().map(|written| metadata(&self.partition, written, within, timestamp)))
    }

    /// Looks whenever something has ended, until there is what is looked for.
    async fn until<T>(&self, look: impl Fn() -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            if let Some(found) = look() {
                return found;
            }
            changed.await;
        }
    }

    fn parts(&self) -> MutexGuard<'_, Vec<Part>> {
        // Nothing panics while it holds the lock.
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Delivery {
    pub(super) fn new(outcome: Arc<Outcome>, at: usize, timestamp: Timestamp) -> Delivery {
        Delivery { outcome, at, timestamp }
    }

    /// Of which batch it is, and which record of it.
    pub(super) fn into_place(self) -> (Arc<Outcome>, usize) {
        (self.outcome, self.at)
    }

    /// The partition that the record goes to.
    pub fn topic_partition(&self) -> &TopicPartition {
        &self.outcome.partition
    }

    /// What became of the record, if that is known.
    pub fn now(&self) -> Option<Result<RecordMetadata, Error>> {
        self.outcome.result(self.at, self.timestamp)
    }
}

impl IntoFuture for Delivery {
    type Output = Result<RecordMetadata>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Delivery { outcome, at, timestamp } = self;
            outcome.until(|| outcome.result(at, timestamp)).await
        })
    }
}
