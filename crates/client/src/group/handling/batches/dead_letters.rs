//! Where records go that keep failing.

use std::sync::Arc;

use crate::config::ProducerConfig;
use crate::consumer::ConsumerRecord;
use crate::group::HandlerError;
use crate::producer::{Producer, ProducerRecord, RecordHeader};
use crate::{Client, Result};

/// A topic for records that keep failing: each with its key, its value and its headers, and behind these where it came from and why.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    producer: Producer,
    topic: Arc<str>,
}

impl DeadLetters {
    /// The header that names the topic of the record.
    pub const TOPIC: &str = "dead-letter.topic";
    /// The header that names the partition of the record, in digits.
    pub const PARTITION: &str = "dead-letter.partition";
    /// The header that names the offset of the record, in digits.
    pub const OFFSET: &str = "dead-letter.offset";
    /// The header that tells what went wrong last.
    pub const ERROR: &str = "dead-letter.error";
    /// The header that tells how often it was tried, in digits.
    pub const ATTEMPT: &str = "dead-letter.attempt";

    /// A topic, and a producer for it, which waits for all replicas in sync.
    ///
    /// Fails as [`Client::producer`] does.
    pub fn new(client: &Client, topic: impl Into<Arc<str>>) -> Result<DeadLetters> {
        Ok(DeadLetters::with_producer(client.producer(ProducerConfig::default())?, topic))
    }

    /// A topic, and a producer that is there already.
    pub fn with_producer(producer: Producer, topic: impl Into<Arc<str>>) -> DeadLetters {
        DeadLetters { producer, topic: topic.into() }
    }

    /// Writes a record, and waits until that is done.
    pub(super) async fn write(
        &self,
        record: &ConsumerRecord,
        error: &HandlerError,
        attempt: u32,
    ) -> Result<()> {
        let letter = letter(self.topic.clone(), record, &error.to_string(), attempt);
        self.producer.send(letter).await?.await.map(drop)
    }
}

fn letter(topic: Arc<str>, record: &ConsumerRecord, error: &str, attempt: u32) -> ProducerRecord {
    let mut letter = ProducerRecord::new(topic);
    (letter.key, letter.value) = (record.key.clone(), record.value.clone());
    let given = record.headers.iter().map(|header| RecordHeader { key: header.key, value: header.value });
    letter.headers = given.collect();
    letter
        .header(DeadLetters::TOPIC, record.partition.topic.to_string())
        .header(DeadLetters::PARTITION, record.partition.partition.to_string())
        .header(DeadLetters::OFFSET, record.offset.to_string())
        .header(DeadLetters::ERROR, error.to_owned())
        .header(DeadLetters::ATTEMPT, attempt.to_string())
}
