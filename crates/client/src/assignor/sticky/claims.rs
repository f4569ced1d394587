//! Which member has which partitions, of what members say.

use std::collections::{BTreeMap, BTreeSet};

use super::{NO_GENERATION, user_data::Memory};
use crate::assignor::group::{Group, Member, Partition};

/// What each member has, after disputes are settled.
pub(super) struct Claims {
    pub(super) owned: Vec<Vec<Partition>>,
    /// Claimed by several members of one generation: whose they are nobody knows.
    pub(super) disputed: BTreeSet<Partition>,
}

/// Who had a partition in an earlier generation than the last.
pub(super) type PreviousOwners = BTreeMap<Partition, Member>;

impl Claims {
    /// The later generation wins. Partitions that do not exist any more are nobody's.
    pub(super) fn new(group: &Group<'_>, memories: &[Memory]) -> Claims {
        let mut claims = Claims { owned: vec![Vec::new(); memories.len()], disputed: BTreeSet::new() };
        let mut owners: BTreeMap<Partition, Member> = BTreeMap::new();
        for (member, memory) in memories.iter().enumerate() {
            let generation = memory.generation.unwrap_or(NO_GENERATION);
            for partition in memory.partitions.iter().filter_map(|named| group.partition(named)) {
                let Some(other) = owners.get(&partition).copied() else {
                    claims.owned[member].push(partition);
                    owners.insert(partition, member);
                    continue;
                };
                // As in Java: the other's generation by its subscription, whatever its user data says.
                let others = group.members[other].1.generation.unwrap_or(NO_GENERATION);
                if generation < others {
                    continue;
                }
                claims.owned[other].retain(|owned| *owned != partition);
                owners.insert(partition, member);
                if generation == others {
                    claims.disputed.insert(partition);
                } else {
                    claims.owned[member].push(partition);
                }
            }
        }
        claims
    }

    /// Whom a partition may go back to, if balance asks for it to move anyway. Of several the one of the latest generation.
    pub(super) fn previous_owners(&self, group: &Group<'_>, memories: &[Memory]) -> PreviousOwners {
        let generation = |memory: &Memory| memory.generation.unwrap_or(NO_GENERATION);
        let last = memories.iter().map(generation).max().unwrap_or(NO_GENERATION).max(NO_GENERATION);
        let mut previous: BTreeMap<Partition, (Member, i32)> = BTreeMap::new();
        for (member, memory) in memories.iter().enumerate().filter(|(_, memory)| generation(memory) < last) {
            for partition in memory.partitions.iter().filter_map(|named| group.partition(named)) {
                let kept = previous.entry(partition).or_insert((member, generation(memory)));
                if generation(memory) > kept.1 {
                    *kept = (member, generation(memory));
                }
            }
        }
        previous.into_iter().map(|(partition, (member, _))| (partition, member)).collect()
    }
}
