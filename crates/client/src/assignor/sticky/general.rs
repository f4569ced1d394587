//! The case in which members subscribe to different topics.
//!
//! 1. Members keep what they have, except what they do not want any more or what is in other racks.
//! 2. What nobody has goes to the member with the least, in its rack if there is one.
//! 3. Partitions move to members with fewer as long as that makes the assignment more even; first those of step 2 alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{Racks, claims::PreviousOwners, movements::Movements};
use crate::assignor::group::{Group, Member, Partition};

pub(super) fn assign(
    group: &Group<'_>,
    racks: &Racks<'_>,
    owned: Vec<Vec<Partition>>,
    previous: PreviousOwners,
) -> Vec<Vec<Partition>> {
    let mut builder = Builder::new(group, racks, owned, previous);
    let initial = builder.assigned.iter().all(Vec::is_empty);
    let unassigned = builder.unassigned();
    if racks.matter {
        builder.assign_unassigned(&unassigned, true);
    }
    builder.assign_unassigned(&unassigned, false);
    builder.set_fixed_members_aside();
    builder.balance(&unassigned, initial);
    builder.assigned
}

struct Builder<'a> {
    group: &'a Group<'a>,
    racks: &'a Racks<'a>,
    previous: PreviousOwners,
    /// The members that subscribe to each topic.
    subscribers: Vec<Vec<Member>>,
    assigned: Vec<Vec<Partition>>,
    owners: BTreeMap<Partition, Member>,
    /// Members that may still get or give, by how much they have.
    by_size: BTreeSet<(usize, Member)>,
    /// Partitions of topics with the fewest subscribers first.
    partitions: Vec<Partition>,
    movements: Movements,
    /// Whether a member has to give up something whatever becomes of the rest.
    must_revoke: bool,
}

impl<'a> Builder<'a> {
    fn new(
        group: &'a Group<'a>,
        racks: &'a Racks<'a>,
        mut assigned: Vec<Vec<Partition>>,
        previous: PreviousOwners,
    ) -> Builder<'a> {
        let mut must_revoke = false;
        for (member, owned) in assigned.iter_mut().enumerate() {
            let before = owned.len();
            owned.retain(|partition| {
                group.subscribed[member].contains(&partition.topic) && !racks.mismatch(member, *partition)
            });
            must_revoke |= owned.len() < before;
        }
        let wants = |topic| move |member: &Member| group.subscribed[*member].contains(&topic);
        let subscribers: Vec<Vec<Member>> = (0..group.topics.len())
            .map(|topic| (0..group.members.len()).filter(wants(topic)).collect())
            .collect();
        let mut topics: Vec<usize> = (0..group.topics.len()).collect();
        topics.sort_by_key(|topic| subscribers[*topic].len());
        let owned = assigned.iter().enumerate();
        Builder {
            group,
            racks,
            previous,
            subscribers,
            owners: owned.flat_map(|(member, owned)| owned.iter().map(move |it| (*it, member))).collect(),
            by_size: assigned.iter().enumerate().map(|(member, owned)| (owned.len(), member)).collect(),
            assigned,
            partitions: topics.into_iter().flat_map(|topic| group.partitions(topic)).collect(),
            movements: Movements::default(),
            must_revoke,
        }
    }

    fn unassigned(&self) -> Vec<Partition> {
        self.partitions.iter().copied().filter(|partition| !self.owners.contains_key(partition)).collect()
    }

    fn assign_unassigned(&mut self, unassigned: &[Partition], by_rack: bool) {
        for partition in unassigned {
            if self.owners.contains_key(partition) {
                continue;
            }
            let fits = |member: Member| !by_rack || !self.racks.mismatch(member, *partition);
            if let Some(member) = self.least_loaded(*partition, fits) {
                self.resize(member, |assigned| assigned.push(*partition));
                self.owners.insert(*partition, member);
            }
        }
    }

    /// The subscriber with the fewest partitions that fits.
    fn least_loaded(&self, partition: Partition, fits: impl Fn(Member) -> bool) -> Option<Member> {
        let wants = |member: Member| self.group.subscribed[member].contains(&partition.topic);
        self.by_size.iter().map(|(_, member)| *member).find(|member| wants(*member) && fits(*member))
    }

    /// Every change of what a member has, so that the order by size stays right.
    fn resize(&mut self, member: Member, change: impl FnOnce(&mut Vec<Partition>)) {
        self.by_size.remove(&(self.assigned[member].len(), member));
        change(&mut self.assigned[member]);
        self.by_size.insert((self.assigned[member].len(), member));
    }

    fn is_shared(&self, partition: Partition) -> bool {
        self.subscribers[partition.topic].len() > 1
    }

    /// Members that have all that they want, none of which another wants, take no part in balancing.
    fn set_fixed_members_aside(&mut self) {
        for member in 0..self.assigned.len() {
            let full = self.assigned[member].len() == self.wanted(member);
            if full && !self.assigned[member].iter().any(|partition| self.is_shared(*partition)) {
                self.by_size.remove(&(self.assigned[member].len(), member));
            }
        }
    }

    /// How many partitions the member would have if it had all that it wants.
    fn wanted(&self, member: Member) -> usize {
        self.group.subscribed[member].iter().map(|topic| self.group.topics[*topic].racks.len()).sum()
    }

    /// Moves partitions; takes it all back if it was not worth it.
    fn balance(&mut self, unassigned: &[Partition], initial: bool) {
        let before = (self.assigned.clone(), self.score());
        let shared = |partition: &&Partition| self.is_shared(**partition);
        let new: Vec<Partition> = unassigned.iter().filter(shared).copied().collect();
        let all: Vec<Partition> = self.partitions.iter().filter(shared).copied().collect();
        if !self.must_revoke {
            self.reassign(&new);
        }
        let moved = self.reassign(&all);
        if !initial && moved && self.score() >= before.1 {
            self.assigned = before.0;
        }
    }

    /// How uneven it is: the differences between the members that take part, added up.
    fn score(&self) -> usize {
        let sizes: Vec<usize> = self.by_size.iter().map(|(size, _)| *size).collect();
        // Sorted, so that each size exceeds all before it.
        let mut before = 0;
        let mut score = 0;
        for (place, size) in sizes.into_iter().enumerate() {
            score += size * place - before;
            before += size;
        }
        score
    }

    /// Moves partitions until no move helps. True if one was moved.
    fn reassign(&mut self, partitions: &[Partition]) -> bool {
        let mut moved = false;
        loop {
            let mut modified = false;
            for partition in partitions {
                if self.is_balanced() {
                    break;
                }
                if let Some(to) = self.better_owner(*partition) {
                    self.give(*partition, to);
                    modified = true;
                }
            }
            moved |= modified;
            if !modified {
                return moved;
            }
        }
    }

    /// Who should have the partition, if that is not who has it: whoever had it before, else the subscriber with the fewest.
    fn better_owner(&self, partition: Partition) -> Option<Member> {
        let owner = *self.owners.get(&partition)?;
        let fewer = |member: &Member| self.assigned[owner].len() > self.assigned[*member].len() + 1;
        let previous = self.previous.get(&partition).copied();
        // Java would give it back even to a member that does not want it any more.
        let wants = |member: &Member| self.group.subscribed[*member].contains(&partition.topic);
        if let Some(previous) = previous.filter(wants).filter(fewer) {
            return Some(previous);
        }
        let any = self.subscribers[partition.topic].iter().any(fewer);
        if any { self.least_loaded(partition, |_| true) } else { None }
    }

    fn give(&mut self, partition: Partition, to: Member) {
        let owner = self.owners[&partition];
        let partition = self.movements.instead_of(partition, owner, to);
        let from = self.owners[&partition];
        self.movements.record(partition, from, to);
        self.resize(from, |assigned| assigned.retain(|it| *it != partition));
        self.resize(to, |assigned| assigned.push(partition));
        self.owners.insert(partition, to);
    }

    /// Whether no member can be given a partition of another that has at least two more.
    fn is_balanced(&self) -> bool {
        let (Some(least), Some(most)) = (self.by_size.first(), self.by_size.last()) else { return true };
        most.0 <= least.0 + 1 || self.by_size.iter().all(|(_, member)| !self.could_take(*member))
    }

    fn could_take(&self, member: Member) -> bool {
        let count = self.assigned[member].len();
        let has_two_more = |partition: Partition| {
            let owner = self.owners.get(&partition);
            owner.is_some_and(|owner| self.assigned[*owner].len() > count + 1)
        };
        let mut topics = self.group.subscribed[member].iter();
        topics.any(|topic| self.group.partitions(*topic).any(has_two_more))
    }
}
