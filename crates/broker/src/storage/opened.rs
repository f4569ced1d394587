//! A partition whose folder was read, until all is put back that only the journal has.

use std::{path::PathBuf, sync::Arc};

use ottla_log::{
    Files, Log,
    format::PartitionMetadata,
    index::AbortedTxn,
    journal::{Lsn, Recovered},
};
use ottla_records::{AssignedBatch, Batch, Limits, Offset};
use ottla_replica::{self as replica, CompletedTransaction, Event, Marker, Replicas};
use uuid::Uuid;

use super::{
    checkpoints::Key,
    opening::{OpenError, Wanted},
};
use crate::{
    clock,
    partition::{Partition, log_producer_entry},
    topics::Durability,
};

pub(super) struct Opened {
    wanted: Wanted,
    log: Log,
    recovery: replica::Recovery,
    /// Up to here the records are in synced segments, or in the journal.
    safe_end: Offset,
    /// Batches that the journal put back.
    restored: usize,
}

impl Opened {
    pub(super) fn new(wanted: Wanted, log: Log, recovery: replica::Recovery) -> Opened {
        let safe_end = log.recovery_point();
        Opened { wanted, log, recovery, safe_end, restored: 0 }
    }

    pub(super) fn create(files: &Arc<Files>, folder: PathBuf, wanted: Wanted) -> ottla_log::Result<Opened> {
        let metadata = PartitionMetadata { topic_id: wanted.topic.id };
        let log = Log::create(files, folder, metadata, Arc::clone(&wanted.settings.log), clock::wall_ms())?;
        Ok(Opened::new(wanted, log, replica::Recovery::new(0, 0, [])))
    }

    pub(super) fn key(&self) -> Key {
        (self.wanted.topic.name.to_string(), self.wanted.index)
    }

    pub(super) fn place(&self) -> (Uuid, i32) {
        (self.wanted.topic.id, self.wanted.index)
    }

    pub(super) fn recovery_point(&self) -> Offset {
        self.log.recovery_point()
    }

    pub(super) fn restored(&self) -> usize {
        self.restored
    }

    /// Whether the segments alone hold everything, durably.
    pub(super) fn is_synced(&self) -> bool {
        self.log.recovery_point() == self.log.end_offset()
    }

    /// Takes a batch that the journal has: at the log's end it is appended, below it is there already.
    pub(super) fn restore(&mut self, entry: Recovered) -> Result<(), OpenError> {
        let (lsn, end) = (entry.lsn, self.log.end_offset());
        let batch = Batch::parse(entry.batch).map_err(|error| self.no_batch(lsn, &error))?;
        let offset = batch.header().base_offset;
        if offset > end {
            let (topic, partition) = (self.wanted.topic.name.to_string(), self.wanted.index);
            return Err(OpenError::Gap { lsn, topic, partition, offset, end });
        }
        self.safe_end = self.safe_end.max(batch.header().next_offset());
        if offset < end {
            return Ok(());
        }
        let (header, marker) = (*batch.header(), marker(&batch));
        let recovery = &self.recovery;
        self.log.append(&AssignedBatch::from(batch), clock::wall_ms(), || {
            recovery.producers().map(|entry| log_producer_entry(&entry)).collect()
        })?;
        let ended = self.recovery.replay(&header, marker).map_err(|error| self.no_batch(lsn, &error))?;
        note_aborted(&mut self.log, ended)?;
        self.restored += 1;
        Ok(())
    }

    fn no_batch(&self, lsn: Lsn, error: &dyn std::fmt::Display) -> OpenError {
        let folder = self.log.folder().to_owned();
        OpenError::Partition { folder, reason: format!("journal entry {lsn} does not fit: {error}") }
    }

    /// Makes what was found as safe as it is served from now on.
    ///
    /// A process that died may have left batches in the page cache of a segment that never came into the journal. They
    /// will be read, and batches that the journal has will follow them: so they must not be lost with the power.
    pub(super) fn settle(&mut self, is_ours: bool) -> ottla_log::Result<()> {
        let is_cached = self.wanted.settings.durability == Durability::Os;
        if self.log.written_end() > self.safe_end && !(is_ours && is_cached) {
            self.log.sync()?;
        }
        Ok(())
    }

    /// This node is the only one: it leads what it holds, and everything that it found is safe.
    pub(super) fn finish(self) -> Arc<Partition> {
        let Opened { wanted, mut log, recovery, .. } = self;
        let end = log.end_offset();
        let recovered = replica::Recovered { high_watermark: end, durable_end: end };
        let replica = recovery.finish(clock::wall_ms(), recovered, wanted.settings.replica);
        log.begin_epoch(wanted.leader_epoch);
        let partition = Partition::new(wanted.topic, wanted.index, replica, log, wanted.settings);
        partition.on(&Event::BecomeLeader { epoch: wanted.leader_epoch, replicas: Replicas::default() });
        Arc::new(partition)
    }
}

/// What a power failure may have taken from the transaction index is put back; what is there is left alone.
pub(super) fn note_aborted(log: &mut Log, ended: Option<CompletedTransaction>) -> ottla_log::Result<()> {
    let Some(aborted) = ended.and_then(|transaction| transaction.aborted()) else { return Ok(()) };
    log.append_aborted(AbortedTxn {
        producer_id: aborted.producer_id,
        first_offset: aborted.first_offset,
        last_offset: aborted.last_offset,
        last_stable_offset: aborted.last_stable_offset,
    })
}

/// The end of a transaction, if the batch is that. A control batch that cannot be read ends none.
pub(super) fn marker(batch: &Batch) -> Option<Marker> {
    Marker::of(batch, &Limits::default(), &mut Vec::new()).ok().flatten()
}
