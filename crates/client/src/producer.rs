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
mod asynchronous;
mod batch;
mod builder;
mod contents;
mod deliveries;
mod delivery;
mod interceptor;
mod many;
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
use crate::metrics::{Gauges, Metrics};
use crate::{Error, Result, clock};
use accumulator::Accumulator;
pub use asynchronous::{AsyncProducer, Outcome, Outcomes, ProducerMessage, Returns};
pub use builder::ProducerBuilder;
pub use deliveries::{Delivered, Deliveries};
pub use delivery::Delivery;
use interceptor::Interceptors;
pub use interceptor::ProducerInterceptor;
pub use record::{ProducerRecord, RecordHeader, RecordMetadata};
use requests::Shape;
use topics::forgotten;

/// What a record takes of `buffer.memory` beside its bytes.
const RECORD_OVERHEAD: usize = 100;

/// Lengths of batches have 31 bits.
const BATCH_SIZE_MAX: usize = i32::MAX.unsigned_abs() as usize;

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
    interceptors: Interceptors,
    memory: Arc<Semaphore>,
    /// There is something new to do.
    wake: Notify,
    /// Batches may have ended.
    ended: Notify,
    is_closed: AtomicBool,
}

/// What decides about batches.
#[derive(Clone, Copy, Debug)]
struct Options {
    /// In bytes.
    batch_size: usize,
    batch_records: usize,
    linger: Duration,
    delivery_timeout: Duration,
    retries: u32,
    max_in_flight: usize,
    max_request_size: usize,
    metadata_max_idle: Duration,
    availability_timeout: Duration,
    is_idempotent: bool,
    backoff: Backoff,
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
        let record = shared.interceptors.on_send(record);
        let kept = shared.interceptors.keep(&record);
        let taken = shared.take(&record).await;
        shared.interceptors.refused(kept.as_ref(), &taken);
        taken
    }

    /// Takes a record if it can do so at once.
    ///
    /// [`Error::BufferFull`] if `buffer.memory` is full. If nothing was sent to the topic before, an error that is retriable:
    /// [`Producer::send`] would wait for it to be known.
    pub fn try_send(&self, record: ProducerRecord) -> Result<Delivery> {
        let shared = &self.handle.shared;
        let record = shared.interceptors.on_send(record);
        let kept = shared.interceptors.keep(&record);
        let taken = shared.try_take(&record);
        shared.interceptors.refused(kept.as_ref(), &taken);
        taken
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

impl Gauges for Shared {
    fn read(&self, into: &mut Metrics) {
        self.count();
        let taken = self.config.buffer_memory.saturating_sub(self.memory.available_permits());
        into.producer.buffered_bytes += taken as u64;
    }
}

impl Shared {
    fn accumulator(&self) -> MutexGuard<'_, Accumulator> {
        // A partitioner of the user's may have panicked while it was asked; the batches are whole.
        self.accumulator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the client what was done since this was last called.
    fn count(&self) {
        let produced = self.accumulator().take_produced();
        self.client.counts().produced(produced);
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Takes nothing any more, gives up what is not delivered, and lets the sender end.
    fn end(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.accumulator().end(&Error::Closed("the producer"));
        self.tell_of_ended();
        self.count();
        self.memory.close();
        self.wake.notify_one();
        self.client.leave_lane(self.lane);
    }

    /// See [`Producer::send`].
    async fn take(&self, record: &ProducerRecord) -> Result<Delivery> {
        let size = self.check_size(record)?;
        if let Ok(memory) = self.memory.clone().try_acquire_many_owned(size)
            && let Some(delivery) = self.append(record, memory)?
        {
            return Ok(delivery);
        }
        let within = self.config.max_block;
        let deadline = clock::now() + within;
        self.wait_for_topic(record, within).await?;
        let memory = match self.memory.clone().try_acquire_many_owned(size) {
            Ok(memory) => memory,
            Err(_full) => {
                self.make_room();
                let waiting = self.memory.clone().acquire_many_owned(size);
                match timeout_at(deadline, waiting).await {
                    Ok(memory) => memory.map_err(|_closed| Error::Closed("the producer"))?,
                    Err(_elapsed) => return Err(no_room(within)),
                }
            }
        };
        self.append(record, memory)?.ok_or_else(|| forgotten(&record.topic))
    }

    /// See [`Producer::try_send`].
    fn try_take(&self, record: &ProducerRecord) -> Result<Delivery> {
        let size = self.check_size(record)?;
        if !self.accumulator().topics.is_known(&record.topic) {
            let topic = self.client.cluster().topic(&record.topic).cloned();
            let topic = topic.ok_or_else(|| self.client.unknown_topic(&record.topic))?;
            self.accumulator().topics.learn(&topic);
        }
        let memory = self.memory.clone().try_acquire_many_owned(size);
        let memory = memory.map_err(|_full| {
            self.make_room();
            Error::BufferFull
        })?;
        self.append(record, memory)?.ok_or_else(|| forgotten(&record.topic))
    }

    /// Batches may have ended. No lock may be held.
    fn tell_of_ended(&self) {
        self.interceptors.tell();
        self.ended.notify_waiters();
    }

    /// What the record takes of `buffer.memory`.
    fn check_size(&self, record: &ProducerRecord) -> Result<u32> {
        let size = record.size_max() + ottla_records::BATCH_HEADER_SIZE;
        let held = size + RECORD_OVERHEAD;
        for (size, max, option) in [
            (size, self.config.max_request_size, "max.request.size"),
            (held, self.config.buffer_memory, "buffer.memory"),
            (size, BATCH_SIZE_MAX, "the largest batch that can be"),
        ] {
            if size > max {
                return Err(Error::RecordTooLarge { size, max, option });
            }
        }
        Ok(u32::try_from(held).expect("it is little more than 31 bits count"))
    }

    async fn wait_for_topic(&self, record: &ProducerRecord, within: Duration) -> Result<()> {
        if self.accumulator().topics.is_known(&record.topic) {
            return Ok(());
        }
        let topic = self.client.topic_to_send_to(&record.topic, within).await?;
        self.accumulator().topics.learn(&topic);
        Ok(())
    }

    /// None if the topic is not known.
    fn append(&self, record: &ProducerRecord, memory: OwnedSemaphorePermit) -> Result<Option<Delivery>> {
        let timestamp = record.timestamp.unwrap_or_else(clock::wall_ms);
        let appended = self.accumulator().append(record, timestamp, memory, clock::now())?;
        if appended.as_ref().is_some_and(|(_, is_news)| *is_news) {
            self.wake.notify_one();
        }
        Ok(appended.map(|(delivery, _)| delivery))
    }

    /// Somebody waits for room: nothing waits for more records meanwhile.
    fn make_room(&self) {
        self.accumulator().close_batches();
        self.wake.notify_one();
    }
}

fn no_room(after: Duration) -> Error {
    let last = Some(Arc::new(Error::BufferFull));
    Error::Timeout { what: "waiting for room in buffer.memory".into(), after, last }
}
