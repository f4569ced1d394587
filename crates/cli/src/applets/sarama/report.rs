//! What sarama's tools print of its metrics, as far as our library counts the same.
//!
//! How long requests took is known to a factor of two: percentiles are the longest time of the bucket in which they are, and
//! the deviation is that of these times.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use ottla_client::metrics::Metrics;

use crate::applets::performance::{MIB, as_f64, fixed};

/// What is counted of what was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    records: u64,
    bytes: u64,
    elapsed: Duration,
    latency: Latency,
}

/// Milliseconds between requests and their answers.
#[derive(Debug, Clone, Default, PartialEq)]
struct Latency {
    mean: f64,
    /// By the longest time of each, in microseconds.
    buckets: BTreeMap<u64, u64>,
}

const PERCENTILES: [(f64, &str); 5] =
    [(0.5, "50th"), (0.75, "75th"), (0.95, "95th"), (0.99, "99th"), (0.999, "99.9th")];

impl Sent {
    pub(super) fn of(metrics: &Metrics, elapsed: Duration) -> Sent {
        let (records, bytes) = (metrics.producer.records, metrics.producer.bytes);
        Sent { records, bytes, elapsed, latency: Latency::of(metrics) }
    }

    fn records_per_second(&self) -> f64 {
        as_f64(self.records) / self.elapsed.as_secs_f64()
    }

    fn bytes_per_second(&self) -> f64 {
        as_f64(self.bytes) / self.elapsed.as_secs_f64()
    }

    /// The line of `kafka-producer-performance`, of records of that size.
    pub(super) fn line(&self, record_size: u64) -> String {
        let ingress = self.records_per_second() * as_f64(record_size) / MIB;
        let percentiles =
            PERCENTILES.map(|(part, name)| format!("{:.1} ms {name}", self.latency.quantile(part)));
        format!(
            "{} records sent, {} records/sec ({} MiB/sec ingress, {} MiB/sec egress), {:.1} ms avg latency, \
             {:.1} ms stddev, {}, 0 total req. in flight",
            self.records,
            fixed(self.records_per_second(), 1),
            fixed(ingress, 2),
            fixed(self.bytes_per_second() / MIB, 2),
            self.latency.mean,
            self.latency.deviation(),
            percentiles.join(", ")
        )
    }
}

impl Latency {
    fn of(metrics: &Metrics) -> Latency {
        let mut buckets = BTreeMap::new();
        let mut sum = Duration::ZERO;
        for request in metrics.requests.values() {
            sum += request.latency.sum();
            let mut longest = 0;
            for (bound, count) in request.latency.buckets().filter(|(_, count)| *count > 0) {
                // What is longer than every bound is told as the last of them.
                longest = bound.map_or(longest, micros);
                *buckets.entry(longest).or_default() += count;
            }
        }
        let count: u64 = buckets.values().sum();
        let mean = if count == 0 { 0.0 } else { sum.as_secs_f64() * 1000.0 / as_f64(count) };
        Latency { mean, buckets }
    }

    fn count(&self) -> u64 {
        self.buckets.values().sum()
    }

    fn quantile(&self, part: f64) -> f64 {
        let wanted = as_f64(self.count()) * part;
        let mut reached = 0;
        for (longest, count) in &self.buckets {
            reached += count;
            if as_f64(reached) >= wanted {
                return as_ms(*longest);
            }
        }
        0.0
    }

    fn deviation(&self) -> f64 {
        let squares = self.buckets.iter().map(|(longest, count)| {
            let distance = as_ms(*longest) - self.mean;
            distance * distance * as_f64(*count)
        });
        match self.count() {
            0 => 0.0,
            count => (squares.sum::<f64>() / as_f64(count)).sqrt(),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn as_ms(micros: u64) -> f64 {
    as_f64(micros) / 1000.0
}

/// What `-metrics` tells of one record, in the shape of go-metrics.
pub(super) fn write_metrics(out: &mut dyn Write, metrics: &Metrics, elapsed: Duration) -> io::Result<()> {
    let sent = Sent::of(metrics, elapsed);
    let meter = |out: &mut dyn Write, name: &str, count: u64, rate: f64| {
        writeln!(out, "meter {name}\n  count:       {count:9}")?;
        for age in ["1-min rate:  ", "5-min rate:  ", "15-min rate: "] {
            writeln!(out, "  {age}{:12.2}", 0.0)?;
        }
        writeln!(out, "  mean rate:   {rate:12.2}")
    };
    meter(out, "outgoing-byte-rate", sent.bytes, sent.bytes_per_second())?;
    meter(out, "record-send-rate", sent.records, sent.records_per_second())?;
    let latency = &sent.latency;
    let extreme = |end: Option<(&u64, &u64)>| end.map_or(0.0, |(longest, _)| as_ms(*longest));
    writeln!(out, "histogram request-latency-in-ms\n  count:       {:9}", latency.count())?;
    writeln!(out, "  min:         {:9.0}", extreme(latency.buckets.first_key_value()))?;
    writeln!(out, "  max:         {:9.0}", extreme(latency.buckets.last_key_value()))?;
    writeln!(out, "  mean:        {:12.2}", latency.mean)?;
    writeln!(out, "  stddev:      {:12.2}", latency.deviation())?;
    for ((part, _), name) in PERCENTILES.iter().zip(["median:", "75%:", "95%:", "99%:", "99.9%:"]) {
        writeln!(out, "  {name:12} {:12.2}", latency.quantile(*part))?;
    }
    writeln!(out, "counter requests-in-flight\n  count:       {:9}", 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_that_of_sarama() {
        let buckets = [(1000, 98), (4000, 1), (8000, 1)].into();
        let latency = Latency { mean: 1.1, buckets };
        let sent = Sent { records: 1000, bytes: 3 << 20, elapsed: Duration::from_secs(2), latency };
        assert_eq!(
            sent.line(2 << 20),
            "1000 records sent, 500.0 records/sec (1000.00 MiB/sec ingress, 1.50 MiB/sec egress), \
             1.1 ms avg latency, 0.8 ms stddev, 1.0 ms 50th, 1.0 ms 75th, 1.0 ms 95th, 4.0 ms 99th, \
             8.0 ms 99.9th, 0 total req. in flight"
        );
    }

    #[test]
    fn what_is_counted_is_told_in_the_shape_of_go_metrics() {
        let mut told = Vec::new();
        write_metrics(&mut told, &Metrics::default(), Duration::from_secs(1)).expect("a vector takes it");
        let told = String::from_utf8(told).expect("it is text");
        assert!(told.starts_with(
            "meter outgoing-byte-rate\n  count:               0\n  1-min rate:          0.00\n"
        ));
        assert!(told.contains(
            "\nhistogram request-latency-in-ms\n  count:               0\n  min:                 0\n"
        ));
        assert!(told.ends_with(
            "  99.9%:               0.00\ncounter requests-in-flight\n  count:               0\n"
        ));
    }
}
