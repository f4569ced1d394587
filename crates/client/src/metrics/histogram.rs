//! How long things took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::as_f64;

/// What the first bucket takes at most; each further one takes twice as much.
const FIRST: Duration = Duration::from_micros(250);
/// The last of these takes half a minute; what is longer goes beyond all.
const BOUNDED: usize = 18;

/// How often something took how long, in buckets each of which is twice as wide as the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: [u64; BOUNDED + 1],
    sum: Duration,
}

/// A histogram that many add to.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    counts: [AtomicU64; BOUNDED + 1],
    sum_micros: AtomicU64,
}

fn bound(bucket: usize) -> Duration {
    FIRST * (1 << bucket)
}

impl Recorder {
    pub(super) fn record(&self, took: Duration) {
        let bucket = (0..BOUNDED).find(|bucket| took <= bound(*bucket)).unwrap_or(BOUNDED);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Histogram {
        Histogram {
            counts: std::array::from_fn(|bucket| self.counts[bucket].load(Ordering::Relaxed)),
            sum: Duration::from_micros(self.sum_micros.load(Ordering::Relaxed)),
        }
    }
}

impl Histogram {
    /// How often.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long in all.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// How long on average, if ever.
    pub fn mean(&self) -> Option<Duration> {
        let count = self.count();
        (count > 0).then(|| self.sum.div_f64(as_f64(count)))
    }

    /// How long at most, to the next bucket's bound, this part of them took: 0.99 for 99 %. None if there are none, or it took
    /// longer than the last bound.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let wanted = as_f64(self.count()) * part.clamp(0.0, 1.0);
        let mut reached = 0;
        for (bound, count) in self.buckets() {
            reached += count;
            if reached > 0 && as_f64(reached) >= wanted {
                return bound;
            }
        }
        None
    }

    /// The buckets: the longest time that each takes, and how many are in it. The last takes all that is longer.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = (0..BOUNDED).map(|bucket| Some(bound(bucket))).chain([None]);
        bounds.zip(self.counts.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(took: &[Duration]) -> Histogram {
        let recorder = Recorder::default();
        took.iter().for_each(|took| recorder.record(*took));
        recorder.read()
    }

    #[test]
    fn a_time_is_in_the_narrowest_bucket_that_takes_it() {
        for (took, expected) in [
            (Duration::ZERO, Some(FIRST)),
            (FIRST, Some(FIRST)),
            (FIRST + Duration::from_nanos(1), Some(2 * FIRST)),
            (Duration::from_secs(30), Some(Duration::from_micros(32_768_000))),
            (Duration::from_secs(60), None),
        ] {
            let histogram = of(&[took]);
            let found = histogram.buckets().find(|(_, count)| *count == 1).expect("it is in one");
            assert_eq!(found.0, expected, "{took:?}");
        }
    }

    #[test]
    fn quantiles_are_the_bounds_that_so_many_keep() {
        let histogram = of(&[Duration::from_millis(1), Duration::from_millis(1), Duration::from_millis(7)]);
        assert_eq!((histogram.count(), histogram.mean()), (3, Some(Duration::from_millis(3))));
        assert_eq!(histogram.quantile(0.5), Some(Duration::from_millis(1)));
        assert_eq!(histogram.quantile(1.0), Some(Duration::from_millis(8)));
        assert_eq!(histogram.quantile(0.0), Some(Duration::from_millis(1)));
        assert_eq!((of(&[]).quantile(0.5), of(&[]).mean()), (None, None));
        assert_eq!(of(&[Duration::from_secs(60)]).quantile(0.5), None);
    }
}
