//! Consuming: records of the partitions that are assigned, from where one wants them.
//!
//! ```no_run
//! # async fn example(client: ottla_client::Client) -> ottla_client::Result<()> {
//! use std::time::Duration;
//!
//! use ottla_client::TopicPartition;
//! use ottla_client::config::ConsumerConfig;
//! use ottla_client::consumer::{Consumer, StartAt};
//!
//! let consumer = Consumer::new(client, ConsumerConfig::default())?;
//! consumer.assign([(TopicPartition::new("orders", 0), StartAt::Earliest)])?;
//! loop {
//!     for record in consumer.poll(Duration::from_secs(1)).await? {
//!         println!("{} at {}: {:?}, {} behind", record.partition, record.offset, record.value, record.lag());
//!     }
//! }
//! # }
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `fetcher`, `answers` | the core: what is assigned, what is due, what answers make of it |
//! | `assigned`, `position` | one partition, and where it is |
//! | `session` | what one broker remembers of what is wanted |
//! | `fetched`, `aborted` | one answer about one partition, read record by record |
//! | `offsets` | offsets by time |
//! | `driver` | the task that carries out |
//! | `membership`, `committing` | what a consumer of a group does besides; its member is in [`crate::group`] |

mod aborted;
mod answers;
mod assigned;
mod committing;
mod driver;
mod fetched;
mod fetcher;
#[cfg(test)]
mod fetcher_tests;
mod membership;
mod offsets;
mod position;
mod record;
mod session;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::assignor::Assignor;
use crate::backoff::Backoff;
use crate::client::Lane;
use crate::config::{ConsumerConfig, IsolationLevel};
use crate::metrics::Gauges;
use crate::tasks::Tasks;
use crate::{Call, Client, Destination, Error, Offset, Result, TopicPartition, clock};
pub use committing::Committing;
pub(crate) use driver::Refresh;
use driver::{Driver, Shared};
use fetcher::{Fetcher, Settings, not_assigned};
use membership::Group;
pub use offsets::OffsetAndTimestamp;
/// What records are made of.
pub use ottla_records::{Attributes, Header, Headers, TimestampType};
pub use position::StartAt;
pub use record::ConsumerRecord;

/// How long [`Consumer::close`] waits for brokers to forget its sessions.
const GOODBYE: Duration = Duration::from_secs(1);

/// How long [`Consumer::close`] may take to commit and to leave the group.
const FAREWELL: Duration = Duration::from_secs(30);

/// A consumer: of partitions that are assigned to it by hand ([`Consumer::assign`]), or of those that its group gives it
/// ([`Consumer::subscribe`]).
///
/// Records are fetched ahead while it lives, no more of them than `fetch.max.bytes`. Dropping it ends that at once;
/// [`Consumer::close`] tells the brokers besides.
///
/// All calls take `&self`, so that one task can seek or pause while another polls. Records go to whoever polls. With
/// `enable.auto.commit` let one task poll alone: that it asks for more tells that it has processed what it was given.
pub struct Consumer {
    client: Client,
    config: ConsumerConfig,
    shared: Arc<Shared>,
    lane: Lane,
    tasks: Tasks,
    group: Option<Group>,
}

impl Consumer {
    /// A consumer that nothing is assigned to yet.
    ///
    /// [`crate::Error::Config`] if the options do not go together.
    pub fn new(client: Client, config: ConsumerConfig) -> Result<Consumer> {
        let assignors = membership::assignors(&config)?;
        Consumer::with_assignors(client, config, assignors)
    }

    /// The same with assignors of one's own, in order of preference, in place of `partition.assignment.strategy`.
    pub fn with_assignors(
        client: Client,
        config: ConsumerConfig,
        assignors: Vec<Box<dyn Assignor>>,
    ) -> Result<Consumer> {
        config.check()?;
        let shared = Arc::new(Shared::new(Fetcher::new(Settings::new(client.config(), &config))));
        let (lane, tasks) = (client.new_lane(), Tasks::default());
        let backoff =
            Backoff { first: client.config().retry_backoff, max: client.config().retry_backoff_max };
        let driver = Driver {
            client: client.clone(),
            shared: shared.clone(),
            lane,
            group: config.group_id.as_deref().map(Arc::from),
            committed_only: config.isolation_level == IsolationLevel::ReadCommitted,
            refresh: Refresh::new(backoff),
        };
        let gauges: Weak<dyn Gauges> = Arc::<Shared>::downgrade(&shared);
        client.counts().watch(gauges);
        tasks.spawn(driver.run());
        let group = Group::start(&client, &config, assignors, shared.clone(), &tasks)?;
        Ok(Consumer { client, config, shared, lane, tasks, group })
    }

    /// The client that it was made from.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The options.
    pub fn config(&self) -> &ConsumerConfig {
        &self.config
    }

    /// Consumes these partitions from here on, and no others: also one that was assigned before begins where it is told here. That a
    /// topic is not there is waited for; it is not created.
    ///
    /// [`crate::Error::Config`], and nothing changes, if one of them is to begin as `auto.offset.reset` says and that is none, and
    /// while something is subscribed to.
    pub fn assign(&self, partitions: impl IntoIterator<Item = (TopicPartition, StartAt)>) -> Result<()> {
        if self.is_subscribed() {
            return Err(Error::Config("the group assigns what is subscribed to: unsubscribe first".into()));
        }
        let partitions = partitions.into_iter().collect();
        self.change(|fetcher| fetcher.assign(partitions))
    }

    /// The partitions that are assigned.
    pub fn assignment(&self) -> Vec<TopicPartition> {
        self.shared.fetcher().assigned.keys().cloned().collect()
    }

    /// Goes on elsewhere in a partition. What was fetched of it is thrown away.
    ///
    /// [`crate::Error::NotAssigned`]; [`crate::Error::Config`] as at [`Consumer::assign`].
    pub fn seek(&self, partition: &TopicPartition, to: StartAt) -> Result<()> {
        self.change(|fetcher| fetcher.seek(partition, to))
    }

    /// Gives no records of these partitions until they are resumed.
    ///
    /// [`crate::Error::NotAssigned`] names the first that is not assigned; those before it are paused.
    pub fn pause<'a>(&self, partitions: impl IntoIterator<Item = &'a TopicPartition>) -> Result<()> {
        self.change(|fetcher| partitions.into_iter().try_for_each(|partition| fetcher.pause(partition)))
    }

    /// Gives records of these partitions again.
    ///
    /// [`crate::Error::NotAssigned`] names the first that is not assigned; those before it are resumed.
    pub fn resume<'a>(&self, partitions: impl IntoIterator<Item = &'a TopicPartition>) -> Result<()> {
        self.change(|fetcher| partitions.into_iter().try_for_each(|partition| fetcher.resume(partition)))
    }

    /// The partitions that are paused.
    pub fn paused(&self) -> Vec<TopicPartition> {
        let fetcher = self.shared.fetcher();
        let paused = fetcher.assigned.iter().filter(|(_, assigned)| assigned.is_paused);
        paused.map(|(partition, _)| partition.clone()).collect()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Fetcher) -> T) -> T {
        let changed = change(&mut self.shared.fetcher());
        self.shared.changed.notify_one();
        changed
    }

    /// The next records, up to `max.poll.records` of them, as soon as there are some; none if none came in time.
    ///
    /// An error about what a partition holds is told when the records before it were given; another one may overtake records that
    /// are there. Polling again goes on, and tries again what failed.
    ///
    /// Cancel-safe: no record is lost.
    pub async fn poll(&self, timeout: Duration) -> Result<Vec<ConsumerRecord>> {
        let mut records = Vec::new();
        let max = self.config.max_poll_records;
        self.take(max, &mut records, Some(clock::now() + timeout)).await?;
        Ok(records)
    }

    /// The next record, however long that takes. Of many records, [`Consumer::poll`] gives more at a time.
    ///
    /// Cancel-safe: no record is lost.
    pub async fn recv(&self) -> Result<ConsumerRecord> {
        let mut records = Vec::with_capacity(1);
        self.take(1, &mut records, None).await?;
        Ok(records.pop().expect("without a deadline it ends with a record"))
    }

    async fn take(
        &self,
        max: usize,
        records: &mut Vec<ConsumerRecord>,
        deadline: Option<Instant>,
    ) -> Result<()> {
        let _alive = self.group.as_ref().map(|group| group.shared.begin_polling());
        self.commit_in_time();
        loop {
            let mut ready = pin!(self.shared.ready.notified());
            // What becomes ready after the look below is not missed.
            ready.as_mut().enable();
            self.rebalance().await?;
            let (taken, is_more_left) = {
                let mut fetcher = self.shared.fetcher();
                (fetcher.take(max, records, clock::now()), fetcher.is_ready())
            };
            if is_more_left {
                // For the next to poll, who may be waiting already.
                self.shared.ready.notify_one();
            }
            if taken.is_err() || !records.is_empty() {
                self.client.counts().consumed(records.len());
                // There is room again.
                self.shared.changed.notify_one();
                return taken;
            }
            match deadline {
                None => ready.await,
                Some(deadline) if timeout_at(deadline, ready).await.is_err() => return Ok(()),
                Some(_) => {}
            }
        }
    }

    /// The offset of the record that comes next; none while it is not known yet where the partition begins.
    ///
    /// [`crate::Error::NotAssigned`].
    pub fn position(&self, partition: &TopicPartition) -> Result<Option<Offset>> {
        let fetcher = self.shared.fetcher();
        let assigned = fetcher.assigned.get(partition).ok_or_else(|| not_assigned(partition))?;
        Ok(assigned.known_position())
    }

    /// Where the partition ended for consumers when it was last fetched; none before that, or if it is not assigned.
    pub fn high_watermark(&self, partition: &TopicPartition) -> Option<Offset> {
        self.shared.fetcher().assigned.get(partition)?.high_watermark
    }

    /// How many offsets lie between the position and the end of the partition, as both are known.
    pub fn lag(&self, partition: &TopicPartition) -> Option<i64> {
        let fetcher = self.shared.fetcher();
        fetcher.assigned.get(partition)?.lag()
    }

    /// For each partition the first record of at least a timestamp, in milliseconds since 1970-01-01T00:00:00Z; none where there is
    /// none that young. The partitions need not be assigned.
    ///
    /// Fails after `default.api.timeout.ms`. Cancel-safe.
    pub async fn offsets_for_times(
        &self,
        timestamps: impl IntoIterator<Item = (TopicPartition, i64)>,
    ) -> Result<BTreeMap<TopicPartition, Option<OffsetAndTimestamp>>> {
        // Below 0 stands what has a meaning of its own.
        let asked = timestamps.into_iter().map(|(partition, timestamp)| (partition, timestamp.max(0)));
        offsets::ask(&self.client, self.is_committed_only(), asked.collect()).await
    }

    /// Where partitions begin.
    ///
    /// Fails after `default.api.timeout.ms`. Cancel-safe.
    pub async fn beginning_offsets<'a>(
        &self,
        partitions: impl IntoIterator<Item = &'a TopicPartition>,
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        self.bounds(partitions, position::Target::Earliest).await
    }

    /// Where partitions end: behind the last record that this consumer could be given, by its `isolation.level`.
    ///
    /// Fails after `default.api.timeout.ms`. Cancel-safe.
    pub async fn end_offsets<'a>(
        &self,
        partitions: impl IntoIterator<Item = &'a TopicPartition>,
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        self.bounds(partitions, position::Target::Latest).await
    }

    async fn bounds<'a>(
        &self,
        partitions: impl IntoIterator<Item = &'a TopicPartition>,
        bound: position::Target,
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        let asked =
            partitions.into_iter().filter_map(|partition| Some((partition.clone(), bound.timestamp(0)?)));
        let found = offsets::ask(&self.client, self.is_committed_only(), asked.collect()).await?;
        // A partition without records ends where it begins.
        Ok(found.into_iter().map(|(partition, at)| (partition, at.map_or(0, |at| at.offset))).collect())
    }

    fn is_committed_only(&self) -> bool {
        self.config.isolation_level == IsolationLevel::ReadCommitted
    }

    /// Commits what was given, if `enable.auto.commit` says so, leaves the group, unless it is a static member, and has the brokers
    /// forget what they remember of this consumer. Takes half a minute at most.
    ///
    /// Cancel-safe: dropped early, brokers forget it in time.
    pub async fn close(self) {
        self.close_within(FAREWELL).await;
    }

    /// The same in another time.
    ///
    /// Cancel-safe: dropped early, brokers forget it in time.
    pub async fn close_within(self, within: Duration) {
        self.leave(clock::now() + within).await;
        self.tasks.close().await;
        let _in_time = timeout(GOODBYE, self.close_sessions()).await;
    }

    /// Not on the consumer's own connections: brokers would answer only after the fetches that wait there for records.
    async fn close_sessions(&self) {
        let mut closing = JoinSet::new();
        for (broker, request) in self.shared.fetcher().closing() {
            let client = self.client.clone();
            closing.spawn(async move {
                let call = Call::to(Destination::Broker(broker)).versions(7..=i16::MAX);
                if let Err(error) = client.request(&call, &request).await {
                    tracing::debug!(target: "ottla_client::consumer", broker, %error, "the session stays");
                }
            });
        }
        closing.join_all().await;
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.client.leave_lane(self.lane);
        self.group.iter().for_each(|group| group.leave_lane(&self.client));
    }
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer").field("assignment", &self.assignment()).finish_non_exhaustive()
    }
}
