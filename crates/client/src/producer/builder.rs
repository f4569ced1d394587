//! Making a producer.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::{Notify, Semaphore};

use super::accumulator::Accumulator;
use super::interceptor::Interceptors;
use super::requests::Shape;
use super::sender::Sender;
use super::topics::{MakePartitioner, Topics};
use super::transaction::Transactions;
use super::{BATCH_SIZE_MAX, Handle, Options, Producer, ProducerInterceptor, Shared};
use crate::backoff::Backoff;
use crate::client::Client;
use crate::config::{ClientConfig, ProducerConfig};
use crate::metrics::Gauges;
use crate::partitioner::{Partitioner, PartitionerOptions, SplitMix64};
use crate::{Result, random};

/// A producer to be, for those who have parts of their own for it.
pub struct ProducerBuilder {
    client: Client,
    config: ProducerConfig,
    make: Box<MakePartitioner>,
    interceptors: Vec<Arc<dyn ProducerInterceptor>>,
}

impl Client {
    /// A producer on this client's connections and knowledge.
    ///
    /// [`crate::Error::Config`] if the options do not go together.
    pub fn producer(&self, config: ProducerConfig) -> Result<Producer> {
        self.producer_builder(config).build()
    }

    /// As [`Client::producer`], with parts of one's own.
    pub fn producer_builder(&self, config: ProducerConfig) -> ProducerBuilder {
        let options = PartitionerOptions {
            batch_size: config.batch_size,
            adaptive: config.partitioner_adaptive_partitioning,
            ignore_keys: config.partitioner_ignore_keys,
            ..PartitionerOptions::default()
        };
        let kind = config.partitioner;
        let make = move || kind.build(options, SplitMix64::new(random::u64()));
        ProducerBuilder { client: self.clone(), config, make: Box::new(make), interceptors: Vec::new() }
    }
}

impl ProducerBuilder {
    /// With partitioners of one's own: `make` gives one for each topic.
    #[must_use]
    pub fn partitioner(mut self, make: impl Fn() -> Box<dyn Partitioner> + Send + Sync + 'static) -> Self {
        self.make = Box::new(make);
        self
    }

    /// With somebody more who sees every record. Those who were named first see it first.
    #[must_use]
    pub fn interceptor(mut self, interceptor: Arc<dyn ProducerInterceptor>) -> Self {
        self.interceptors.push(interceptor);
        self
    }

    /// The producer. Must be called within a tokio runtime.
    ///
    /// [`crate::Error::Config`] if the options do not go together.
    pub fn build(self) -> Result<Producer> {
        let ProducerBuilder { client, config, make, interceptors } = self;
        config.check(client.config())?;
        let options = options(client.config(), &config);
        let transactional_id: Option<Arc<str>> = config.transactional_id.as_deref().map(Arc::from);
        let transactions = transactional_id.clone().map(|id| Transactions::new(id, options.backoff));
        let interceptors = Interceptors::new(interceptors);
        let mut accumulator = Accumulator::new(options, Topics::new(make), transactions);
        accumulator.tell_of_ended(interceptors.ended());
        let shared = Arc::new(Shared {
            lane: client.new_lane(),
            shape: Shape {
                acks: config.acks,
                timeout: client.config().request_timeout,
                codec: config.codec(),
                transactional_id,
            },
            accumulator: Mutex::new(accumulator),
            interceptors,
            memory: Arc::new(Semaphore::new(config.buffer_memory.min(Semaphore::MAX_PERMITS))),
            wake: Notify::new(),
            ended: Notify::new(),
            is_closed: AtomicBool::new(false),
            client: client.clone(),
            config,
        });
        let gauges: Weak<dyn Gauges> = Arc::<Shared>::downgrade(&shared);
        client.counts().watch(gauges);
        client.spawn(Sender::new(shared.clone()).run());
        Ok(Producer { handle: Arc::new(Handle { shared, owns_client: false }) })
    }
}

impl std::fmt::Debug for ProducerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProducerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

fn options(client: &ClientConfig, config: &ProducerConfig) -> Options {
    Options {
        batch_size: config.batch_size.min(BATCH_SIZE_MAX),
        batch_records: config.batch_num_messages,
        linger: config.linger,
        delivery_timeout: config.delivery_timeout,
        retries: config.retries,
        max_in_flight: config.max_in_flight,
        max_request_size: config.max_request_size,
        metadata_max_idle: config.metadata_max_idle,
        availability_timeout: config.partitioner_availability_timeout,
        is_idempotent: config.is_idempotent(),
        backoff: Backoff { first: client.retry_backoff, max: client.retry_backoff_max },
    }
}
