//! Records on their way, of which the first that fails counts.

use anyhow::{Context as _, Result};
use ottla_client::producer::{Delivered, Producer, ProducerRecord};
use ottla_records::Timestamp;

use super::feeding::Feed;
use super::pace::Pace;
use super::template::filled;
use super::under_way::UnderWay;
use crate::clock::wall_ms;

/// Records on their way.
#[derive(Debug)]
pub(super) struct Sending {
    under_way: UnderWay,
    /// How many are known to be written, and how many it is known of what became of them.
    written: u64,
    ended: u64,
    manner: Manner,
    sent: u64,
    /// When it was last told how many that is.
    told_at: Timestamp,
}

/// How records are sent.
#[derive(Debug, Default)]
pub(super) struct Manner {
    /// How often each of them; 0 counts as once.
    pub(super) repeat: u64,
    pub(super) pace: Option<Pace>,
    /// Whether keys and values are templates.
    pub(super) is_template: bool,
    /// Whether somebody watches how many were sent.
    pub(super) shows_progress: bool,
}

/// How often progress is told.
const PROGRESS_MS: i64 = 250;

impl Sending {
    pub(super) fn new(producer: Producer) -> Sending {
        Sending::in_manner(producer, Manner::default())
    }

    pub(super) fn in_manner(producer: Producer, manner: Manner) -> Sending {
        Sending {
            under_way: UnderWay::new(producer),
            written: 0,
            ended: 0,
            manner,
            sent: 0,
            told_at: wall_ms(),
        }
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
            if self.is_plain() {
                let records = records?;
                self.sent += records.len() as u64;
                self.under_way.send_many(records, now).await?;
            } else {
                for record in records? {
                    self.send_in_manner(record).await?;
                }
            }
            self.forget_written().await?;
            self.show_progress(now);
        }
        Ok(())
    }

    /// Whether each record goes out once, as it is, as soon as it can.
    fn is_plain(&self) -> bool {
        self.manner.repeat <= 1 && self.manner.pace.is_none() && !self.manner.is_template
    }

    async fn send_in_manner(&mut self, record: ProducerRecord) -> Result<()> {
        for _ in 0..self.manner.repeat.max(1) {
            if let Some(pace) = &mut self.manner.pace {
                pace.wait().await;
            }
            let (mut one, now) = (record.clone(), wall_ms());
            if self.manner.is_template {
                one.key = one.key.map(|key| filled(&key, self.sent + 1, now));
                one.value = one.value.map(|value| filled(&value, self.sent + 1, now));
            }
            self.send(one).await?;
            self.forget_written().await?;
            self.show_progress(now);
        }
        Ok(())
    }

    fn show_progress(&mut self, now: Timestamp) {
        if self.manner.shows_progress && now - self.told_at >= PROGRESS_MS {
            self.told_at = now;
            // The cursor stays at the line's begin, where the next one is written over it.
            say!("{} records\r", self.sent);
        }
    }

    async fn send(&mut self, record: ProducerRecord) -> Result<()> {
        self.under_way.send(record).await?;
        self.sent += 1;
        Ok(())
    }

    /// Notes those of which it is known what became of them. Fails with the first that failed.
    pub(super) async fn forget_written(&mut self) -> Result<()> {
        while let Some(delivered) = self.under_way.next_ended().await {
            self.note(delivered)?;
        }
        Ok(())
    }

    async fn await_first(&mut self) -> Result<()> {
        match self.under_way.next().await {
            Some(delivered) => self.note(delivered),
            None => Ok(()),
        }
    }

    fn note(&mut self, delivered: Delivered) -> Result<()> {
        let (first, last) = (self.ended + 1, self.ended + delivered.count as u64);
        self.ended = last;
        delivered.result.with_context(|| match first == last {
            true => format!("record {first}"),
            false => format!("records {first} to {last}"),
        })?;
        self.written += delivered.count as u64;
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
