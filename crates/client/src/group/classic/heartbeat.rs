//! When the coordinator is told that the member lives. Pure.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    next_at: Instant,
    is_in_flight: bool,
}

impl Heartbeat {
    pub(super) fn new(interval: Duration, now: Instant) -> Heartbeat {
        Heartbeat { interval, next_at: now + interval, is_in_flight: false }
    }

    /// When the next one is due; none while one is on its way.
    pub(super) fn due_at(&self) -> Option<Instant> {
        (!self.is_in_flight).then_some(self.next_at)
    }

    pub(super) fn sent(&mut self) {
        self.is_in_flight = true;
    }

    /// The coordinator answered this one, or something else that counts as one.
    pub(super) fn heard(&mut self, now: Instant) {
        self.is_in_flight = false;
        self.next_at = now + self.interval;
    }

    /// It did not get there: the next one is tried soon.
    pub(super) fn failed(&mut self, pause: Duration, now: Instant) {
        self.is_in_flight = false;
        self.next_at = now + pause.min(self.interval);
    }
}
