//! Consuming as a member of a share group, with calls that wait.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Runtime;
use crate::group::GroupMetadata;
use crate::share::{self, AcknowledgeType, AcknowledgementListener, ShareRecord};
use crate::{Result, TopicPartition};

/// A member of a share group.
///
/// ```no_run
/// # fn example() -> ottla_client::Result<()> {
/// use std::time::Duration;
///
/// use ottla_client::blocking::Client;
/// use ottla_client::config::{AcknowledgementMode, ClientConfig, ConsumerConfig};
/// use ottla_client::share::AcknowledgeType;
///
/// let client = Client::connect(ClientConfig::new("localhost:9092"))?;
/// let config = ConsumerConfig::default()
///     .group_id("jobs".to_owned())
///     .share_acknowledgement_mode(AcknowledgementMode::Explicit);
/// let consumer = client.share_consumer(config)?;
/// consumer.subscribe(["work"]);
/// for record in consumer.poll(Duration::from_secs(1))? {
///     consumer.acknowledge(&record, AcknowledgeType::Accept)?;
/// }
/// for (partition, result) in consumer.commit() {
///     println!("{partition}: {result:?}");
/// }
/// consumer.close();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ShareConsumer {
    // Dropped before the runtime that its tasks run on.
    consumer: share::ShareConsumer,
    runtime: Runtime,
}

impl ShareConsumer {
    pub(super) fn new(consumer: share::ShareConsumer, runtime: Runtime) -> ShareConsumer {
        ShareConsumer { consumer, runtime }
    }

    /// Becomes a member of the group, and is given records of these topics: see [`share::ShareConsumer::subscribe`].
    pub fn subscribe<T: Into<Arc<str>>>(&self, topics: impl IntoIterator<Item = T>) {
        self.consumer.subscribe(topics);
    }

    /// Leaves the group. What was given can still be acknowledged and committed.
    pub fn unsubscribe(&self) {
        self.consumer.unsubscribe();
    }

    /// The topics that are subscribed to.
    pub fn subscription(&self) -> Vec<Arc<str>> {
        self.consumer.subscription()
    }

    /// Who this consumer is in its group now.
    pub fn group_metadata(&self) -> GroupMetadata {
        self.consumer.group_metadata()
    }

    /// Waits for the next records, up to `max.poll.records` of them; none if none came in time: see
    /// [`share::ShareConsumer::poll`].
    pub fn poll(&self, timeout: Duration) -> Result<Vec<ShareRecord>> {
        self.runtime.run(self.consumer.poll(timeout))
    }

    /// Waits for the next record, however long that takes: see [`share::ShareConsumer::recv`].
    pub fn recv(&self) -> Result<ShareRecord> {
        self.runtime.run(self.consumer.recv())
    }

    /// Says what became of a record that was given: see [`share::ShareConsumer::acknowledge`].
    pub fn acknowledge(&self, record: &ShareRecord, what: AcknowledgeType) -> Result<()> {
        self.consumer.acknowledge(record, what)
    }

    /// Has brokers know what became of records, and waits until they do: see [`share::ShareConsumer::commit`].
    pub fn commit(&self) -> BTreeMap<TopicPartition, Result<()>> {
        self.runtime.run(self.consumer.commit())
    }

    /// The same in another time.
    pub fn commit_within(&self, within: Duration) -> BTreeMap<TopicPartition, Result<()>> {
        self.runtime.run(self.consumer.commit_within(within))
    }

    /// Has brokers know what became of records, and does not wait.
    pub fn commit_async(&self) {
        self.consumer.commit_async();
    }

    /// Has a listener hear of what brokers say from here on, in place of the one before.
    pub fn listen(&self, listener: Option<Arc<dyn AcknowledgementListener>>) {
        self.consumer.listen(listener);
    }

    /// How long a lock on a record lasts, as brokers told last.
    pub fn acquisition_lock_timeout(&self) -> Option<Duration> {
        self.consumer.acquisition_lock_timeout()
    }

    /// The asynchronous consumer, for what has no method here: [`super::Client::run`] waits for it.
    pub fn asynchronous(&self) -> &share::ShareConsumer {
        &self.consumer
    }

    /// Tells brokers what was said of records, has them release the others, and leaves the group: see
    /// [`share::ShareConsumer::close`].
    pub fn close(self) {
        self.runtime.run(self.consumer.close());
    }

    /// The same in another time.
    pub fn close_within(self, within: Duration) {
        self.runtime.run(self.consumer.close_within(within));
    }
}
