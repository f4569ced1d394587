//! What it costs to speak with clients that know old message formats alone.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Conversions of one kind of request, since the process started.
#[derive(Debug, Default)]
pub(crate) struct Conversions {
    micros: AtomicU64,
    bytes: AtomicU64,
}

impl Conversions {
    /// Batches were converted: in how much time, and how many bytes came of it.
    pub(crate) fn converted(&self, time: Duration, bytes: usize) {
        self.micros.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.micros.load(Relaxed) as f64 / 1e6
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }
}
