//! The lines of `kafka-producer-perf-test`: scripts take them apart.

use std::io::{self, Write};
use std::time::Instant;

use ottla_client::Error;

use super::{MIB, as_f64, fixed, ms_between};
use crate::applets::java;
use crate::commands::bench::under_way::{Acknowledged, Sink};

/// Latencies that are kept; of more records each so many-th.
const SAMPLES_MAX: u64 = 500_000;

/// What was acknowledged, and the part of it that no line has told yet.
#[derive(Debug)]
pub(super) struct Stats {
    start: Instant,
    window_start: Instant,
    interval_ms: u64,
    is_steady_state: bool,
    total: Sum,
    window: Sum,
    sampling: u64,
    latencies: Vec<u64>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    records: u64,
    bytes: u64,
    latency: u64,
    max_latency: u64,
}

impl Sum {
    fn add(&mut self, bytes: u64, latency: u64) {
        self.records += 1;
        self.bytes += bytes;
        self.latency += latency;
        self.max_latency = self.max_latency.max(latency);
    }

    fn average(self) -> f64 {
        as_f64(self.latency) / as_f64(self.records)
    }

    /// Records and mebibytes a second.
    fn rates(self, elapsed_ms: u64) -> (f64, f64) {
        let seconds = as_f64(elapsed_ms) / 1000.0;
        (as_f64(self.records) / seconds, as_f64(self.bytes) / seconds / MIB)
    }
}

impl Stats {
    pub(super) fn new(start: Instant, records: u64, interval_ms: u64, is_steady_state: bool) -> Stats {
        Stats {
            start,
            window_start: start,
            interval_ms,
            is_steady_state,
            total: Sum::default(),
            window: Sum::default(),
            sampling: (records / SAMPLES_MAX).max(1),
            latencies: Vec::new(),
        }
    }

    /// The line of the interval, if one has ended.
    fn record(&mut self, record: &Acknowledged) -> Option<String> {
        let latency = ms_between(record.sent_at, record.at);
        if self.total.records.is_multiple_of(self.sampling) {
            self.latencies.push(latency);
        }
        self.total.add(record.bytes, latency);
        self.window.add(record.bytes, latency);
        let elapsed = ms_between(self.window_start, record.at);
        if elapsed < self.interval_ms {
            return None;
        }
        let is_first = self.is_steady_state && self.total.records == self.window.records;
        let heading = if is_first { "In steady state.\n" } else { "" };
        let line = format!("{heading}{}", window_line(self.window, elapsed));
        self.window_start = record.at;
        self.window = Sum::default();
        Some(line)
    }

    pub(super) fn total_line(&self, now: Instant) -> String {
        let (records, mib) = self.total.rates(ms_between(self.start, now));
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable();
        let at =
            |permille: usize| latencies.get(permille * latencies.len() / 1000).copied().unwrap_or_default();
        format!(
            "{}{} records sent, {} records/sec ({} MB/sec), {} ms avg latency, {} ms max latency, \
             {} ms 50th, {} ms 95th, {} ms 99th, {} ms 99.9th.",
            self.total.records,
            if self.is_steady_state { " steady state" } else { "" },
            fixed(records, 6),
            fixed(mib, 2),
            fixed(self.total.average(), 2),
            fixed(as_f64(self.total.max_latency), 2),
            at(500),
            at(950),
            at(990),
            at(999)
        )
    }
}

fn window_line(window: Sum, elapsed_ms: u64) -> String {
    let (records, mib) = window.rates(elapsed_ms);
    format!(
        "{} records sent, {} records/sec ({} MB/sec), {} ms avg latency, {} ms max latency.",
        window.records,
        fixed(records, 1),
        fixed(mib, 2),
        fixed(window.average(), 1),
        fixed(as_f64(window.max_latency), 1)
    )
}

/// Prints lines as their intervals end: of all records, or once there are enough of those before them, of the rest.
pub(super) struct Printing<'a> {
    pub(super) out: &'a mut dyn Write,
    pub(super) all: Stats,
    /// How many come before those that count, how many these are, and what they were.
    pub(super) warmup: u64,
    pub(super) count: u64,
    pub(super) steady: Option<Stats>,
    pub(super) failed: u64,
    /// Why nothing can be printed any more.
    pub(super) unprintable: io::Result<()>,
}

impl Sink for Printing<'_> {
    fn acknowledged(&mut self, record: &Acknowledged) {
        let of_all = self.all.record(record);
        if self.warmup > 0 && record.number >= self.warmup && self.steady.is_none() {
            let rest = self.count - self.warmup;
            self.steady = Some(Stats::new(record.sent_at, rest, self.all.interval_ms, true));
        }
        let line = match &mut self.steady {
            None => of_all,
            Some(steady) if record.number >= self.warmup => steady.record(record),
            Some(_) => None,
        };
        if let Some(line) = line {
            self.print(&line);
        }
    }

    fn failed(&mut self, error: Error) {
        self.failed += 1;
        sayln!("{}", java::shown(&error));
    }
}

impl Printing<'_> {
    pub(super) fn print(&mut self, line: &str) {
        if self.unprintable.is_ok() {
            self.unprintable = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn lines_are_those_of_kafka() {
        let start = crate::clock::now();
        let mut stats = Stats::new(start, 3, 1000, false);
        let mut record = |sent_ms: u64, at_ms: u64| {
            let at = |ms| start + Duration::from_millis(ms);
            let (sent_at, at) = (at(sent_ms), at(at_ms));
            stats.record(&Acknowledged { number: 0, sent_at, at, bytes: 1 << 20 })
        };
        assert_eq!(record(0, 10), None);
        let line = "2 records sent, 2.0 records/sec (2.00 MB/sec), 15.0 ms avg latency, 20.0 ms max latency.";
        assert_eq!(record(980, 1000).as_deref(), Some(line));
        assert_eq!(record(1010, 1020), None);
        let total = "3 records sent, 1.500000 records/sec (1.50 MB/sec), 13.33 ms avg latency, \
                     20.00 ms max latency, 10 ms 50th, 20 ms 95th, 20 ms 99th, 20 ms 99.9th.";
        assert_eq!(stats.total_line(start + Duration::from_secs(2)), total);
    }

    #[test]
    fn nothing_sent_is_told_too() {
        let start = crate::clock::now();
        let total = "0 records sent, 0.000000 records/sec (0.00 MB/sec), NaN ms avg latency, 0.00 ms max \
                     latency, 0 ms 50th, 0 ms 95th, 0 ms 99th, 0 ms 99.9th.";
        let stats = Stats::new(start, 1, 1000, false);
        assert_eq!(stats.total_line(start + Duration::from_secs(1)), total);
    }

    #[test]
    fn what_comes_after_the_warmup_has_lines_of_its_own() {
        let start = crate::clock::now();
        let mut out = Vec::new();
        let all = Stats::new(start, 3, 1000, false);
        let mut printing = Printing {
            out: &mut out,
            all,
            warmup: 1,
            count: 3,
            steady: None,
            failed: 0,
            unprintable: Ok(()),
        };
        for number in 0..3 {
            let at = start + Duration::from_millis(1000 * number);
            printing.acknowledged(&Acknowledged { number, sent_at: at, at, bytes: 1 });
        }
        let steady = printing.steady.take().expect("the warmup is over");
        let total = steady.total_line(start + Duration::from_secs(3));
        assert!(total.starts_with("2 steady state records sent, 1.000000 records/sec"), "{total}");
        let printed = String::from_utf8(out).expect("text");
        assert!(printed.starts_with("In steady state.\n2 records sent, 2.0 records/sec"), "{printed}");
    }
}
