//! What is sent, and what is known of it afterwards.

use std::sync::Arc;

use bytes::Bytes;
use ottla_records::Timestamp;

use crate::{Offset, TopicPartition};

/// A record to send. Keys, values and headers are bytes; cheap to clone.
///
/// ```
/// use ottla_client::producer::ProducerRecord;
///
/// let record = ProducerRecord::new("orders").key("customer-7").value("two apples").header("trace", "4bf92f35");
/// assert!(record.partition.is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProducerRecord {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition; none leaves the choice to the partitioner.
    pub partition: Option<i32>,
    /// The key; none is null, which is not the same as empty.
    pub key: Option<Bytes>,
    /// The value; none is a tombstone.
    pub value: Option<Bytes>,
    /// The headers in their order; names may repeat.
    pub headers: Vec<RecordHeader>,
    /// Milliseconds since 1970; none is now.
    pub timestamp: Option<Timestamp>,
}

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordHeader {
    /// The name.
    pub key: Bytes,
    /// The value; none is null.
    pub value: Option<Bytes>,
}

/// Where a record was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordMetadata {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The place in it. None with `acks=0`, and where the broker had the record from an earlier try and forgot its place.
    pub offset: Option<Offset>,
    /// The record's time: the broker's, if the topic has it so.
    pub timestamp: Timestamp,
}

impl ProducerRecord {
    /// A record of a topic, with nothing in it yet: a tombstone without a key.
    pub fn new(topic: impl Into<Arc<str>>) -> ProducerRecord {
        let topic = topic.into();
        ProducerRecord {
            topic,
            partition: None,
            key: None,
            value: None,
            headers: Vec::new(),
            timestamp: None,
        }
    }

    /// With a key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Bytes>) -> ProducerRecord {
        self.key = Some(key.into());
        self
    }

    /// With a value.
    #[must_use]
    pub fn value(mut self, value: impl Into<Bytes>) -> ProducerRecord {
        self.value = Some(value.into());
        self
    }

    /// To one partition, whatever the partitioner thinks.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> ProducerRecord {
        self.partition = Some(partition);
        self
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) -> ProducerRecord {
        self.headers.push(RecordHeader { key: key.into(), value: Some(value.into()) });
        self
    }

    /// With one more header, whose value is null.
    #[must_use]
    pub fn null_header(mut self, key: impl Into<Bytes>) -> ProducerRecord {
        self.headers.push(RecordHeader { key: key.into(), value: None });
        self
    }

    /// With a time of its own, in milliseconds since 1970.
    #[must_use]
    pub fn timestamp(mut self, timestamp: Timestamp) -> ProducerRecord {
        self.timestamp = Some(timestamp);
        self
    }

    /// The most that it takes in a batch.
    pub(super) fn size_max(&self) -> usize {
        /// Length, attributes, timestamp, offset, and the lengths of key and value and the number of headers.
        const OVERHEAD: usize = 5 + 1 + 10 + 5 + 5 + 5 + 5;
        /// The lengths of a header's key and value.
        const HEADER_OVERHEAD: usize = 5 + 5;
        let bytes = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
        let headers = self.headers.iter().map(|h| h.key.len() + bytes(&h.value) + HEADER_OVERHEAD);
        OVERHEAD + bytes(&self.key) + bytes(&self.value) + headers.sum::<usize>()
    }
}
