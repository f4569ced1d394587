//! The memory of answers that clients have not taken yet, over all connections.
//!
//! An answer is counted once its socket takes no more. When there is too much, no request is served whose answer may be
//! large, until a client has read on; and clients that do not read give way. Half of the memory is for clients that have
//! been here for a while: those who come, do not read, are thrown out and come again take only the other half.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};

/// Who has waited so long wants others to give way. They do if they have been slow for as long. Short, because all who
/// want a larger answer wait meanwhile.
const PATIENCE: Duration = Duration::from_millis(250);
/// Who was answered first so long ago, and is still here, is known.
const KNOWN_AFTER: Duration = Duration::from_secs(10);
/// Who reads less than this in a second is slow.
const RATE_MIN: u64 = 64 * 1024;

/// Counts what unsent answers hold.
#[derive(Debug)]
pub(crate) struct Unsent {
    bytes: AtomicUsize,
    bytes_max: usize,
    /// Who waits for room, those who are known apart.
    known: Notify,
    strangers: Notify,
    give_way: Notify,
    patience: Duration,
}

/// Memory that an answer holds until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    unsent: Arc<Unsent>,
    bytes: usize,
}

impl Unsent {
    pub(crate) fn new(bytes_max: usize) -> Unsent {
        Unsent {
            bytes: AtomicUsize::new(0),
            bytes_max,
            known: Notify::new(),
            strangers: Notify::new(),
            give_way: Notify::new(),
            patience: PATIENCE,
        }
    }

    /// Whether a client that was answered first at that time is known by now.
    pub(crate) fn knows(answered_first: Instant, now: Instant) -> bool {
        now.saturating_duration_since(answered_first) >= KNOWN_AFTER
    }

    /// Waits until another answer may be made, for a client that is known or not. Make it at once: what it holds is known
    /// only afterwards.
    ///
    /// Cancel-safe.
    pub(crate) async fn room(&self, is_known: bool) {
        let (freed, bytes_max) = match is_known {
            true => (&self.known, self.bytes_max),
            false => (&self.strangers, self.bytes_max / 2),
        };
        let mut has_waited = false;
        while self.bytes.load(Ordering::Relaxed) >= bytes_max {
            if timeout(self.patience, freed.notified()).await.is_err() {
                self.give_way.notify_waiters();
            }
            has_waited = true;
        }
        if has_waited {
            // One after the other: each looks again whether the one before has left room.
            freed.notify_one();
        }
    }

    /// Counts an answer that its socket did not take.
    pub(crate) fn hold(self: &Arc<Self>, bytes: usize) -> Held {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Held { unsent: Arc::clone(self), bytes }
    }

    /// Ends when somebody has waited for room in vain.
    pub(crate) async fn give_way(&self) {
        self.give_way.notified().await;
    }

    /// A client that begins to read now.
    pub(crate) fn pace(&self, now: Instant) -> Pace {
        Pace { since: now, bytes: 0, patience: self.patience }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.unsent.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.unsent.known.notify_one();
        self.unsent.strangers.notify_one();
    }
}

/// How fast a client reads.
#[derive(Debug)]
pub(crate) struct Pace {
    since: Instant,
    /// Taken until then.
    bytes: u64,
    patience: Duration,
}

impl Pace {
    /// Whether a client that has taken `bytes` by now was slow since it was last looked at, a while ago.
    pub(crate) fn is_slow(&mut self, bytes: u64, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.since);
        if elapsed < self.patience {
            return false;
        }
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let taken = bytes - self.bytes;
        (self.since, self.bytes) = (now, bytes);
        taken.saturating_mul(1_000) < RATE_MIN.saturating_mul(millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[tokio::test]
    async fn there_is_room_again_when_an_answer_is_sent() {
        let unsent = Arc::new(Unsent::new(1000));
        unsent.room(true).await;
        let (first, second) = (unsent.hold(900), unsent.hold(900));
        let mut room = std::pin::pin!(unsent.room(true));
        tokio::select! {
            biased;
            () = room.as_mut() => panic!("there is none"),
            () = std::future::ready(()) => {}
        }
        drop(first);
        room.await;
        drop(second);
        assert_eq!(unsent.bytes.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn strangers_leave_half_of_the_room_to_those_who_are_known() {
        let unsent = Arc::new(Unsent::new(1000));
        let _held = unsent.hold(500);
        tokio::select! {
            biased;
            () = unsent.room(false) => panic!("there is none"),
            () = unsent.room(true) => {}
        }
        let now = clock::now();
        assert!(!Unsent::knows(now, now) && Unsent::knows(now, now + KNOWN_AFTER));
    }

    #[tokio::test]
    async fn who_waits_in_vain_has_those_give_way_that_do_not_read() {
        let unsent = Arc::new(Unsent { patience: Duration::from_millis(1), ..Unsent::new(1000) });
        let _held = unsent.hold(1000);
        tokio::select! {
            biased;
            () = unsent.give_way() => {}
            () = unsent.room(true) => panic!("there is none"),
        }
    }

    #[test]
    fn a_client_is_slow_that_takes_little_for_a_while() {
        let now = clock::now();
        let seconds = |seconds| now + Duration::from_secs(seconds);
        let mut pace = Unsent { patience: Duration::from_secs(2), ..Unsent::new(1) }.pace(now);
        assert!(!pace.is_slow(0, seconds(1)));
        assert!(!pace.is_slow(2 * RATE_MIN, seconds(2)));
        assert!(!pace.is_slow(2 * RATE_MIN, seconds(3)));
        assert!(pace.is_slow(3 * RATE_MIN, seconds(4)));
        assert!(pace.is_slow(3 * RATE_MIN, seconds(14)));
        assert!(!pace.is_slow(100 * RATE_MIN, seconds(16)));
    }
}
