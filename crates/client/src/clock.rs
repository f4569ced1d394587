//! The one place in the client that reads a clock. Everything that decides takes time as an argument.
#![allow(clippy::disallowed_methods, reason = "this is the clock module")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A monotonic instant, for timeouts and pauses: the runtime's, so that tests may pause it.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since the epoch, as Kafka's timestamps count.
pub(crate) fn wall_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
