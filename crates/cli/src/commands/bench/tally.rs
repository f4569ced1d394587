//! What was measured.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::under_way::{Acknowledged, Sink};

/// Counts, and how long things took.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) failed: u64,
    /// Why the first of those failed.
    pub(crate) first_error: Option<ottla_client::Error>,
    latencies: Histogram<u64>,
}

/// An hour, in microseconds: what takes longer counts as that.
const LONGEST: u64 = 3_600_000_000;
/// Three digits of a latency are right.
const DIGITS: u8 = 3;

impl Default for Tally {
    fn default() -> Tally {
        let latencies = Histogram::new_with_bounds(1, LONGEST, DIGITS).expect("the bounds make sense");
        Tally { records: 0, bytes: 0, failed: 0, first_error: None, latencies }
    }
}

impl Tally {
    /// Records that nobody asked how long they took.
    pub(crate) fn count(&mut self, records: u64, bytes: u64) {
        self.records += records;
        self.bytes += bytes;
    }

    pub(crate) fn record(&mut self, bytes: u64, took: Duration) {
        self.count(1, bytes);
        self.latencies.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST));
    }

    /// In milliseconds: how long the fastest of these parts took at most; none if nothing was timed.
    pub(crate) fn quantile_ms(&self, part: f64) -> Option<f64> {
        (!self.latencies.is_empty()).then(|| ms(self.latencies.value_at_quantile(part)))
    }

    pub(crate) fn mean_ms(&self) -> Option<f64> {
        (!self.latencies.is_empty()).then(|| self.latencies.mean() / 1000.0)
    }

    pub(crate) fn max_ms(&self) -> Option<f64> {
        (!self.latencies.is_empty()).then(|| ms(self.latencies.max()))
    }
}

impl Sink for Tally {
    fn acknowledged(&mut self, record: &Acknowledged) {
        self.record(record.bytes, record.took());
    }

    fn failed(&mut self, error: ottla_client::Error) {
        self.failed += 1;
        self.first_error.get_or_insert(error);
    }
}

#[allow(clippy::cast_precision_loss, reason = "an hour in microseconds is far below 2^53")]
fn ms(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_three_digits() {
        let mut tally = Tally::default();
        assert_eq!((tally.quantile_ms(0.5), tally.mean_ms(), tally.max_ms()), (None, None, None));
        for ms in 1..=1000 {
            tally.record(10, Duration::from_millis(ms));
        }
        for (part, expected) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1000.0)] {
            let found = tally.quantile_ms(part).expect("there are some");
            assert!((found - expected).abs() <= expected / 1000.0, "{part}: {found}");
        }
        assert_eq!((tally.records, tally.bytes), (1000, 10_000));
        assert!((tally.mean_ms().expect("there are some") - 500.5).abs() < 0.5);
    }

    #[test]
    fn what_takes_for_ever_counts_as_an_hour_and_what_takes_no_time_counts() {
        let mut tally = Tally::default();
        tally.record(1, Duration::MAX);
        tally.record(1, Duration::ZERO);
        assert!(tally.max_ms().is_some_and(|max| max <= 3_601_000.0 + 5_000.0));
        assert_eq!(tally.records, 2);
    }
}
