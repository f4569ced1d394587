//! One partition of a session, and its records on their way to the handler.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout_at;

use crate::consumer::ConsumerRecord;
use crate::{TopicPartition, clock};

/// A partition that a handler consumes.
#[derive(Debug)]
pub struct Claim {
    pub(super) queue: Arc<Queue>,
}

/// The records that wait for the handler.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) partition: TopicPartition,
    state: Mutex<State>,
    /// There are records, or the claim has ended.
    changed: Notify,
    /// Tells who fills it that there is room.
    wake: Arc<Notify>,
    /// Below so many there is room.
    low: usize,
}

#[derive(Debug, Default)]
struct State {
    records: VecDeque<ConsumerRecord>,
    is_ended: bool,
}

impl Claim {
    /// The partition.
    pub fn partition(&self) -> &TopicPartition {
        &self.queue.partition
    }

    /// The next record; none when the claim has ended, because the partition goes to another member or the group is left. Records
    /// that were not asked for by then are not given.
    ///
    /// Cancel-safe: no record is lost.
    pub async fn next(&mut self) -> Option<ConsumerRecord> {
        loop {
            let mut changed = std::pin::pin!(self.queue.changed.notified());
            // What happens after the look below is not missed.
            changed.as_mut().enable();
            if let Some(next) = self.queue.take() {
                return next;
            }
            changed.await;
        }
    }

    /// Up to `max` records, as they come within a time after the first; none when the claim has ended.
    ///
    /// Not cancel-safe: dropped early, it loses records, which the handler has not marked.
    pub async fn next_batch(&mut self, max: usize, within: Duration) -> Vec<ConsumerRecord> {
        let mut records: Vec<ConsumerRecord> = self.next().await.into_iter().collect();
        let deadline = clock::now() + within;
        while !records.is_empty() && records.len() < max {
            match timeout_at(deadline, self.next()).await {
                Ok(Some(record)) => records.push(record),
                Ok(None) | Err(_) => break,
            }
        }
        records
    }

    /// Whether [`Claim::next`] gives no more.
    pub fn is_ended(&self) -> bool {
        self.queue.is_ended()
    }

    /// Waits until the claim has ended, for handlers that are busy with something long.
    ///
    /// Cancel-safe.
    pub async fn ended(&self) {
        self.queue.ended().await;
    }
}

impl Queue {
    pub(super) fn new(partition: TopicPartition, low: usize, wake: Arc<Notify>) -> Queue {
        Queue { partition, state: Mutex::default(), changed: Notify::new(), wake, low }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next record, or none at the end; nothing if it has to be waited for.
    fn take(&self) -> Option<Option<ConsumerRecord>> {
        let mut state = self.state();
        if state.is_ended {
            return Some(None);
        }
        let record = state.records.pop_front()?;
        if state.records.len() + 1 == self.low {
            self.wake.notify_one();
        }
        Some(Some(record))
    }

    pub(super) fn push(&self, record: ConsumerRecord) {
        self.state().records.push_back(record);
        self.changed.notify_waiters();
    }

    pub(super) fn len(&self) -> usize {
        self.state().records.len()
    }

    /// Throws away what waits: it comes again, from elsewhere.
    pub(super) fn clear(&self) {
        self.state().records.clear();
    }

    pub(super) fn end(&self) {
        let mut state = self.state();
        state.is_ended = true;
        state.records.clear();
        drop(state);
        self.changed.notify_waiters();
    }

    pub(super) fn is_ended(&self) -> bool {
        self.state().is_ended
    }

    pub(super) async fn ended(&self) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.is_ended() {
                return;
            }
            changed.await;
        }
    }
}
