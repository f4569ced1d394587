//! The bytes in which subscriptions and assignments pass the coordinator: a version, and a message of that version.

use std::sync::Arc;

use bytes::Bytes;
use ottla_wire::messages::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, consumer_protocol_assignment,
    consumer_protocol_subscription,
};
use ottla_wire::{ByteString, DecodeError, Message, Reader, Writer};

use super::{Assignment, Subscription};
use crate::TopicPartition;

/// What consumers call their group protocol.
pub const PROTOCOL_TYPE: &str = "consumer";

/// In the newest version. Topics and owned partitions are sorted; the instance id is the coordinator's to tell.
pub fn encode_subscription(subscription: &Subscription) -> Bytes {
    encode_subscription_version(subscription, ConsumerProtocolSubscription::MAX_VERSION)
}

/// In this version, 0 to 3; what it has no place for is left out.
pub(crate) fn encode_subscription_version(subscription: &Subscription, version: i16) -> Bytes {
    let mut topics: Vec<ByteString> = subscription.topics.iter().map(|topic| text(topic)).collect();
    topics.sort();
    let mut owned = subscription.owned_partitions.clone();
    owned.sort();
    let owned_partitions = by_topic(&owned).into_iter().map(|(topic, partitions)| {
        consumer_protocol_subscription::TopicPartition { topic: text(&topic), partitions }
    });
    let message = ConsumerProtocolSubscription {
        topics,
        user_data: subscription.user_data.clone(),
        owned_partitions: owned_partitions.collect(),
        generation_id: subscription.generation.unwrap_or(-1),
        rack_id: subscription.rack.as_deref().map(text),
    };
    encode(&message, version)
}

/// What a member says. A later version than is known is read as the newest that is.
pub fn decode_subscription(bytes: &Bytes) -> Result<Subscription, DecodeError> {
    let message: ConsumerProtocolSubscription = decode(bytes)?;
    let owned = message.owned_partitions.iter().map(|owned| (&owned.topic, &owned.partitions));
    Ok(Subscription {
        topics: message.topics.iter().map(|topic| Arc::from(&**topic)).collect(),
        user_data: message.user_data.clone(),
        owned_partitions: flat(owned),
        generation: Some(message.generation_id).filter(|generation| *generation >= 0),
        rack: message.rack_id.as_deref().filter(|rack| !rack.is_empty()).map(Arc::from),
        instance_id: None,
    })
}

/// In the newest version. Partitions keep their order within each topic.
pub fn encode_assignment(assignment: &Assignment) -> Bytes {
    let assigned = by_topic(&assignment.partitions).into_iter().map(|(topic, partitions)| {
        consumer_protocol_assignment::TopicPartition { topic: text(&topic), partitions }
    });
    let message = ConsumerProtocolAssignment {
        assigned_partitions: assigned.collect(),
        user_data: assignment.user_data.clone(),
    };
    encode(&message, ConsumerProtocolAssignment::MAX_VERSION)
}

/// What a member is given. No bytes at all are an assignment of nothing: so a coordinator answers for a member that its leader did
/// not know.
pub fn decode_assignment(bytes: &Bytes) -> Result<Assignment, DecodeError> {
    if bytes.is_empty() {
        return Ok(Assignment::default());
    }
    let message: ConsumerProtocolAssignment = decode(bytes)?;
    let assigned = message.assigned_partitions.iter().map(|assigned| (&assigned.topic, &assigned.partitions));
    Ok(Assignment { partitions: flat(assigned), user_data: message.user_data.clone() })
}

fn encode<M: Message>(message: &M, version: i16) -> Bytes {
    let mut writer = Writer::new();
    writer.i16(version);
    message.encode(&mut writer, version);
    writer.into_bytes()
}

fn decode<M: Message>(bytes: &Bytes) -> Result<M, DecodeError> {
    let mut reader = Reader::new(bytes.clone());
    let version = reader.i16()?;
    if version < M::MIN_VERSION {
        return Err(DecodeError::UnsupportedVersion { version, min: M::MIN_VERSION, max: M::MAX_VERSION });
    }
    M::decode(&mut reader, version.min(M::MAX_VERSION))
}

/// The numbers of each topic's partitions, topics as they first appear.
pub(super) fn by_topic(partitions: &[TopicPartition]) -> Vec<(Arc<str>, Vec<i32>)> {
    let mut topics: Vec<(Arc<str>, Vec<i32>)> = Vec::new();
    for TopicPartition { topic, partition } in partitions {
        match topics.iter_mut().find(|(known, _)| known == topic) {
            Some((_, numbers)) => numbers.push(*partition),
            None => topics.push((topic.clone(), vec![*partition])),
        }
    }
    topics
}

fn flat<'a>(topics: impl Iterator<Item = (&'a ByteString, &'a Vec<i32>)>) -> Vec<TopicPartition> {
    let mut partitions = Vec::new();
    for (topic, numbers) in topics {
        let topic: Arc<str> = Arc::from(&**topic);
        partitions.extend(numbers.iter().map(|number| TopicPartition::new(topic.clone(), *number)));
    }
    partitions
}

fn text(text: &str) -> ByteString {
    ByteString::from(text)
}
