//! How batches are made and handled.

use std::time::Duration;

use super::DeadLetters;
use crate::backoff::Backoff;

/// What becomes of a record that keeps failing.
#[derive(Clone, Debug)]
pub enum OnFailure {
    /// [`crate::group::ConsumerGroup::consume`] ends with the error.
    Fail,
    /// No more of the partition is consumed, until it is assigned anew; others go on. The error is logged.
    StopPartition,
    /// It is written to a topic, and counts as handled.
    DeadLetters(DeadLetters),
}

/// How batches are made and handled.
#[derive(Clone, Debug)]
pub struct BatchOptions {
    pub(super) records_max: usize,
    pub(super) wait_max: Duration,
    pub(super) concurrency: usize,
    pub(super) attempts_max: u32,
    pub(super) backoff: Backoff,
    pub(super) commit_each: bool,
    pub(super) on_failure: OnFailure,
}

impl Default for BatchOptions {
    fn default() -> BatchOptions {
        BatchOptions {
            records_max: 100,
            wait_max: Duration::from_secs(1),
            concurrency: 1,
            attempts_max: 5,
            backoff: Backoff { first: Duration::from_millis(100), max: Duration::from_secs(10) },
            commit_each: false,
            on_failure: OnFailure::Fail,
        }
    }
}

impl BatchOptions {
    /// The most records of a batch: 100.
    #[must_use]
    pub fn records_max(mut self, records_max: usize) -> Self {
        self.records_max = records_max.max(1);
        self
    }

    /// How long the first record of a batch waits for others: 1 s.
    #[must_use]
    pub fn wait_max(mut self, wait_max: Duration) -> Self {
        self.wait_max = wait_max;
        self
    }

    /// How many batches of a partition are handled at the same time: 1, which keeps the order of its records.
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.max(1);
        self
    }

    /// How often a batch is handled before it is taken apart, and as often again each of its records: 5 times.
    #[must_use]
    pub fn attempts_max(mut self, attempts_max: u32) -> Self {
        self.attempts_max = attempts_max.max(1);
        self
    }

    /// The pause after the first failure, 100 ms, which doubles up to the longest one, 10 s.
    #[must_use]
    pub fn retry_backoff(mut self, first: Duration, max: Duration) -> Self {
        self.backoff = Backoff { first, max: max.max(first) };
        self
    }

    /// Whether what is handled is committed after each batch, for groups without `enable.auto.commit`. Not, unless it is set.
    #[must_use]
    pub fn commit_each(mut self, commit_each: bool) -> Self {
        self.commit_each = commit_each;
        self
    }

    /// What becomes of a record that keeps failing: it ends everything.
    #[must_use]
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = on_failure;
        self
    }
}
