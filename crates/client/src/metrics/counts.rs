//! The counters of a client. Everybody adds; a snapshot reads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use ottla_wire::ApiKey;

use super::histogram::Recorder;
use super::{
    ConnectionMetrics, ConsumerMetrics, GroupMetrics, Metrics, ProducerMetrics, RequestMetrics, ShareMetrics,
    ThrottleMetrics,
};

/// One more than the greatest key of a request.
const KEYS: usize = 100;

/// What can be read at the moment of a snapshot alone: a producer's queue, a consumer's lag.
pub(crate) trait Gauges: Send + Sync {
    fn read(&self, into: &mut Metrics);
}

/// What a producer did, since it was last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Produced {
    pub(crate) records: u64,
    pub(crate) records_failed: u64,
    pub(crate) batches: u64,
    pub(crate) retries: u64,
    pub(crate) bytes: u64,
    pub(crate) uncompressed_bytes: u64,
}

/// The counters.
pub(crate) struct Counts {
    opened: Counter,
    closed: Counter,
    unconnected: Counter,
    /// Of a kind that was never asked for there is nothing.
    requests: [OnceLock<Box<Requests>>; KEYS],
    throttles: Counter,
    throttle_micros: Counter,
    produced: [Counter; 6],
    consumed_records: Counter,
    fetched_bytes: Counter,
    fetches: Counter,
    rebalances: Recorder,
    commits: Recorder,
    commits_failed: Counter,
    shared: SharedRecords,
    gauges: Mutex<Vec<Weak<dyn Gauges>>>,
}

#[derive(Default)]
struct Counter(AtomicU64);

#[derive(Default)]
struct SharedRecords {
    records: Counter,
    bytes: Counter,
    fetches: Counter,
    acknowledged: Counter,
    failed: Counter,
}

#[derive(Default)]
struct Requests {
    latency: Recorder,
    failed: Counter,
}

impl Counter {
    fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for Counts {
    fn default() -> Counts {
        Counts {
            opened: Counter::default(),
            closed: Counter::default(),
            unconnected: Counter::default(),
            requests: std::array::from_fn(|_| OnceLock::new()),
            throttles: Counter::default(),
            throttle_micros: Counter::default(),
            produced: Default::default(),
            consumed_records: Counter::default(),
            fetched_bytes: Counter::default(),
            fetches: Counter::default(),
            rebalances: Recorder::default(),
            commits: Recorder::default(),
            commits_failed: Counter::default(),
            shared: SharedRecords::default(),
            gauges: Mutex::default(),
        }
    }
}

impl Counts {
    pub(crate) fn connected(&self) {
        self.opened.add(1);
    }

    pub(crate) fn not_connected(&self) {
        self.unconnected.add(1);
    }

    pub(crate) fn disconnected(&self) {
        self.closed.add(1);
    }

    pub(crate) fn answered(&self, api: ApiKey, took: Duration) {
        self.requests_of(api).latency.record(took);
    }

    pub(crate) fn unanswered(&self, api: ApiKey) {
        self.requests_of(api).failed.add(1);
    }

    pub(crate) fn throttled(&self, pause: Duration) {
        self.throttles.add(1);
        self.throttle_micros.add(u64::try_from(pause.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn produced(&self, produced: Produced) {
        let Produced { records, records_failed, batches, retries, bytes, uncompressed_bytes } = produced;
        let counts = [records, records_failed, batches, retries, bytes, uncompressed_bytes];
        for (counter, count) in self.produced.iter().zip(counts).filter(|(_, count)| *count > 0) {
            counter.add(count);
        }
    }

    /// An answer came with so many bytes of batches.
    pub(crate) fn fetched(&self, bytes: usize) {
        if bytes > 0 {
            self.fetches.add(1);
            self.fetched_bytes.add(bytes as u64);
        }
    }

    /// So many records were given out.
    pub(crate) fn consumed(&self, records: usize) {
        self.consumed_records.add(records as u64);
    }

    /// A member of a group has its partitions, so long after it learned of a rebalance.
    pub(crate) fn rebalanced(&self, took: Duration) {
        self.rebalances.record(took);
    }

    /// A member of a group committed offsets, or could not.
    pub(crate) fn committed(&self, took: Duration, is_done: bool) {
        if is_done {
            self.commits.record(took);
        } else {
            self.commits_failed.add(1);
        }
    }

    /// An answer of a share session came with so many bytes of batches.
    pub(crate) fn share_fetched(&self, bytes: usize) {
        if bytes > 0 {
            self.shared.fetches.add(1);
            self.shared.bytes.add(bytes as u64);
        }
    }

    /// So many records of share groups were given out.
    pub(crate) fn share_consumed(&self, records: usize) {
        self.shared.records.add(records as u64);
    }

    /// Brokers heard of so many records, and could not be told of so many others.
    pub(crate) fn acknowledged(&self, records: usize, failed: usize) {
        self.shared.acknowledged.add(records as u64);
        self.shared.failed.add(failed as u64);
    }

    /// Reads this too when a snapshot is taken, for as long as it is there.
    pub(crate) fn watch(&self, gauges: Weak<dyn Gauges>) {
        let mut watched = self.gauges();
        watched.retain(|gauges| gauges.strong_count() > 0);
        watched.push(gauges);
    }

    pub(crate) fn snapshot(&self) -> Metrics {
        let mut metrics = Metrics::default();
        // First: producers then tell what they did not tell yet.
        let watched: Vec<_> = self.gauges().iter().filter_map(Weak::upgrade).collect();
        for gauges in watched {
            gauges.read(&mut metrics);
        }
        let [records, records_failed, batches, retries, bytes, uncompressed_bytes] =
            std::array::from_fn(|at| self.produced[at].read());
        let buffered_bytes = metrics.producer.buffered_bytes;
        Metrics {
            connections: ConnectionMetrics {
                opened: self.opened.read(),
                closed: self.closed.read(),
                failed: self.unconnected.read(),
            },
            requests: self.requests(),
            throttle: ThrottleMetrics {
                count: self.throttles.read(),
                time: Duration::from_micros(self.throttle_micros.read()),
            },
            producer: ProducerMetrics {
                records,
                records_failed,
                batches,
                retries,
                bytes,
                uncompressed_bytes,
                buffered_bytes,
            },
            consumer: ConsumerMetrics {
                records: self.consumed_records.read(),
                bytes: self.fetched_bytes.read(),
                fetches: self.fetches.read(),
                lag: metrics.consumer.lag,
            },
            group: GroupMetrics {
                rebalances: self.rebalances.read(),
                commits: self.commits.read(),
                commits_failed: self.commits_failed.read(),
            },
            share: ShareMetrics {
                records: self.shared.records.read(),
                bytes: self.shared.bytes.read(),
                fetches: self.shared.fetches.read(),
                acknowledged: self.shared.acknowledged.read(),
                acknowledgements_failed: self.shared.failed.read(),
            },
        }
    }

    fn requests(&self) -> BTreeMap<ApiKey, RequestMetrics> {
        let kinds = self.requests.iter().zip(0..).filter_map(|(requests, key)| {
            let requests = requests.get()?;
            let metrics = RequestMetrics { latency: requests.latency.read(), failed: requests.failed.read() };
            Some((ApiKey::from_code(key)?, metrics))
        });
        kinds.collect()
    }

    fn requests_of(&self, api: ApiKey) -> &Requests {
        let at = usize::try_from(api.code()).expect("keys are not negative");
        self.requests[at].get_or_init(Box::default)
    }

    fn gauges(&self) -> MutexGuard<'_, Vec<Weak<dyn Gauges>>> {
        // Nothing panics while it holds the lock.
        self.gauges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counts")
    }
}
