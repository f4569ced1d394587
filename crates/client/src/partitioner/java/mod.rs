//! Java's partitioners: the built-in one of today, those that it replaced, and round robin.

mod built_in;
mod round_robin;
mod sticky;

use super::{PartitionerError, RandomSource, TopicRef};

pub use built_in::BuiltIn;
pub use round_robin::RoundRobin;
pub use sticky::Sticky;

/// Java's random numbers have no sign, and become an index by remainder.
fn positive(random: &mut dyn RandomSource) -> u32 {
    random.next_u32() & 0x7fff_ffff
}

/// The partition of that number among those with a leader, or among all where none has one.
fn among_available(number: u32, topic: TopicRef<'_>) -> Result<i32, PartitionerError> {
    let partitions = topic.count()?;
    match u32::try_from(topic.available.len()) {
        Ok(available) if available > 0 => Ok(topic.available[(number % available) as usize]),
        _ => Ok((number % partitions).cast_signed()),
    }
}
