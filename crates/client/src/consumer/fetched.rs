//! What one answer holds of one partition: read when its records are asked for, record after record. Pure.

use bytes::Bytes;
use ottla_records::{
    BATCH_HEADER_SIZE, Batch, BatchError, Entries, Entry, EntryHeader, Limits, PositionedError, Records,
};

use super::aborted::AbortedTransactions;
use super::position::Position;
use super::record::{Bounds, ConsumerRecord, RecordsOf};
use crate::{Epoch, TopicPartition};

/// How records are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) check_crcs: bool,
    pub(super) committed_only: bool,
    pub(super) limits: Limits,
}

/// What one answer holds of one partition.
#[derive(Debug)]
pub(super) struct Fetched {
    partition: TopicPartition,
    /// Which beginning of the partition it belongs to: after a seek it is of no use.
    pub(super) round: u64,
    /// What it counts in the buffer.
    pub(super) bytes: usize,
    entries: Entries,
    /// Of the batch that is being read.
    records: Option<(RecordsOf, Records, Position)>,
    aborted: AbortedTransactions,
    bounds: Bounds,
}

impl Fetched {
    pub(super) fn new(
        partition: TopicPartition,
        round: u64,
        bytes: Bytes,
        aborted: AbortedTransactions,
        bounds: Bounds,
    ) -> Fetched {
        let size = bytes.len();
        let entries = Entries::new(bytes);
        Fetched { partition, round, bytes: size, entries, records: None, aborted, bounds }
    }

    pub(super) fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// The next record at or after `position`, which moves behind it. None at the end: `position` is behind the last whole batch
    /// then, whatever was in it.
    pub(super) fn next(
        &mut self,
        position: &mut Position,
        reading: &Reading,
    ) -> Result<Option<ConsumerRecord>, BatchError> {
        loop {
            while let Some((common, records, after)) = &mut self.records {
                let Some(record) = records.next().transpose()? else {
                    position.offset = position.offset.max(after.offset);
                    position.epoch = after.epoch;
                    self.records = None;
                    break;
                };
                // A batch comes whole, also if it begins before what was asked for.
                if record.offset >= position.offset {
                    *position = Position { offset: record.offset.saturating_add(1), epoch: after.epoch };
                    return Ok(Some(ConsumerRecord::new(self.partition.clone(), *common, record)));
                }
            }
            match self.entries.next() {
                None => return Ok(None),
                Some(Ok(entry)) => self.open(&entry, position, reading)?,
                // The last batch of an answer may be cut off.
                Some(Err(cut)) if matches!(cut.error, BatchError::Incomplete { .. }) => return Ok(None),
                Some(Err(bad)) => return Err(bad.error),
            }
        }
    }

    fn open(&mut self, entry: &Entry, position: &mut Position, reading: &Reading) -> Result<(), BatchError> {
        let after = behind(&entry.header());
        if after.offset <= position.offset {
            return Ok(());
        }
        if reading.check_crcs {
            entry.check_crc()?;
        }
        if let Entry::Batch(batch) = entry
            && self.is_left_out(batch, reading)
        {
            *position = after;
            return Ok(());
        }
        let common = RecordsOf::new(&entry.header(), after.epoch, self.bounds);
        self.records = Some((common, entry.records(&reading.limits)?, after));
        Ok(())
    }

    /// Control records are the broker's; what was aborted is left out if only committed records are wanted.
    fn is_left_out(&mut self, batch: &Batch, reading: &Reading) -> bool {
        if batch.header().attributes.is_control() {
            self.aborted.pass_marker(batch, &reading.limits);
            return true;
        }
        reading.committed_only && self.aborted.covers(batch.header())
    }
}

/// The position behind the last whole batch in an answer, of which nothing but the headers is looked at; why there is none, if the
/// first is none.
pub(super) fn end_of(bytes: &Bytes) -> Result<Position, BatchError> {
    let mut entries = Entries::new(bytes.clone());
    let first = entries.next().unwrap_or_else(|| Err(nothing())).map_err(|bad| bad.error)?;
    let last = entries.map_while(Result::ok).last().unwrap_or(first);
    Ok(behind(&last.header()))
}

fn nothing() -> PositionedError {
    PositionedError { position: 0, error: BatchError::Incomplete { needed: BATCH_HEADER_SIZE, available: 0 } }
}

fn behind(header: &EntryHeader) -> Position {
    Position { offset: header.last_offset().saturating_add(1), epoch: known(header.leader_epoch()) }
}

fn known(epoch: Epoch) -> Option<Epoch> {
    (epoch >= 0).then_some(epoch)
}

#[cfg(test)]
#[path = "fetched_tests.rs"]
mod tests;
