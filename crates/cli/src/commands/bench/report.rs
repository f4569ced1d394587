//! What is told of a measurement.

use std::time::Duration;

use serde::Serialize;

use super::tally::Tally;
use crate::output::{Answer, Column, Layout};

/// One measurement. Times are milliseconds with three digits behind the point, where nothing else is said; there are none where
/// nothing was timed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) test: &'static str,
    records: u64,
    failed: u64,
    bytes: u64,
    seconds: f64,
    records_per_second: f64,
    mib_per_second: f64,
    mean_ms: Option<f64>,
    p50_ms: Option<f64>,
    p90_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
    p999_ms: Option<f64>,
    max_ms: Option<f64>,
    /// What processors worked for this process, on behalf of this measurement.
    cpu_seconds: f64,
    cpu_us_per_record: f64,
}

impl Answer for Report {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("TEST", "test"),
        Column::new("RECORDS", "records"),
        Column::wide("FAILED", "failed"),
        Column::wide("BYTES", "bytes"),
        Column::new("SECONDS", "seconds"),
        Column::new("RECORDS/S", "recordsPerSecond"),
        Column::new("MIB/S", "mibPerSecond"),
        Column::wide("MEAN-MS", "meanMs"),
        Column::new("P50-MS", "p50Ms"),
        Column::wide("P90-MS", "p90Ms"),
        Column::wide("P95-MS", "p95Ms"),
        Column::new("P99-MS", "p99Ms"),
        Column::new("P99.9-MS", "p999Ms"),
        Column::new("MAX-MS", "maxMs"),
        Column::new("CPU-S", "cpuSeconds"),
        Column::wide("CPU-US/RECORD", "cpuUsPerRecord"),
    ]);
}

impl Report {
    pub(super) fn new(test: &'static str, tally: &Tally, took: Duration, processors: Duration) -> Report {
        let quantile = |part| tally.quantile_ms(part).map(|ms| rounded(ms, 3));
        let (seconds, cpu) = (took.as_secs_f64(), processors.as_secs_f64());
        Report {
            test,
            records: tally.records,
            failed: tally.failed,
            bytes: tally.bytes,
            seconds: rounded(seconds, 3),
            records_per_second: rounded(per(tally.records, seconds), 1),
            mib_per_second: rounded(per(tally.bytes, seconds) / MIB, 3),
            mean_ms: tally.mean_ms().map(|ms| rounded(ms, 3)),
            p50_ms: quantile(0.5),
            p90_ms: quantile(0.9),
            p95_ms: quantile(0.95),
            p99_ms: quantile(0.99),
            p999_ms: quantile(0.999),
            max_ms: tally.max_ms().map(|ms| rounded(ms, 3)),
            cpu_seconds: rounded(cpu, 3),
            cpu_us_per_record: match tally.records {
                0 => 0.0,
                records => rounded(cpu * 1e6 / as_f64(records), 3),
            },
        }
    }
}

pub(super) const MIB: f64 = 1_048_576.0;

/// So many a second; none in no time.
pub(super) fn per(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { as_f64(count) / seconds } else { 0.0 }
}

#[allow(clippy::cast_precision_loss, reason = "beyond 2^53 the last digits do not matter")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

fn rounded(number: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (number * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_times_are_told_with_as_many_digits_as_mean_something() {
        let mut tally = Tally::default();
        for _ in 0..3 {
            tally.record(1 << 20, Duration::from_micros(1500));
        }
        let report = Report::new("produce", &tally, Duration::from_millis(2000), Duration::from_micros(600));
        assert_eq!((report.records, report.bytes, report.failed), (3, 3 << 20, 0));
        assert_eq!((report.records_per_second, report.mib_per_second), (1.5, 1.5));
        assert_eq!((report.cpu_seconds, report.cpu_us_per_record), (0.001, 200.0));
        assert_eq!((report.p50_ms, report.max_ms), (Some(1.5), Some(1.5)));
    }

    #[test]
    fn nothing_measured_is_no_division_by_zero() {
        let report = Report::new("consume", &Tally::default(), Duration::ZERO, Duration::ZERO);
        assert_eq!((report.records_per_second, report.cpu_us_per_record, report.p50_ms), (0.0, 0.0, None));
    }
}
