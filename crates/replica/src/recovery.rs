use ottla_records::{BatchHeader, Epoch, Offset, Timestamp};

use crate::epochs::{EpochCache, EpochEntry};
use crate::event::Settings;
use crate::followers::Followers;
use crate::marker::Marker;
use crate::producers::{ProducerEntry, Producers};
use crate::replica::{Replica, Role};
use crate::transactions::CompletedTransaction;

/// No leader is known yet.
const NO_LEADER: Epoch = -1;

/// A replica that is being put together from what its log says.
///
/// Begin where the newest producer snapshot ends (or at the log start, if there is none), restore the snapshot's
/// entries, replay the headers of all batches behind it, and finish. Snapshots may be taken at any point between
/// two batches.
#[derive(Clone, Debug)]
pub struct Recovery {
    log_start: Offset,
    log_end: Offset,
    epochs: EpochCache,
    producers: Producers,
}

/// What a recovery cannot learn from batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// As `replication-offset-checkpoint` has it; brought to within the log.
    pub high_watermark: Offset,
    /// What is certainly on stable storage; brought to within the log.
    pub durable_end: Offset,
}

/// A batch whose offsets do not come after those before it: the log is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("batch of offsets {base_offset} to {last_offset} where {log_end} is next")]
pub struct BatchOutOfOrder {
    pub base_offset: Offset,
    pub last_offset: Offset,
    pub log_end: Offset,
}

impl Recovery {
    /// Begins a replay at `from`. The epochs are those of `leader-epoch-checkpoint`.
    pub fn new(log_start: Offset, from: Offset, epochs: impl IntoIterator<Item = EpochEntry>) -> Self {
        Self {
            log_start,
            log_end: from.max(log_start),
            epochs: epochs.into_iter().collect(),
            producers: Producers::default(),
        }
    }

    /// Takes over an entry of the snapshot.
    pub fn restore(&mut self, entry: &ProducerEntry) {
        self.producers.restore(entry);
    }

    /// Takes over a batch of the log, or, with the marker that is in it, a control batch. Batches come in order.
    ///
    /// Compaction leaves gaps between batches, and control batches without their record: those have no marker.
    /// The answer is the transaction that the marker ended: the transaction index is made of these.
    pub fn replay(
        &mut self,
        header: &BatchHeader,
        marker: Option<Marker>,
    ) -> Result<Option<CompletedTransaction>, BatchOutOfOrder> {
        self.check_order(header)?;
        self.log_end = header.next_offset();
        if header.leader_epoch > self.epochs.latest().unwrap_or(NO_LEADER) {
            self.epochs.assign(EpochEntry { epoch: header.leader_epoch, start_offset: header.base_offset });
        }
        if let Some(marker) = marker {
            return Ok(self.producers.remember_marker(header, marker));
        }
        if !header.is_control() {
            self.producers.remember(header, header.base_offset);
        }
        Ok(None)
    }

    /// The first batch may begin before the replay does: records can be deleted up to the middle of a batch.
    fn check_order(&self, header: &BatchHeader) -> Result<(), BatchOutOfOrder> {
        let (base_offset, last_offset, log_end) = (header.base_offset, header.last_offset(), self.log_end);
        if base_offset < 0 || last_offset < base_offset || last_offset < log_end || last_offset == i64::MAX {
            return Err(BatchOutOfOrder { base_offset, last_offset, log_end });
        }
        Ok(())
    }

    /// The offset behind the last replayed batch.
    pub fn log_end_offset(&self) -> Offset {
        self.log_end
    }

    /// For `leader-epoch-checkpoint`.
    pub fn epochs(&self) -> &EpochCache {
        &self.epochs
    }

    /// For a snapshot at [`Recovery::log_end_offset`].
    pub fn producers(&self) -> impl ExactSizeIterator<Item = ProducerEntry> {
        self.producers.entries()
    }

    /// The replica, as a follower without a leader. Epochs that begin beyond the log's end, or end before its
    /// start, are forgotten, and so are producers that expired.
    pub fn finish(mut self, now: Timestamp, recovered: Recovered, settings: Settings) -> Replica {
        self.epochs.truncate_from_end(self.log_end);
        self.epochs.truncate_from_start(self.log_start);
        self.producers.expire(now, settings.producer_id_expiration_ms);
        let within = |offset: Offset| offset.clamp(self.log_start, self.log_end);
        let high_watermark = within(recovered.high_watermark);
        self.producers.high_watermark_advanced(high_watermark);
        Replica {
            role: Role::Follower,
            leader_epoch: NO_LEADER,
            log_start: self.log_start,
            log_end: self.log_end,
            durable_end: within(recovered.durable_end),
            high_watermark,
            settings,
            epochs: self.epochs,
            followers: Followers::default(),
            producers: self.producers,
        }
    }
}
