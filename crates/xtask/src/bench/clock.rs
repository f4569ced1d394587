//! The time, for a program whose purpose is to measure it.

use std::{
    thread,
    time::{Duration, Instant},
};

#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods, reason = "the measured process is to be left alone for a while")]
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

/// Whether it came to hold in time.
pub(crate) fn wait_until(patience: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = now() + patience;
    while !holds() {
        if now() > deadline {
            return false;
        }
        pause(Duration::from_millis(20));
    }
    true
}
