//! A facade for message-driven programs: publish to a topic, subscribe a handler to it. What kafka-go's `Writer` and `Reader` are
//! set by, it is set by too, under the same names and with the same defaults; where those would lose messages, the safe one: all
//! replicas acknowledge, and errors are returned.
//!
//! ```no_run
//! # async fn example(client: ottla_client::Client) -> Result<(), ottla_client::group::HandlerError> {
//! use ottla_client::messaging::{Broker, PublishOptions, ReaderOptions, WriterOptions};
//!
//! let broker = Broker::new(client, WriterOptions::default());
//! let subscription = broker
//!     .subscribe("orders", "billing", ReaderOptions::default(), |event| async move {
//!         println!("{:?}", event.record.value);
//!         Ok(())
//!     })
//!     .await?;
//! broker.publish("orders", "two apples", PublishOptions::default().key("customer-7")).await?;
//! subscription.stop().await?;
//! broker.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! What kafka-go and the facade above it call an option, and what it is here:
//!
//! | there | here |
//! |---|---|
//! | `Brokers`, address, `ClientID` | [`ClientConfig`](crate::config::ClientConfig) of the client: `bootstrap.servers`, `client.id` |
//! | `Dialer`, `DialerTimeout`, TLS, `WithPlainMechanism`, `WithScramMechanism` | the same: `socket.connection.setup.timeout.ms` (10 s) and [`SecurityConfig`](crate::config::SecurityConfig) |
//! | `ReadTimeout` | the same: `request.timeout.ms`, which is Kafka's 30 s there |
//! | `ReadBackoffMin`, `ReadBackoffMax` | the same: `retry.backoff.ms` (100 ms), `retry.backoff.max.ms` (1 s) |
//! | `PartitionWatchInterval`, `WatchPartitionChanges` | the same: `metadata.max.age.ms`; partitions that come are always watched for |
//! | `Balancer`, `MaxAttempts`, `BatchSize`, `BatchBytes`, `BatchTimeout`, `WriteTimeout`, `RequiredAcks`, `Compression`, `Async`, `AllowAutoTopicCreation`, `Completion`, one topic one writer | [`WriterOptions`], by these names; `Async` is `asynchronous` |
//! | `WithRetries`, `WithPublishMaxAttempts` | [`WriterOptions::max_attempts`] |
//! | `WithWriterConfig`, `WithReaderConfig` | [`WriterOptions::configure`], [`ReaderOptions::configure`] |
//! | `Writer.CreateProducer`, `Writer.Close` | the first message of a topic makes its writer; [`Broker::close`] |
//! | `WithHeaders`, `WithMessageKey`, the balancers by their names | [`PublishOptions`]; balancers are [`PartitionerKind`](crate::partitioner::PartitionerKind) `KafkaGo...`, one with a hasher of one's own [`Client::producer_builder`] |
//! | `WithMessageOffset` | nothing: brokers give offsets |
//! | `QueueCapacity`, `MinBytes`, `MaxBytes`, `MaxWait`, `HeartbeatInterval`, `CommitInterval`, `SessionTimeout`, `RebalanceTimeout`, `RetentionTime`, `StartOffset`, `ReadLagInterval`, `GroupBalancers`, `AutoAck` | [`ReaderOptions`], by these names; [`Subscription::lag`] |
//! | a group of a random name | the name is the caller's to give |
//! | `Partition`, reading without a group | [`Consumer::assign`](crate::consumer::Consumer::assign) |
//! | `SubscribeBatchSize`, `SubscribeBatchInterval`, `ReadBatchTimeout` | [`Broker::subscribe_batches`] with [`BatchOptions::records_max`] and [`BatchOptions::wait_max`] |
//! | `CommitMessages` | [`Event::ack`] |
//! | `CreateTopic`, `DeleteTopic`, `WithSubscribeAutoCreateTopic` | [`Broker::create_topic`], [`Broker::delete_topic`], [`ReaderOptions::auto_create_topic`] |
//! | `Logger`, `ErrorLogger`, whether they are on | events of `tracing` under `ottla_client::messaging`, at their levels |
//! | `MessageCarrier` | [`Carrier`]; with the feature `opentelemetry` messages have their spans without it |
//!
//! | file | holds |
//! |---|---|
//! | `publishing` | the writers |
//! | `subscribing` | the readers |
//! | `options` | what both are set by |
//! | `carrier` | trace context in headers |
//! | `spans` | the spans of both, with the feature `opentelemetry` |
//! | `json` | values as JSON, with the feature `json` |

mod carrier;
#[cfg(feature = "json")]
mod json;
mod options;
mod publishing;
mod spans;
mod subscribing;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use carrier::Carrier;
#[cfg(feature = "json")]
pub use json::json;
pub use options::{OnError, PublishOptions, ReaderOptions, WriterOptions};
pub use subscribing::{Event, Subscription};

use crate::admin::{Admin, NewTopic};
pub use crate::group::{BatchOptions, DeadLetters, OnFailure};
use crate::producer::Producer;
use crate::{Client, ErrorCode, Result};

/// How long [`Broker::close`] waits for what was published.
const FAREWELL: Duration = Duration::from_secs(30);

/// A cluster as a message-driven program sees it.
pub struct Broker {
    client: Client,
    options: WriterOptions,
    /// One for each topic or, if that is not wanted, one under no name.
    writers: Mutex<HashMap<Arc<str>, Producer>>,
}

impl Broker {
    /// Publishes with these options. Nothing is connected to before something is published or subscribed to.
    pub fn new(client: Client, options: WriterOptions) -> Broker {
        Broker { client, options, writers: Mutex::default() }
    }

    /// The client below.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Makes a topic. That it is there already is no error.
    pub async fn create_topic(&self, topic: &str, partitions: i32, replication_factor: i16) -> Result<()> {
        let wanted = [NewTopic::new(topic).partitions(partitions).replication_factor(replication_factor)];
        for (_, created) in Admin::new(self.client.clone()).create_topics(&wanted).await? {
            match created {
                Err(error) if error.code() != Some(ErrorCode::TopicAlreadyExists) => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Deletes a topic with everything in it.
    pub async fn delete_topic(&self, topic: &str) -> Result<()> {
        for (_, deleted) in Admin::new(self.client.clone()).delete_topics(&[topic]).await? {
            deleted?;
        }
        Ok(())
    }

    /// Sends what was published and ends the writers. Subscriptions are ended by themselves.
    pub async fn close(self) {
        let writers = std::mem::take(&mut *self.writers());
        for (topic, writer) in writers {
            if let Err(error) = writer.close(FAREWELL).await {
                tracing::warn!(target: "ottla_client::messaging", %topic, %error, "closed before all was sent");
            }
        }
    }
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").field("client", &self.client).finish_non_exhaustive()
    }
}
