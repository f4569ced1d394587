//! Consuming, with calls that wait.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Runtime;
use crate::consumer::{self, ConsumerRecord, OffsetAndTimestamp, StartAt};
use crate::{Offset, Result, TopicPartition};

/// A consumer. Records are fetched ahead while it lives, whether somebody waits for them or not.
#[derive(Debug)]
pub struct Consumer {
    // Dropped before the runtime that its tasks run on.
    consumer: consumer::Consumer,
    runtime: Runtime,
}

/// One record after the other, without end: see [`Consumer::records`].
#[derive(Debug)]
pub struct Records<'a> {
    consumer: &'a Consumer,
}

impl Consumer {
    pub(super) fn new(consumer: consumer::Consumer, runtime: Runtime) -> Consumer {
        Consumer { consumer, runtime }
    }

    /// Consumes these partitions from here on, and no others: see [`consumer::Consumer::assign`].
    pub fn assign(&self, partitions: impl IntoIterator<Item = (TopicPartition, StartAt)>) -> Result<()> {
        self.consumer.assign(partitions)
    }

    /// Consumes topics as a member of `group.id`: see [`consumer::Consumer::subscribe`].
    pub fn subscribe<T: Into<Arc<str>>>(&self, topics: impl IntoIterator<Item = T>) -> Result<()> {
        self.consumer.subscribe(topics)
    }

    /// Leaves the group, and consumes nothing any more: see [`consumer::Consumer::unsubscribe`].
    pub fn unsubscribe(&self) -> Result<()> {
        self.runtime.run(self.consumer.unsubscribe())
    }

    /// Commits where the group goes on: behind all that was given out. See [`consumer::Consumer::commit`].
    pub fn commit(&self) -> Result<()> {
        self.runtime.run(self.consumer.commit())
    }

    /// The partitions that are assigned.
    pub fn assignment(&self) -> Vec<TopicPartition> {
        self.consumer.assignment()
    }

    /// Goes on elsewhere in a partition: see [`consumer::Consumer::seek`].
    pub fn seek(&self, partition: &TopicPartition, to: StartAt) -> Result<()> {
        self.consumer.seek(partition, to)
    }

    /// Gives no records of these partitions until they are resumed: see [`consumer::Consumer::pause`].
    pub fn pause<'a>(&self, partitions: impl IntoIterator<Item = &'a TopicPartition>) -> Result<()> {
        self.consumer.pause(partitions)
    }

    /// Gives records of these partitions again.
    pub fn resume<'a>(&self, partitions: impl IntoIterator<Item = &'a TopicPartition>) -> Result<()> {
        self.consumer.resume(partitions)
    }

    /// Waits for the next records, up to `max.poll.records` of them; none if none came in time: see
    /// [`consumer::Consumer::poll`].
    pub fn poll(&self, timeout: Duration) -> Result<Vec<ConsumerRecord>> {
        self.runtime.run(self.consumer.poll(timeout))
    }

    /// Waits for the next record, however long that takes.
    pub fn recv(&self) -> Result<ConsumerRecord> {
        self.runtime.run(self.consumer.recv())
    }

    /// One record after the other, and errors as [`consumer::Consumer::poll`] tells them. It waits for each, and never ends; ended
    /// by whoever iterates, it goes on with the next record when it is begun again.
    pub fn records(&self) -> Records<'_> {
        Records { consumer: self }
    }

    /// The offset of the record that comes next: see [`consumer::Consumer::position`].
    pub fn position(&self, partition: &TopicPartition) -> Result<Option<Offset>> {
        self.consumer.position(partition)
    }

    /// How many offsets lie between the position and the end of the partition, as both are known.
    pub fn lag(&self, partition: &TopicPartition) -> Option<i64> {
        self.consumer.lag(partition)
    }

    /// For each partition the first record of at least a timestamp: see [`consumer::Consumer::offsets_for_times`].
    pub fn offsets_for_times(
        &self,
        timestamps: impl IntoIterator<Item = (TopicPartition, i64)>,
    ) -> Result<BTreeMap<TopicPartition, Option<OffsetAndTimestamp>>> {
        self.runtime.run(self.consumer.offsets_for_times(timestamps))
    }

    /// Where partitions begin.
    pub fn beginning_offsets<'a>(
        &self,
        partitions: impl IntoIterator<Item = &'a TopicPartition>,
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        self.runtime.run(self.consumer.beginning_offsets(partitions))
    }

    /// Where partitions end, as this consumer may read them.
    pub fn end_offsets<'a>(
        &self,
        partitions: impl IntoIterator<Item = &'a TopicPartition>,
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        self.runtime.run(self.consumer.end_offsets(partitions))
    }

    /// The asynchronous consumer, for what has no method here: [`super::Client::run`] waits for it.
    pub fn asynchronous(&self) -> &consumer::Consumer {
        &self.consumer
    }

    /// Ends fetching and tells the brokers.
    pub fn close(self) {
        self.runtime.run(self.consumer.close());
    }
}

impl Iterator for Records<'_> {
    type Item = Result<ConsumerRecord>;

    fn next(&mut self) -> Option<Result<ConsumerRecord>> {
        Some(self.consumer.recv())
    }
}
