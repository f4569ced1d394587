//! The requests of a connection that wait for their answers, in the order in which they were written.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ottla_wire::ApiKey;
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use crate::Result;

/// A request that is not answered yet.
pub(super) struct Pending {
    pub(super) correlation_id: i32,
    pub(super) api: ApiKey,
    pub(super) version: i16,
    pub(super) deadline: Instant,
    /// What the deadline was made of, to be told when it passes.
    pub(super) timeout: Duration,
    /// The body of the answer, without its header.
    pub(super) answer: oneshot::Sender<Result<Bytes>>,
    /// One of the requests that a connection takes at a time; none for those that it makes itself.
    pub(super) _slot: Option<OwnedSemaphorePermit>,
}

/// What writing, reading and those who send know of each other.
pub(super) struct InFlight {
    next_id: AtomicI32,
    state: Mutex<State>,
    /// A request came whose deadline may be the nearest.
    pub(super) changed: Notify,
    /// An answer came.
    pub(super) answered: Notify,
}

struct State {
    waiting: VecDeque<Pending>,
    silent_until: Instant,
    /// When the last request was written or answered.
    used_at: Instant,
    end_reason: Option<Arc<str>>,
}

impl InFlight {
    pub(super) fn new(now: Instant) -> InFlight {
        let state = State { waiting: VecDeque::new(), silent_until: now, used_at: now, end_reason: None };
        InFlight {
            next_id: AtomicI32::new(0),
            state: Mutex::new(state),
            changed: Notify::new(),
            answered: Notify::new(),
        }
    }

    /// After 2³¹ − 1 comes −2³¹, as in Kafka's clients.
    pub(super) fn next_id(&self) -> i32 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn push(&self, pending: Pending, now: Instant) {
        let mut state = self.state();
        state.used_at = now;
        state.waiting.push_back(pending);
        drop(state);
        self.changed.notify_one();
    }

    /// The request that the next answer belongs to.
    pub(super) fn pop(&self, now: Instant) -> Option<Pending> {
        let mut state = self.state();
        state.used_at = now;
        state.waiting.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state().waiting.is_empty()
    }

    /// When the first of the answers must have come.
    pub(super) fn nearest_deadline(&self) -> Option<Instant> {
        self.state().waiting.iter().map(|pending| pending.deadline).min()
    }

    pub(super) fn used_at(&self) -> Instant {
        self.state().used_at
    }

    pub(super) fn be_silent_until(&self, until: Instant) {
        let mut state = self.state();
        state.silent_until = state.silent_until.max(until);
    }

    pub(super) fn silent_until(&self) -> Instant {
        self.state().silent_until
    }

    /// Why the connection ended, once it did.
    pub(super) fn end_reason(&self) -> Option<Arc<str>> {
        self.state().end_reason.clone()
    }

    /// Gives all that wait, and remembers why nothing will come any more.
    pub(super) fn end(&self, reason: Arc<str>) -> VecDeque<Pending> {
        let mut state = self.state();
        state.end_reason = Some(reason);
        std::mem::take(&mut state.waiting)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
