//! What writers and readers are set by: kafka-go's names and defaults.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Carrier;
use crate::Result;
use crate::config::{Acks, Compression, ConsumerConfig, OffsetReset, ProducerConfig};
use crate::partitioner::PartitionerKind;
use crate::producer::RecordMetadata;

/// What is called when it is known what became of a message.
pub(super) type Completion = Arc<dyn Fn(&Result<RecordMetadata>) + Send + Sync>;

/// What has the last word on options.
type Configure<C> = Arc<dyn Fn(C) -> C + Send + Sync>;

fn configured<C>(config: C, configure: Option<&Configure<C>>) -> C {
    match configure {
        Some(configure) => configure(config),
        None => config,
    }
}

/// A struct of options, each with a method of its name that sets it.
macro_rules! with {
    ($name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        impl $name {
            $($(#[$doc])*
            #[must_use]
            pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                self.$field = $field.into();
                self
            })*
        }
    };
}

/// How messages are published.
#[derive(Clone)]
pub struct WriterOptions {
    balancer: PartitionerKind,
    max_attempts: u32,
    batch_size: usize,
    batch_bytes: usize,
    batch_timeout: Duration,
    write_timeout: Duration,
    required_acks: Acks,
    compression: Compression,
    asynchronous: bool,
    allow_auto_topic_creation: bool,
    one_topic_one_writer: bool,
    completion: Option<Completion>,
    configure: Option<Configure<ProducerConfig>>,
}

with!(WriterOptions {
    /// Which partition a message without one goes to: kafka-go's round robin, unless it is set.
    balancer: PartitionerKind,
    /// How often sending is tried: 10 times. A message is written once, however often that was.
    max_attempts: u32,
    /// The most messages that are sent of one partition at a time: 100.
    batch_size: usize,
    /// The most bytes that are sent of one partition at a time: 1 MiB.
    batch_bytes: usize,
    /// How long a message waits for others: 10 ms.
    batch_timeout: Duration,
    /// How long a message may take to be written, all tries included: 10 s for each.
    write_timeout: Duration,
    /// Who has to have a message: all replicas in sync.
    required_acks: Acks,
    /// How batches are compressed: not at all.
    compression: Compression,
    /// Whether publishing does not wait: then the completion alone tells of errors. Not, unless it is set.
    asynchronous: bool,
    /// Whether publishing makes a topic that is not there, where the broker does that. Not, unless it is set.
    allow_auto_topic_creation: bool,
    /// Whether each topic has a writer of its own, with its own buffers and balancer. It has.
    one_topic_one_writer: bool,
});

impl Default for WriterOptions {
    fn default() -> WriterOptions {
        WriterOptions {
            balancer: PartitionerKind::KafkaGoRoundRobin,
            max_attempts: 10,
            batch_size: 100,
            batch_bytes: 1_048_576,
            batch_timeout: Duration::from_millis(10),
            write_timeout: Duration::from_secs(10),
            required_acks: Acks::All,
            compression: Compression::None,
            asynchronous: false,
            allow_auto_topic_creation: false,
            one_topic_one_writer: true,
            completion: None,
            configure: None,
        }
    }
}

impl WriterOptions {
    /// Calls this when it is known what became of a message, in a task of its own.
    #[must_use]
    pub fn completion(
        mut self,
        completion: impl Fn(&Result<RecordMetadata>) + Send + Sync + 'static,
    ) -> Self {
        self.completion = Some(Arc::new(completion));
        self
    }

    /// Changes options of the producers that are not among these.
    #[must_use]
    pub fn configure(
        mut self,
        configure: impl Fn(ProducerConfig) -> ProducerConfig + Send + Sync + 'static,
    ) -> Self {
        self.configure = Some(Arc::new(configure));
        self
    }

    pub(super) fn is_asynchronous(&self) -> bool {
        self.asynchronous
    }

    pub(super) fn may_create(&self) -> bool {
        self.allow_auto_topic_creation
    }

    pub(super) fn has_writer_per_topic(&self) -> bool {
        self.one_topic_one_writer
    }

    pub(super) fn completed(&self) -> Option<Completion> {
        self.completion.clone()
    }

    pub(super) fn producer(&self, balancer: Option<PartitionerKind>) -> ProducerConfig {
        let delivery = self.write_timeout.saturating_mul(self.max_attempts.max(1)) + self.batch_timeout;
        let config = ProducerConfig::default()
            .partitioner(balancer.unwrap_or(self.balancer))
            .retries(self.max_attempts.saturating_sub(1))
            .batch_num_messages(self.batch_size.max(1))
            .batch_size(self.batch_bytes)
            .max_request_size(self.batch_bytes)
            .linger(self.batch_timeout)
            .delivery_timeout(delivery.max(ProducerConfig::default().delivery_timeout))
            .acks(self.required_acks)
            .enable_idempotence((self.required_acks == Acks::All && self.max_attempts > 1).then_some(true))
            .compression_type(self.compression);
        configured(config, self.configure.as_ref())
    }
}

impl fmt::Debug for WriterOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriterOptions")
            .field("balancer", &self.balancer)
            .field("required_acks", &self.required_acks)
            .finish_non_exhaustive()
    }
}

/// One message besides its value.
#[derive(Clone, Debug, Default)]
pub struct PublishOptions {
    pub(super) key: Option<Bytes>,
    pub(super) partition: Option<i32>,
    pub(super) headers: Carrier,
    pub(super) balancer: Option<PartitionerKind>,
}

impl PublishOptions {
    /// With this key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Bytes>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// To this partition, whatever the balancer says.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// With these headers.
    #[must_use]
    pub fn headers(mut self, headers: Carrier) -> Self {
        self.headers = headers;
        self
    }

    /// With this balancer, in place of the writer's, where this message is the first of the writer.
    #[must_use]
    pub fn balancer(mut self, balancer: PartitionerKind) -> Self {
        self.balancer = Some(balancer);
        self
    }
}

/// What becomes of a subscription whose handler fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// It ends with the error. The message is not acknowledged, and comes again to whoever subscribes next.
    Stop,
    /// The error is logged, and the message counts as handled.
    Skip,
}

/// How messages are subscribed to.
#[derive(Clone)]
pub struct ReaderOptions {
    min_bytes: i32,
    max_bytes: i32,
    max_wait: Duration,
    queue_capacity: usize,
    heartbeat_interval: Duration,
    session_timeout: Duration,
    rebalance_timeout: Duration,
    commit_interval: Duration,
    start_offset: OffsetReset,
    group_balancers: Vec<String>,
    retention_time: Option<Duration>,
    configure: Option<Configure<ConsumerConfig>>,
    pub(super) read_lag_interval: Duration,
    pub(super) auto_ack: bool,
    pub(super) on_error: OnError,
    pub(super) auto_create_topic: Option<(i32, i16)>,
}

with!(ReaderOptions {
    /// The least that is worth an answer: 1 byte.
    min_bytes: i32,
    /// The most that one answer holds: 1 MB.
    max_bytes: i32,
    /// How long a broker waits for `min_bytes`: 500 ms.
    max_wait: Duration,
    /// How many messages are taken at a time: 100.
    queue_capacity: usize,
    /// How often the coordinator hears of this member: every 3 s.
    heartbeat_interval: Duration,
    /// A member that the coordinator does not hear of for so long is dead: 30 s.
    session_timeout: Duration,
    /// How long a handler may take to end when partitions go to others: 30 s.
    rebalance_timeout: Duration,
    /// How often what was acknowledged is committed. Zero, the default, commits each message before the next is handled.
    commit_interval: Duration,
    /// Where a group begins that committed nothing: at the first message.
    start_offset: OffsetReset,
    /// How partitions are shared: `range`, `roundrobin`.
    group_balancers: Vec<String>,
    /// How long what was committed stays: as long as the broker says. Brokers heed it that serve OffsetCommit up to version 4.
    retention_time: Option<Duration>,
    /// How often the lag of each partition is logged: every 60 s. Zero is never.
    read_lag_interval: Duration,
    /// Whether a message is acknowledged when its handler has returned without an error. It is.
    auto_ack: bool,
    /// What becomes of a handler's error: it ends the subscription.
    on_error: OnError,
});

impl Default for ReaderOptions {
    fn default() -> ReaderOptions {
        ReaderOptions {
            min_bytes: 1,
            max_bytes: 1_000_000,
            max_wait: Duration::from_millis(500),
            queue_capacity: 100,
            heartbeat_interval: Duration::from_secs(3),
            session_timeout: Duration::from_secs(30),
            rebalance_timeout: Duration::from_secs(30),
            commit_interval: Duration::ZERO,
            start_offset: OffsetReset::Earliest,
            group_balancers: vec!["range".into(), "roundrobin".into()],
            retention_time: None,
            configure: None,
            read_lag_interval: Duration::from_secs(60),
            auto_ack: true,
            on_error: OnError::Stop,
            auto_create_topic: None,
        }
    }
}

impl fmt::Debug for ReaderOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReaderOptions")
            .field("start_offset", &self.start_offset)
            .field("commit_interval", &self.commit_interval)
            .field("auto_ack", &self.auto_ack)
            .finish_non_exhaustive()
    }
}

impl ReaderOptions {
    /// Changes options of the consumer that are not among these.
    #[must_use]
    pub fn configure(
        mut self,
        configure: impl Fn(ConsumerConfig) -> ConsumerConfig + Send + Sync + 'static,
    ) -> Self {
        self.configure = Some(Arc::new(configure));
        self
    }

    /// Makes the topic with so many partitions and replicas, if it is not there.
    #[must_use]
    pub fn auto_create_topic(mut self, partitions: i32, replication_factor: i16) -> Self {
        self.auto_create_topic = Some((partitions, replication_factor));
        self
    }

    /// Whether each message is committed by itself.
    pub(super) fn commits_each(&self) -> bool {
        self.commit_interval.is_zero()
    }

    pub(super) fn consumer(&self, group: &str) -> ConsumerConfig {
        let config = ConsumerConfig::default()
            .group_id(group.to_owned())
            .fetch_min_bytes(self.min_bytes)
            .fetch_max_bytes(self.max_bytes)
            .max_partition_fetch_bytes(self.max_bytes)
            .fetch_max_wait(self.max_wait)
            .max_poll_records(self.queue_capacity.max(1))
            .heartbeat_interval(self.heartbeat_interval)
            .session_timeout(self.session_timeout)
            .max_poll_interval(self.rebalance_timeout)
            .auto_offset_reset(self.start_offset)
            .partition_assignment_strategy(self.group_balancers.clone())
            .offset_retention(self.retention_time)
            .allow_auto_create_topics(false);
        let config =
            if self.commits_each() { config } else { config.auto_commit_interval(self.commit_interval) };
        configured(config, self.configure.as_ref())
    }
}
