use crate::{Batch, BatchBuilder, BatchError, BatchOptions, Epoch, ProducerEpoch, ProducerId, Timestamp};

/// What a control record says. The values of the types that KRaft uses are messages of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ControlType {
    Abort,
    Commit,
    LeaderChange,
    SnapshotHeader,
    SnapshotFooter,
    KRaftVersion,
    KRaftVoters,
    /// Of a later version of Kafka; readers pass over it.
    Unknown(i16),
}

impl ControlType {
    /// The key of such a record, in the version that Kafka writes.
    pub fn key(self) -> ControlKey {
        ControlKey { version: 0, control_type: self }
    }

    fn from_id(id: i16) -> Self {
        match id {
            0 => Self::Abort,
            1 => Self::Commit,
            2 => Self::LeaderChange,
            3 => Self::SnapshotHeader,
            4 => Self::SnapshotFooter,
            5 => Self::KRaftVersion,
            6 => Self::KRaftVoters,
            unknown => Self::Unknown(unknown),
        }
    }

    fn id(self) -> i16 {
        match self {
            Self::Abort => 0,
            Self::Commit => 1,
            Self::LeaderChange => 2,
            Self::SnapshotHeader => 3,
            Self::SnapshotFooter => 4,
            Self::KRaftVersion => 5,
            Self::KRaftVoters => 6,
            Self::Unknown(id) => id,
        }
    }
}

/// The key of a control record.
///
/// ```text
/// byte 0             2          4
///     +-------------+----------+
///     | version i16 | type i16 |
///     +-------------+----------+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlKey {
    pub version: i16,
    pub control_type: ControlType,
}

impl ControlKey {
    /// Reads the key of a control record. Versions above Kafka's are read alike; what they add is passed over.
    pub fn parse(key: &[u8]) -> Result<Self, BatchError> {
        let Some(&[v0, v1, t0, t1]) = key.first_chunk() else {
            return Err(BatchError::BadControlRecord("the key is shorter than four bytes"));
        };
        let version = i16::from_be_bytes([v0, v1]);
        if version < 0 {
            return Err(BatchError::BadControlRecord("the key's version is negative"));
        }
        let control_type = ControlType::from_id(i16::from_be_bytes([t0, t1]));
        Ok(Self { version, control_type })
    }

    pub fn encode(self) -> [u8; 4] {
        let [v0, v1] = self.version.to_be_bytes();
        let [t0, t1] = self.control_type.id().to_be_bytes();
        [v0, v1, t0, t1]
    }
}

/// The value of the control record that commits or aborts a transaction.
///
/// ```text
/// byte 0             2                       6
///     +-------------+-----------------------+
///     | version i16 | coordinator epoch i32 |
///     +-------------+-----------------------+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndTransactionMarker {
    pub coordinator_epoch: Epoch,
}

impl EndTransactionMarker {
    /// Reads the value of a commit or abort record, of which later versions may be longer.
    pub fn parse(value: &[u8]) -> Result<Self, BatchError> {
        let Some(&[v0, v1, e0, e1, e2, e3]) = value.first_chunk() else {
            return Err(BatchError::BadControlRecord("the marker is shorter than six bytes"));
        };
        if i16::from_be_bytes([v0, v1]) < 0 {
            return Err(BatchError::BadControlRecord("the marker's version is negative"));
        }
        Ok(Self { coordinator_epoch: i32::from_be_bytes([e0, e1, e2, e3]) })
    }

    pub fn encode(self) -> [u8; 6] {
        let [e0, e1, e2, e3] = self.coordinator_epoch.to_be_bytes();
        [0, 0, e0, e1, e2, e3]
    }

    /// The batch that ends a producer's transaction in a partition, to be given its offset and leader epoch.
    /// `control_type` is [`ControlType::Commit`] or [`ControlType::Abort`].
    pub fn to_batch(
        self,
        control_type: ControlType,
        timestamp: Timestamp,
        producer_id: ProducerId,
        producer_epoch: ProducerEpoch,
    ) -> Batch {
        let options = BatchOptions {
            producer_id,
            producer_epoch,
            transactional: true,
            control: true,
            ..BatchOptions::default()
        };
        let mut builder = BatchBuilder::new(options);
        builder
            .append_control(timestamp, control_type, &self.encode())
            .and_then(|()| builder.build())
            .expect("one small record fits a batch")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives_encoding_the_unknown_included() {
        for id in [0, 1, 2, 3, 4, 5, 6, 7, -1, i16::MAX] {
            let [t0, t1] = id.to_be_bytes();
            let encoded = [0, 9, t0, t1];
            assert_eq!(ControlKey::parse(&encoded).unwrap().encode(), encoded);
        }
        assert_eq!(ControlType::KRaftVoters.key().encode(), [0, 0, 0, 6]);
    }

    #[test]
    fn short_or_negative_keys_and_markers_are_refused() {
        for key in [&[][..], &[0, 0, 0], &[0xff, 0xff, 0, 0]] {
            assert!(ControlKey::parse(key).is_err(), "{key:?}");
        }
        for value in [&[][..], &[0, 0, 0, 0, 0], &[0xff, 0xff, 0, 0, 0, 0]] {
            assert!(EndTransactionMarker::parse(value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn a_later_marker_may_be_longer() {
        let marker = EndTransactionMarker::parse(&[0, 7, 0, 0, 0, 5, 9]).unwrap();
        assert_eq!(marker, EndTransactionMarker { coordinator_epoch: 5 });
        assert_eq!(marker.encode(), [0, 0, 0, 0, 0, 5]);
    }
}
