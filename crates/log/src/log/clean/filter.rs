//! What remains of one batch. Pure.

use std::collections::HashMap;

use ottla_records::{
    Batch, BatchBuilder, BatchError, BatchHeader, BatchOptions, Codec, Limits, Offset, ProducerId,
    RecordView, TimestampType,
};

use super::keys::KeyMap;
use super::plan::LastRecord;
use super::transactions::Seen;

#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) keys: &'a KeyMap,
    pub(super) producers: &'a HashMap<ProducerId, LastRecord>,
    pub(super) now_ms: i64,
    pub(super) delete_retention_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    Replace(Batch),
    Drop,
}

impl Filter<'_> {
    pub(super) fn apply(
        &self,
        batch: &Batch,
        seen: Seen,
        scratch: &mut Vec<u8>,
    ) -> Result<Verdict, BatchError> {
        let header = batch.header();
        let drops_all = seen == Seen::Useless && (!header.is_control() || self.is_past_horizon(header));
        let mut kept = Vec::new();
        let mut has_tombstone = false;
        let views = batch.record_views(&Limits::default(), scratch)?;
        for record in views {
            let record = record?;
            if !drops_all && (header.is_control() || self.keeps(header, &record)) {
                has_tombstone |= record.value.is_none();
                kept.push(record);
            }
        }
        if kept.is_empty() {
            return if self.keeps_empty(header) { self.emptied(batch) } else { Ok(Verdict::Drop) };
        }
        // A marker can go once nothing of its transaction is left, and it has been so for a while.
        let may_expire = has_tombstone || (header.is_control() && seen == Seen::Useless);
        let sets_horizon = may_expire && header.delete_horizon().is_none();
        let is_whole = usize::try_from(header.record_count) == Ok(kept.len());
        if is_whole && !sets_horizon {
            return Ok(Verdict::Keep);
        }
        self.rebuilt(header, &kept, sets_horizon).map(Verdict::Replace)
    }

    fn is_past_horizon(&self, header: &BatchHeader) -> bool {
        header.delete_horizon().is_some_and(|horizon| horizon <= self.now_ms)
    }

    fn keeps(&self, header: &BatchHeader, record: &RecordView<'_>) -> bool {
        if record.offset >= self.keys.end() {
            return true;
        }
        let Some(key) = record.key else { return false };
        let is_expired_tombstone = record.value.is_none() && self.is_past_horizon(header);
        self.keys.is_last(key, record.offset) && !is_expired_tombstone
    }

    /// A batch stays without its records if it has the last sequence or the epoch of a producer, or ends the round:
    /// the next one must find where this one ended.
    fn keeps_empty(&self, header: &BatchHeader) -> bool {
        let is_last_of_producer =
            self.producers.get(&header.producer_id).is_some_and(|last| match last.data_offset {
                Some(offset) => header.last_offset() == offset,
                None => header.is_control() && header.producer_epoch == last.producer_epoch,
            });
        (header.has_producer_id() && is_last_of_producer) || header.next_offset() == self.keys.end()
    }

    fn emptied(&self, batch: &Batch) -> Result<Verdict, BatchError> {
        let header = batch.header();
        if header.record_count == 0 {
            return Ok(Verdict::Keep);
        }
        let options = BatchOptions {
            codec: Codec::default(),
            max_timestamp: Some(header.max_timestamp),
            delete_horizon: None,
            ..BatchOptions::replacing(header)?
        };
        BatchBuilder::new(options).build().map(Verdict::Replace)
    }

    fn rebuilt(
        &self,
        header: &BatchHeader,
        records: &[RecordView<'_>],
        sets_horizon: bool,
    ) -> Result<Batch, BatchError> {
        let mut options = BatchOptions::replacing(header)?;
        if sets_horizon {
            options.delete_horizon = Some(self.now_ms.saturating_add(self.delete_retention_ms));
        }
        if options.timestamp_type == TimestampType::LogAppendTime {
            options.max_timestamp = Some(header.max_timestamp);
        }
        let mut builder = BatchBuilder::new(options);
        records.iter().try_for_each(|record| builder.append_view(record))?;
        builder.build()
    }
}

/// Whether a batch may have records that the map should know.
pub(super) fn put_keys(
    keys: &mut KeyMap,
    batch: &Batch,
    from: Offset,
    scratch: &mut Vec<u8>,
) -> Result<(), BatchError> {
    for record in batch.record_views(&Limits::default(), scratch)? {
        let record = record?;
        if let Some(key) = record.key
            && record.offset >= from
        {
            keys.put(key, record.offset);
        }
    }
    Ok(())
}
