//! How fast connections are accepted (`max.connection.creation.rate`). A pure core: time is an argument.

use std::time::{Duration, Instant};

/// The option's default: no limit.
const UNLIMITED: u32 = i32::MAX.unsigned_abs();
/// What was not used is kept for so long: so many may come at once.
const BURST: Duration = Duration::from_secs(1);
/// While none are to be accepted, it is looked again after this time whether that has changed.
const NEVER: Duration = Duration::from_secs(1);

/// What connections have used of their rate.
#[derive(Debug, Default)]
pub(crate) struct ConnectionRate {
    /// Until when it is used up.
    used_until: Option<Instant>,
}

impl ConnectionRate {
    /// How long the next connection has to wait where `rate` may come in a second.
    pub(crate) fn wait(&self, rate: u32, now: Instant) -> Duration {
        match (rate, self.used_until) {
            (UNLIMITED.., _) => Duration::ZERO,
            (0, _) => NEVER,
            (_, Some(until)) => until.saturating_duration_since(now).saturating_sub(BURST - interval(rate)),
            (_, None) => Duration::ZERO,
        }
    }

    /// Counts one that came.
    pub(crate) fn count(&mut self, rate: u32, now: Instant) {
        if rate > 0 && rate < UNLIMITED {
            let from = self.used_until.map_or(now, |until| until.max(now));
            self.used_until = Some(from + interval(rate));
        }
    }
}

fn interval(rate: u32) -> Duration {
    Duration::from_secs(1) / rate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    /// How many come in so many milliseconds if as many as may try to.
    fn check(rate: u32, millis: u64, expected: u32) {
        let start = clock::now();
        let mut used = ConnectionRate::default();
        let mut count = 0;
        for now in (0..millis).map(|at| start + Duration::from_millis(at)) {
            while count < 10_000 && used.wait(rate, now).is_zero() {
                used.count(rate, now);
                count += 1;
            }
        }
        assert_eq!(count, expected, "{rate} a second, for {millis} ms");
    }

    #[test]
    fn as_many_come_as_the_rate_lets_and_what_it_lets_in_a_second_at_once() {
        check(10, 1, 10);
        check(10, 2_001, 30);
        check(1, 5_001, 6);
        check(0, 5_000, 0);
        check(UNLIMITED, 1, 10_000);
    }

    #[test]
    fn a_new_rate_counts_at_once() {
        let now = clock::now();
        let mut used = ConnectionRate::default();
        used.count(1, now);
        assert!(!used.wait(1, now).is_zero());
        assert!(used.wait(100, now + Duration::from_millis(20)).is_zero());
        assert!(used.wait(UNLIMITED, now).is_zero());
    }
}
