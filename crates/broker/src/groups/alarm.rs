//! When the driver has to look after the shards next, and how it learns of an earlier moment.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use ottla_log::journal::Lsn;
use tokio::sync::Notify;

/// Never, of both kinds.
const NEVER: u64 = u64::MAX;

/// What is awaited next: a durable position, a moment, or neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) durable: Option<Lsn>,
    /// Of the uptime.
    pub(super) deadline: Option<Duration>,
}

/// What is awaited, to be looked at without a lock.
#[derive(Debug)]
pub(super) struct Awaited {
    durable: AtomicU64,
    deadline: AtomicU64,
}

impl Default for Awaited {
    fn default() -> Awaited {
        Awaited { durable: AtomicU64::new(NEVER), deadline: AtomicU64::new(NEVER) }
    }
}

impl Awaited {
    pub(super) fn set(&self, next: Next) {
        let (durable, deadline) = numbers(next);
        self.durable.store(durable, Ordering::Release);
        self.deadline.store(deadline, Ordering::Release);
    }

    pub(super) fn get(&self) -> Next {
        let some = |number: u64| Some(number).filter(|number| *number != NEVER);
        Next {
            durable: some(self.durable.load(Ordering::Acquire)).map(Lsn::new),
            deadline: some(self.deadline.load(Ordering::Acquire)).map(Duration::from_nanos),
        }
    }

    /// Brings it forward; true if it was later.
    fn bring_forward(&self, next: Next) -> bool {
        let (durable, deadline) = numbers(next);
        let sooner_durable = self.durable.fetch_min(durable, Ordering::AcqRel) > durable;
        let sooner_deadline = self.deadline.fetch_min(deadline, Ordering::AcqRel) > deadline;
        sooner_durable || sooner_deadline
    }
}

fn numbers(next: Next) -> (u64, u64) {
    let nanos = |deadline: Duration| u64::try_from(deadline.as_nanos()).unwrap_or(NEVER);
    (next.durable.map_or(NEVER, Lsn::get), next.deadline.map_or(NEVER, nanos))
}

/// The earliest of all shards. One task waits for it.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    awaited: Awaited,
    sooner: Notify,
}

impl Alarm {
    /// A shard awaits this: the driver learns of it if it is before what it waits for.
    pub(super) fn ring_by(&self, next: Next) {
        if self.awaited.bring_forward(next) {
            self.sooner.notify_one();
        }
    }

    /// The earliest that all shards await, by what each of them says now: only what is sooner than that rings.
    pub(super) fn set(&self, all: impl Iterator<Item = Next>) -> Next {
        // What a shard comes to await after it was asked rings, because until then nothing counts as awaited.
        self.awaited.set(Next::default());
        for next in all {
            self.awaited.bring_forward(next);
        }
        self.awaited.get()
    }

    /// Returns when something earlier has come since the last time. Cancel-safe.
    pub(super) async fn sooner(&self) {
        self.sooner.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(durable: Option<u64>, seconds: Option<u64>) -> Next {
        Next { durable: durable.map(Lsn::new), deadline: seconds.map(Duration::from_secs) }
    }

    /// Whether the driver was told of something sooner since the last time.
    async fn rang(alarm: &Alarm) -> bool {
        tokio::select! {
            biased;
            () = alarm.sooner() => true,
            () = std::future::ready(()) => false,
        }
    }

    #[tokio::test]
    async fn only_what_is_sooner_rings() {
        let alarm = Alarm::default();
        let all = [next(Some(12), Some(9)), next(None, None), next(Some(9), None)];
        assert_eq!(alarm.set(all.into_iter()), next(Some(9), Some(9)));
        assert!(!rang(&alarm).await, "the driver knows what it has asked for");
        let cases = [
            (next(Some(10), Some(9)), false),
            (next(None, None), false),
            (next(None, Some(8)), true),
            (next(Some(9), Some(8)), false),
            (next(Some(8), None), true),
        ];
        for (awaited, rings) in cases {
            alarm.ring_by(awaited);
            assert_eq!(rang(&alarm).await, rings, "{awaited:?}");
        }
        assert_eq!(alarm.set(std::iter::empty()), Next::default());
        alarm.ring_by(next(Some(7), None));
        assert!(rang(&alarm).await);
    }
}
