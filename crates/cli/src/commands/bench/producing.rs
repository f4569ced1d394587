//! Sending records, as fast as it goes or at a pace.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Result;
use ottla_client::producer::{Producer, ProducerRecord};
use tokio::task::yield_now;
use tokio::time::sleep_until;

use super::pace::Pace;
use super::payloads::Payloads;
use super::under_way::{Sent, Sink, UnderWay};
use crate::clock;

/// What one producer sends.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) topic: Arc<str>,
    /// Where all of it goes; none leaves that to the producer's partitioner.
    pub(crate) partition: Option<i32>,
    pub(crate) payloads: Payloads,
    /// How many records; none without an end.
    pub(crate) count: Option<u64>,
    /// Records a second.
    pub(crate) rate: Option<f64>,
    /// How long a transaction lasts; none without transactions, of which the producer must be told beforehand.
    pub(crate) transaction: Option<Duration>,
    /// Whether the time at which a record was due counts, and not when it was sent: so that a cluster which is slow for a
    /// while is measured by all the records that it kept waiting.
    pub(crate) from_due: bool,
}

/// After so many records the task lets others have a turn, and looks what has been written.
const TURN: u64 = 64;

/// Sends all of it, or what can be sent `until` then, and waits until it is known what became of each.
pub(crate) async fn produce(
    producer: &Producer,
    load: Load,
    until: impl Future<Output = ()>,
    sink: &Mutex<impl Sink>,
) -> Result<()> {
    let under_way = UnderWay::default();
    let sending = async {
        let start = clock::now();
        let mut sender =
            Sender { producer, load, under_way: &under_way, woke: start, transaction_began: None };
        let sent = tokio::select! {
            sent = sender.send_all() => sent,
            () = until => Ok(()),
        };
        producer.flush().await;
        let committed = sender.commit().await;
        under_way.close();
        sent.and(committed)
    };
    // In this order, as what was sent is waited for from then on.
    let (sent, ()) = tokio::join!(biased; sending, under_way.collect(sink));
    sent
}

struct Sender<'a> {
    producer: &'a Producer,
    load: Load,
    under_way: &'a UnderWay,
    /// When it slept last until a record was due: timers go off late, which no cluster is to be blamed for.
    woke: Instant,
    transaction_began: Option<Instant>,
}

impl Sender<'_> {
    async fn send_all(&mut self) -> Result<()> {
        let pace = Pace::new(self.woke, self.load.rate);
        for number in 0..self.load.count.unwrap_or(u64::MAX) {
            let due = pace.due(number);
            match due {
                Some(due) if due > clock::now() => {
                    sleep_until(due.into()).await;
                    self.woke = clock::now();
                }
                _ if number % TURN == TURN - 1 => yield_now().await,
                _ => {}
            }
            self.begin()?;
            self.send(number, due).await?;
            if self.is_transaction_over() {
                self.commit().await?;
            }
        }
        Ok(())
    }

    async fn send(&mut self, number: u64, due: Option<Instant>) -> Result<()> {
        let value = self.load.payloads.next(number);
        let bytes = value.len() as u64;
        let due = due.filter(|_| self.load.from_due).map(|due| due.max(self.woke));
        let at = due.unwrap_or_else(clock::now);
        let mut record = ProducerRecord::new(self.load.topic.clone()).value(value);
        record.partition = self.load.partition;
        let delivery = self.producer.send(record).await?;
        self.under_way.push(Sent { number, at, bytes }, delivery);
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        if self.load.transaction.is_some() && self.transaction_began.is_none() {
            self.producer.begin_transaction()?;
            self.transaction_began = Some(clock::now());
        }
        Ok(())
    }

    fn is_transaction_over(&self) -> bool {
        let lasts = self.load.transaction.zip(self.transaction_began);
        lasts.is_some_and(|(lasts, began)| clock::now().saturating_duration_since(began) >= lasts)
    }

    async fn commit(&mut self) -> Result<()> {
        if self.transaction_began.take().is_some() {
            self.producer.commit_transaction().await?;
        }
        Ok(())
    }
}
