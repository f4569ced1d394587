//! Which partitions have moved from whom to whom while a group is balanced.

use std::collections::{BTreeMap, BTreeSet};

use crate::assignor::group::{Member, Partition};

/// From whom, to whom.
type Pair = (Member, Member);

/// Keeps partitions of one topic from being exchanged between two members: where one would move back, one that came from there does.
#[derive(Default)]
pub(super) struct Movements {
    by_topic: BTreeMap<(usize, Pair), BTreeSet<Partition>>,
    by_partition: BTreeMap<Partition, Pair>,
}

impl Movements {
    pub(super) fn record(&mut self, partition: Partition, from: Member, to: Member) {
        let origin = self.forget(partition).map_or(from, |(origin, _)| origin);
        // What comes back to where it was has not moved.
        if origin != to {
            self.by_topic.entry((partition.topic, (origin, to))).or_default().insert(partition);
            self.by_partition.insert(partition, (origin, to));
        }
    }

    fn forget(&mut self, partition: Partition) -> Option<Pair> {
        let pair = self.by_partition.remove(&partition)?;
        let moved = self.by_topic.get_mut(&(partition.topic, pair))?;
        moved.remove(&partition);
        if moved.is_empty() {
            self.by_topic.remove(&(partition.topic, pair));
        }
        Some(pair)
    }

    /// Which partition to move in place of this one.
    pub(super) fn instead_of(&self, partition: Partition, from: Member, to: Member) -> Partition {
        let from = self.by_partition.get(&partition).map_or(from, |(origin, _)| *origin);
        let back = self.by_topic.get(&(partition.topic, (to, from)));
        back.and_then(BTreeSet::first).copied().unwrap_or(partition)
    }
}
