//! What is counted.

use std::{sync::Arc, time::Instant};

use ottla_wire::ApiKey;

/// Counters of one broker.
#[derive(Debug, Default)]
pub(crate) struct Metrics {}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Connected;

impl Metrics {
    pub(crate) fn connection_opened(&self, _listener: &Arc<str>) -> Connected {
        Connected
    }

    pub(crate) fn request_served(&self, _api: ApiKey, _started: Instant) {}

    pub(crate) fn batch_appended(&self, _topic: &str, _bytes: usize, _records: i32) {}

    pub(crate) fn batch_rejected(&self, _topic: &str, _bytes: usize) {}

    pub(crate) fn fetched(&self, _topic: &str, _bytes: usize) {}
}
