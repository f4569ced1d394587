//! Replays a partition of a coordinator's topic into a core.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use ottla_records::{Batch, BatchError, Batches, Limits, NO_PRODUCER_ID, Offset};
use ottla_replica::{Marker, Outcome};
use tracing::warn;

use super::Core;
use crate::partition::Partition;

/// What is read at once. A batch that is larger comes alone.
const CHUNK: usize = 1 << 20;
/// The broker has written what is read here: only the size of memory is a limit.
const LIMITS: Limits =
    Limits { unpacked_bytes_max: i32::MAX as usize, ratio_max: usize::MAX, ratio_free_bytes: 16 << 20 };

/// A core that knows all that its partition holds.
#[derive(Debug)]
pub(super) struct Loaded<C> {
    pub(super) core: C,
    pub(super) records: u64,
    /// Records and batches that could not be read.
    pub(super) skipped: u64,
}

/// Why a partition cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    #[error(transparent)]
    Log(#[from] ottla_log::Error),
    #[error("cannot read a segment: {0}")]
    Io(#[from] std::io::Error),
    #[error("no batch at offset {offset}: {reason}")]
    Broken { offset: Offset, reason: String },
}

struct Loading<'a, C> {
    partition: &'a Partition,
    core: C,
    records: u64,
    skipped: u64,
    scratch: Vec<u8>,
}

/// Reads the partition from its start to its end. None if it was told to stop before.
pub(super) fn load<C: Core>(
    partition: &Partition,
    core: C,
    stopping: &AtomicBool,
) -> Result<Option<Loaded<C>>, LoadError> {
    let mut loading = Loading { partition, core, records: 0, skipped: 0, scratch: Vec::new() };
    let mut next = 0;
    loop {
        if stopping.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let chunk = read(partition, &mut next)?;
        if chunk.is_empty() {
            let Loading { core, records, skipped, .. } = loading;
            return Ok(Some(Loaded { core, records, skipped }));
        }
        loading.replay_chunk(chunk, &mut next)?;
    }
}

/// Whole batches from an offset on, or from the log's start if that lies behind it.
fn read(partition: &Partition, next: &mut Offset) -> Result<Bytes, LoadError> {
    let read = partition.look_up_waiting(|state| {
        let (start, end) = (state.log.start_offset(), state.log.end_offset());
        *next = start.max(*next);
        state.log.without_waiting(|log| log.read(*next, CHUNK, end, true))
    })?;
    Ok(read.load()?)
}

impl<C: Core> Loading<'_, C> {
    fn replay_chunk(&mut self, chunk: Bytes, next: &mut Offset) -> Result<(), LoadError> {
        for batch in Batches::new(chunk) {
            let batch =
                batch.map_err(|error| LoadError::Broken { offset: *next, reason: error.to_string() })?;
            let after = batch.header().next_offset();
            if after > *next {
                self.replay_batch(&batch);
                *next = after;
            }
        }
        Ok(())
    }

    fn replay_batch(&mut self, batch: &Batch) {
        let replayed = batch.check_crc().and_then(|()| {
            if batch.header().is_control() { self.replay_marker(batch) } else { self.replay_records(batch) }
        });
        if let Err(error) = replayed {
            self.skip(batch.header().base_offset, &error);
        }
    }

    fn replay_marker(&mut self, batch: &Batch) -> Result<(), BatchError> {
        if let Some(marker) = Marker::of(batch, &LIMITS, &mut self.scratch)? {
            let committed = marker.outcome == Outcome::Committed;
            self.core.replay_end_of_transaction(batch.header().producer_id, committed);
        }
        Ok(())
    }

    fn replay_records(&mut self, batch: &Batch) -> Result<(), BatchError> {
        let header = batch.header();
        let producer_id = if header.is_transactional() { header.producer_id } else { NO_PRODUCER_ID };
        for record in batch.records(&LIMITS)? {
            let record = record?;
            self.records += 1;
            let Some(key) = &record.key else {
                self.skip(record.offset, &"it has no key");
                continue;
            };
            if let Err(error) = self.core.replay(record.offset, producer_id, key, record.value.as_ref()) {
                self.skip(record.offset, &error);
            }
        }
        Ok(())
    }

    /// Better to lose what one record says than all that the partition holds.
    fn skip(&mut self, offset: Offset, reason: &dyn std::fmt::Display) {
        self.skipped += 1;
        warn!(topic = %self.partition.topic.name, partition = self.partition.index, offset, %reason,
              "skipped what cannot be read as a record of {}", C::KEEPS);
    }
}
