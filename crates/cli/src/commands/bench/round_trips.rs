//! How long it takes until a record is written, and until it is read: one after the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::{BufMut as _, Bytes, BytesMut};
use ottla_client::consumer::Consumer;
use ottla_client::producer::{Producer, ProducerRecord};
use tokio::time::{sleep_until, timeout};

use super::pace::Pace;
use super::tally::Tally;
use crate::clock;

/// A producer, and a consumer that stands at the end of the same topic.
pub(super) struct RoundTrips {
    pub(super) topic: Arc<str>,
    pub(super) producer: Producer,
    pub(super) consumer: Consumer,
    pub(super) size: usize,
}

/// Of the two halves of a round trip.
#[derive(Debug, Default)]
pub(super) struct RoundTripTallies {
    pub(super) written: Mutex<Tally>,
    pub(super) read: Mutex<Tally>,
}

/// A record that does not come in this time is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// The number of a record stands before all else in its value.
const NUMBER_BYTES: usize = size_of::<u64>();

impl RoundTrips {
    pub(super) async fn run(
        &self,
        count: Option<u64>,
        rate: Option<f64>,
        until: impl Future<Output = ()>,
        tallies: &RoundTripTallies,
    ) -> Result<()> {
        let pace = Pace::new(clock::now(), rate);
        let running = async {
            for number in 0..count.unwrap_or(u64::MAX) {
                if let Some(due) = pace.due(number) {
                    sleep_until(due.into()).await;
                }
                self.once(number, tallies).await?;
            }
            Ok(())
        };
        tokio::select! {
            ended = running => ended,
            () = until => Ok(()),
        }
    }

    async fn once(&self, number: u64, tallies: &RoundTripTallies) -> Result<()> {
        let value = numbered(number, self.size);
        let bytes = value.len() as u64;
        let began = clock::now();
        let delivery =
            self.producer.send(ProducerRecord::new(self.topic.clone()).value(value.clone())).await?;
        let written = async { delivery.await.map(|_written| clock::now()) };
        let (written, read) = tokio::join!(written, self.receive(number, &value));
        let record = |tally: &Mutex<Tally>, at: Instant| {
            tally
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .record(bytes, at.saturating_duration_since(began));
        };
        record(&tallies.written, written?);
        record(&tallies.read, read?);
        Ok(())
    }

    /// When the record was read. Others may write to the topic as well: theirs are passed over.
    async fn receive(&self, number: u64, value: &Bytes) -> Result<Instant> {
        let receiving = async {
            loop {
                if self.consumer.recv().await?.value.as_ref() == Some(value) {
                    return Ok(clock::now());
                }
            }
        };
        match timeout(PATIENCE, receiving).await {
            Ok(received) => received,
            Err(_elapsed) => bail!("record {number} was sent, and not read within {} s", PATIENCE.as_secs()),
        }
    }
}

/// A value that no other record has.
fn numbered(number: u64, size: usize) -> Bytes {
    let mut value = BytesMut::with_capacity(size.max(NUMBER_BYTES));
    value.put_u64(number);
    value.resize(size.max(NUMBER_BYTES), b'x');
    value.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_its_number_and_its_size() {
        assert_eq!(numbered(1, 10).as_ref(), b"\0\0\0\0\0\0\0\x01xx");
        assert_eq!(numbered(1, 0).len(), NUMBER_BYTES);
    }
}
