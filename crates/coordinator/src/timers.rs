//! All timers of a shard, in one heap.
//!
//! A [`Timer`] lives with what it belongs to (a member, a group); the heap holds at most one valid entry for it. Moving
//! a deadline back, as each heartbeat does, touches the timer alone: the entry stays, and when it comes up it is put
//! back with the deadline that holds by then. Cancelling leaves the entry too; it comes up and nobody knows it.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

/// A deadline that can be moved and cancelled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timer {
    deadline: Option<Duration>,
    /// When the entry in the heap comes up.
    queued: Option<Duration>,
}

/// What an entry that came up means for its timer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fired {
    /// The deadline has passed; the timer is idle again.
    Due,
    /// The deadline has moved to this moment, or there is another entry: nothing to do.
    NotYet(Option<Duration>),
}

impl Timer {
    pub(crate) fn is_set(&self) -> bool {
        self.deadline.is_some()
    }

    pub(crate) fn cancel(&mut self) {
        self.deadline = None;
    }

    /// To be asked when the entry that was queued for `entry` comes up.
    fn fire(&mut self, entry: Duration, now: Duration) -> Fired {
        if self.queued != Some(entry) {
            return Fired::NotYet(None);
        }
        self.queued = None;
        match self.deadline {
            None => Fired::NotYet(None),
            Some(deadline) if deadline > now => Fired::NotYet(Some(deadline)),
            Some(_) => {
                self.deadline = None;
                Fired::Due
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct Timers<K> {
    heap: BinaryHeap<Reverse<Entry<K>>>,
    next: u64,
}

/// Ordered by moment, then by the order in which they were queued.
#[derive(Debug)]
struct Entry<K> {
    at: Duration,
    number: u64,
    key: K,
}

impl<K> Timers<K> {
    pub(crate) fn new() -> Timers<K> {
        Timers { heap: BinaryHeap::new(), next: 0 }
    }

    /// Sets or moves a deadline. The key, made only if an entry is needed, leads back to the timer.
    pub(crate) fn set(&mut self, timer: &mut Timer, deadline: Duration, key: impl FnOnce() -> K) {
        timer.deadline = Some(deadline);
        if timer.queued.is_none_or(|queued| deadline < queued) {
            timer.queued = Some(deadline);
            self.push(deadline, key());
        }
    }

    fn push(&mut self, at: Duration, key: K) {
        self.heap.push(Reverse(Entry { at, number: self.next, key }));
        self.next += 1;
    }

    /// No timer is due before this moment.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes the next entry that has come up.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<(Duration, K)> {
        if self.next_deadline()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.key))
    }

    /// Whether a timer is due, given its entry; if it has moved on, the entry is put back.
    pub(crate) fn is_due(&mut self, timer: &mut Timer, entry: Duration, now: Duration, key: &K) -> bool
    where
        K: Clone,
    {
        match timer.fire(entry, now) {
            Fired::Due => true,
            Fired::NotYet(None) => false,
            Fired::NotYet(Some(deadline)) => {
                timer.queued = Some(deadline);
                self.push(deadline, key.clone());
                false
            }
        }
    }
}

impl<K> Entry<K> {
    fn order(&self) -> (Duration, u64) {
        (self.at, self.number)
    }
}

impl<K> PartialEq for Entry<K> {
    fn eq(&self, other: &Entry<K>) -> bool {
        self.order() == other.order()
    }
}

impl<K> Eq for Entry<K> {}

impl<K> PartialOrd for Entry<K> {
    fn partial_cmp(&self, other: &Entry<K>) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Entry<K> {
    fn cmp(&self, other: &Entry<K>) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Lets time pass and tells at which seconds the timer was due.
    fn due_at(
        timers: &mut Timers<()>,
        timer: &mut Timer,
        seconds: std::ops::RangeInclusive<u64>,
    ) -> Vec<u64> {
        let mut due = Vec::new();
        for now in seconds {
            while let Some((entry, key)) = timers.pop(s(now)) {
                if timers.is_due(timer, entry, s(now), &key) {
                    due.push(now);
                }
            }
        }
        due
    }

    #[test]
    fn a_deadline_that_moves_back_needs_no_second_entry() {
        let (mut timers, mut timer) = (Timers::new(), Timer::default());
        for now in 0..100 {
            timers.set(&mut timer, s(now + 10), || ());
        }
        assert_eq!(timers.heap.len(), 1);
        assert_eq!(due_at(&mut timers, &mut timer, 100..=200), [109]);
    }

    #[test]
    fn a_deadline_that_moves_forward_is_due_once() {
        let (mut timers, mut timer) = (Timers::new(), Timer::default());
        timers.set(&mut timer, s(20), || ());
        timers.set(&mut timer, s(5), || ());
        assert_eq!(due_at(&mut timers, &mut timer, 0..=30), [5]);
    }

    #[test]
    fn a_deadline_that_moves_to_and_fro_keeps_one_valid_entry() {
        let (mut timers, mut timer) = (Timers::new(), Timer::default());
        for deadline in [20, 5, 30] {
            timers.set(&mut timer, s(deadline), || ());
        }
        assert_eq!(due_at(&mut timers, &mut timer, 0..=25), Vec::<u64>::new());
        assert_eq!(timers.heap.len(), 1);
        assert_eq!(due_at(&mut timers, &mut timer, 26..=40), [30]);
    }

    #[test]
    fn a_cancelled_timer_is_never_due_and_can_be_set_again() {
        let (mut timers, mut timer) = (Timers::new(), Timer::default());
        timers.set(&mut timer, s(5), || ());
        timer.cancel();
        assert_eq!(due_at(&mut timers, &mut timer, 0..=10), Vec::<u64>::new());
        timers.set(&mut timer, s(12), || ());
        assert_eq!(due_at(&mut timers, &mut timer, 11..=20), [12]);
    }

    #[test]
    fn timers_come_up_in_the_order_of_their_deadlines_then_of_their_setting() {
        let mut timers = Timers::new();
        let mut owners = vec![Timer::default(); 4];
        for (owner, deadline) in [(0, 7), (1, 3), (2, 7), (3, 1)] {
            timers.set(&mut owners[owner], s(deadline), || owner);
        }
        let order: Vec<usize> = std::iter::from_fn(|| timers.pop(s(10))).map(|(_, owner)| owner).collect();
        assert_eq!(order, [3, 1, 0, 2]);
    }
}
