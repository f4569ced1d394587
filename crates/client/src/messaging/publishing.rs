//! Publishing: a writer for each topic.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use bytes::Bytes;

use super::spans::traced;
use super::{Broker, PublishOptions};
use crate::Result;
use crate::partitioner::PartitionerKind;
use crate::producer::{Producer, ProducerRecord, RecordMetadata};

impl Broker {
    /// Publishes a message and waits until it is written, as `required_acks` says. With `asynchronous` it waits only until the
    /// message is taken, gives nothing, and the completion tells of the rest.
    ///
    /// Cancel-safe in that nothing breaks: the message may be written all the same.
    pub async fn publish(
        &self,
        topic: &str,
        value: impl Into<Bytes>,
        options: PublishOptions,
    ) -> Result<Option<RecordMetadata>> {
        let name: Arc<str> = topic.into();
        if !self.options.may_create() {
            self.client.known_topic(&name).await?;
        }
        let mut record = ProducerRecord::new(name.clone()).value(value);
        record.key = options.key;
        record.partition = options.partition;
        options.headers.write(&mut record);
        let delivery = self.writer(&name, options.balancer)?.send(record).await?;
        let completed = self.options.completed();
        let delivered = async move {
            let outcome = delivery.await;
            completed.iter().for_each(|completed| completed(&outcome));
            outcome
        };
        if self.options.is_asynchronous() {
            self.client.spawn(async move {
                if let Err(error) = delivered.await {
                    tracing::warn!(target: "ottla_client::messaging", topic = &*name, %error, "not published");
                }
            });
            return Ok(None);
        }
        delivered.await.map(Some)
    }

    /// The writer of a topic; the first message makes it.
    pub(super) fn writer(&self, topic: &Arc<str>, balancer: Option<PartitionerKind>) -> Result<Producer> {
        let name = if self.options.has_writer_per_topic() { topic.clone() } else { Arc::from("") };
        let mut writers = self.writers();
        if let Some(writer) = writers.get(&name) {
            return Ok(writer.clone());
        }
        let writer = traced(self.client.producer_builder(self.options.producer(balancer))).build()?;
        writers.insert(name, writer.clone());
        Ok(writer)
    }

    pub(super) fn writers(&self) -> MutexGuard<'_, HashMap<Arc<str>, Producer>> {
        // Nothing panics while it holds the lock.
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
