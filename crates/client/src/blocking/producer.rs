//! Sending, with calls that wait.

use std::time::Duration;

use super::{Deliveries, Runtime};
use crate::producer::{ProducerRecord, RecordMetadata};
use crate::{Result, TopicPartition, producer};

/// Sends records to topics. Cheap to clone; all clones share batches and memory.
///
/// When the last clone is dropped, records that are not delivered yet are given up at once: call [`Producer::close`] or
/// [`Producer::flush`] first.
#[derive(Clone, Debug)]
pub struct Producer {
    // Dropped before the runtime that its tasks run on.
    pub(super) producer: producer::Producer,
    pub(super) runtime: Runtime,
}

/// A record on its way. Dropped, it changes nothing.
#[derive(Debug)]
#[must_use = "a record whose delivery nobody looks at may be lost without notice"]
pub struct Delivery {
    delivery: producer::Delivery,
    runtime: Runtime,
}

impl Producer {
    pub(super) fn new(producer: producer::Producer, runtime: Runtime) -> Producer {
        Producer { producer, runtime }
    }

    /// Takes a record, and gives what will become of it. Waits no longer than `max.block.ms` for the topic to be known, which a
    /// broker may create, and for room in `buffer.memory`; not for the record to be written.
    pub fn send(&self, record: ProducerRecord) -> Result<Delivery> {
        let delivery = self.runtime.run(self.producer.send(record))?;
        Ok(self.delivery(delivery))
    }

    /// Takes a record if it can do so at once: see [`producer::Producer::try_send`].
    pub fn try_send(&self, record: ProducerRecord) -> Result<Delivery> {
        self.producer.try_send(record).map(|delivery| self.delivery(delivery))
    }

    /// Sends a record and waits until it is written.
    pub fn send_and_wait(&self, record: ProducerRecord) -> Result<RecordMetadata> {
        self.runtime.run(self.producer.send_and_wait(record))
    }

    /// Sends records in their order, and waits until it is known what became of each.
    pub fn send_all(&self, records: impl IntoIterator<Item = ProducerRecord>) -> Vec<Result<RecordMetadata>> {
        self.runtime.run(self.producer.send_all(records))
    }

    /// Takes records in their order, for a fraction of what [`Producer::send`] costs for each: see [`producer::Producer::send_many`].
    /// What becomes of them will be told by `deliveries`, behind what is there already.
    ///
    /// Waits as `send` does, for topics and for room. Fails with the first record that is not taken; those before it were taken, those
    /// behind it were not.
    ///
    /// ```no_run
    /// # fn example(producer: ottla_client::blocking::Producer) -> ottla_client::Result<()> {
    /// use ottla_client::producer::ProducerRecord;
    ///
    /// let mut deliveries = producer.deliveries();
    /// for block in ["apples\npears", "plums\ncherries"] {
    ///     let records = block.lines().map(|line| ProducerRecord::new("orders").value(line)).collect();
    ///     producer.send_many(records, &mut deliveries)?;
    /// }
    /// for delivered in deliveries {
    ///     println!("{} records at {:?}", delivered.count, delivered.result?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_many(&self, records: Vec<ProducerRecord>, deliveries: &mut Deliveries) -> Result<()> {
        self.runtime.run(self.producer.send_many(records, &mut deliveries.deliveries))
    }

    /// What is told of records of [`Producer::send_many`]: of none yet.
    pub fn deliveries(&self) -> Deliveries {
        Deliveries::new(self.runtime.clone())
    }

    /// Sends at once what waits for more records, and waits until it is known what became of all that was sent before.
    pub fn flush(&self) {
        self.runtime.run(self.producer.flush());
    }

    /// Delivers what was sent, no longer than `within`, and ends the producer, whoever else has a clone: see
    /// [`producer::Producer::close`].
    pub fn close(&self, within: Duration) -> Result<()> {
        self.runtime.run(self.producer.close(within))
    }

    /// The asynchronous producer, for what has no method here.
    pub fn asynchronous(&self) -> &producer::Producer {
        &self.producer
    }

    fn delivery(&self, delivery: producer::Delivery) -> Delivery {
        Delivery { delivery, runtime: self.runtime.clone() }
    }
}

impl Delivery {
    pub(super) fn into_inner(self) -> producer::Delivery {
        self.delivery
    }

    /// Waits until it is known where the record was written, or why it was not.
    pub fn wait(self) -> Result<RecordMetadata> {
        self.runtime.run(self.delivery.into_future())
    }

    /// The partition that the record goes to.
    pub fn topic_partition(&self) -> &TopicPartition {
        self.delivery.topic_partition()
    }

    /// What became of the record, if that is known.
    pub fn now(&self) -> Option<Result<RecordMetadata>> {
        self.delivery.now()
    }
}
