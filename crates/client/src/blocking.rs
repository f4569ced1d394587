//! Producer, consumer and share consumer for programs that are not asynchronous: the same, with calls that wait.
//!
//! A client brings a small runtime of its own: one thread, which its producers and consumers share. Whatever waits does so on the
//! thread that calls; errors are the same.
//!
//! Not for use within an asynchronous runtime: what waits panics there, as it would keep a thread from the tasks that it serves.
//! (Within `tokio::task::spawn_blocking` it may be used.) Dropping never waits.
//!
//! ```no_run
//! # fn example() -> ottla_client::Result<()> {
//! use std::time::Duration;
//!
//! use ottla_client::blocking::Client;
//! use ottla_client::config::{ClientConfig, ConsumerConfig, ProducerConfig};
//! use ottla_client::consumer::StartAt;
//! use ottla_client::producer::ProducerRecord;
//! use ottla_client::TopicPartition;
//!
//! let client = Client::connect(ClientConfig::new("localhost:9092"))?;
//! let producer = client.producer(ProducerConfig::default())?;
//! producer.send(ProducerRecord::new("orders").key("7").value("two apples"))?.wait()?;
//!
//! let consumer = client.consumer(ConsumerConfig::default())?;
//! consumer.assign([(TopicPartition::new("orders", 0), StartAt::Earliest)])?;
//! for record in consumer.poll(Duration::from_secs(1))? {
//!     println!("{}: {:?}", record.offset, record.value);
//! }
//! # Ok(())
//! # }
//! ```

mod consumer;
mod deliveries;
mod producer;
mod runtime;
mod share;
mod transactional;

use crate::config::{ClientConfig, ConsumerConfig, ProducerConfig};
use crate::{Error, Result};
pub use consumer::{Consumer, Records};
pub use deliveries::Deliveries;
pub use producer::{Delivery, Producer};
use runtime::Runtime;
pub use share::ShareConsumer;

/// A client of one cluster, and the thread that serves it. Cheap to clone; the thread ends with the last clone and all that was
/// made from it.
#[derive(Clone, Debug)]
pub struct Client {
    // Dropped before the runtime that its tasks run on.
    client: crate::Client,
    runtime: Runtime,
}

impl Client {
    /// As [`crate::Client::new`]: connects when something is asked.
    ///
    /// [`Error::Config`] also if the system gives no thread.
    pub fn new(config: ClientConfig) -> Result<Client> {
        let runtime = Runtime::new().map_err(|error| {
            Error::Config(format!("a blocking client wants a thread of its own: {error}"))
        })?;
        let client = runtime.enter(|| crate::Client::new(config))?;
        Ok(Client { client, runtime })
    }

    /// As [`crate::Client::connect`].
    pub fn connect(config: ClientConfig) -> Result<Client> {
        let client = Client::new(config)?;
        client.run(client.client.refresh())?;
        Ok(client)
    }

    /// As [`crate::Client::producer`].
    pub fn producer(&self, config: ProducerConfig) -> Result<Producer> {
        let producer = self.runtime.enter(|| self.client.producer(config))?;
        Ok(Producer::new(producer, self.runtime.clone()))
    }

    /// As [`crate::consumer::Consumer::new`].
    pub fn consumer(&self, config: ConsumerConfig) -> Result<Consumer> {
        let consumer = self.runtime.enter(|| crate::consumer::Consumer::new(self.client.clone(), config))?;
        Ok(Consumer::new(consumer, self.runtime.clone()))
    }

    /// As [`crate::share::ShareConsumer::new`].
    pub fn share_consumer(&self, config: ConsumerConfig) -> Result<ShareConsumer> {
        let consumer =
            self.runtime.enter(|| crate::share::ShareConsumer::new(self.client.clone(), config))?;
        Ok(ShareConsumer::new(consumer, self.runtime.clone()))
    }

    /// The asynchronous client, for what has no method here: administration, say, by [`Client::run`].
    pub fn asynchronous(&self) -> &crate::Client {
        &self.client
    }

    /// Waits for a future on the thread that calls.
    ///
    /// ```no_run
    /// # fn example(client: ottla_client::blocking::Client) -> ottla_client::Result<()> {
    /// use ottla_client::admin::Admin;
    ///
    /// let admin = Admin::new(client.asynchronous().clone());
    /// println!("{:?}", client.run(admin.describe_cluster(false))?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.runtime.run(future)
    }

    /// As [`crate::Client::close`].
    pub fn close(&self) {
        self.run(self.client.close());
    }
}
