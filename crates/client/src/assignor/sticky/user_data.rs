//! What a member remembers of its last assignment, and how it tells the leader.
//!
//! ```text
//! sticky, version 1:       [topic: string, [partition: i32]], generation: i32
//! sticky, version 0:       [topic: string, [partition: i32]]
//! cooperative-sticky:      generation: i32
//! ```
//!
//! Nothing says which version it is: what cannot be read as the newer is read as the older.

use std::sync::Arc;

use bytes::Bytes;
use ottla_wire::{ByteString, DecodeError, Reader, Writer};

use super::NO_GENERATION;
use crate::TopicPartition;
use crate::assignor::{Subscription, encoding::by_topic};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) partitions: Vec<TopicPartition>,
    /// None where the member's client is too old to tell.
    pub(super) generation: Option<i32>,
}

impl Memory {
    pub(super) fn encode(&self) -> Bytes {
        let mut writer = Writer::new();
        writer.array(false, &by_topic(&self.partitions), |writer, (topic, numbers)| {
            writer.string(false, &ByteString::from(&**topic));
            writer.array(false, numbers, |writer, number| writer.i32(*number));
        });
        writer.i32(self.generation.unwrap_or(NO_GENERATION));
        writer.into_bytes()
    }

    /// What cannot be read is as if the member had been in no generation.
    pub(super) fn of_sticky(user_data: Option<&Bytes>) -> Memory {
        let Some(bytes) = user_data.filter(|bytes| !bytes.is_empty()) else { return Memory::default() };
        let unreadable = Memory { partitions: Vec::new(), generation: Some(NO_GENERATION) };
        Memory::decode(bytes, true).or_else(|_| Memory::decode(bytes, false)).unwrap_or(unreadable)
    }

    fn decode(bytes: &Bytes, with_generation: bool) -> Result<Memory, DecodeError> {
        let mut reader = Reader::new(bytes.clone());
        let topics = reader.array(false, 6, |reader| {
            let topic: Arc<str> = Arc::from(&*reader.string(false)?);
            Ok((topic, reader.array(false, 4, |reader| reader.i32())?))
        })?;
        let generation = if with_generation { Some(reader.i32()?) } else { None };
        let named = |(topic, numbers): (Arc<str>, Vec<i32>)| {
            numbers.into_iter().map(move |number| TopicPartition::new(topic.clone(), number))
        };
        Ok(Memory { partitions: topics.into_iter().flat_map(named).collect(), generation })
    }

    /// From the subscription's own fields; the generation from user data where the subscription's version has no field for it.
    pub(super) fn of_cooperative(subscription: &Subscription) -> Memory {
        let told = || {
            let bytes = subscription.user_data.as_ref()?;
            Some(Reader::new(bytes.clone()).i32().unwrap_or(NO_GENERATION))
        };
        Memory {
            partitions: subscription.owned_partitions.clone(),
            generation: subscription.generation.or_else(told),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(generation: Option<i32>) -> Memory {
        let partitions = [("a", 1), ("b", 0), ("a", 0)];
        let partitions = partitions.map(|(topic, number)| TopicPartition::new(topic, number)).to_vec();
        Memory { partitions, generation }
    }

    /// Partitions come back topic by topic.
    fn by_topic(mut memory: Memory) -> Memory {
        memory.partitions.sort_by(|a, b| a.topic.cmp(&b.topic));
        memory
    }

    #[test]
    fn user_data_is_read_in_either_version_and_is_nothing_otherwise() {
        let encoded = memory(Some(7)).encode();
        let older = encoded.slice(..encoded.len() - 4);
        let nothing = Memory { partitions: Vec::new(), generation: Some(NO_GENERATION) };
        let check =
            |bytes: Bytes, expected| assert_eq!(Memory::of_sticky(Some(&bytes)), expected, "{bytes:?}");
        check(encoded.clone(), by_topic(memory(Some(7))));
        check(older.clone(), by_topic(memory(None)));
        check(older.slice(..older.len() - 1), nothing.clone());
        check(Bytes::from_static(&[0x7f; 9]), nothing.clone());
        check(Bytes::from_static(&[0xff; 9]), nothing);
        check(Bytes::new(), Memory::default());
    }
}
