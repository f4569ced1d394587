//! `org.apache.kafka.clients.producer.RoundRobinPartitioner`.

use std::time::Instant;

use super::among_available;
use crate::partitioner::{Partitioner, PartitionerError, RecordRef, TopicRef};

/// One after the other of the partitions that have a leader, whatever the key.
#[derive(Clone, Debug, Default)]
pub struct RoundRobin {
    counter: u32,
}

impl Partitioner for RoundRobin {
    fn partition(
        &mut self,
        _: RecordRef<'_>,
        topic: TopicRef<'_>,
        _: Instant,
    ) -> Result<i32, PartitionerError> {
        let partition = among_available(self.counter & 0x7fff_ffff, topic)?;
        self.counter = self.counter.wrapping_add(1);
        Ok(partition)
    }
}
