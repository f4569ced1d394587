//! What goes in and out of a topic. Each topic has its own counters, found with the topic once in a request; totals are
//! their sum. Words and cases are those of Kafka's `BrokerTopicMetrics`.

use std::{
    ops::AddAssign,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use ottla_wire::ErrorCode;

/// Of one topic, since the process started or the topic was made.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    produced: Produced,
    fetched: Fetched,
}

/// On a cache line of their own: who produces and who fetches are different threads.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Produced {
    requests: AtomicU64,
    failed: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
    bytes_rejected: AtomicU64,
    conversions: AtomicU64,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Fetched {
    requests: AtomicU64,
    failed: AtomicU64,
    bytes: AtomicU64,
    conversions: AtomicU64,
}

/// What the counters were at one time. Requests count once for each partition in them, as with Kafka.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrafficCounts {
    pub(crate) produce_requests: u64,
    pub(crate) failed_produce_requests: u64,
    pub(crate) records_in: u64,
    pub(crate) bytes_in: u64,
    /// Of batches that were too large.
    pub(crate) bytes_rejected: u64,
    pub(crate) fetch_requests: u64,
    pub(crate) failed_fetch_requests: u64,
    pub(crate) bytes_out: u64,
    /// Records that came in an old format.
    pub(crate) produce_conversions: u64,
    /// Records that went out in an old format.
    pub(crate) fetch_conversions: u64,
}

impl Traffic {
    pub(crate) fn appended(&self, bytes: usize, records: i32) {
        self.produced.requests.fetch_add(1, Relaxed);
        self.produced.records.fetch_add(u64::try_from(records).unwrap_or(0), Relaxed);
        self.produced.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn refused(&self, error: ErrorCode, bytes: usize) {
        self.produced.requests.fetch_add(1, Relaxed);
        if error == ErrorCode::MessageTooLarge {
            self.produced.bytes_rejected.fetch_add(bytes as u64, Relaxed);
        }
        if !is_the_clients(error) {
            self.produced.failed.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn fetched(&self, bytes: usize) {
        self.fetched.requests.fetch_add(1, Relaxed);
        if bytes > 0 {
            self.fetched.bytes.fetch_add(bytes as u64, Relaxed);
        }
    }

    pub(crate) fn fetch_refused(&self, error: ErrorCode) {
        self.fetched.requests.fetch_add(1, Relaxed);
        if !is_the_clients(error) {
            self.fetched.failed.fetch_add(1, Relaxed);
        }
    }

    /// Records came in an old format.
    pub(crate) fn converted_in(&self, records: i32) {
        self.produced.conversions.fetch_add(u64::try_from(records).unwrap_or(0), Relaxed);
    }

    /// Records went out in an old format.
    pub(crate) fn converted_out(&self, records: u64) {
        self.fetched.conversions.fetch_add(records, Relaxed);
    }

    pub(crate) fn counts(&self) -> TrafficCounts {
        TrafficCounts {
            produce_requests: self.produced.requests.load(Relaxed),
            failed_produce_requests: self.produced.failed.load(Relaxed),
            records_in: self.produced.records.load(Relaxed),
            bytes_in: self.produced.bytes.load(Relaxed),
            bytes_rejected: self.produced.bytes_rejected.load(Relaxed),
            fetch_requests: self.fetched.requests.load(Relaxed),
            failed_fetch_requests: self.fetched.failed.load(Relaxed),
            bytes_out: self.fetched.bytes.load(Relaxed),
            produce_conversions: self.produced.conversions.load(Relaxed),
            fetch_conversions: self.fetched.conversions.load(Relaxed),
        }
    }
}

/// Errors of clients that know no better yet, or sent what cannot be taken. Kafka counts them in requests, not in failed
/// ones, which are to show that something is wrong with the broker.
fn is_the_clients(error: ErrorCode) -> bool {
    use ErrorCode as E;
    matches!(
        error,
        E::UnknownTopicOrPartition
            | E::UnknownTopicId
            | E::NotLeaderOrFollower
            | E::FencedLeaderEpoch
            | E::UnknownLeaderEpoch
            | E::OffsetOutOfRange
            | E::MessageTooLarge
            | E::RecordListTooLarge
            | E::CorruptMessage
    )
}

impl AddAssign for TrafficCounts {
    fn add_assign(&mut self, other: TrafficCounts) {
        self.produce_requests += other.produce_requests;
        self.failed_produce_requests += other.failed_produce_requests;
        self.records_in += other.records_in;
        self.bytes_in += other.bytes_in;
        self.bytes_rejected += other.bytes_rejected;
        self.fetch_requests += other.fetch_requests;
        self.failed_fetch_requests += other.failed_fetch_requests;
        self.bytes_out += other.bytes_out;
        self.produce_conversions += other.produce_conversions;
        self.fetch_conversions += other.fetch_conversions;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: ErrorCode, failed: u64, bytes_rejected: u64) {
        let traffic = Traffic::default();
        traffic.refused(error, 7);
        let expected = TrafficCounts {
            produce_requests: 1,
            failed_produce_requests: failed,
            bytes_rejected,
            ..TrafficCounts::default()
        };
        assert_eq!(traffic.counts(), expected, "{error}");
    }

    #[test]
    fn a_refused_batch_is_a_failure_unless_the_client_knew_no_better() {
        check(ErrorCode::MessageTooLarge, 0, 7);
        check(ErrorCode::CorruptMessage, 0, 0);
        check(ErrorCode::UnknownTopicOrPartition, 0, 0);
        check(ErrorCode::NotEnoughReplicas, 1, 0);
        check(ErrorCode::OutOfOrderSequenceNumber, 1, 0);
        check(ErrorCode::KafkaStorageError, 1, 0);
    }

    #[test]
    fn fetches_count_even_if_they_give_nothing() {
        let traffic = Traffic::default();
        traffic.fetched(0);
        traffic.fetched(10);
        traffic.fetch_refused(ErrorCode::OffsetOutOfRange);
        traffic.fetch_refused(ErrorCode::KafkaStorageError);
        let counts = traffic.counts();
        assert_eq!((counts.fetch_requests, counts.failed_fetch_requests, counts.bytes_out), (4, 1, 10));
    }
}
