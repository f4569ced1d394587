//! How values are distributed: counts by size, added to by any thread at the cost of two atomic additions.
//!
//! Buckets are an eighth of a power of two wide, so that a quantile is told to within an eighth of its value:
//!
//! ```text
//! value   0 1 2 .. 7 | 8 9 10 .. 15 | 16 18 20 .. 30 | 32 36 ..
//! bucket  0 1 2 .. 7 | 8 9 10 .. 15 | 16 17 18 .. 23 | 24 25 ..
//! ```

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Buckets of each power of two.
const STEPS: u64 = 8;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Greater values are counted as this: as microseconds, a day and a half.
const VALUE_MAX: u64 = (1 << 37) - 1;
const BUCKETS: usize = bucket_of(VALUE_MAX) + 1;

/// Counts since the process started.
#[derive(Debug)]
pub(crate) struct Distribution {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
}

/// What a distribution was at one time, or between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    buckets: Box<[u64]>,
    pub(crate) sum: u64,
}

impl Default for Distribution {
    fn default() -> Distribution {
        Distribution { buckets: [const { AtomicU64::new(0) }; BUCKETS], sum: AtomicU64::new(0) }
    }
}

impl Distribution {
    pub(crate) fn record(&self, value: u64) {
        self.buckets[bucket_of(value.min(VALUE_MAX))].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// In microseconds.
    pub(crate) fn record_time(&self, time: Duration) {
        self.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Values that are recorded meanwhile may be in a bucket and not yet in the sum.
    pub(crate) fn counts(&self) -> Counts {
        let sum = self.sum.load(Ordering::Relaxed);
        Counts { buckets: self.buckets.iter().map(|count| count.load(Ordering::Relaxed)).collect(), sum }
    }
}

impl Default for Counts {
    fn default() -> Counts {
        Counts { buckets: Box::from([0; BUCKETS]), sum: 0 }
    }
}

impl Counts {
    pub(crate) fn total(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// What came since then.
    pub(crate) fn since(&self, earlier: &Counts) -> Counts {
        let buckets = self.buckets.iter().zip(&earlier.buckets);
        Counts {
            buckets: buckets.map(|(now, then)| now.saturating_sub(*then)).collect(),
            sum: self.sum.saturating_sub(earlier.sum),
        }
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        let total = self.total();
        (total > 0).then(|| self.sum as f64 / total as f64)
    }

    /// The value that this many thousandths of all are not above.
    pub(crate) fn quantile(&self, thousandths: u64) -> Option<f64> {
        let mut rank = (self.total() * thousandths).div_ceil(1000).max(1);
        for (bucket, count) in self.buckets.iter().enumerate() {
            if rank <= *count {
                let (low, high) = (lower_bound(bucket) as f64, lower_bound(bucket + 1) as f64);
                return Some(low + (high - low) * (rank as f64 / *count as f64));
            }
            rank -= count;
        }
        None
    }

    /// How many values are below a power of two.
    pub(crate) fn below(&self, exponent: u32) -> u64 {
        self.buckets[..bucket_of(1 << exponent)].iter().sum()
    }
}

const fn bucket_of(value: u64) -> usize {
    let bucket = if value < STEPS {
        value
    } else {
        let shift = value.ilog2() - STEP_BITS;
        STEPS * shift as u64 + (value >> shift)
    };
    #[allow(clippy::cast_possible_truncation, reason = "there are fewer than a thousand buckets")]
    let bucket = bucket as usize;
    bucket
}

/// The least value of a bucket.
fn lower_bound(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS { bucket } else { (STEPS + bucket % STEPS) << (bucket / STEPS - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_the_bucket_that_begins_at_or_below_it() {
        let powers = (0..37).map(|exponent| 1_u64 << exponent);
        let around = powers.flat_map(|power| [power - 1, power, power + 1]).chain(0..5000);
        for value in around.filter(|value| *value <= VALUE_MAX) {
            let bucket = bucket_of(value);
            assert!((lower_bound(bucket)..lower_bound(bucket + 1)).contains(&value), "{value} in {bucket}");
        }
        assert_eq!(lower_bound(BUCKETS), VALUE_MAX + 1);
    }

    #[test]
    fn quantiles_are_within_an_eighth() {
        let distribution = Distribution::default();
        (1..=1000).for_each(|value| distribution.record(value));
        let counts = distribution.counts();
        for (thousandths, expected) in [(500, 500.0), (990, 990.0), (999, 999.0), (1, 1.0)] {
            let found = counts.quantile(thousandths).unwrap();
            assert!((found - expected).abs() <= expected / 8.0 + 1.0, "{thousandths}: {found}");
        }
        assert_eq!((counts.total(), counts.sum, counts.mean()), (1000, 500_500, Some(500.5)));
        assert_eq!((counts.below(3), counts.below(9)), (7, 511));
    }

    #[test]
    fn what_came_since_is_told_apart_from_what_was_before() {
        let distribution = Distribution::default();
        distribution.record(1_000_000);
        let before = distribution.counts();
        assert_eq!(distribution.counts().since(&before), Counts::default());
        distribution.record(4);
        let since = distribution.counts().since(&before);
        assert_eq!((since.total(), since.sum), (1, 4));
        assert!(since.quantile(999).unwrap() <= 5.0);
    }

    #[test]
    fn nothing_has_no_quantile_and_what_is_too_great_is_counted_as_the_greatest() {
        assert_eq!((Counts::default().quantile(500), Counts::default().mean()), (None, None));
        let distribution = Distribution::default();
        distribution.record_time(Duration::MAX);
        assert_eq!(distribution.counts().total(), 1);
    }
}
