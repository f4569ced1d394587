//! What a consumer and the task of its membership have in common.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::membership::Membership;
use super::queue::Queue;

#[derive(Debug)]
pub(crate) struct Shared {
    membership: Mutex<Membership>,
    /// The application did something.
    pub(crate) changed: Notify,
    /// The member did something.
    moved: Notify,
    /// Wakes whoever waits for records: there is something else to do or to hear.
    ready: Arc<dyn Wake>,
    /// Of those who ask for records one takes its turn at a time.
    pub(crate) turning: Semaphore,
    /// Commits go one after the other, so that none is overtaken by one that was made before it.
    pub(crate) committing: Queue,
    /// How long committed offsets stay, if that is not the broker's to say.
    pub(crate) retention: Option<Duration>,
}

/// Wakes who waits for records.
pub(crate) trait Wake: Send + Sync + std::fmt::Debug {
    fn wake(&self);
}

/// Somebody who waits for records; until it is dropped the application counts as alive.
pub(crate) struct Polling<'a>(&'a Shared);

impl Shared {
    pub(crate) fn new(membership: Membership, retention: Option<Duration>, ready: Arc<dyn Wake>) -> Shared {
        Shared {
            membership: Mutex::new(membership),
            changed: Notify::new(),
            moved: Notify::new(),
            ready,
            turning: Semaphore::new(1),
            committing: Queue::new(),
            retention,
        }
    }

    pub(crate) fn membership(&self) -> MutexGuard<'_, Membership> {
        // Whatever panicked while it held the lock, this is a value that is whole between its calls.
        self.membership.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and has the member look at it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Membership) -> T) -> T {
        let changed = change(&mut self.membership());
        self.changed.notify_one();
        changed
    }

    pub(crate) fn begin_polling(&self) -> Polling<'_> {
        let mut membership = self.membership();
        let was_absent = membership.attendance.is_absent(crate::clock::now());
        membership.attendance.begin();
        drop(membership);
        if was_absent {
            self.changed.notify_one();
        }
        Polling(self)
    }

    /// The member has looked at everything.
    pub(crate) fn moved(&self) {
        if self.membership().wants_application() {
            self.ready.wake();
        }
        self.moved.notify_waiters();
    }

    /// Waits until something is so of the membership; whether it became so in time.
    pub(crate) async fn wait_until(&self, deadline: Instant, is_so: impl Fn(&Membership) -> bool) -> bool {
        let waiting = async {
            loop {
                let mut moved = std::pin::pin!(self.moved.notified());
                // What happens after the look below is not missed.
                moved.as_mut().enable();
                if is_so(&self.membership()) {
                    return;
                }
                moved.await;
            }
        };
        timeout_at(deadline, waiting).await.is_ok()
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.membership().attendance.end(crate::clock::now());
    }
}
