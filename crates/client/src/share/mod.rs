//! Share groups (KIP-932): consumers that share the records of a topic rather than its partitions, as with a queue. A broker gives a
//! record to one of them at a time, which says what became of it before its lock ends.
//!
//! ```no_run
//! # async fn example(client: ottla_client::Client) -> ottla_client::Result<()> {
//! use std::time::Duration;
//!
//! use ottla_client::config::{AcknowledgementMode, ConsumerConfig};
//! use ottla_client::share::{AcknowledgeType, ShareConsumer};
//!
//! let config = ConsumerConfig::default()
//!     .group_id("jobs".to_owned())
//!     .share_acknowledgement_mode(AcknowledgementMode::Explicit);
//! let consumer = ShareConsumer::new(client, config)?;
//! consumer.subscribe(["work"]);
//! loop {
//!     for record in consumer.poll(Duration::from_secs(1)).await? {
//!         let is_done = record.value.is_some();
//!         let what = if is_done { AcknowledgeType::Accept } else { AcknowledgeType::Release };
//!         consumer.acknowledge(&record, what)?;
//!     }
//!     for (partition, result) in consumer.commit().await {
//!         if let Err(error) = result {
//!             println!("some records of {partition} are delivered again: {error}");
//!         }
//!     }
//! }
//! # }
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `fetcher`, `answers` | the core: who is asked and told, what answers make of it |
//! | `peer`, `session`, `requests` | one broker, what it remembers, what is said to it |
//! | `fetched` | one answer about one partition, read record by record |
//! | `giving` | what the application gets of that |
//! | `in_flight`, `acknowledgement` | the records that the application has, and what became of them |
//! | `commit`, `listener` | hearing of what brokers made of that |
//! | `member` | when heartbeats are due, and what they say |
//! | `driver`, `membership` | the tasks that carry out |

mod acknowledgement;
mod answers;
mod commit;
mod driver;
mod fetched;
mod fetcher;
#[cfg(test)]
mod fetcher_tests;
mod giving;
mod in_flight;
mod listener;
mod member;
mod membership;
mod peer;
mod record;
mod requests;
mod session;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::time::{Instant, timeout, timeout_at};

pub use acknowledgement::AcknowledgeType;
pub use listener::AcknowledgementListener;
pub use record::ShareRecord;

use crate::backoff::Backoff;
use crate::client::Lane;
use crate::config::ConsumerConfig;
use crate::consumer::Refresh;
use crate::group::{self, GroupMetadata, Subscribed};
use crate::tasks::Tasks;
use crate::{Client, Error, Result, TopicPartition, clock, random};
use driver::{Driver, Shared};
use fetcher::{Settings, ShareFetcher};
use membership::Membership;

/// How long [`ShareConsumer::close`] may take.
const FAREWELL: Duration = Duration::from_secs(30);

/// A member of a share group.
///
/// Of the options of a [`ConsumerConfig`] it heeds `group.id`, `max.poll.interval.ms`, `max.poll.records`, `check.crcs`,
/// `fetch.max.bytes`, `fetch.max.wait.ms`, `fetch.min.bytes`, `share.acknowledgement.mode` and `share.acquire.mode`. Where a group
/// begins and which records of transactions it gets are settings of the group: `share.auto.offset.reset`, `share.isolation.level`.
///
/// What was given is this consumer's alone until its lock ends, after `group.share.record.lock.duration.ms`: what became of it has
/// to be said and committed before that, or the lock renewed. All calls take `&self`, but let one task poll alone: that it asks for
/// more tells that it has processed what it was given.
///
/// Dropping it closes its connections, upon which brokers release what it was given; [`ShareConsumer::close`] tells them what became
/// of it first.
pub struct ShareConsumer {
    client: Client,
    config: ConsumerConfig,
    shared: Arc<Shared>,
    group: Arc<group::Shared>,
    lane: Lane,
    tasks: Tasks,
    listener: Mutex<Option<Arc<dyn AcknowledgementListener>>>,
}

impl ShareConsumer {
    /// A consumer that subscribes to nothing yet. Must be called within a tokio runtime.
    ///
    /// [`Error::Config`] without `group.id`, and with `group.instance.id` or `group.remote.assignor`, which share groups do not have.
    pub fn new(client: Client, config: ConsumerConfig) -> Result<ShareConsumer> {
        config.check()?;
        let id = group_id(&config)?;
        let member_id: Arc<str> = member_id().into();
        let settings = Settings::new(client.config(), &config, &id, &member_id);
        let shared = Arc::new(Shared::new(ShareFetcher::new(settings)));
        let metadata = GroupMetadata { member_id, ..GroupMetadata::new(id.clone()) };
        let membership = group::Membership::new(metadata, config.max_poll_interval, clock::now());
        let group = Arc::new(group::Shared::new(membership, None, shared.clone()));
        let (lane, tasks) = (client.new_lane(), Tasks::default());
        let backoff =
            Backoff { first: client.config().retry_backoff, max: client.config().retry_backoff_max };
        let driver =
            Driver { client: client.clone(), shared: shared.clone(), lane, refresh: Refresh::new(backoff) };
        tasks.spawn(driver.run());
        tasks.spawn(Membership::new(&client, group.clone(), shared.clone(), id).run());
        Ok(ShareConsumer { client, config, shared, group, lane, tasks, listener: Mutex::default() })
    }

    /// The client that it was made from.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The options.
    pub fn config(&self) -> &ConsumerConfig {
        &self.config
    }

    /// Becomes a member of the group, and is given records of these topics, in place of those that were subscribed to before. Of no
    /// topics: as [`ShareConsumer::unsubscribe`].
    ///
    /// Whoever does not ask for records within `max.poll.interval.ms` leaves the group until it asks again.
    pub fn subscribe<T: Into<Arc<str>>>(&self, topics: impl IntoIterator<Item = T>) {
        let mut topics: Vec<Arc<str>> = topics.into_iter().map(Into::into).collect();
        topics.sort();
        topics.dedup();
        self.shared.change(|fetcher| fetcher.topics.clone_from(&topics));
        let subscribed = if topics.is_empty() { Subscribed::Nothing } else { Subscribed::Topics(topics) };
        self.group.change(|membership| membership.subscribe(subscribed, clock::now()));
    }

    /// Leaves the group. What was given can still be acknowledged and committed.
    pub fn unsubscribe(&self) {
        self.subscribe(std::iter::empty::<Arc<str>>());
    }

    /// The topics that are subscribed to.
    pub fn subscription(&self) -> Vec<Arc<str>> {
        match &self.group.membership().subscribed {
            Subscribed::Topics(topics) => topics.clone(),
            Subscribed::Nothing | Subscribed::Pattern(_) => Vec::new(),
        }
    }

    /// Who this consumer is in its group now.
    pub fn group_metadata(&self) -> GroupMetadata {
        self.group.membership().metadata.clone()
    }

    /// The next records, up to `max.poll.records` of them, as soon as there are some; none if none came in time. Records whose locks
    /// were renewed come again.
    ///
    /// With `share.acknowledgement.mode` implicit the records that were given before count as accepted, and brokers are told soon.
    /// With explicit it is [`Error::Unacknowledged`] if nothing was said of some of them.
    ///
    /// Cancel-safe: no record is lost. What was fetched meanwhile is given by the next poll, while its locks last.
    pub async fn poll(&self, timeout: Duration) -> Result<Vec<ShareRecord>> {
        let mut records = Vec::new();
        self.take(self.config.max_poll_records, &mut records, Some(clock::now() + timeout)).await?;
        Ok(records)
    }

    /// The next record, however long that takes; otherwise as [`ShareConsumer::poll`]. The records of an answer are given one after
    /// the other, so the locks of the last run while the first are processed.
    ///
    /// Cancel-safe: no record is lost.
    pub async fn recv(&self) -> Result<ShareRecord> {
        let mut records = Vec::with_capacity(1);
        self.take(1, &mut records, None).await?;
        Ok(records.pop().expect("without a deadline it ends with a record"))
    }

    async fn take(
        &self,
        max: usize,
        records: &mut Vec<ShareRecord>,
        deadline: Option<Instant>,
    ) -> Result<()> {
        let _alive = self.group.begin_polling();
        self.tell_listener();
        self.shared.change(|fetcher| fetcher.begin_polling(clock::now()))?;
        let _waiting = Waiting(&self.shared);
        loop {
            let mut ready = pin!(self.shared.ready.notified());
            // What becomes ready after the look below is not missed.
            ready.as_mut().enable();
            self.hear_of_group()?;
            let taken = self.shared.change(|fetcher| fetcher.take(max, records, clock::now()));
            if taken.is_err() || !records.is_empty() {
                self.client.counts().share_consumed(records.len());
                self.tell_listener();
                return taken;
            }
            match deadline {
                None => ready.await,
                Some(deadline) if timeout_at(deadline, ready).await.is_err() => {
                    self.tell_listener();
                    return Ok(());
                }
                Some(_) => {}
            }
        }
    }

    /// What went wrong with the membership.
    fn hear_of_group(&self) -> Result<()> {
        let (had_failed, outcome) = {
            let mut membership = self.group.membership();
            (membership.has_failed(), membership.polled())
        };
        if had_failed {
            // It may be tried again.
            self.group.changed.notify_one();
        }
        outcome
    }

    /// Says what became of a record that was given; what was said of it before does not count any more. Brokers are told at the next
    /// poll or commit.
    ///
    /// [`Error::NotInFlight`] if the record is not this consumer's, or not any more; [`Error::Config`] with
    /// `share.acknowledgement.mode` implicit.
    pub fn acknowledge(&self, record: &ShareRecord, what: AcknowledgeType) -> Result<()> {
        self.shared.fetcher().acknowledge(record, what)
    }

    /// Has brokers know what became of records, and waits until they do: what they say of each partition. With
    /// `share.acknowledgement.mode` implicit all records that were given count as accepted.
    ///
    /// What was not accepted by a broker is delivered again. Retries up to `default.api.timeout.ms` what may help. Cancel-safe:
    /// brokers are told nevertheless.
    pub async fn commit(&self) -> BTreeMap<TopicPartition, Result<()>> {
        self.commit_within(self.client.config().default_api_timeout).await
    }

    /// The same in another time.
    pub async fn commit_within(&self, within: Duration) -> BTreeMap<TopicPartition, Result<()>> {
        self.tell_listener();
        let outcome = self.shared.change(|fetcher| fetcher.commit(clock::now(), within));
        let Some(outcome) = outcome else { return BTreeMap::new() };
        // It comes at the deadline at the latest, unless the tasks are gone.
        let outcome = outcome.await.unwrap_or_default();
        self.tell_listener();
        outcome
    }

    /// Has brokers know what became of records, and does not wait: an [`AcknowledgementListener`] hears of what they say.
    pub fn commit_async(&self) {
        self.tell_listener();
        let within = self.client.config().default_api_timeout;
        self.shared.change(|fetcher| drop(fetcher.commit(clock::now(), within)));
    }

    /// Has a listener hear of what brokers say from here on, in place of the one before.
    pub fn listen(&self, listener: Option<Arc<dyn AcknowledgementListener>>) {
        let mut fetcher = self.shared.fetcher();
        fetcher.has_listener = listener.is_some();
        fetcher.acknowledged.clear();
        drop(fetcher);
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = listener;
    }

    fn tell_listener(&self) {
        let acknowledged = std::mem::take(&mut self.shared.fetcher().acknowledged);
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(listener) = listener else { return };
        for heard in acknowledged {
            listener.acknowledged(&heard.partition, &heard.offsets, &heard.result);
        }
    }

    /// How long a lock on a record lasts, as brokers told last.
    pub fn acquisition_lock_timeout(&self) -> Option<Duration> {
        self.shared.fetcher().lock_timeout
    }

    /// Tells brokers what was said of records, has them release the others, and leaves the group. Takes half a minute at most.
    ///
    /// With `share.acknowledgement.mode` implicit the records that the last poll gave are released: commit first if they were
    /// processed.
    ///
    /// Cancel-safe: dropped early, brokers release records when the connections end.
    pub async fn close(self) {
        self.close_within(FAREWELL).await;
    }

    /// The same in another time.
    ///
    /// Cancel-safe: dropped early, brokers release records when the connections end.
    pub async fn close_within(self, within: Duration) {
        let deadline = clock::now() + within;
        self.shared.change(|fetcher| fetcher.close(clock::now()));
        if timeout_at(deadline, self.sessions_closed()).await.is_err() {
            tracing::warn!(target: "ottla_client::consumer", "closed before brokers knew of all records");
        }
        self.tell_listener();
        self.group.change(|membership| membership.subscribe(Subscribed::Nothing, clock::now()));
        self.group.wait_until(deadline, |membership| !membership.is_in).await;
        let _in_time = timeout(within, self.tasks.close()).await;
    }

    async fn sessions_closed(&self) {
        loop {
            let mut moved = pin!(self.shared.moved.notified());
            // What happens after the look below is not missed.
            moved.as_mut().enable();
            if self.shared.fetcher().is_closed() {
                return;
            }
            moved.await;
        }
    }
}

/// Somebody who waits for records.
struct Waiting<'a>(&'a Shared);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetcher().end_polling();
    }
}

fn group_id(config: &ConsumerConfig) -> Result<Arc<str>> {
    if config.group_instance_id.is_some() {
        return Err(Error::Config("group.instance.id: a share group has no static members".into()));
    }
    if config.group_remote_assignor.is_some() {
        return Err(Error::Config("group.remote.assignor: a share group has an assignor of its own".into()));
    }
    let id = config.group_id.as_deref().filter(|id| !id.is_empty());
    id.map(Arc::from).ok_or_else(|| Error::Config("group.id: name the share group".into()))
}

/// A member gives itself its name, which is a UUID as Kafka writes it.
fn member_id() -> String {
    loop {
        let bytes = (u128::from(random::u64()) << 64 | u128::from(random::u64())).to_be_bytes();
        let id = URL_SAFE_NO_PAD.encode(bytes);
        // Kafka's own do not begin so either: it would look like an option in a shell.
        if !id.starts_with('-') {
            return id;
        }
    }
}

impl Drop for ShareConsumer {
    fn drop(&mut self) {
        self.client.leave_lane(self.lane);
    }
}

impl std::fmt::Debug for ShareConsumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShareConsumer").field("subscription", &self.subscription()).finish_non_exhaustive()
    }
}
