//! The one place in the broker that reads a clock. Everything below takes time as an argument.
#![allow(clippy::disallowed_methods, reason = "this is the clock module")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A monotonic instant, for timeouts and latencies.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since the epoch, as Kafka's timestamps count.
pub(crate) fn wall_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
