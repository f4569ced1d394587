//! What one answer gave of one partition: offsets that this consumer acquired, and batches that hold their records, among others.
//! Pure.
//!
//! | an acquired offset is | it is |
//! |---|---|
//! | that of a record | given to the application |
//! | that of a control record, or of none (compaction) | a gap |
//! | in a batch whose checksum is wrong | rejected: it will not be right the next time |
//! | in a batch that cannot be read otherwise, or was cut off | released: another consumer may do better |

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_records::{BatchError, Entries, Entry, EntryHeader, Limits, Record, Records};
use ottla_wire::messages::share_fetch_response::AcquiredRecords;
use tokio::time::Instant;

use super::acknowledgement::AcknowledgeType;
use super::in_flight::Source;
use super::record::{RecordsOf, ShareRecord};
use crate::{Offset, TopicPartition};

/// How records are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) check_crcs: bool,
    pub(super) limits: Limits,
}

/// What comes next in an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    Record(ShareRecord),
    /// There are no records at these offsets.
    Gap(Offset, Offset),
    /// There may be records at these offsets, but they cannot be given.
    Unreadable(Offset, Offset, AcknowledgeType),
    /// Why those that come next are unreadable.
    Error(BatchError),
    End,
}

/// Offsets that were acquired, and were not passed yet.
#[derive(Clone, Copy, Debug)]
struct Acquired {
    first: Offset,
    last: Offset,
    delivery_count: u16,
}

/// The batch that is being read.
#[derive(Debug)]
struct Open {
    common: RecordsOf,
    records: Records,
    last: Offset,
    is_control: bool,
}

#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) partition: TopicPartition,
    pub(super) source: Source,
    /// When the locks end; then others may have the records.
    pub(super) expires_at: Option<Instant>,
    acquired: VecDeque<Acquired>,
    entries: Entries,
    open: Option<Open>,
    /// A record that was read and is to be given once what is acquired before it was told.
    pending: Option<(RecordsOf, Record)>,
    /// Up to where nothing can be read, and what becomes of what was acquired there.
    unreadable: Option<(Offset, AcknowledgeType)>,
}

impl Fetched {
    pub(super) fn new(
        partition: TopicPartition,
        source: Source,
        expires_at: Option<Instant>,
        acquired: &[AcquiredRecords],
        bytes: Bytes,
    ) -> Fetched {
        Fetched {
            partition,
            source,
            expires_at,
            acquired: in_order(acquired),
            entries: Entries::new(bytes),
            open: None,
            pending: None,
            unreadable: None,
        }
    }

    /// The first offset that was acquired and was not passed yet.
    pub(super) fn next_offset(&self) -> Option<Offset> {
        self.acquired.front().map(|acquired| acquired.first)
    }

    /// What comes next of what was acquired.
    pub(super) fn next(&mut self, reading: &Reading) -> Next {
        loop {
            let Some(acquired) = self.acquired.front().copied() else { return Next::End };
            if let Some((last, fate)) = self.unreadable.filter(|(last, _)| acquired.first <= *last) {
                let last = last.min(acquired.last);
                self.advance(last);
                return Next::Unreadable(acquired.first, last, fate);
            }
            match self.read(reading) {
                Ok(Some((_, record))) if record.offset < acquired.first => {}
                Ok(Some((common, record))) if record.offset > acquired.first => {
                    let last = acquired.last.min(record.offset - 1);
                    self.pending = Some((common, record));
                    self.advance(last);
                    return Next::Gap(acquired.first, last);
                }
                Ok(Some((common, record))) => {
                    self.advance(record.offset);
                    let (partition, count) = (self.partition.clone(), acquired.delivery_count);
                    return Next::Record(ShareRecord::new(partition, common, count, record));
                }
                Ok(None) => {
                    self.advance(acquired.last);
                    return Next::Gap(acquired.first, acquired.last);
                }
                Err((last, error)) => {
                    self.unreadable = Some((last, fate_of(&error)));
                    if last >= acquired.first {
                        return Next::Error(error);
                    }
                }
            }
        }
    }

    fn advance(&mut self, last: Offset) {
        let Some(acquired) = self.acquired.front_mut() else { return };
        if last >= acquired.last {
            self.acquired.pop_front();
        } else {
            acquired.first = last + 1;
        }
    }

    /// The next record that is not the broker's own. An error comes with the last offset of what it is about; reading goes on behind.
    fn read(&mut self, reading: &Reading) -> Result<Option<(RecordsOf, Record)>, (Offset, BatchError)> {
        if let Some(pending) = self.pending.take() {
            return Ok(Some(pending));
        }
        loop {
            if let Some(open) = &mut self.open {
                match open.records.next() {
                    Some(Ok(_)) if open.is_control => continue,
                    Some(Ok(record)) => return Ok(Some((open.common, record))),
                    Some(Err(error)) => {
                        let last = open.last;
                        self.open = None;
                        return Err((last, error));
                    }
                    None => self.open = None,
                }
            }
            match self.entries.next() {
                None => return Ok(None),
                Some(Ok(entry)) => self.open(&entry, reading)?,
                // Where it ends is not known, nor what comes behind it.
                Some(Err(bad)) => return Err((Offset::MAX, bad.error)),
            }
        }
    }

    fn open(&mut self, entry: &Entry, reading: &Reading) -> Result<(), (Offset, BatchError)> {
        let header = entry.header();
        let last = header.last_offset();
        if self.acquired.front().is_some_and(|acquired| last < acquired.first) {
            return Ok(());
        }
        let about = |error| (last, error);
        if reading.check_crcs {
            entry.check_crc().map_err(about)?;
        }
        let (timestamp_type, is_control) = match &header {
            EntryHeader::Batch(header) => (header.timestamp_type(), header.is_control()),
            EntryHeader::Message(header) => (header.attributes.timestamp_type(), false),
        };
        let epoch = header.leader_epoch();
        let common = RecordsOf { leader_epoch: (epoch >= 0).then_some(epoch), timestamp_type };
        let records = entry.records(&reading.limits).map_err(about)?;
        self.open = Some(Open { common, records, last, is_control });
        Ok(())
    }
}

fn fate_of(error: &BatchError) -> AcknowledgeType {
    let is_damaged = matches!(error, BatchError::CrcMismatch { .. });
    if is_damaged { AcknowledgeType::Reject } else { AcknowledgeType::Release }
}

/// What was acquired, in the order of offsets and each once, whatever the broker says.
fn in_order(told: &[AcquiredRecords]) -> VecDeque<Acquired> {
    let mut acquired: Vec<Acquired> = told
        .iter()
        .filter(|told| 0 <= told.first_offset && told.first_offset <= told.last_offset)
        .map(|told| Acquired {
            first: told.first_offset,
            last: told.last_offset,
            delivery_count: u16::try_from(told.delivery_count).unwrap_or(0),
        })
        .collect();
    acquired.sort_by_key(|acquired| acquired.first);
    let mut disjoint: VecDeque<Acquired> = VecDeque::with_capacity(acquired.len());
    for mut next in acquired {
        let behind = disjoint.back().and_then(|before| before.last.checked_add(1));
        next.first = next.first.max(behind.unwrap_or(next.first));
        if next.first <= next.last && disjoint.back().is_none_or(|before| before.last < next.first) {
            disjoint.push_back(next);
        }
    }
    disjoint
}

#[cfg(test)]
#[path = "fetched_tests.rs"]
mod tests;
