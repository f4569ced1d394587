//! The names of the conventions for messaging, and those for Kafka.

use opentelemetry::KeyValue;

use crate::{Offset, TopicPartition};

/// What a span is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Send,
    Poll,
    Process,
}

impl Operation {
    pub(super) fn name(self) -> &'static str {
        match self {
            Operation::Send => "send",
            Operation::Poll => "poll",
            Operation::Process => "process",
        }
    }

    /// The kind of operation, of which the conventions know few.
    fn kind(self) -> &'static str {
        match self {
            Operation::Send => "send",
            Operation::Poll => "receive",
            Operation::Process => "process",
        }
    }
}

/// What every span tells.
pub(super) fn common(operation: Operation, topic: &str) -> Vec<KeyValue> {
    vec![
        KeyValue::new("messaging.system", "kafka"),
        KeyValue::new("messaging.operation.name", operation.name()),
        KeyValue::new("messaging.operation.type", operation.kind()),
        KeyValue::new("messaging.destination.name", topic.to_owned()),
    ]
}

/// What a span of one message tells besides.
pub(super) fn message(key: Option<&[u8]>, is_tombstone: bool) -> Vec<KeyValue> {
    let mut attributes = Vec::new();
    if let Some(key) = key.and_then(|key| std::str::from_utf8(key).ok()) {
        attributes.push(KeyValue::new("messaging.kafka.message.key", key.to_owned()));
    }
    if is_tombstone {
        attributes.push(KeyValue::new("messaging.kafka.message.tombstone", true));
    }
    attributes
}

/// Where a message stands.
pub(super) fn place(partition: &TopicPartition, offset: Option<Offset>) -> Vec<KeyValue> {
    let number = partition.partition.to_string();
    let mut attributes = vec![KeyValue::new("messaging.destination.partition.id", number)];
    attributes.extend(offset.map(|offset| KeyValue::new("messaging.kafka.offset", offset)));
    attributes
}
