//! Records that nobody has judged yet: whoever sends decides what a failure means.

use ottla_client::producer::{Delivered, Deliveries, Producer, ProducerRecord};
use ottla_records::Timestamp;
use tokio::task::yield_now;

#[derive(Debug)]
pub(crate) struct UnderWay {
    producer: Producer,
    deliveries: Deliveries,
}

/// So many records may be on their way.
const RECORDS_MAX: usize = 100_000;

impl UnderWay {
    pub(crate) fn new(producer: Producer) -> UnderWay {
        UnderWay { producer, deliveries: Deliveries::new() }
    }

    /// How many records there are of which it was not told what became of them.
    pub(crate) fn len(&self) -> usize {
        self.deliveries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    pub(crate) async fn send(&mut self, record: ProducerRecord) -> ottla_client::Result<()> {
        self.deliveries.push(self.producer.send(record).await?);
        Ok(())
    }

    /// Sends records that were read at once, at this time. Cancel-safe, as [`Producer::send_many`] is.
    pub(crate) async fn send_many(
        &mut self,
        mut records: Vec<ProducerRecord>,
        now: Timestamp,
    ) -> ottla_client::Result<()> {
        for record in &mut records {
            record.timestamp.get_or_insert(now);
        }
        self.producer.send_many(records, &mut self.deliveries).await?;
        // What fills batches goes out while more is read, rather than when memory is full.
        yield_now().await;
        Ok(())
    }

    /// What became of the first records. None if that is not known yet: it is waited for where too many are on their way.
    pub(crate) async fn next_ended(&mut self) -> Option<Delivered> {
        if self.len() > RECORDS_MAX { self.next().await } else { self.deliveries.try_next() }
    }

    /// What became of the first records, which is waited for. None if there are no more.
    pub(crate) async fn next(&mut self) -> Option<Delivered> {
        self.deliveries.next().await
    }
}
