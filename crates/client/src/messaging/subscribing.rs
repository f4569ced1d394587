//! Subscribing: a handler for each message, one after the other within a partition, or for batches of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::spans::Spans;
use super::{Broker, Carrier, OnError, ReaderOptions};
use crate::config::ConsumerConfig;
use crate::consumer::{Consumer, ConsumerRecord};
use crate::group::{
    Batch, BatchHandler, BatchOptions, Batches, Claim, ConsumerGroup, DeadLetters, GroupHandler, Handled,
    HandlerError, Session,
};
use crate::{Result, TopicPartition};

/// A message that came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The message.
    pub record: ConsumerRecord,
    /// How often it is handled, this time included. More than 1 in batches alone.
    pub attempt: u32,
    /// None in a batch.
    acknowledging: Option<Acknowledging>,
}

#[derive(Clone, Debug)]
struct Acknowledging {
    session: Session,
    commits_each: bool,
}

impl Event {
    /// The message is handled, and all before it in its partition. With `auto_ack` that is done when the handler has returned.
    ///
    /// In batches it does nothing: there a message is acknowledged when all before it are handled too.
    ///
    /// It fails as [`crate::consumer::Consumer::commit`] does, where messages are committed one by one.
    pub async fn ack(&self) -> Result<()> {
        let Some(Acknowledging { session, commits_each }) = &self.acknowledging else { return Ok(()) };
        session.mark(&self.record);
        if *commits_each { session.commit().await } else { Ok(()) }
    }

    /// The message's headers, to read trace context from.
    pub fn headers(&self) -> Carrier {
        Carrier::of(&self.record.headers)
    }
}

/// A handler that is subscribed. Dropped, it goes on until the client closes.
#[derive(Debug)]
pub struct Subscription {
    members: Arc<ConsumerGroup>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), HandlerError>>,
}

impl Subscription {
    /// Has the handler end with the message that it has, leaves the group, and tells the handler's error, if it had ended by one.
    pub async fn stop(self) -> Result<(), HandlerError> {
        self.stop.send_replace(true);
        self.task.await?
    }

    /// How many messages of each partition that it has now come behind the last one that was given out, as far as that is known.
    pub fn lag(&self) -> BTreeMap<TopicPartition, i64> {
        lag_of(self.members.consumer())
    }

    /// Waits until the handler ends by an error.
    ///
    /// Not cancel-safe: dropped early, nobody can stop it but the client's end.
    pub async fn failed(self) -> Result<(), HandlerError> {
        self.task.await?
    }
}

/// What calls the program's handler.
struct EachMessage<H> {
    handler: H,
    options: ReaderOptions,
    spans: Spans,
}

impl Broker {
    /// Calls the handler with each message of the topic that the group gives to this member: one after the other within a
    /// partition, and for several partitions at the same time.
    ///
    /// Fails if the options do not go together, or the topic cannot be made.
    pub async fn subscribe<H, F>(
        &self,
        topic: &str,
        group: &str,
        options: ReaderOptions,
        handler: H,
    ) -> Result<Subscription>
    where
        H: Fn(Event) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let consumer = options.consumer(group);
        let handler = EachMessage { handler, options: options.clone(), spans: Spans::of_group(group) };
        self.start(topic, &options, consumer, handler).await
    }

    /// Calls the handler with up to so many messages of a partition as [`BatchOptions`] say, and again if it fails. Each is
    /// acknowledged when it is handled, and all before it in its partition; `auto_ack` and `on_error` of the reader count for
    /// nothing.
    ///
    /// Fails if the options do not go together, or the topic cannot be made.
    pub async fn subscribe_batches<H, F>(
        &self,
        topic: &str,
        group: &str,
        options: ReaderOptions,
        batches: BatchOptions,
        handler: H,
    ) -> Result<Subscription>
    where
        H: Fn(Vec<Event>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let consumer = options.consumer(group);
        let batches = batches.commit_each(options.commits_each());
        let handler = EachBatch { handler, spans: Spans::of_group(group) };
        self.start(topic, &options, consumer, Batches::new(handler, batches)).await
    }

    /// A topic for messages that keep failing, which [`crate::group::OnFailure::DeadLetters`] wants. It is written to as this broker
    /// publishes.
    ///
    /// [`crate::Error::Config`] if its options do not go together.
    pub fn dead_letters(&self, topic: &str) -> Result<DeadLetters> {
        let topic = Arc::from(topic);
        Ok(DeadLetters::with_producer(self.writer(&topic, None)?, topic))
    }

    async fn start(
        &self,
        topic: &str,
        options: &ReaderOptions,
        consumer: ConsumerConfig,
        handler: impl GroupHandler,
    ) -> Result<Subscription> {
        if let Some((partitions, replication_factor)) = options.auto_create_topic {
            self.create_topic(topic, partitions, replication_factor).await?;
        }
        let members = Arc::new(ConsumerGroup::new(self.client.clone(), consumer)?);
        let (stop, mut stopped) = watch::channel(false);
        let (topic, consuming, interval) = (topic.to_owned(), members.clone(), options.read_lag_interval);
        let task = tokio::spawn(async move {
            let until = async move {
                if stopped.wait_for(|stopped| *stopped).await.is_err() {
                    // Nobody is there to stop it.
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                outcome = consuming.consume([topic], handler, until) => outcome,
                never = log_lag(consuming.consumer(), interval) => never,
            }
        });
        Ok(Subscription { members, stop, task })
    }
}

/// For ever.
async fn log_lag<T>(consumer: &Consumer, interval: Duration) -> T {
    if interval.is_zero() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(interval).await;
        for (partition, lag) in lag_of(consumer) {
            tracing::info!(target: "ottla_client::messaging", %partition, lag, "lag");
        }
    }
}

fn lag_of(consumer: &Consumer) -> BTreeMap<TopicPartition, i64> {
    let known = |partition: TopicPartition| consumer.lag(&partition).map(|lag| (partition, lag));
    consumer.assignment().into_iter().filter_map(known).collect()
}

impl<H, F> GroupHandler for EachMessage<H>
where
    H: Fn(Event) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    fn consume_claim<'a>(&'a self, session: &'a Session, mut claim: Claim) -> Handled<'a> {
        Box::pin(async move {
            while let Some(record) = claim.next().await {
                let commits_each = self.options.commits_each();
                let acknowledging = Some(Acknowledging { session: session.clone(), commits_each });
                let event = Event { record, attempt: 1, acknowledging };
                let outcome = self.spans.handle(&event.record, (self.handler)(event.clone())).await;
                match outcome {
                    Err(error) if self.options.on_error == OnError::Stop => return Err(error),
                    Err(error) => {
                        let partition = &event.record.partition;
                        tracing::warn!(target: "ottla_client::messaging", %partition, offset = event.record.offset, %error,
                            "a message was not handled, and is passed over");
                    }
                    Ok(()) if !self.options.auto_ack => continue,
                    Ok(()) => {}
                }
                if let Err(error) = event.ack().await {
                    // It comes again, here or elsewhere.
                    tracing::warn!(target: "ottla_client::messaging", %error, "a message was not acknowledged");
                }
            }
            Ok(())
        })
    }
}

/// What calls the program's handler of batches.
struct EachBatch<H> {
    handler: H,
    spans: Spans,
}

impl<H, F> BatchHandler for EachBatch<H>
where
    H: Fn(Vec<Event>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    fn handle<'a>(&'a self, batch: Batch<'a>) -> Handled<'a> {
        let event = |record: &ConsumerRecord| Event {
            record: record.clone(),
            attempt: batch.attempt(),
            acknowledging: None,
        };
        let handling = (self.handler)(batch.records().iter().map(event).collect());
        Box::pin(async move { self.spans.handle_batch(batch.records(), handling).await })
    }
}
