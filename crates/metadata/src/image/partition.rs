//! One partition, as the controller sees it.

use ottla_wire::messages::{PartitionChangeRecord, PartitionRecord};
use uuid::Uuid;

use super::ReplayError;

/// A record that leaves the leader as it is says so with this.
const LEADER_UNCHANGED: i32 = -2;
/// A record that leaves the recovery state as it is says so with this.
const RECOVERY_UNCHANGED: i8 = -1;

/// Whether the leader was elected from outside the in-sync replicas and has yet to recover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i8)]
pub enum LeaderRecovery {
    #[default]
    Recovered = 0,
    Recovering = 1,
}

/// Replicas are broker ids; the first is the preferred leader. There is one directory for each replica.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    pub id: i32,
    /// -1 where there is none.
    pub leader: i32,
    pub leader_epoch: i32,
    /// Rises with every change.
    pub partition_epoch: i32,
    pub recovery: LeaderRecovery,
    pub replicas: Box<[i32]>,
    pub isr: Box<[i32]>,
    pub directories: Box<[Uuid]>,
    pub removing: Box<[i32]>,
    pub adding: Box<[i32]>,
    /// Not in sync, but known to hold all that was acknowledged (KIP-966).
    pub elr: Box<[i32]>,
    pub last_known_elr: Box<[i32]>,
}

impl Partition {
    pub const NO_LEADER: i32 = -1;

    pub fn has_leader(&self) -> bool {
        self.leader != Self::NO_LEADER
    }

    pub fn preferred_leader(&self) -> Option<i32> {
        self.replicas.first().copied()
    }

    pub fn is_reassigning(&self) -> bool {
        !self.adding.is_empty() || !self.removing.is_empty()
    }

    pub(super) fn from_record(record: PartitionRecord) -> Result<Partition, ReplayError> {
        Ok(Partition {
            id: record.partition_id,
            leader: record.leader,
            leader_epoch: record.leader_epoch,
            partition_epoch: record.partition_epoch,
            recovery: recovery("PartitionRecord", record.leader_recovery_state)?,
            replicas: record.replicas.into(),
            isr: record.isr.into(),
            directories: record.directories.into(),
            removing: record.removing_replicas.into(),
            adding: record.adding_replicas.into(),
            elr: record.eligible_leader_replicas.unwrap_or_default().into(),
            last_known_elr: record.last_known_elr.unwrap_or_default().into(),
        })
    }

    pub(crate) fn to_record(&self, topic_id: Uuid) -> PartitionRecord {
        PartitionRecord {
            partition_id: self.id,
            topic_id,
            replicas: self.replicas.to_vec(),
            isr: self.isr.to_vec(),
            removing_replicas: self.removing.to_vec(),
            adding_replicas: self.adding.to_vec(),
            leader: self.leader,
            leader_recovery_state: self.recovery as i8,
            leader_epoch: self.leader_epoch,
            partition_epoch: self.partition_epoch,
            directories: self.directories.to_vec(),
            eligible_leader_replicas: non_empty(&self.elr),
            last_known_elr: non_empty(&self.last_known_elr),
        }
    }

    /// A change names what it changes. One that names a leader, be it the same, begins a leader epoch.
    pub(super) fn apply(&mut self, change: PartitionChangeRecord) -> Result<(), ReplayError> {
        if change.leader_recovery_state != RECOVERY_UNCHANGED {
            self.recovery = recovery("PartitionChangeRecord", change.leader_recovery_state)?;
        }
        if change.leader != LEADER_UNCHANGED {
            self.leader = change.leader;
            self.leader_epoch = self.leader_epoch.saturating_add(1);
        }
        replace(&mut self.isr, change.isr);
        replace(&mut self.replicas, change.replicas);
        replace(&mut self.directories, change.directories);
        replace(&mut self.removing, change.removing_replicas);
        replace(&mut self.adding, change.adding_replicas);
        replace(&mut self.elr, change.eligible_leader_replicas);
        replace(&mut self.last_known_elr, change.last_known_elr);
        self.partition_epoch = self.partition_epoch.saturating_add(1);
        Ok(())
    }

    /// Whether there was anything to clear.
    pub(super) fn clear_elr(&mut self) -> bool {
        let had = !self.elr.is_empty() || !self.last_known_elr.is_empty();
        self.elr = Box::default();
        self.last_known_elr = Box::default();
        had
    }
}

fn replace<T>(field: &mut Box<[T]>, change: Option<Vec<T>>) {
    if let Some(change) = change {
        *field = change.into();
    }
}

fn non_empty(ids: &[i32]) -> Option<Vec<i32>> {
    (!ids.is_empty()).then(|| ids.to_vec())
}

fn recovery(record: &'static str, state: i8) -> Result<LeaderRecovery, ReplayError> {
    match state {
        0 => Ok(LeaderRecovery::Recovered),
        1 => Ok(LeaderRecovery::Recovering),
        value => Err(ReplayError::BadValue { record, name: "leader recovery state", value: value.into() }),
    }
}
