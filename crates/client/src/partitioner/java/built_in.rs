//! What Java's producer does when no `partitioner.class` is set (KIP-794).

use std::time::Instant;

use super::{among_available, positive};
use crate::partitioner::{
    Appended, KeyHash, Partitioner, PartitionerError, Queue, RandomSource, RecordRef, TopicRef,
};

/// Keys are hashed by Murmur2. Records without one stay with a partition for about a batch's worth of bytes; the next partition is drawn
/// the likelier the less waits to be sent to it.
pub struct BuiltIn {
    hash: KeyHash,
    random: Box<dyn RandomSource>,
    batch_size: usize,
    ignore_keys: bool,
    adaptive: bool,
    sticky: Option<i32>,
    /// Bytes that the sticky partition has taken since it was drawn.
    produced: usize,
    load: Option<Load>,
}

/// Weights of partitions, as a running sum: queues of 0, 3 and 1 batches weigh 4, 1 and 3, which is kept as 4, 5 and 8. Of the numbers
/// below 8 then four draw the first partition, one the second and three the third.
struct Load {
    partitions: Vec<(u64, i32)>,
}

impl Load {
    /// None where all weigh the same: `count` is the number of partitions with a leader or without.
    fn new(count: u32, queues: &[Queue]) -> Option<Load> {
        let kept: Vec<&Queue> = queues.iter().filter(|queue| !queue.slow).collect();
        let longest = kept.iter().map(|queue| u64::from(queue.batches)).max()?;
        let equal = kept.iter().all(|queue| u64::from(queue.batches) == longest);
        if count < 2 || (equal && kept.len() == count as usize) {
            return None;
        }
        let weights = kept.iter().scan(0, |sum, queue| {
            *sum += longest + 1 - u64::from(queue.batches);
            Some((*sum, queue.partition))
        });
        Some(Load { partitions: weights.collect() })
    }

    fn draw(&self, number: u32) -> i32 {
        let (sum, _) = self.partitions.last().expect("a load has a partition");
        let weighted = u64::from(number) % sum;
        let index = self.partitions.partition_point(|(until, _)| *until <= weighted);
        self.partitions[index].1
    }
}

impl BuiltIn {
    /// With `batch.size`; adaptive, and with keys having their say.
    pub fn new(random: impl RandomSource + 'static, batch_size: usize) -> BuiltIn {
        BuiltIn {
            hash: KeyHash::murmur2(),
            random: Box::new(random),
            batch_size: batch_size.max(1),
            ignore_keys: false,
            adaptive: true,
            sticky: None,
            produced: 0,
            load: None,
        }
    }

    /// `partitioner.ignore.keys`.
    #[must_use]
    pub fn with_ignore_keys(self, ignore_keys: bool) -> BuiltIn {
        BuiltIn { ignore_keys, ..self }
    }

    /// `partitioner.adaptive.partitioning.enable`: if not, the next partition is any that has a leader.
    #[must_use]
    pub fn with_adaptive(self, adaptive: bool) -> BuiltIn {
        BuiltIn { adaptive, ..self }
    }

    fn key<'a>(&self, record: RecordRef<'a>) -> Option<&'a [u8]> {
        record.key.filter(|_| !self.ignore_keys)
    }

    fn next(&mut self, topic: TopicRef<'_>) -> Result<i32, PartitionerError> {
        let number = positive(&mut *self.random);
        let partition = match &self.load {
            Some(load) => load.draw(number),
            None => among_available(number, topic)?,
        };
        self.sticky = Some(partition);
        self.produced = 0;
        Ok(partition)
    }
}

impl Partitioner for BuiltIn {
    fn partition(
        &mut self,
        record: RecordRef<'_>,
        topic: TopicRef<'_>,
        _: Instant,
    ) -> Result<i32, PartitionerError> {
        let partitions = topic.count()?;
        if let Some(key) = self.key(record) {
            return Ok(self.hash.partition(key, partitions));
        }
        if let Some(sticky) = self.sticky.filter(|sticky| *sticky < partitions.cast_signed()) {
            return Ok(sticky);
        }
        // Loads are those of the topic before it was made anew with fewer partitions.
        if self.sticky.is_some() {
            self.load = None;
        }
        self.next(topic)
    }

    /// Leaves the partition after a batch's worth of bytes if that leaves no small batch behind, after twice as much in any case.
    fn on_appended(&mut self, record: RecordRef<'_>, topic: TopicRef<'_>, appended: Appended) {
        let sticky = self.sticky == Some(appended.partition);
        if self.key(record).is_some() || record.partition.is_some() || !sticky || topic.partitions == 0 {
            return;
        }
        self.produced = self.produced.saturating_add(appended.bytes);
        let enough = self.produced >= self.batch_size && appended.batch_ready;
        if enough || self.produced >= self.batch_size.saturating_mul(2) {
            self.next(topic).expect("the topic has a partition");
        }
    }

    fn on_queues(&mut self, topic: TopicRef<'_>, queues: &[Queue]) {
        if self.adaptive {
            self.load = Load::new(topic.partitions, queues);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(partition: i32, batches: u32) -> Queue {
        Queue { partition, batches, slow: false }
    }

    #[test]
    fn a_partition_is_drawn_the_likelier_the_less_waits_for_it() {
        let load = Load::new(3, &[queue(0, 0), queue(1, 3), queue(2, 1)]).unwrap();
        let drawn: Vec<i32> = (0..8).map(|number| load.draw(number)).collect();
        assert_eq!(drawn, [0, 0, 0, 0, 1, 2, 2, 2]);
    }

    #[test]
    fn equal_queues_need_no_weights_unless_a_partition_is_left_out() {
        assert!(Load::new(2, &[queue(0, 2), queue(1, 2)]).is_none());
        assert!(Load::new(3, &[queue(0, 2), queue(1, 2)]).is_some());
        assert!(Load::new(2, &[]).is_none());
        let slow = Queue { slow: true, ..queue(1, 0) };
        assert_eq!(Load::new(2, &[queue(0, 9), slow]).unwrap().draw(77), 0);
    }
}
