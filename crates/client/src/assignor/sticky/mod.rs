//! `org.apache.kafka.clients.consumer.StickyAssignor` and `CooperativeStickyAssignor`.

mod claims;
mod constrained;
mod general;
mod movements;
mod racks;
mod user_data;

use std::collections::BTreeMap;

use bytes::Bytes;

use super::group::{Group, Member, Partition};
use super::{Assignment, Assignor, MemberId, RebalanceProtocol, Subscription, Topics};
use claims::Claims;
use racks::Racks;
use user_data::Memory;

/// The generation of a member that was in none.
const NO_GENERATION: i32 = -1;

/// Spreads partitions evenly, and lets members keep what they had as far as that allows. Members revoke all before a rebalance; what
/// they had travels in their user data.
#[derive(Clone, Debug, Default)]
pub struct StickyAssignor {
    memory: Option<Memory>,
}

impl Assignor for StickyAssignor {
    fn name(&self) -> &str {
        "sticky"
    }

    fn user_data(&self) -> Option<Bytes> {
        self.memory.as_ref().map(Memory::encode)
    }

    fn assign(
        &self,
        topics: &Topics,
        members: &BTreeMap<MemberId, Subscription>,
    ) -> BTreeMap<MemberId, Assignment> {
        let group = Group::new(topics, members);
        let memories = members.values().map(|member| Memory::of_sticky(member.user_data.as_ref())).collect();
        let outcome = assign(&group, memories);
        group.assignments(outcome.assigned)
    }

    fn on_assignment(&mut self, assignment: &Assignment, generation: i32) {
        let partitions = assignment.partitions.clone();
        self.memory = Some(Memory { partitions, generation: Some(generation) });
    }
}

/// Spreads as [`StickyAssignor`] does, but members keep what they have during a rebalance. A partition that moves is assigned to nobody
/// until its owner has revoked it; the rebalance that follows gives it to the other.
#[derive(Clone, Debug)]
pub struct CooperativeStickyAssignor {
    generation: i32,
}

impl Default for CooperativeStickyAssignor {
    fn default() -> CooperativeStickyAssignor {
        CooperativeStickyAssignor { generation: NO_GENERATION }
    }
}

impl Assignor for CooperativeStickyAssignor {
    fn name(&self) -> &str {
        "cooperative-sticky"
    }

    fn supported_protocols(&self) -> &[RebalanceProtocol] {
        &[RebalanceProtocol::Cooperative, RebalanceProtocol::Eager]
    }

    /// The generation, for leaders that read subscriptions of before version 2.
    fn user_data(&self) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(&self.generation.to_be_bytes()))
    }

    fn assign(
        &self,
        topics: &Topics,
        members: &BTreeMap<MemberId, Subscription>,
    ) -> BTreeMap<MemberId, Assignment> {
        let group = Group::new(topics, members);
        let memories = members.values().map(Memory::of_cooperative).collect();
        let mut outcome = assign(&group, memories);
        let moving = outcome.moving.take().unwrap_or_else(|| moving(&group, &outcome.assigned));
        for (partition, member) in moving {
            outcome.assigned[member].retain(|assigned| *assigned != partition);
        }
        group.assignments(outcome.assigned)
    }

    fn on_assignment(&mut self, _: &Assignment, generation: i32) {
        self.generation = generation;
    }
}

/// What each member gets, and which of it others have to revoke first, where that is known.
struct Outcome {
    assigned: Vec<Vec<Partition>>,
    moving: Option<BTreeMap<Partition, Member>>,
}

fn assign(group: &Group<'_>, memories: Vec<Memory>) -> Outcome {
    if group.members.is_empty() {
        return Outcome { assigned: Vec::new(), moving: None };
    }
    let racks = Racks::new(group);
    let claims = Claims::new(group, &memories);
    if all_subscribe_alike(group) {
        constrained::assign(group, &racks, claims)
    } else {
        let previous = claims.previous_owners(group, &memories);
        Outcome { assigned: general::assign(group, &racks, claims.owned, previous), moving: None }
    }
}

fn all_subscribe_alike(group: &Group<'_>) -> bool {
    let sorted = |member: &Subscription| {
        let mut topics = member.topics.clone();
        topics.sort();
        topics.dedup();
        topics
    };
    let mut all = group.members.iter().map(|(_, subscription)| sorted(subscription));
    let first = all.next();
    all.all(|topics| Some(&topics) == first.as_ref())
}

/// What is assigned to a member that does not have it, while another has it that is not assigned it.
fn moving(group: &Group<'_>, assigned: &[Vec<Partition>]) -> BTreeMap<Partition, Member> {
    let owned = |member: Member| -> Vec<Partition> {
        let owned = &group.members[member].1.owned_partitions;
        let mut owned: Vec<Partition> = owned.iter().filter_map(|named| group.partition(named)).collect();
        owned.sort_unstable();
        owned
    };
    let mut added = BTreeMap::new();
    let mut revoked = Vec::new();
    for (member, assigned) in assigned.iter().enumerate() {
        let owned = owned(member);
        added.extend(
            assigned
                .iter()
                .filter(|it| owned.binary_search(it).is_err())
                .map(|partition| (*partition, member)),
        );
        let mut assigned = assigned.clone();
        assigned.sort_unstable();
        revoked.extend(owned.into_iter().filter(|it| assigned.binary_search(it).is_err()));
    }
    revoked.sort_unstable();
    added.retain(|partition, _| revoked.binary_search(partition).is_ok());
    added
}
