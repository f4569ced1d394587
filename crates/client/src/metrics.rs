//! What a client counted: a snapshot of it, and a collector for Prometheus (feature `prometheus`).
//!
//! Counting costs a few additions for each request and each batch, none for a record. What a snapshot says of queues and of lag is
//! so at the moment at which it is taken.
//!
//! ```no_run
//! # fn example(client: ottla_client::Client) {
//! let metrics = client.metrics();
//! println!("{} records sent, {} consumed", metrics.producer.records, metrics.consumer.records);
//! for (api, request) in &metrics.requests {
//!     println!("{}: {} answers, 99 % within {:?}", api.name(), request.latency.count(), request.latency.quantile(0.99));
//! }
//! # }
//! ```

mod counts;
mod histogram;
#[cfg(feature = "prometheus")]
mod prometheus;

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_wire::ApiKey;

use crate::TopicPartition;
pub(crate) use counts::{Counts, Gauges, Produced};
pub use histogram::Histogram;
#[cfg(feature = "prometheus")]
pub use prometheus::ClientCollector;

/// What a client and all that was made from it counted since it was made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// Connections.
    pub connections: ConnectionMetrics,
    /// Requests that were answered or failed, by kind.
    pub requests: BTreeMap<ApiKey, RequestMetrics>,
    /// Pauses that brokers asked for (quotas).
    pub throttle: ThrottleMetrics,
    /// Records that were sent.
    pub producer: ProducerMetrics,
    /// Records that were consumed.
    pub consumer: ConsumerMetrics,
    /// Membership of groups.
    pub group: GroupMetrics,
    /// Records of share groups.
    pub share: ShareMetrics,
}

/// Connections to brokers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionMetrics {
    /// Connections that were made, authentication included.
    pub opened: u64,
    /// Connections that ended.
    pub closed: u64,
    /// Tries that did not lead to a connection.
    pub failed: u64,
}

/// Requests of one kind.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RequestMetrics {
    /// How long answers took, from when the request was made.
    pub latency: Histogram,
    /// Requests without an answer: the connection ended, or the answer was too late.
    pub failed: u64,
}

/// Pauses that brokers asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThrottleMetrics {
    /// How many.
    pub count: u64,
    /// How long in all.
    pub time: Duration,
}

/// What producers sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProducerMetrics {
    /// Records that were written.
    pub records: u64,
    /// Records that were given up.
    pub records_failed: u64,
    /// Batches that were written.
    pub batches: u64,
    /// Batches that were sent again.
    pub retries: u64,
    /// The bytes of the batches that were written, as they were sent.
    pub bytes: u64,
    /// The bytes that those would have had without compression.
    pub uncompressed_bytes: u64,
    /// What is taken of `buffer.memory` now, by all producers together.
    pub buffered_bytes: u64,
}

/// What consumers fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerMetrics {
    /// Records that were given out.
    pub records: u64,
    /// The bytes of batches that were fetched, as they came.
    pub bytes: u64,
    /// Answers with records.
    pub fetches: u64,
    /// How many offsets each partition that is consumed now is behind its end, as far as both are known.
    pub lag: BTreeMap<TopicPartition, u64>,
}

/// What members of groups did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GroupMetrics {
    /// How long rebalances took, from when a member learned of one until it had its partitions.
    pub rebalances: Histogram,
    /// How long commits of offsets took.
    pub commits: Histogram,
    /// Commits that failed.
    pub commits_failed: u64,
}

/// What share consumers fetched and told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShareMetrics {
    /// Records that were given out, each time that they were.
    pub records: u64,
    /// The bytes of batches that were fetched, as they came.
    pub bytes: u64,
    /// Answers with records.
    pub fetches: u64,
    /// Records of which brokers know what became of them.
    pub acknowledged: u64,
    /// Records of which brokers could not be told, or would not hear.
    pub acknowledgements_failed: u64,
}

impl ConnectionMetrics {
    /// Connections that are open now.
    pub fn open(&self) -> u64 {
        self.opened.saturating_sub(self.closed)
    }
}

impl ProducerMetrics {
    /// What batches take of what they would take without compression, if any were written.
    pub fn compression_ratio(&self) -> Option<f64> {
        (self.uncompressed_bytes > 0).then(|| as_f64(self.bytes) / as_f64(self.uncompressed_bytes))
    }
}

#[allow(clippy::cast_precision_loss, reason = "beyond 2^53 the last digits do not matter")]
fn as_f64(number: u64) -> f64 {
    number as f64
}
