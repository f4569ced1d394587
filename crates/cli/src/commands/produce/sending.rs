//! Records on their way.

use std::collections::VecDeque;

use anyhow::Result;
use ottla_client::producer::{Delivery, Producer, ProducerRecord};

use super::feeding::Feed;
use crate::clock::wall_ms;

/// Records on their way.
#[derive(Debug)]
pub(super) struct Sending {
    producer: Producer,
    under_way: VecDeque<Delivery>,
    written: u64,
}

/// So many records may be on their way.
const UNDER_WAY_MAX: usize = 100_000;

impl Sending {
    pub(super) fn new(producer: Producer) -> Sending {
        Sending { producer, under_way: VecDeque::new(), written: 0 }
    }

    /// How many are known to be written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// One after the other: the next when the last is written.
    pub(super) async fn send_each(&mut self, feed: &mut Feed) -> Result<()> {
        while let Some(records) = feed.next().await {
            for record in records? {
                self.send(record).await?;
                self.await_first().await?;
            }
        }
        Ok(())
    }

    pub(super) async fn send_all(&mut self, feed: &mut Feed) -> Result<()> {
        while let Some(records) = feed.next().await {
            // They were read at once.
            let now = wall_ms();
            for mut record in records? {
                record.timestamp.get_or_insert(now);
                self.send(record).await?;
            }
            self.forget_written()?;
        }
        Ok(())
    }

    pub(super) async fn send(&mut self, record: ProducerRecord) -> Result<()> {
        self.under_way.push_back(self.producer.send(record).await?);
        if self.under_way.len() > UNDER_WAY_MAX {
            self.await_first().await?;
        }
        Ok(())
    }

    /// Fails with the first that failed.
    fn forget_written(&mut self) -> Result<()> {
        while let Some(result) = self.under_way.front().and_then(Delivery::now) {
            self.under_way.pop_front();
            result?;
            self.written += 1;
        }
        Ok(())
    }

    async fn await_first(&mut self) -> Result<()> {
        if let Some(first) = self.under_way.pop_front() {
            first.await?;
            self.written += 1;
        }
        Ok(())
    }

    pub(super) async fn await_all(&mut self) -> Result<()> {
        let mut failed = None;
        while !self.under_way.is_empty() {
            if let Err(error) = self.await_first().await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }
}
