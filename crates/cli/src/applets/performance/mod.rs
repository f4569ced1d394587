//! Scripts that measure, over the engines of `ottla bench`.
//!
//! ```text
//! producer     kafka-producer-perf-test; stats is what it prints
//! consumer     kafka-consumer-perf-test
//! round_trips  kafka-e2e-latency
//! metrics      what --print-metrics prints
//! ```

mod consumer;
mod date;
mod metrics;
mod producer;
mod round_trips;
mod stats;

use std::time::{Duration, Instant};

pub(super) use consumer::run as run_consumer;
pub(super) use producer::run as run_producer;
pub(super) use round_trips::run as run_round_trips;

/// So many digits behind the point, as Java's `%.Nf`.
pub(super) fn fixed(number: f64, digits: usize) -> String {
    match number {
        _ if number.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        _ => format!("{number:.digits$}"),
    }
}

pub(super) const MIB: f64 = 1_048_576.0;

#[allow(clippy::cast_precision_loss, reason = "beyond 2^53 the last digits do not matter")]
pub(super) fn as_f64(number: u64) -> f64 {
    number as f64
}

/// In whole milliseconds, as Java's clock counts.
fn ms_between(from: Instant, to: Instant) -> u64 {
    whole_ms(to.saturating_duration_since(from))
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_java_shows_them() {
        for (number, digits, expected) in
            [(1.0, 2, "1.00"), (f64::NAN, 1, "NaN"), (1.0 / 0.0, 4, "Infinity"), (0.05, 6, "0.050000")]
        {
            assert_eq!(fixed(number, digits), expected);
        }
    }
}
