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

#[cfg(test)]
mod tests {
    use ottla_records::{BatchBuilder, BatchOptions};

    use super::*;

    fn of(batch: &Batch) -> Result<Option<Marker>, BatchError> {
        Marker::of(batch, &Limits::default(), &mut Vec::new())
    }

    fn control(control_type: ControlType, value: &[u8]) -> Batch {
        let mut builder = BatchBuilder::new(BatchOptions { control: true, ..BatchOptions::default() });
        builder.append_control(5, control_type, value).unwrap();
        builder.build().unwrap()
    }

    #[test]
    fn commits_and_aborts_are_markers_and_nothing_else_is() {
        let value = EndTransactionMarker { coordinator_epoch: 9 }.encode();
        let marker = |outcome| Some(Marker { outcome, coordinator_epoch: 9 });
        let cases = [
            (ControlType::Commit, marker(Outcome::Committed)),
            (ControlType::Abort, marker(Outcome::Aborted)),
            (ControlType::LeaderChange, None),
            (ControlType::Unknown(77), None),
        ];
        for (control_type, expected) in cases {
            assert_eq!(of(&control(control_type, &value)), Ok(expected), "{control_type:?}");
        }
        assert!(of(&control(ControlType::Commit, &value[..5])).is_err());
    }

    #[test]
    fn data_and_emptied_control_batches_have_no_marker() {
        let mut data = BatchBuilder::new(BatchOptions::default());
        data.append(5, Some(&[0, 0, 0, 1]), None, &[]).unwrap();
        assert_eq!(of(&data.build().unwrap()), Ok(None));
        let emptied = BatchOptions { control: true, last_offset: Some(0), ..BatchOptions::default() };
        assert_eq!(of(&BatchBuilder::new(emptied).build().unwrap()), Ok(None));
    }
}
