//! How many records a second there are to be.

use std::time::{Duration, Instant};

/// When each record is due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pace {
    start: Instant,
    /// None is as fast as it goes.
    per_second: Option<f64>,
}

impl Pace {
    pub(crate) fn new(start: Instant, per_second: Option<f64>) -> Pace {
        Pace { start, per_second }
    }

    /// When a record is due, if there is a time for it.
    #[allow(clippy::cast_precision_loss, reason = "beyond 2^53 records the last one's time does not matter")]
    pub(crate) fn due(self, number: u64) -> Option<Instant> {
        let after = Duration::try_from_secs_f64(number as f64 / self.per_second?).unwrap_or(Duration::MAX);
        self.start.checked_add(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(per_second: f64, number: u64, after_ms: u64) {
        let start = crate::clock::now();
        let due = Pace::new(start, Some(per_second)).due(number);
        assert_eq!(due, Some(start + Duration::from_millis(after_ms)), "{per_second} {number}");
    }

    #[test]
    fn records_are_due_at_equal_distances() {
        check(1000.0, 0, 0);
        check(1000.0, 1, 1);
        check(0.5, 3, 6000);
        check(2500.0, 1_000_000, 400_000);
        assert_eq!(Pace::new(crate::clock::now(), None).due(7), None);
        assert_eq!(Pace::new(crate::clock::now(), Some(1e-300)).due(7), None, "no clock goes that far");
    }
}
