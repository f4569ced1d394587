//! One broker that leads partitions of a share group: what it is to be told, and what it is being told. Pure.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::acknowledgement::{Acknowledgements, Batch};
use super::commit::Ticket;
use super::in_flight::Source;
use super::record::ShareRecord;
use super::session::{Numbered, ShareSession};
use crate::TopicPartition;
use crate::backoff::Backoff;

/// What became of records of one partition, until the broker knows.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) partition: TopicPartition,
    pub(super) source: Source,
    pub(super) acknowledgements: Acknowledgements,
    /// Those that come back to the application if the broker renews their locks.
    pub(super) renewals: Vec<ShareRecord>,
    /// Somebody waits for it, and may not be kept waiting by a fetch.
    pub(super) ticket: Option<Ticket>,
    pub(super) is_urgent: bool,
    /// Until when it is tried.
    pub(super) deadline: Instant,
}

impl Waiting {
    pub(super) fn number(&self) -> Numbered {
        (self.source.topic_id, self.partition.partition)
    }
}

/// A broker.
#[derive(Debug, Default)]
pub(super) struct Peer {
    pub(super) session: ShareSession,
    pub(super) waiting: Vec<Waiting>,
    /// The request that is on its way; one at a time, since the epochs of a session must come in order.
    pub(super) sent: Option<Sent>,
    failures: u32,
    pub(super) retry_at: Option<Instant>,
}

/// A request that is on its way.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) told: Vec<Waiting>,
    /// It asks for records.
    pub(super) is_fetch: bool,
    /// It closes the session.
    pub(super) is_last: bool,
}

impl Peer {
    /// Whether what it is to be told wants a request of its own.
    pub(super) fn is_urgent(&self) -> bool {
        self.waiting.iter().any(|waiting| waiting.is_urgent || !waiting.renewals.is_empty())
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
        self.retry_at = None;
    }

    /// Rests a while.
    pub(super) fn failed(&mut self, backoff: Backoff, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(now + backoff.pause(self.failures, 0.5));
    }
}

/// What is told of each partition, and whether locks are to be renewed.
pub(super) fn told(waiting: &[Waiting]) -> (Vec<(Numbered, Vec<Batch>)>, bool) {
    let mut partitions: BTreeMap<Numbered, Vec<Batch>> = BTreeMap::new();
    for waiting in waiting {
        let batches = partitions.entry(waiting.number()).or_default();
        batches.extend(waiting.acknowledgements.batches());
    }
    // What was said at different times may lie across.
    partitions.values_mut().for_each(|batches| batches.sort_by_key(|batch| batch.first));
    let renews = waiting.iter().any(|waiting| !waiting.renewals.is_empty());
    (partitions.into_iter().collect(), renews)
}
