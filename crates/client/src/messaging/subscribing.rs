//! Subscribing: a handler for each message, one after the other within a partition.

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Broker, Carrier, OnError, ReaderOptions};
use crate::Result;
use crate::consumer::ConsumerRecord;
use crate::group::{Claim, ConsumerGroup, GroupHandler, Handled, HandlerError, Session};

/// A message that came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The message.
    pub record: ConsumerRecord,
    session: Session,
    commits_each: bool,
}

impl Event {
    /// The message is handled, and all before it in its partition. With `auto_ack` that is done when the handler has returned.
    ///
    /// It fails as [`crate::consumer::Consumer::commit`] does, where messages are committed one by one.
    pub async fn ack(&self) -> Result<()> {
        self.session.mark(&self.record);
        if self.commits_each { self.session.commit().await } else { Ok(()) }
    }

    /// The message's headers, to read trace context from.
    pub fn headers(&self) -> Carrier {
        let mut carrier = Carrier::default();
        for header in self.record.headers.iter() {
            carrier.add(&String::from_utf8_lossy(&header.key), header.value.unwrap_or_default());
        }
        carrier
    }
}

/// A handler that is subscribed. Dropped, it goes on until the client closes.
#[derive(Debug)]
pub struct Subscription {
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), HandlerError>>,
}

impl Subscription {
    /// Has the handler end with the message that it has, leaves the group, and tells the handler's error, if it had ended by one.
    pub async fn stop(self) -> Result<(), HandlerError> {
        self.stop.send_replace(true);
        self.task.await?
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
        if let Some((partitions, replication_factor)) = options.auto_create_topic {
            self.create_topic(topic, partitions, replication_factor).await?;
        }
        let members = ConsumerGroup::new(self.client.clone(), options.consumer(group))?;
        let (stop, mut stopped) = watch::channel(false);
        let topic = topic.to_owned();
        let task = tokio::spawn(async move {
            let until = async move {
                if stopped.wait_for(|stopped| *stopped).await.is_err() {
                    // Nobody is there to stop it.
                    std::future::pending::<()>().await;
                }
            };
            members.consume([topic], EachMessage { handler, options }, until).await
        });
        Ok(Subscription { stop, task })
    }
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
                let event = Event { record, session: session.clone(), commits_each };
                let outcome = (self.handler)(event.clone()).await;
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
