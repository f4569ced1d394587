//! How far batches are on stable storage, and who waits for them: in the journal, or, for topics that do without it and
//! ask for flushes, in their segments.

use std::{
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use ottla_log::journal::Lsn;

/// The number of a round of the segment-flush thread: 1, 2, 3, .. as long as the process lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FlushRound(u64);

impl FlushRound {
    /// Before the first one.
    pub(crate) const ZERO: FlushRound = FlushRound(0);

    pub(crate) const fn new(number: u64) -> FlushRound {
        FlushRound(number)
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }

    pub(crate) fn next(self) -> FlushRound {
        FlushRound(self.0 + 1)
    }
}

/// What an answer waits for: both. The default has been reached from the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Until {
    pub(crate) journal: Lsn,
    pub(crate) flush: FlushRound,
}

impl Until {
    /// Until this and the other are reached.
    pub(crate) fn and(self, other: Until) -> Until {
        Until { journal: self.journal.max(other.journal), flush: self.flush.max(other.flush) }
    }
}

/// Positions for all partitions. A connection waits for the last of what it wrote and is woken once.
#[derive(Debug, Default)]
pub(crate) struct Durable {
    journal: Position,
    flush: Position,
}

impl Durable {
    /// Everything up to here is durable in the journal.
    pub(crate) fn publish(&self, position: Lsn) {
        self.journal.publish(position.get());
    }

    /// What this round and those before it were asked for is durable in segments.
    pub(crate) fn publish_flush(&self, round: FlushRound) {
        self.flush.publish(round.get());
    }

    pub(crate) fn has_reached(&self, until: Until) -> bool {
        self.missing(until) == Until::default()
    }

    /// What has not been reached of it.
    pub(crate) fn missing(&self, until: Until) -> Until {
        let Until { mut journal, mut flush } = until;
        if self.journal.has_reached(journal.get()) {
            journal = Lsn::ZERO;
        }
        if self.flush.has_reached(flush.get()) {
            flush = FlushRound::ZERO;
        }
        Until { journal, flush }
    }

    /// Ready once it is reached. Cancel-safe.
    pub(crate) fn reached(&self, until: Until) -> Reached<'_> {
        Reached { durable: self, until }
    }
}

pub(crate) struct Reached<'a> {
    durable: &'a Durable,
    until: Until,
}

impl Future for Reached<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let journal = self.durable.journal.poll(self.until.journal.get(), cx);
        let flush = self.durable.flush.poll(self.until.flush.get(), cx);
        if journal.is_ready() && flush.is_ready() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// A number that rises, and those who wait for it to.
#[derive(Debug, Default)]
struct Position {
    reached: AtomicU64,
    waiting: Mutex<Vec<(u64, Waker)>>,
}

impl Position {
    fn has_reached(&self, at: u64) -> bool {
        self.reached.load(Ordering::Acquire) >= at
    }

    /// Advances and wakes those that waited for it.
    fn publish(&self, position: u64) {
        let before = self.reached.fetch_max(position, Ordering::AcqRel);
        assert!(before <= position, "a durable position never falls");
        let mut waiting = self.lock();
        waiting.retain(|(at, waker)| {
            let waits = *at > position;
            if !waits {
                waker.wake_by_ref();
            }
            waits
        });
    }

    fn poll(&self, at: u64, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_reached(at) {
            return Poll::Ready(());
        }
        let mut waiting = self.lock();
        // Published between the look and the lock: whoever publishes later finds us in the list.
        if self.has_reached(at) {
            return Poll::Ready(());
        }
        match waiting.iter_mut().find(|(_, waker)| waker.will_wake(cx.waker())) {
            Some(entry) => entry.0 = entry.0.min(at),
            None => waiting.push((at, cx.waker().clone())),
        }
        Poll::Pending
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(u64, Waker)>> {
        self.waiting.lock().expect("nobody panics with the lock held")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(journal: u64, flush: u64) -> Until {
        Until { journal: Lsn::new(journal), flush: FlushRound::new(flush) }
    }

    #[tokio::test]
    async fn who_waits_is_woken_when_all_that_it_waits_for_is_durable() {
        let durable = std::sync::Arc::new(Durable::default());
        let waiter = tokio::spawn({
            let durable = std::sync::Arc::clone(&durable);
            async move { durable.reached(until(7, 2)).await }
        });
        let publish: [&dyn Fn(); 3] =
            [&|| durable.publish(Lsn::new(3)), &|| durable.publish(Lsn::new(8)), &|| {
                durable.publish_flush(FlushRound::new(1))
            }];
        for publish in publish {
            publish();
            tokio::task::yield_now().await;
            assert!(!waiter.is_finished());
        }
        durable.publish_flush(FlushRound::new(2));
        waiter.await.unwrap();
        durable.reached(until(8, 2)).await;
        assert!(durable.journal.lock().is_empty() && durable.flush.lock().is_empty());
    }

    #[test]
    fn what_is_missing_is_told() {
        let durable = Durable::default();
        durable.publish(Lsn::new(5));
        durable.publish_flush(FlushRound::new(3));
        for (wanted, missing) in [
            (Until::default(), Until::default()),
            (until(5, 3), Until::default()),
            (until(6, 3), until(6, 0)),
            (until(5, 4), until(0, 4)),
            (until(5, 0).and(until(6, 9)), until(6, 9)),
        ] {
            assert_eq!(durable.missing(wanted), missing, "{wanted:?}");
            assert_eq!(durable.has_reached(wanted), missing == Until::default());
        }
    }
}
