//! When the driver has to look after the shards next, and how it learns of an earlier moment.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use ottla_log::journal::Lsn;
use tokio::sync::Notify;

use crate::durable::{FlushRound, Until};

/// Never, of all kinds.
const NEVER: u64 = u64::MAX;

/// What is awaited next, whichever comes first: a durable position of the journal or of flushes, a moment, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) journal: Option<Lsn>,
    pub(super) flush: Option<FlushRound>,
    /// Of the uptime.
    pub(super) deadline: Option<Duration>,
}

impl Next {
    /// `missing` is what an append lacks to be durable, which may be nothing any more.
    pub(super) fn new(missing: Option<Until>, deadline: Option<Duration>) -> Next {
        let flush = missing.map(|missing| missing.flush).filter(|round| *round > FlushRound::ZERO);
        let journal = missing.map(|missing| missing.journal);
        Next { journal: journal.filter(|lsn| *lsn > Lsn::ZERO || flush.is_none()), flush, deadline }
    }

    pub(super) fn journal(self) -> Until {
        Until { journal: self.journal.unwrap_or_default(), ..Until::default() }
    }

    pub(super) fn flush(self) -> Until {
        Until { flush: self.flush.unwrap_or_default(), ..Until::default() }
    }

    /// The positions that are awaited.
    pub(super) fn until(self) -> impl Iterator<Item = Until> {
        let journal = self.journal.map(|_| self.journal());
        journal.into_iter().chain(self.flush.map(|_| self.flush()))
    }
}

/// What is awaited, to be looked at without a lock.
#[derive(Debug)]
pub(super) struct Awaited {
    journal: AtomicU64,
    flush: AtomicU64,
    deadline: AtomicU64,
}

impl Default for Awaited {
    fn default() -> Awaited {
        let never = || AtomicU64::new(NEVER);
        Awaited { journal: never(), flush: never(), deadline: never() }
    }
}

impl Awaited {
    pub(super) fn set(&self, next: Next) {
        let all = self.all().into_iter().zip(numbers(next));
        all.for_each(|(awaited, number)| awaited.store(number, Ordering::Release));
    }

    pub(super) fn get(&self) -> Next {
        let some = |number: u64| Some(number).filter(|number| *number != NEVER);
        Next {
            journal: some(self.journal.load(Ordering::Acquire)).map(Lsn::new),
            flush: some(self.flush.load(Ordering::Acquire)).map(FlushRound::new),
            deadline: some(self.deadline.load(Ordering::Acquire)).map(Duration::from_nanos),
        }
    }

    /// Brings it forward; true if it was later.
    fn bring_forward(&self, next: Next) -> bool {
        let all = self.all().into_iter().zip(numbers(next));
        let sooner = all.filter(|(awaited, number)| awaited.fetch_min(*number, Ordering::AcqRel) > *number);
        sooner.count() > 0
    }

    fn all(&self) -> [&AtomicU64; 3] {
        [&self.journal, &self.flush, &self.deadline]
    }
}

fn numbers(next: Next) -> [u64; 3] {
    let nanos = |deadline: Duration| u64::try_from(deadline.as_nanos()).unwrap_or(NEVER);
    [
        next.journal.map_or(NEVER, Lsn::get),
        next.flush.map_or(NEVER, FlushRound::get),
        next.deadline.map_or(NEVER, nanos),
    ]
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

    fn next(journal: Option<u64>, seconds: Option<u64>) -> Next {
        Next { journal: journal.map(Lsn::new), flush: None, deadline: seconds.map(Duration::from_secs) }
    }

    fn flush(round: u64) -> Next {
        Next { flush: Some(FlushRound::new(round)), ..Next::default() }
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
            (flush(4), true),
            (flush(5), false),
            (flush(3), true),
        ];
        for (awaited, rings) in cases {
            alarm.ring_by(awaited);
            assert_eq!(rang(&alarm).await, rings, "{awaited:?}");
        }
        assert_eq!(alarm.set(std::iter::empty()), Next::default());
        alarm.ring_by(next(Some(7), None));
        assert!(rang(&alarm).await);
    }

    #[test]
    fn an_append_is_awaited_until_it_lacks_nothing() {
        let (none, lsn, round) = (Until::default(), Lsn::new(7), FlushRound::new(3));
        for (missing, journal, flush) in [
            (None, None, None),
            // It has become durable since: somebody must look at once.
            (Some(none), Some(Lsn::ZERO), None),
            (Some(Until { journal: lsn, ..none }), Some(lsn), None),
            (Some(Until { flush: round, ..none }), None, Some(round)),
            (Some(Until { journal: lsn, flush: round }), Some(lsn), Some(round)),
        ] {
            assert_eq!(Next::new(missing, None), Next { journal, flush, deadline: None });
        }
    }
}
