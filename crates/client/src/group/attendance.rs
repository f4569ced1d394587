//! Whether the application asks for records often enough to count as alive (`max.poll.interval.ms`). Pure.

use std::time::Duration;

use tokio::time::Instant;

/// Who waits for records, and when somebody last did.
#[derive(Debug)]
pub(crate) struct Attendance {
    pause_max: Duration,
    polling: usize,
    last: Instant,
}

impl Attendance {
    pub(crate) fn new(pause_max: Duration, now: Instant) -> Attendance {
        Attendance { pause_max, polling: 0, last: now }
    }

    /// Somebody begins to wait: until it is over, nobody is absent.
    pub(crate) fn begin(&mut self) {
        self.polling += 1;
    }

    pub(crate) fn end(&mut self, now: Instant) {
        self.polling = self.polling.saturating_sub(1);
        self.last = now;
    }

    /// As if somebody had asked now.
    pub(crate) fn renew(&mut self, now: Instant) {
        self.last = now;
    }

    /// When the application counts as dead, if it does nothing until then; none while it waits.
    pub(crate) fn lasts_until(&self) -> Option<Instant> {
        (self.polling == 0).then(|| self.last + self.pause_max)
    }

    pub(crate) fn is_absent(&self, now: Instant) -> bool {
        self.lasts_until().is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn only_who_neither_waits_nor_has_waited_lately_is_absent() {
        let (start, second) = (clock::now(), Duration::from_secs(1));
        let mut attendance = Attendance::new(second * 5, start);
        assert!(!attendance.is_absent(start + second * 4));
        assert!(attendance.is_absent(start + second * 5));
        attendance.begin();
        attendance.begin();
        attendance.end(start + second * 7);
        assert!(!attendance.is_absent(start + second * 100), "one waits still");
        attendance.end(start + second * 100);
        assert_eq!(attendance.lasts_until(), Some(start + second * 105));
        attendance.renew(start + second * 104);
        assert!(!attendance.is_absent(start + second * 105));
    }
}
