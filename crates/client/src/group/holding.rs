//! What the application has of the group's partitions, and what it has to take and give. Pure.
//!
//! The member decides that something moves; the application carries it out, one [`Turn`] after the other, when it asks for records
//! the next time, and so never in the middle of those that it has. The member goes on when all turns are done.

use std::collections::{BTreeSet, VecDeque};

use crate::TopicPartition;

/// One change of what the application has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// These go to others: what was processed of them can be committed until this is done.
    Revoke(Vec<TopicPartition>),
    /// These are others' already.
    Lose(Vec<TopicPartition>),
    /// These come to what it has, or none do: a rebalance is over.
    Assign(Vec<TopicPartition>),
}

/// A change that is to come. What is revoked or lost in all is not known before its turn comes.
#[derive(Debug, PartialEq, Eq)]
enum Planned {
    Revoke(BTreeSet<TopicPartition>),
    RevokeAll,
    LoseAll,
    Assign(BTreeSet<TopicPartition>),
}

#[derive(Debug, Default)]
pub(crate) struct Holding {
    owned: BTreeSet<TopicPartition>,
    planned: VecDeque<Planned>,
    /// The first of them is under way, or was and was broken off.
    is_begun: bool,
    losses: u64,
}

impl Holding {
    /// What the application has: what is to be revoked included, what is to be assigned not.
    pub(crate) fn owned(&self) -> &BTreeSet<TopicPartition> {
        &self.owned
    }

    /// How often all was lost so far: what was so before may be others' since, whatever is owned again.
    pub(crate) fn losses(&self) -> u64 {
        self.losses
    }

    /// Whether nothing is left to be done.
    pub(crate) fn is_settled(&self) -> bool {
        self.planned.iter().all(|planned| self.is_void(planned))
    }

    /// Whether it needs nothing of the application.
    fn is_void(&self, planned: &Planned) -> bool {
        matches!(planned, Planned::RevokeAll | Planned::LoseAll) && self.owned.is_empty()
    }

    pub(crate) fn revoke(&mut self, partitions: BTreeSet<TopicPartition>) {
        if !partitions.is_empty() {
            self.planned.push_back(Planned::Revoke(partitions));
        }
    }

    pub(crate) fn revoke_all(&mut self) {
        self.planned.push_back(Planned::RevokeAll);
    }

    pub(crate) fn assign(&mut self, partitions: BTreeSet<TopicPartition>) {
        self.planned.push_back(Planned::Assign(partitions));
    }

    /// All that it has is others'. What was to be done and is not begun falls away.
    pub(crate) fn lose_all(&mut self) {
        self.losses += 1;
        self.planned.truncate(usize::from(self.is_begun));
        self.planned.push_back(Planned::LoseAll);
    }

    /// What is to be done next, and from here on is under way.
    pub(crate) fn begin(&mut self) -> Option<Turn> {
        while self.planned.front().is_some_and(|planned| self.is_void(planned)) {
            self.planned.pop_front();
        }
        let named = |partitions: &BTreeSet<TopicPartition>| partitions.iter().cloned().collect();
        let turn = match self.planned.front()? {
            Planned::Revoke(partitions) => Turn::Revoke(named(partitions)),
            Planned::RevokeAll => Turn::Revoke(named(&self.owned)),
            Planned::LoseAll => Turn::Lose(named(&self.owned)),
            Planned::Assign(partitions) => Turn::Assign(named(partitions)),
        };
        self.is_begun = true;
        Some(turn)
    }

    /// The turn that was begun is done.
    pub(crate) fn done(&mut self, turn: Turn) {
        match turn {
            Turn::Revoke(partitions) | Turn::Lose(partitions) => {
                for partition in &partitions {
                    self.owned.remove(partition);
                }
            }
            Turn::Assign(partitions) => self.owned.extend(partitions),
        }
        self.planned.pop_front();
        self.is_begun = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partitions(numbers: &[i32]) -> Vec<TopicPartition> {
        numbers.iter().map(|number| TopicPartition::new("t", *number)).collect()
    }

    fn set(numbers: &[i32]) -> BTreeSet<TopicPartition> {
        partitions(numbers).into_iter().collect()
    }

    fn having(numbers: &[i32]) -> Holding {
        let mut holding = Holding::default();
        holding.assign(set(numbers));
        let turn = holding.begin().unwrap();
        holding.done(turn);
        holding
    }

    #[test]
    fn turns_come_one_after_the_other_and_change_what_is_owned_when_they_are_done() {
        let mut holding = having(&[0, 1]);
        holding.revoke(set(&[1]));
        holding.assign(set(&[2]));
        let revoked = holding.begin().unwrap();
        assert_eq!(revoked, Turn::Revoke(partitions(&[1])));
        assert_eq!(holding.begin(), Some(revoked.clone()), "broken off, it is begun again");
        assert_eq!(*holding.owned(), set(&[0, 1]));
        holding.done(revoked);
        let assigned = holding.begin().unwrap();
        assert_eq!(assigned, Turn::Assign(partitions(&[2])));
        holding.done(assigned);
        assert!(holding.is_settled());
        assert_eq!(*holding.owned(), set(&[0, 2]));
    }

    #[test]
    fn what_is_lost_is_all_that_is_owned_when_its_turn_comes() {
        let mut holding = having(&[0]);
        holding.assign(set(&[1]));
        let assigned = holding.begin().unwrap();
        holding.revoke(set(&[0]));
        holding.lose_all();
        holding.done(assigned);
        assert_eq!(holding.begin(), Some(Turn::Lose(partitions(&[0, 1]))));
    }

    #[test]
    fn nothing_is_revoked_or_lost_of_those_who_have_nothing() {
        let mut holding = Holding::default();
        holding.assign(set(&[]));
        holding.lose_all();
        assert!(holding.is_settled(), "what was not begun fell away");
        holding.revoke_all();
        assert_eq!(holding.begin(), None);
        assert!(holding.is_settled());
    }
}
