use ottla_records::{
    Batch, BatchError, ControlKey, ControlType, EndTransactionMarker, Epoch, Limits, RecordView,
};

use crate::transactions::Outcome;

/// A control record that ends a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    pub outcome: Outcome,
    pub coordinator_epoch: Epoch,
}

impl Marker {
    /// The marker in a batch of the log. Data batches have none; nor have control batches of the quorum, nor those
    /// that compaction has emptied.
    pub fn of(batch: &Batch, limits: &Limits, scratch: &mut Vec<u8>) -> Result<Option<Self>, BatchError> {
        if !batch.header().is_control() {
            return Ok(None);
        }
        match batch.record_views(limits, scratch)?.next() {
            Some(record) => Self::parse(&record?),
            None => Ok(None),
        }
    }

    fn parse(record: &RecordView<'_>) -> Result<Option<Self>, BatchError> {
        let outcome = match ControlKey::parse(record.key.unwrap_or_default())?.control_type {
            ControlType::Commit => Outcome::Committed,
            ControlType::Abort => Outcome::Aborted,
            ControlType::LeaderChange
            | ControlType::SnapshotHeader
            | ControlType::SnapshotFooter
            | ControlType::KRaftVersion
            | ControlType::KRaftVoters
            | ControlType::Unknown(_) => return Ok(None),
        };
        let marker = EndTransactionMarker::parse(record.value.unwrap_or_default())?;
        Ok(Some(Self { outcome, coordinator_epoch: marker.coordinator_epoch }))
    }
}
