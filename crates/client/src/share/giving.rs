//! What the application gets of what was fetched. Pure.

use tokio::time::Instant;

use super::fetched::Next;
use super::fetcher::ShareFetcher;
use super::record::ShareRecord;
use crate::{Error, Result};

/// Errors that are kept for the next poll.
const ERRORS_MAX: usize = 16;

impl ShareFetcher {
    /// Whether [`ShareFetcher::take`] has something to give.
    pub(super) fn is_ready(&self) -> bool {
        !self.buffer.is_empty() || !self.renewed.is_empty() || !self.errors.is_empty()
    }

    /// Has the next poll tell of an error.
    pub(super) fn tell_error(&mut self, error: Error) {
        // They repeat themselves while nobody asks.
        if self.errors.len() < ERRORS_MAX {
            self.errors.push_back(error);
        }
    }

    /// Gives up to `max` records. An error is told when there are no records before it.
    pub(super) fn take(&mut self, max: usize, records: &mut Vec<ShareRecord>, now: Instant) -> Result<()> {
        while records.len() < max
            && let Some((source, record)) = self.renewed.pop_front()
        {
            self.in_flight.give(&record, source);
            records.push(record);
        }
        while records.len() < max && self.errors.is_empty() && self.may_give(now) {
            records.extend(self.next_record());
        }
        if !records.is_empty() {
            return Ok(());
        }
        self.tell_brokers(now);
        self.errors.pop_front().map_or(Ok(()), Err)
    }

    /// Whether what was fetched first can be given now. What others may have by now is thrown away.
    fn may_give(&mut self, now: Instant) -> bool {
        let is_late = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        while self.buffer.front().is_some_and(|fetched| is_late(fetched.expires_at)) {
            self.buffer.pop_front();
        }
        let Some(fetched) = self.buffer.front() else { return false };
        let (partition, source) = (fetched.partition.clone(), fetched.source);
        let is_of_another = |held| held != source;
        if self.in_flight.source(&partition).is_some_and(is_of_another) {
            // The partition has another leader since, and what the former one gave comes first.
            self.tell_brokers(now);
        }
        !self.in_flight.source(&partition).is_some_and(is_of_another)
    }

    /// What comes next of what was fetched first, if that is a record.
    fn next_record(&mut self) -> Option<ShareRecord> {
        let fetched = self.buffer.front_mut()?;
        let (partition, source) = (&fetched.partition.clone(), fetched.source);
        match fetched.next(&self.settings.reading) {
            Next::Record(record) => {
                self.in_flight.give(&record, source);
                return Some(record);
            }
            Next::Gap(first, last) => {
                self.in_flight.pass(partition, source, |passed| passed.add_gap(first, last));
            }
            Next::Unreadable(first, last, fate) => {
                self.in_flight.pass(partition, source, |passed| passed.add_range(first, last, fate));
            }
            Next::Error(error) => {
                let (partition, reason) = (partition.clone(), error.to_string().into());
                let offset = fetched.next_offset().unwrap_or(-1);
                self.errors.push_back(Error::Corrupt { partition, offset, reason });
            }
            Next::End => drop(self.buffer.pop_front()),
        }
        None
    }
}
