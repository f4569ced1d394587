//! How far the journal is on stable storage, and who waits for it.

use std::{
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use ottla_log::journal::Lsn;

/// One position for all partitions. A connection waits for the last of what it wrote and is woken once.
#[derive(Debug, Default)]
pub(crate) struct Durable {
    position: AtomicU64,
    waiting: Mutex<Vec<(Lsn, Waker)>>,
}

impl Durable {
    /// Everything up to here is durable.
    pub(crate) fn position(&self) -> Lsn {
        Lsn::new(self.position.load(Ordering::Acquire))
    }

    /// Advances the position and wakes those that waited for it.
    pub(crate) fn publish(&self, position: Lsn) {
        let before = self.position.fetch_max(position.get(), Ordering::AcqRel);
        assert!(before <= position.get(), "the durable position never falls");
        let mut waiting = self.lock();
        waiting.retain(|(at, waker)| {
            let waits = *at > position;
            if !waits {
                waker.wake_by_ref();
            }
            waits
        });
    }

    /// Ready once the position is durable. Cancel-safe.
    pub(crate) fn reached(&self, at: Lsn) -> Reached<'_> {
        Reached { durable: self, at }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Lsn, Waker)>> {
        self.waiting.lock().expect("nobody panics with the lock held")
    }
}

pub(crate) struct Reached<'a> {
    durable: &'a Durable,
    at: Lsn,
}

impl Future for Reached<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.durable.position() >= self.at {
            return Poll::Ready(());
        }
        let mut waiting = self.durable.lock();
        // Published between the look and the lock: whoever publishes later finds us in the list.
        if self.durable.position() >= self.at {
            return Poll::Ready(());
        }
        match waiting.iter_mut().find(|(_, waker)| waker.will_wake(cx.waker())) {
            Some(entry) => entry.0 = entry.0.min(self.at),
            None => waiting.push((self.at, cx.waker().clone())),
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_is_woken_when_its_position_is_durable() {
        let durable = std::sync::Arc::new(Durable::default());
        let waiter = tokio::spawn({
            let durable = std::sync::Arc::clone(&durable);
            async move { durable.reached(Lsn::new(7)).await }
        });
        durable.publish(Lsn::new(3));
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        durable.publish(Lsn::new(8));
        waiter.await.unwrap();
        durable.reached(Lsn::new(8)).await;
        assert!(durable.lock().is_empty());
    }
}
