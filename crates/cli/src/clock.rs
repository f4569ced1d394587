//! The one place in the command line that reads a clock.
#![allow(clippy::disallowed_methods, reason = "this is the clock module")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ottla_records::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn wall_ms() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::try_from(since_epoch.as_millis()).unwrap_or(Timestamp::MAX)
}

/// A monotonic instant, to measure with.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How long processors have worked for this process, all its threads together.
pub(crate) fn processor_time() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(spent).unwrap_or(Duration::ZERO)
}
