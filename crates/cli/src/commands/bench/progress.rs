//! A line on a terminal that tells how far it is, while it is under way.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::report::{MIB, per};
use super::tally::Tally;
use crate::clock;
use crate::screen::fitting;

/// How often the line changes.
const TURN: Duration = Duration::from_millis(500);

/// To the start of the line, and the rest of it away.
const CLEAR: &str = "\r\x1b[K";

/// Waits for some work, and tells meanwhile how far it is, if standard error is a terminal.
pub(super) async fn watched<T>(test: &str, tally: &Mutex<Tally>, work: impl Future<Output = T>) -> T {
    if !io::stderr().is_terminal() {
        return work.await;
    }
    let done = tokio::select! {
        done = work => done,
        never = show(test, tally) => match never {},
    };
    print(CLEAR);
    done
}

async fn show(test: &str, tally: &Mutex<Tally>) -> std::convert::Infallible {
    let mut turns = interval(TURN);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    turns.tick().await;
    let start = clock::now();
    let mut last = (start, 0, 0);
    loop {
        turns.tick().await;
        let now = clock::now();
        let (records, bytes, p99) = {
            let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            (tally.records, tally.bytes, tally.quantile_ms(0.99))
        };
        let seconds = (now - last.0).as_secs_f64();
        let rates = (per(records - last.1, seconds), per(bytes - last.2, seconds) / MIB);
        print(&format!("{CLEAR}{}", fitting(&line(test, now - start, records, rates, p99))));
        last = (now, records, bytes);
    }
}

fn line(test: &str, elapsed: Duration, records: u64, rates: (f64, f64), p99_ms: Option<f64>) -> String {
    let (per_second, mib_per_second) = rates;
    let p99 = p99_ms.map(|ms| format!(", p99 {ms:.1} ms")).unwrap_or_default();
    format!(
        "{test} {:.0} s: {records} records, {per_second:.0}/s, {mib_per_second:.1} MiB/s{p99}",
        elapsed.as_secs_f64()
    )
}

/// A terminal that is gone is no reason to stop measuring.
fn print(text: &str) {
    let mut stderr = io::stderr().lock();
    let _shown = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_short_enough_for_a_terminal() {
        let line =
            |p99| line("produce", Duration::from_secs(3600), 10_000_000_000, (1_234_567.8, 1234.56), p99);
        assert_eq!(line(None), "produce 3600 s: 10000000000 records, 1234568/s, 1234.6 MiB/s");
        assert!(line(Some(12_345.6)).ends_with(", p99 12345.6 ms"));
        assert!(line(Some(12_345.6)).len() < 80);
    }
}
