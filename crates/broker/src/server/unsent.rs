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

use tokio::{
    sync::{Mutex, Notify},
    time::{interval, timeout},
};

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
    known: Line,
    strangers: Line,
    give_way: Notify,
    patience: Duration,
    known_after: Duration,
}

/// Those who wait are served in the order in which they came, however long the first has to wait.
#[derive(Debug, Default)]
struct Line {
    front: Mutex<()>,
    freed: Notify,
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
            known: Line::default(),
            strangers: Line::default(),
            give_way: Notify::new(),
            patience: PATIENCE,
            known_after: KNOWN_AFTER,
        }
    }

    /// Waits until another answer may be made, for a client that was answered first at that time, if ever. Make it at once:
    /// what it holds is known only afterwards.
    ///
    /// Cancel-safe.
    pub(crate) async fn room(&self, answered_first: Option<Instant>, now: Instant) {
        let known_in =
            answered_first.map(|first| self.known_after.saturating_sub(now.saturating_duration_since(first)));
        let as_stranger = self.room_in(&self.strangers, self.bytes_max / 2);
        match known_in {
            None => as_stranger.await,
            Some(known_in) => {
                if known_in.is_zero() || timeout(known_in, as_stranger).await.is_err() {
                    self.room_in(&self.known, self.bytes_max).await;
                }
            }
        }
    }

    async fn room_in(&self, line: &Line, bytes_max: usize) {
        let _front = line.front.lock().await;
        let is_full = || self.bytes.load(Ordering::Relaxed) >= bytes_max;
        if !is_full() {
            return;
        }
        // Others come and go meanwhile, which does not make it wait anew.
        let mut patience = interval(self.patience);
        patience.reset();
        while is_full() {
            tokio::select! {
                biased;
                () = line.freed.notified() => {}
                _ = patience.tick() => self.give_way.notify_waiters(),
            }
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
        self.unsent.known.freed.notify_one();
        self.unsent.strangers.freed.notify_one();
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

    fn long_ago() -> Instant {
        clock::now().checked_sub(KNOWN_AFTER).expect("the machine has run for as long")
    }

    #[tokio::test]
    async fn there_is_room_again_when_an_answer_is_sent() {
        let unsent = Arc::new(Unsent::new(1000));
        unsent.room(Some(long_ago()), clock::now()).await;
        let (first, second) = (unsent.hold(900), unsent.hold(900));
        let mut room = std::pin::pin!(unsent.room(Some(long_ago()), clock::now()));
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
            () = unsent.room(None, clock::now()) => panic!("there is none"),
            () = unsent.room(Some(long_ago()), clock::now()) => {}
        }
    }

    #[tokio::test]
    async fn a_stranger_becomes_known_while_it_waits() {
        let unsent = Arc::new(Unsent { known_after: Duration::from_millis(1), ..Unsent::new(1000) });
        let _held = unsent.hold(500);
        let now = clock::now();
        unsent.room(Some(now), now).await;
        assert!(clock::now() >= now + unsent.known_after);
    }

    #[tokio::test]
    async fn who_came_first_is_served_first_however_long_it_waits() {
        let unsent = Arc::new(Unsent { patience: Duration::from_millis(1), ..Unsent::new(1000) });
        let held = unsent.hold(1000);
        let (served, mut order) = tokio::sync::mpsc::channel(20);
        for number in 0..20 {
            let (unsent, served) = (Arc::clone(&unsent), served.clone());
            tokio::spawn(async move {
                unsent.room(Some(long_ago()), clock::now()).await;
                served.send(number).await.expect("it listens");
            });
        }
        for _ in 0..10 {
            unsent.give_way().await;
        }
        drop((held, served));
        for number in 0..20 {
            assert_eq!(order.recv().await, Some(number));
        }
    }

    #[tokio::test]
    async fn who_waits_in_vain_has_those_give_way_that_do_not_read() {
        let unsent = Arc::new(Unsent { patience: Duration::from_millis(1), ..Unsent::new(1000) });
        let _held = unsent.hold(1000);
        tokio::select! {
            biased;
            () = unsent.give_way() => {}
            () = unsent.room(Some(long_ago()), clock::now()) => panic!("there is none"),
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
