//! The producer: records go in, are gathered into batches by partition, and come to be written once and in order.
//!
//! ```text
//!  send ──► partitioner ──► batch ──► queue of the partition ──► parcel for the leader ──► Produce
//!                             ▲                ▲                                              │
//!                             └── in two, if   └──────────── again, if it was lost ───────────┤
//!                                 too large                                                   ▼
//!                                                                                         Delivery
//! ```
//!
//! What is decided is in pure modules: which batch a record joins and what is sent when (`accumulator`, `queue`), and which
//! numbers batches have, so that brokers drop what was sent twice (`sequence`), and what becomes of transactions (`transaction`).
//! `sender` carries it out.

mod accumulator;
mod batch;
mod delivery;
mod queue;
mod record;
mod requests;
mod sender;
mod sequence;
mod topics;
mod transaction;
mod transactional;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{timeout, timeout_at};

use crate::backoff::Backoff;
use crate::client::{Client, Lane};
use crate::config::{ClientConfig, ProducerConfig};
use crate::partitioner::{Partitioner, PartitionerOptions, SplitMix64};
use crate::{Error, Result, clock, random};
use accumulator::Accumulator;
pub use delivery::Delivery;
pub use record::{ProducerRecord, RecordHeader, RecordMetadata};
use requests::Shape;
use topics::{MakePartitioner, Topics};
use transaction::Transactions;

/// What a record takes of `buffer.memory` beside its bytes.
const RECORD_OVERHEAD: usize = 100;

/// Sends records to topics. Cheap to clone; all clones share batches and memory.
///
/// When the last clone is dropped, records that are not delivered yet are given up at once: call [`Producer::close`] or
/// [`Producer::flush`] first.
///
/// ```no_run
/// # async fn example() -> Result<(), ottla_client::Error> {
/// use ottla_client::config::{ClientConfig, ProducerConfig};
/// use ottla_client::producer::{Producer, ProducerRecord};
///
/// let producer = Producer::new(ClientConfig::new("localhost:9092"), ProducerConfig::default())?;
/// let delivery = producer.send(ProducerRecord::new("orders").key("7").value("two apples")).await?;
/// // Meanwhile others may be sent.
/// let written = delivery.await?;
/// println!("{} at {:?}", written.topic_partition, written.offset);
/// producer.close(std::time::Duration::from_secs(10)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Producer {
    handle: Arc<Handle>,
}

/// Ends the sender when the last clone is gone.
struct Handle {
    shared: Arc<Shared>,
    /// Whether the client is this producer's alone.
    owns_client: bool,
}

/// What the handles and the sender have in common.
struct Shared {
    client: Client,
    config: ProducerConfig,
    lane: Lane,
    shape: Shape,
    accumulator: Mutex<Accumulator>,
    memory: Arc<Semaphore>,
    /// There is something new to do.
    wake: Notify,
    is_closed: AtomicBool,
}

/// What decides about batches.
#[derive(Clone, Copy, Debug)]
struct Options {
    batch_size: usize,
    linger: Duration,
    delivery_timeout: Duration,
    retries: u32,
    max_in_flight: usize,
    max_request_size: usize,
    is_idempotent: bool,
    backoff: Backoff,
}

impl Client {
    /// A producer on this client's connections and knowledge.
    ///
    /// [`Error::Config`] if the options do not go together.
    pub fn producer(&self, config: ProducerConfig) -> Result<Producer> {
        let options = PartitionerOptions {
            batch_size: config.batch_size,
            adaptive: config.partitioner_adaptive_partitioning,
            ignore_keys: config.partitioner_ignore_keys,
            ..PartitionerOptions::default()
        };
        let kind = config.partitioner;
        self.producer_with(config, move || kind.build(options, SplitMix64::new(random::u64())))
    }

    /// As [`Client::producer`], with partitioners of one's own: `make` gives one for each topic.
    pub fn producer_with(
        &self,
        config: ProducerConfig,
        make: impl Fn() -> Box<dyn Partitioner> + Send + Sync + 'static,
    ) -> Result<Producer> {
        config.check(self.config())?;
        Ok(Producer::start(self.clone(), config, Box::new(make), false))
    }
}

impl Producer {
    /// A producer with a client of its own. Connects when something is sent.
    ///
    /// [`Error::Config`] if the options do not go together. Must be called within a tokio runtime.
    pub fn new(client: ClientConfig, config: ProducerConfig) -> Result<Producer> {
        let mut producer = Client::new(client)?.producer(config)?;
        let handle = Arc::get_mut(&mut producer.handle).expect("there is no clone yet");
        handle.owns_client = true;
        Ok(producer)
    }

    fn start(
        client: Client,
        config: ProducerConfig,
        make: Box<MakePartitioner>,
        owns_client: bool,
    ) -> Producer {
        let options = options(client.config(), &config);
        let transactional_id: Option<Arc<str>> = config.transactional_id.as_deref().map(Arc::from);
        let transactions = transactional_id.clone().map(|id| Transactions::new(id, options.backoff));
        let shared = Arc::new(Shared {
            lane: client.new_lane(),
            shape: Shape {
                acks: config.acks,
                timeout: client.config().request_timeout,
                codec: config.codec(),
                transactional_id,
            },
            accumulator: Mutex::new(Accumulator::new(options, Topics::new(make), transactions)),
            memory: Arc::new(Semaphore::new(config.buffer_memory.min(Semaphore::MAX_PERMITS))),
            wake: Notify::new(),
            is_closed: AtomicBool::new(false),
            client: client.clone(),
            config,
        });
        client.spawn(sender::Sender::new(shared.clone()).run());
        Producer { handle: Arc::new(Handle { shared, owns_client }) }
    }

    /// The client that this producer is of.
    pub fn client(&self) -> &Client {
        &self.handle.shared.client
    }

    /// Takes a record, and gives what will become of it. Waits no longer than `max.block.ms` for the topic to be known, which a
    /// broker may create, and for room in `buffer.memory`.
    ///
    /// Records that one task sends to one partition are written in that order.
    ///
    /// Cancel-safe: dropped before it is done, the record was not taken.
    pub async fn send(&self, record: ProducerRecord) -> Result<Delivery> {
        let shared = &self.handle.shared;
        let size = shared.check_size(&record)?;
        if shared.accumulator().topics.is_known(&record.topic)
            && let Ok(memory) = shared.memory.clone().try_acquire_many_owned(size)
        {
            return shared.append(record, memory);
        }
        let within = shared.config.max_block;
        let deadline = clock::now() + within;
        shared.wait_for_topic(&record, within).await?;
        let memory = match shared.memory.clone().try_acquire_many_owned(size) {
            Ok(memory) => memory,
            Err(_full) => {
                shared.make_room();
                let waiting = shared.memory.clone().acquire_many_owned(size);
                match timeout_at(deadline, waiting).await {
                    Ok(memory) => memory.map_err(|_closed| Error::Closed("the producer"))?,
                    Err(_elapsed) => return Err(no_room(within)),
                }
            }
        };
        shared.append(record, memory)
    }

    /// Takes a record if it can do so at once.
    ///
    /// [`Error::BufferFull`] if `buffer.memory` is full. If nothing was sent to the topic before, an error that is retriable:
    /// [`Producer::send`] would wait for it to be known.
    pub fn try_send(&self, record: ProducerRecord) -> Result<Delivery> {
        let shared = &self.handle.shared;
        let size = shared.check_size(&record)?;
        if !shared.accumulator().topics.is_known(&record.topic) {
            let topic = shared.client.cluster().topic(&record.topic).cloned();
            let topic = topic.ok_or_else(|| shared.client.unknown_topic(&record.topic))?;
            shared.accumulator().topics.learn(&topic);
        }
        let memory = shared.memory.clone().try_acquire_many_owned(size);
        let memory = memory.map_err(|_full| {
            shared.make_room();
            Error::BufferFull
        })?;
        shared.append(record, memory)
    }

    /// Sends a record and waits until it is written.
    ///
    /// Cancel-safe in that nothing breaks: the record may be written all the same.
    pub async fn send_and_wait(&self, record: ProducerRecord) -> Result<RecordMetadata> {
        self.send(record).await?.await
    }

    /// Sends records in their order, and waits until it is known what became of each.
    ///
    /// Cancel-safe in that nothing breaks: those that were taken may be written all the same.
    pub async fn send_all(
        &self,
        records: impl IntoIterator<Item = ProducerRecord>,
    ) -> Vec<Result<RecordMetadata>> {
        let mut sent = Vec::new();
        for record in records {
            sent.push(self.send(record).await);
        }
        let mut results = Vec::with_capacity(sent.len());
        for delivery in sent {
            results.push(match delivery {
                Ok(delivery) => delivery.await,
                Err(error) => Err(error),
            });
        }
        results
    }

    /// Sends at once what waits for more records, and waits until it is known what became of all that was sent before.
    ///
    /// Cancel-safe.
    pub async fn flush(&self) {
        let outcomes = self.handle.shared.accumulator().flush();
        self.handle.shared.wake.notify_one();
        for (outcome, count) in outcomes {
            outcome.ended(count).await;
        }
    }

    /// Delivers what was sent, no longer than `within`, and ends the producer, whoever else has a clone. What is not delivered by
    /// then fails with [`Error::Closed`], and this with [`Error::Timeout`]. A transaction that is open is aborted.
    ///
    /// Cancel-safe: dropped early, the producer goes on.
    pub async fn close(&self, within: Duration) -> Result<()> {
        let flushed = timeout(within, async {
            self.abort_what_is_open().await;
            self.flush().await;
        });
        let flushed = flushed.await;
        let shared = &self.handle.shared;
        shared.end();
        if self.handle.owns_client {
            shared.client.close().await;
        }
        flushed.map_err(|_elapsed| Error::Timeout {
            what: "closing the producer".into(),
            after: within,
            last: None,
        })
    }
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer").field("client", self.client()).finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.end();
    }
}

impl Shared {
    fn accumulator(&self) -> MutexGuard<'_, Accumulator> {
        // A partitioner of the user's may have panicked while it was asked; the batches are whole.
        self.accumulator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Takes nothing any more, gives up what is not delivered, and lets the sender end.
    fn end(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.accumulator().end(&Error::Closed("the producer"));
        self.memory.close();
        self.wake.notify_one();
        self.client.leave_lane(self.lane);
    }

    /// What the record takes of `buffer.memory`.
    fn check_size(&self, record: &ProducerRecord) -> Result<u32> {
        let size = record.size_max() + ottla_records::BATCH_HEADER_SIZE;
        let held = size + RECORD_OVERHEAD;
        for (size, max, option) in [
            (size, self.config.max_request_size, "max.request.size"),
            (held, self.config.buffer_memory, "buffer.memory"),
        ] {
            if size > max {
                return Err(Error::RecordTooLarge { size, max, option });
            }
        }
        u32::try_from(held).map_err(|_too_large| Error::RecordTooLarge {
            size,
            max: i32::MAX.unsigned_abs() as usize,
            option: "the largest batch that can be",
        })
    }

    async fn wait_for_topic(&self, record: &ProducerRecord, within: Duration) -> Result<()> {
        if self.accumulator().topics.is_known(&record.topic) {
            return Ok(());
        }
        let topic = self.client.topic_to_send_to(&record.topic, within).await?;
        self.accumulator().topics.learn(&topic);
        Ok(())
    }

    fn append(&self, record: ProducerRecord, memory: OwnedSemaphorePermit) -> Result<Delivery> {
        let timestamp = record.timestamp.unwrap_or_else(clock::wall_ms);
        let appended = self.accumulator().append(record, timestamp, memory, clock::now());
        let (delivery, is_news) = appended?;
        if is_news {
            self.wake.notify_one();
        }
        Ok(delivery)
    }

    /// Somebody waits for room: nothing waits for more records meanwhile.
    fn make_room(&self) {
        self.accumulator().close_batches();
        self.wake.notify_one();
    }
}

fn options(client: &ClientConfig, config: &ProducerConfig) -> Options {
    Options {
        batch_size: config.batch_size,
        linger: config.linger,
        delivery_timeout: config.delivery_timeout,
        retries: config.retries,
        max_in_flight: config.max_in_flight,
        max_request_size: config.max_request_size,
        is_idempotent: config.is_idempotent(),
        backoff: Backoff { first: client.retry_backoff, max: client.retry_backoff_max },
    }
}

fn no_room(after: Duration) -> Error {
    let last = Some(Arc::new(Error::BufferFull));
    Error::Timeout { what: "waiting for room in buffer.memory".into(), after, last }
}
