//! What the log says of the quorum itself, in control records.

use bytes::Bytes;
use ottla_records::{Batch, ControlType};
use ottla_wire::{
    messages::{
        LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord, leader_change_message::Voter,
    },
    to_bytes,
};
use uuid::Uuid;

use crate::encode::{Position, control_batch};

/// The voters that the log names (KIP-853), as it names them: kept, and given back in snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Voters {
    kraft_version: Option<Bytes>,
    voters: Option<Bytes>,
}

impl Voters {
    pub(crate) fn replay(&mut self, control_type: ControlType, value: Bytes) {
        match control_type {
            ControlType::KRaftVersion => self.kraft_version = Some(value),
            ControlType::KRaftVoters => self.voters = Some(value),
            ControlType::Abort
            | ControlType::Commit
            | ControlType::LeaderChange
            | ControlType::SnapshotHeader
            | ControlType::SnapshotFooter
            | ControlType::Unknown(_) => {}
        }
    }

    /// Whether the voters are the log's matter, and not the config's.
    pub(crate) fn are_dynamic(&self) -> bool {
        self.voters.is_some()
    }

    fn records(&self) -> impl Iterator<Item = (ControlType, Bytes)> {
        let version = self.kraft_version.clone().map(|value| (ControlType::KRaftVersion, value));
        let voters = self.voters.clone().map(|value| (ControlType::KRaftVoters, value));
        version.into_iter().chain(voters)
    }
}

/// The first batch of each epoch. `directory` is the leader's, where voters are known by theirs.
pub(crate) fn leader_change(leader: i32, directory: Option<Uuid>, position: Position) -> Batch {
    let version = i16::from(directory.is_some());
    let voter = Voter { voter_id: leader, voter_directory_id: directory.unwrap_or_default() };
    let message = LeaderChangeMessage {
        version,
        leader_id: leader,
        voters: vec![voter.clone()],
        granting_voters: vec![voter],
    };
    control_batch(&[(ControlType::LeaderChange, to_bytes(&message, version))], position)
}

/// The first batch of a snapshot. `last_timestamp` is that of the last batch which it contains.
pub(crate) fn snapshot_header(last_timestamp: i64, voters: &Voters, position: Position) -> Batch {
    let header = SnapshotHeaderRecord { version: 0, last_contained_log_timestamp: last_timestamp };
    let mut records = vec![(ControlType::SnapshotHeader, to_bytes(&header, 0))];
    records.extend(voters.records());
    control_batch(&records, position)
}

/// The last batch of a snapshot.
pub(crate) fn snapshot_footer(position: Position) -> Batch {
    let footer = SnapshotFooterRecord { version: 0 };
    control_batch(&[(ControlType::SnapshotFooter, to_bytes(&footer, 0))], position)
}
