//! A producer whose results come as a stream, with something of the application's own beside each: as sarama's `AsyncProducer`.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{Delivery, Producer, ProducerRecord, RECORD_OVERHEAD, RecordMetadata};
use crate::{Result, TopicPartition};

/// A record to send, and what comes back with its result and is never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerMessage<M> {
    /// The record.
    pub record: ProducerRecord,
    /// Whatever the application wants to have beside the result: a number, a channel to answer on.
    pub metadata: M,
}

/// What became of a message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome<M> {
    /// As it was given.
    pub message: ProducerMessage<M>,
    /// Where the record was written, or why it was not.
    pub result: Result<RecordMetadata>,
}

/// Which results come in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// All.
    All,
    /// Errors alone.
    Errors,
}

/// Where messages go in. Cheap to clone; the stream of results ends when all clones are gone.
pub struct AsyncProducer<M> {
    producer: Producer,
    pending: Arc<Pending<M>>,
}

/// Where results come out.
///
/// Those of one partition come in the order of its records.
pub struct Outcomes<M> {
    producer: Producer,
    pending: Arc<Pending<M>>,
}

/// What has gone in and not come out.
struct Pending<M> {
    returns: Returns,
    state: Mutex<State<M>>,
    /// Bytes of messages whose results may wait to be taken. Closed once nobody takes them any more.
    room: Arc<Semaphore>,
    /// Something went in, or nothing will any more.
    changed: Notify,
}

struct State<M> {
    waiting: HashMap<TopicPartition, VecDeque<Waiting<M>>>,
    ended: VecDeque<(Outcome<M>, OwnedSemaphorePermit)>,
    /// Where messages can go in.
    inputs: usize,
    /// Messages that are between going in and waiting.
    entering: usize,
}

struct Waiting<M> {
    delivery: Delivery,
    message: ProducerMessage<M>,
    room: OwnedSemaphorePermit,
}

impl<M> ProducerMessage<M> {
    /// A record with something beside it.
    pub fn new(record: ProducerRecord, metadata: M) -> ProducerMessage<M> {
        ProducerMessage { record, metadata }
    }
}

impl Producer {
    /// Has results come as a stream, with something of the application's own beside each. Producers may be used in both ways at
    /// once.
    ///
    /// ```no_run
    /// # async fn example(producer: ottla_client::producer::Producer) {
    /// use ottla_client::producer::{ProducerMessage, ProducerRecord, Returns};
    ///
    /// let (input, mut outcomes) = producer.asynchronous(Returns::All);
    /// tokio::spawn(async move {
    ///     for number in 0..1_000 {
    ///         input.send(ProducerMessage::new(ProducerRecord::new("orders").value("apples"), number)).await;
    ///     }
    /// });
    /// while let Some(outcome) = outcomes.recv().await {
    ///     match outcome.result {
    ///         Ok(written) => println!("{} is at {:?}", outcome.message.metadata, written.offset),
    ///         Err(error) => println!("{} failed: {error}", outcome.message.metadata),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn asynchronous<M>(&self, returns: Returns) -> (AsyncProducer<M>, Outcomes<M>) {
        let state = State { waiting: HashMap::new(), ended: VecDeque::new(), inputs: 1, entering: 0 };
        let room = self.handle.shared.config.buffer_memory.min(Semaphore::MAX_PERMITS);
        let pending = Arc::new(Pending {
            returns,
            state: Mutex::new(state),
            room: Arc::new(Semaphore::new(room)),
            changed: Notify::new(),
        });
        let outcomes = Outcomes { producer: self.clone(), pending: pending.clone() };
        (AsyncProducer { producer: self.clone(), pending }, outcomes)
    }
}

impl<M> AsyncProducer<M> {
    /// Sends a message. What goes wrong comes out of the stream of results, too.
    ///
    /// Waits as [`Producer::send`] does, and while as many bytes as `buffer.memory` are between here and who takes results: without
    /// anybody who does, for ever. If the stream of results was dropped they are of no interest.
    ///
    /// Not cancel-safe: dropped before it is done, the record may be sent, and nothing comes out.
    pub async fn send(&self, message: ProducerMessage<M>) {
        let size = message.record.size_max() + RECORD_OVERHEAD;
        // What takes more than there is could never be sent, and is told so below.
        let size = size.min(self.producer.handle.shared.config.buffer_memory);
        let room = self.pending.room.clone().acquire_many_owned(u32::try_from(size).unwrap_or(u32::MAX));
        let Ok(room) = room.await else {
            let _nobody_cares = self.producer.send(message.record).await;
            return;
        };
        let _entering = Entering::new(&self.pending);
        match self.producer.send(message.record.clone()).await {
            Ok(delivery) => self.pending.push(Waiting { delivery, message, room }),
            Err(error) => {
                let outcome = Outcome { message, result: Err(error) };
                self.pending.state().ended.push_back((outcome, room));
            }
        }
    }

    /// The producer behind it.
    pub fn producer(&self) -> &Producer {
        &self.producer
    }
}

impl<M> Outcomes<M> {
    /// The next result; none once all have come and no message can go in any more.
    ///
    /// Cancel-safe.
    pub async fn recv(&mut self) -> Option<Outcome<M>> {
        let shared = self.producer.handle.shared.clone();
        loop {
            let ended = shared.ended.notified();
            let mut ended = std::pin::pin!(ended);
            // From here on no end is missed.
            ended.as_mut().enable();
            if let ControlFlow::Break(outcome) = self.pending.state().next(self.pending.returns) {
                return outcome;
            }
            tokio::select! {
                () = ended => {}
                () = self.pending.changed.notified() => {}
            }
        }
    }
}

impl<M> Pending<M> {
    fn state(&self) -> MutexGuard<'_, State<M>> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, waiting: Waiting<M>) {
        let partition = waiting.delivery.topic_partition().clone();
        self.state().waiting.entry(partition).or_default().push_back(waiting);
    }
}

impl<M> State<M> {
    /// The next result; none if there will not be one any more.
    fn next(&mut self, returns: Returns) -> ControlFlow<Option<Outcome<M>>> {
        if self.ended.is_empty() {
            self.sort_out(returns);
        }
        match self.ended.pop_front() {
            Some((outcome, _room)) => ControlFlow::Break(Some(outcome)),
            None if self.is_over() => ControlFlow::Break(None),
            None => ControlFlow::Continue(()),
        }
    }

    /// Moves what has ended to where it is taken from, each partition's in their order.
    fn sort_out(&mut self, returns: Returns) {
        for queue in self.waiting.values_mut() {
            while let Some(result) = queue.front().and_then(|waiting| waiting.delivery.now()) {
                let Some(Waiting { message, room, .. }) = queue.pop_front() else { break };
                if returns == Returns::All || result.is_err() {
                    self.ended.push_back((Outcome { message, result }, room));
                }
            }
        }
        self.waiting.retain(|_, queue| !queue.is_empty());
    }

    fn is_over(&self) -> bool {
        self.inputs == 0 && self.entering == 0 && self.waiting.is_empty()
    }
}

/// A message between going in and waiting, until this is dropped.
struct Entering<'a, M> {
    pending: &'a Pending<M>,
}

impl<M> Entering<'_, M> {
    fn new(pending: &Pending<M>) -> Entering<'_, M> {
        pending.state().entering += 1;
        Entering { pending }
    }
}

impl<M> Drop for Entering<'_, M> {
    fn drop(&mut self) {
        self.pending.state().entering -= 1;
        self.pending.changed.notify_one();
    }
}

impl<M> Clone for AsyncProducer<M> {
    fn clone(&self) -> Self {
        self.pending.state().inputs += 1;
        AsyncProducer { producer: self.producer.clone(), pending: self.pending.clone() }
    }
}

impl<M> Drop for AsyncProducer<M> {
    fn drop(&mut self) {
        self.pending.state().inputs -= 1;
        self.pending.changed.notify_one();
    }
}

impl<M> Drop for Outcomes<M> {
    fn drop(&mut self) {
        self.pending.room.close();
    }
}

impl<M> std::fmt::Debug for AsyncProducer<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AsyncProducer").field("producer", &self.producer).finish_non_exhaustive()
    }
}

impl<M> std::fmt::Debug for Outcomes<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outcomes").field("producer", &self.producer).finish_non_exhaustive()
    }
}
