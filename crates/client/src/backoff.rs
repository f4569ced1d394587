//! Pauses that grow while something keeps failing (KIP-580).

use std::time::Duration;

/// How much longer or shorter than computed a pause may be, so that clients that failed together do not try again together.
const JITTER: f64 = 0.2;
/// More doublings than any pause needs.
const DOUBLINGS_MAX: u32 = 30;

/// The first pause and the longest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) max: Duration,
}

impl Backoff {
    /// The pause after so many failures in a row; `random` is at least 0 and less than 1.
    pub(crate) fn pause(&self, failures: u32, random: f64) -> Duration {
        if failures == 0 {
            return Duration::ZERO;
        }
        let grown = self.first.saturating_mul(1 << (failures - 1).min(DOUBLINGS_MAX));
        let jitter = 1.0 - JITTER + 2.0 * JITTER * random;
        grown.min(self.max).mul_f64(jitter).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_the_longest_give_or_take_a_fifth() {
        let backoff = Backoff { first: Duration::from_millis(50), max: Duration::from_secs(1) };
        for (failures, random, expected) in [
            (0, 0.5, 0),
            (1, 0.0, 40),
            (1, 0.5, 50),
            (2, 0.5, 100),
            (5, 0.5, 800),
            (6, 0.5, 1_000),
            (6, 0.0, 800),
            (6, 0.99, 1_000),
            (u32::MAX, 0.5, 1_000),
        ] {
            let pause = backoff.pause(failures, random).as_millis();
            assert_eq!(pause, expected, "{failures} failures, {random}");
        }
    }
}
