//! Sending one record after the other, and noting the first that fails.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use ottla_client::Error;
use ottla_client::producer::{Producer, ProducerRecord};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval_at};

use crate::clock;
use crate::commands::bench::payloads::Payloads;
use crate::commands::bench::under_way::{Acknowledged, Sink};

/// One of those that wait for each answer.
pub(super) struct Routine {
    pub(super) producer: Producer,
    pub(super) record: ProducerRecord,
    pub(super) payloads: Payloads,
    pub(super) count: u64,
    /// Records a second.
    pub(super) rate: Option<u32>,
}

impl Routine {
    pub(super) async fn run(mut self) -> Result<()> {
        const SECOND: Duration = Duration::from_secs(1);
        let mut ticks = interval_at((clock::now() + SECOND).into(), SECOND);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for number in 0..self.count {
            let record = self.record.clone().value(self.payloads.next(number));
            // With a limit, sarama's sends each record as often as may be sent in a second.
            for _ in 0..self.rate.unwrap_or(1) {
                self.producer.send_and_wait(record.clone()).await?;
            }
            if self.rate.is_some() {
                ticks.tick().await;
            }
        }
        Ok(())
    }
}

/// The first record that was not written ends the test.
#[derive(Default)]
pub(super) struct FirstFailure {
    pub(super) error: Option<Error>,
    pub(super) told: Arc<Notify>,
}

impl Sink for FirstFailure {
    fn acknowledged(&mut self, _: &Acknowledged) {}

    fn failed(&mut self, error: Error) {
        if self.error.is_none() {
            self.error = Some(error);
            self.told.notify_one();
        }
    }
}
