//! The memory that requests may take while they are read and served, over all connections.
//!
//! A request gets memory step by step, as its bytes arrive. Lest many of them wait for each other with half of what they
//! need, one at a time has the turn: it takes what it needs without asking. So all requests together take at most the
//! pool and one frame. Who holds memory, and lets others wait for it in vain, is told to give way.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ottla_config::NetworkConfig;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::clock;

/// What a connection may hold of requests without asking.
pub(crate) const UNCOUNTED_MAX: usize = 64 * 1024;
const UNIT: usize = 1024;
/// Where the configuration does not say.
const BYTES_MAX: u64 = 128 << 20;
/// Who has waited so long wants others to give way. They do if they have held their memory as long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hands out memory for requests. Whoever finds none left stops reading its socket until some is given back.
#[derive(Debug)]
pub(crate) struct Admission {
    units: Arc<Semaphore>,
    units_max: u32,
    turn: Arc<Semaphore>,
    give_way: Notify,
    patience: Duration,
}

/// Memory in use by a request; given back when dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    units: Option<OwnedSemaphorePermit>,
    turn: Option<OwnedSemaphorePermit>,
    /// When it was given the last of it.
    since: Instant,
    patience: Duration,
}

impl Admission {
    pub(crate) fn configured(network: &NetworkConfig) -> Admission {
        let bytes_max = network.queued_request_bytes_max.unwrap_or(BYTES_MAX);
        Admission::new(usize::try_from(bytes_max).unwrap_or(usize::MAX))
    }

    pub(crate) fn new(bytes_max: usize) -> Admission {
        let units_max = u32::try_from(bytes_max / UNIT).unwrap_or(u32::MAX).max(1);
        let permits =
            usize::try_from(units_max).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Admission {
            units: Arc::new(Semaphore::new(permits)),
            units_max,
            turn: Arc::new(Semaphore::new(1)),
            give_way: Notify::new(),
            patience: PATIENCE,
        }
    }

    /// Waits until a request may take so much more memory.
    ///
    /// Cancel-safe: a dropped wait takes nothing.
    pub(crate) async fn admit(&self, more: usize) -> Admitted {
        let units = u32::try_from(more.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.units_max);
        let mut taken = std::pin::pin!(self.take(units));
        loop {
            match timeout(self.patience, taken.as_mut()).await {
                Ok(admitted) => return admitted,
                Err(_elapsed) => self.give_way.notify_waiters(),
            }
        }
    }

    async fn take(&self, units: u32) -> Admitted {
        let permit =
            |acquired: Result<OwnedSemaphorePermit, _>| acquired.expect("the semaphore is never closed");
        let (units, turn) = tokio::select! {
            biased;
            units = Arc::clone(&self.units).acquire_many_owned(units) => (Some(permit(units)), None),
            turn = Arc::clone(&self.turn).acquire_owned() => (None, Some(permit(turn))),
        };
        Admitted { units, turn, since: clock::now(), patience: self.patience }
    }

    /// Ends when somebody has waited for memory in vain.
    pub(crate) async fn give_way(&self) {
        self.give_way.notified().await;
    }
}

impl Admitted {
    /// Whether it may have as much as it needs.
    pub(crate) fn has_turn(&self) -> bool {
        self.turn.is_some()
    }

    pub(crate) fn add(&mut self, more: Admitted) {
        match (&mut self.units, more.units) {
            (Some(units), Some(more)) => units.merge(more),
            (units, more) => *units = units.take().or(more),
        }
        self.turn = self.turn.take().or(more.turn);
        self.since = more.since;
    }

    /// Whether it has had the memory for so long, and was given no more, that others may ask for it.
    pub(crate) fn gives_way(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= self.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn now_or_never<F: Future>(future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = std::future::ready(()) => None,
        }
    }

    #[tokio::test]
    async fn what_exceeds_the_pool_has_the_turn_and_the_next_waits_until_memory_is_given_back() {
        let admission = Admission::new(1 << 20);
        let first = admission.admit(900 << 10).await;
        let second = admission.admit(200 << 10).await;
        assert!(!first.has_turn() && second.has_turn());
        let mut third = std::pin::pin!(admission.admit(200 << 10));
        assert!(now_or_never(third.as_mut()).await.is_none());
        drop(first);
        assert!(!third.await.has_turn());
    }

    #[tokio::test]
    async fn requests_that_have_half_of_what_they_need_do_not_wait_for_each_other() {
        let admission = Admission::new(1 << 20);
        let mut halves = [admission.admit(512 << 10).await, admission.admit(512 << 10).await];
        halves[0].add(admission.admit(512 << 10).await);
        assert!(halves[0].has_turn());
        assert!(now_or_never(admission.admit(512 << 10)).await.is_none());
        let [first, mut second] = halves;
        drop(first);
        second.add(admission.admit(512 << 10).await);
        assert!(!second.has_turn());
    }

    #[tokio::test]
    async fn a_frame_larger_than_all_of_it_is_admitted() {
        let admission = Admission::new(1 << 20);
        let _whole = admission.admit(1 << 30).await;
        assert!(admission.admit(1 << 30).await.has_turn());
    }

    #[tokio::test]
    async fn who_waits_in_vain_has_those_give_way_that_hold_memory_for_long() {
        let patience = Duration::from_millis(1);
        let admission = Admission { patience, ..Admission::new(1 << 20) };
        let holder = admission.admit(1 << 30).await;
        let _turn = admission.admit(1 << 30).await;
        tokio::select! {
            biased;
            () = admission.give_way() => {}
            _ = admission.admit(1) => panic!("there is none"),
        }
        assert!(!holder.gives_way(holder.since));
        assert!(holder.gives_way(holder.since + patience));
    }
}
