//! What cores have to tell others, until somebody comes for it.

use std::sync::{Mutex, MutexGuard};

use tokio::sync::Notify;

/// Bounded by what the cores are about: each of them says a thing once until it is told what came of it.
#[derive(Debug)]
pub(crate) struct Outbox<M> {
    messages: Mutex<Vec<M>>,
    filled: Notify,
}

impl<M> Default for Outbox<M> {
    fn default() -> Outbox<M> {
        Outbox { messages: Mutex::default(), filled: Notify::new() }
    }
}

impl<M> Outbox<M> {
    pub(super) fn put(&self, message: M) {
        self.lock().push(message);
        self.filled.notify_one();
    }

    /// All that is there, once there is something. One caller at a time; cancel-safe.
    pub(crate) async fn take(&self) -> Vec<M> {
        loop {
            let taken = std::mem::take(&mut *self.lock());
            if !taken.is_empty() {
                return taken;
            }
            self.filled.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<M>> {
        self.messages.lock().expect("nobody panics with the lock held")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_are_taken_together_in_their_order_and_once() {
        let outbox = Outbox::default();
        outbox.put(1);
        outbox.put(2);
        assert_eq!(outbox.take().await, [1, 2]);
        let (taken, ()) = tokio::join!(outbox.take(), async { outbox.put(3) });
        assert_eq!(taken, [3]);
    }
}
