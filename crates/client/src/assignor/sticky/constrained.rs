//! The case in which all members subscribe to the same topics: then each gets the same number of partitions, or one more.
//!
//! 1. Members keep what they have, up to their quota. Members below it, and members at the lower quota that may still get one more,
//!    wait in two queues.
//! 2. What nobody has goes to waiting members in its racks, where racks matter.
//! 3. The rest goes to waiting members in turn.

use std::collections::{BTreeMap, BTreeSet};

use super::{Outcome, Racks, claims::Claims};
use crate::assignor::group::{Group, Member, Partition};

pub(super) fn assign(group: &Group<'_>, racks: &Racks<'_>, claims: Claims) -> Outcome {
    let mut builder = Builder::new(group, racks, claims.disputed);
    for (member, owned) in claims.owned.into_iter().enumerate() {
        builder.keep(member, owned);
    }
    let mut unassigned = builder.unassigned();
    builder.below.sort_unstable();
    builder.at_least.sort_unstable();
    racks.sort(&mut unassigned);
    if racks.matter {
        builder.assign_by_rack(&mut unassigned);
    }
    builder.assign_in_turn(unassigned);
    Outcome { assigned: builder.assigned, moving: Some(builder.moving) }
}

struct Builder<'a> {
    group: &'a Group<'a>,
    racks: &'a Racks<'a>,
    disputed: BTreeSet<Partition>,
    /// Every member gets at least this many, some get `most`.
    least: usize,
    most: usize,
    /// How many members get more than `least`, and how many do so by now.
    over: usize,
    over_now: usize,
    assigned: Vec<Vec<Partition>>,
    /// Who has to revoke what, unless it is given back to it.
    revoked: BTreeMap<Partition, Member>,
    /// What others have to revoke first.
    moving: BTreeMap<Partition, Member>,
    /// Members with fewer than `least`.
    below: Vec<Member>,
    /// Members with `least` that may get one more.
    at_least: Vec<Member>,
}

impl<'a> Builder<'a> {
    fn new(group: &'a Group<'a>, racks: &'a Racks<'a>, disputed: BTreeSet<Partition>) -> Builder<'a> {
        let (partitions, members) = (group.partition_count(), group.members.len());
        Builder {
            group,
            racks,
            disputed,
            least: partitions / members,
            most: partitions.div_ceil(members),
            over: partitions % members,
            over_now: 0,
            assigned: vec![Vec::new(); members],
            revoked: BTreeMap::new(),
            moving: BTreeMap::new(),
            below: Vec::new(),
            at_least: Vec::new(),
        }
    }

    /// The member keeps what it has, up to its quota.
    fn keep(&mut self, member: Member, owned: Vec<Partition>) {
        let (elsewhere, mut kept): (Vec<_>, Vec<_>) =
            owned.into_iter().partition(|partition| self.racks.mismatch(member, *partition));
        self.revoked.extend(elsewhere.into_iter().map(|partition| (partition, member)));
        kept.retain(|partition| !self.disputed.contains(partition));
        kept.sort_unstable_by_key(|partition| (partition.number, partition.topic));
        if kept.len() < self.least {
            self.below.push(member);
        } else {
            let excess = kept.split_off(self.quota_of(member, kept.len()));
            self.revoked.extend(excess.into_iter().map(|partition| (partition, member)));
        }
        self.assigned[member] = kept;
    }

    /// How many of `count` partitions, which are enough, the member keeps.
    fn quota_of(&mut self, member: Member, count: usize) -> usize {
        if self.over_now == self.over {
            return self.least;
        }
        if count < self.most {
            self.at_least.push(member);
            return self.least;
        }
        self.one_more_is_over();
        self.most
    }

    /// Once as many members as may are above `least`, those that have `least` have enough.
    fn one_more_is_over(&mut self) {
        self.over_now += 1;
        if self.over_now == self.over {
            self.at_least.clear();
        }
    }

    fn unassigned(&self) -> Vec<Partition> {
        let assigned: BTreeSet<Partition> = self.assigned.iter().flatten().copied().collect();
        let all = (0..self.group.topics.len()).flat_map(|topic| self.group.partitions(topic));
        all.filter(|partition| !assigned.contains(partition)).collect()
    }

    /// Takes out of `unassigned` what goes to a member in its rack.
    fn assign_by_rack(&mut self, unassigned: &mut Vec<Partition>) {
        let mut turn = 0;
        unassigned.retain(|partition| {
            let member = match self.near(&self.below, *partition, turn) {
                Some(place) => Some(self.take_below(place, &mut turn)),
                None => self.near(&self.at_least, *partition, 0).map(|place| self.take_at_least(place)),
            };
            member.inspect(|member| self.give(*partition, *member)).is_none()
        });
    }

    /// The first waiting member, from that place on and around, in whose rack the partition is.
    fn near(&self, waiting: &[Member], partition: Partition, from: usize) -> Option<usize> {
        let mut places = (from..waiting.len()).chain(0..from.min(waiting.len()));
        places.find(|place| self.racks.matches(waiting[*place], partition))
    }

    /// The member there is about to get a partition; `turn` is whose turn is next.
    fn take_below(&mut self, place: usize, turn: &mut usize) -> Member {
        let member = self.below[place];
        let count = self.assigned[member].len() + 1;
        let mut next = place + 1;
        if count >= self.least {
            self.below.remove(place);
            next = place;
            if count < self.most && self.over_now < self.over {
                self.at_least.push(member);
            }
        }
        *turn = if self.below.is_empty() { 0 } else { next % self.below.len() };
        member
    }

    /// The member there is about to get one more than `least`.
    fn take_at_least(&mut self, place: usize) -> Member {
        let member = self.at_least[place];
        if self.assigned[member].len() + 1 == self.most {
            self.at_least.remove(place);
            self.one_more_is_over();
        }
        member
    }

    fn assign_in_turn(&mut self, unassigned: Vec<Partition>) {
        let mut turn = 0;
        let mut at_least = 0;
        for partition in unassigned {
            if turn >= self.below.len() {
                turn = 0;
            }
            if let Some(member) = self.below.get(turn).copied() {
                self.give(partition, member);
                turn += 1;
                if self.assigned[member].len() == self.least {
                    turn -= 1;
                    self.below.remove(turn);
                    self.at_least.push(member);
                }
            } else {
                let member = self.at_least.get(at_least).copied();
                at_least += 1;
                self.give(partition, member.expect("the quotas add up to all partitions"));
            }
        }
    }

    fn give(&mut self, partition: Partition, member: Member) {
        self.assigned[member].push(partition);
        let others = self.revoked.get(&partition).is_some_and(|owner| *owner != member);
        if others || self.disputed.contains(&partition) {
            self.moving.insert(partition, member);
        }
    }
}
