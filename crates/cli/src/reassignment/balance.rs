//! Which replicas partitions should have, so that brokers and racks share the work, with as few moves as that takes.
//!
//! Three steps, each of which keeps what those before it have reached:
//!
//! 1. replicas leave brokers that are not to have any, and racks that have more of a partition than they need;
//! 2. brokers with many replicas give some to those with few, of all topics together and of each topic;
//! 3. replicas change their order, which moves no data, until brokers are the preferred leaders of equally many.
//!
//! Steps 2 and 3 make a sum of squares smaller with every change, so that they end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ottla_client::{BrokerId, TopicPartition};

use super::Place;

/// The replicas of partitions, the preferred leader first.
pub(crate) type Assignment = BTreeMap<TopicPartition, Vec<BrokerId>>;

/// A partition's replicas before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) from: Vec<BrokerId>,
    pub(crate) to: Vec<BrokerId>,
}

impl Change {
    pub(crate) fn adding(&self) -> Vec<BrokerId> {
        self.to.iter().filter(|broker| !self.from.contains(broker)).copied().collect()
    }

    pub(crate) fn removing(&self) -> Vec<BrokerId> {
        self.from.iter().filter(|broker| !self.to.contains(broker)).copied().collect()
    }
}

/// What differs from one assignment to the other; a partition that the first does not know comes from nowhere.
pub(crate) fn changes(from: &Assignment, to: &Assignment) -> BTreeMap<TopicPartition, Change> {
    let changed = to.iter().filter(|(partition, replicas)| from.get(*partition) != Some(*replicas));
    let one = |(partition, to): (&TopicPartition, &Vec<BrokerId>)| {
        let from = from.get(partition).cloned().unwrap_or_default();
        (partition.clone(), Change { from, to: to.clone() })
    };
    changed.map(one).collect()
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum PlanError {
    #[error("no broker is named that could have replicas")]
    NoBrokers,
    #[error("{partition} is to have {replicas} replicas, and there are {brokers} brokers for them")]
    TooFewBrokers { partition: TopicPartition, replicas: usize, brokers: usize },
}

/// The replicas that these partitions should have at these brokers, each as many as it has or `replicas`.
pub(crate) fn balance(
    current: &Assignment,
    places: &[Place],
    replicas: Option<usize>,
) -> Result<Assignment, PlanError> {
    if places.is_empty() {
        return Err(PlanError::NoBrokers);
    }
    for (partition, now) in current {
        let wanted = replicas.unwrap_or(now.len());
        if wanted > places.len() {
            let (partition, brokers) = (partition.clone(), places.len());
            return Err(PlanError::TooFewBrokers { partition, replicas: wanted, brokers });
        }
    }
    let mut plan = Plan::new(current, places);
    for (partition, now) in current {
        plan.place(partition, replicas.unwrap_or(now.len()));
    }
    until_settled(current, |partition| plan.even_out(partition));
    until_settled(current, |partition| plan.change_leader(partition));
    Ok(plan.assignment)
}

/// Goes through all partitions again as long as that changes one of them.
fn until_settled(current: &Assignment, mut change: impl FnMut(&TopicPartition) -> bool) {
    while current.keys().filter(|partition| change(partition)).count() > 0 {}
}

struct Plan {
    racks: BTreeMap<BrokerId, Option<String>>,
    assignment: Assignment,
    replicas: Load,
    leaders: Load,
}

/// How many of something brokers have, of all topics and of each.
#[derive(Default)]
struct Load {
    all: BTreeMap<BrokerId, i64>,
    by_topic: BTreeMap<(Arc<str>, BrokerId), i64>,
}

impl Load {
    fn add(&mut self, topic: &Arc<str>, broker: BrokerId, count: i64) {
        *self.all.entry(broker).or_default() += count;
        *self.by_topic.entry((topic.clone(), broker)).or_default() += count;
    }

    fn of(&self, topic: &Arc<str>, broker: BrokerId) -> (i64, i64) {
        let of_topic = self.by_topic.get(&(topic.clone(), broker)).copied().unwrap_or_default();
        (of_topic, self.all.get(&broker).copied().unwrap_or_default())
    }

    /// By how much both sums of squares change, halved, when one goes from a broker to another.
    fn change(&self, topic: &Arc<str>, from: BrokerId, to: BrokerId) -> i64 {
        let ((topic_from, from), (topic_to, to)) = (self.of(topic, from), self.of(topic, to));
        (topic_to - topic_from + 1) + (to - from + 1)
    }
}

impl Plan {
    fn new(current: &Assignment, places: &[Place]) -> Plan {
        let racks = places.iter().map(|place| (place.broker, place.rack.clone())).collect();
        let mut plan =
            Plan { racks, assignment: current.clone(), replicas: Load::default(), leaders: Load::default() };
        for (partition, replicas) in current {
            plan.count(partition, replicas, 1);
        }
        plan
    }

    fn count(&mut self, partition: &TopicPartition, replicas: &[BrokerId], count: i64) {
        for broker in replicas {
            self.replicas.add(&partition.topic, *broker, count);
        }
        if let Some(leader) = replicas.first() {
            self.leaders.add(&partition.topic, *leader, count);
        }
    }

    fn set(&mut self, partition: &TopicPartition, replicas: Vec<BrokerId>) {
        self.count(partition, &replicas, 1);
        let before = self.assignment.insert(partition.clone(), replicas).unwrap_or_default();
        self.count(partition, &before, -1);
    }

    /// Step 1: as many replicas as wanted, at brokers that may have them, in as many racks as possible.
    fn place(&mut self, partition: &TopicPartition, wanted: usize) {
        let mut replicas = self.assignment[partition].clone();
        replicas.truncate(wanted);
        for at in 0..replicas.len() {
            let is_allowed = self.racks.contains_key(&replicas[at]);
            if !is_allowed || self.is_crowded(&replicas, at) {
                let others = without(&replicas, at);
                let better = self.best(partition, &others).filter(|it| {
                    !is_allowed || self.rack_count(&joined(&others, *it)) > self.rack_count(&replicas)
                });
                replicas[at] = better.unwrap_or(replicas[at]);
            }
        }
        while replicas.len() < wanted {
            let Some(broker) = self.best(partition, &replicas) else { break };
            replicas.push(broker);
        }
        self.set(partition, replicas);
    }

    /// Whether a replica before it is in the same rack.
    fn is_crowded(&self, replicas: &[BrokerId], at: usize) -> bool {
        let rack = |broker: &BrokerId| self.racks.get(broker).cloned().flatten();
        rack(&replicas[at]).is_some_and(|own| replicas[..at].iter().any(|it| rack(it) == Some(own.clone())))
    }

    /// Who should have one more replica beside these: in another rack if there is one, then who has least.
    fn best(&self, partition: &TopicPartition, others: &[BrokerId]) -> Option<BrokerId> {
        let candidates = self.racks.keys().filter(|broker| !others.contains(broker)).copied();
        candidates.min_by_key(|broker| {
            let racks = self.rack_count(&joined(others, *broker));
            (usize::MAX - racks, self.replicas.of(&partition.topic, *broker), *broker)
        })
    }

    /// In how many racks these are. Brokers without a rack are each in one of their own.
    fn rack_count(&self, replicas: &[BrokerId]) -> usize {
        let racks: BTreeSet<_> = replicas
            .iter()
            .map(|broker| match self.racks.get(broker).cloned().flatten() {
                Some(rack) => (Some(rack), 0),
                None => (None, *broker),
            })
            .collect();
        racks.len()
    }

    /// Step 2: gives one replica to the broker that it makes most even, if there is one.
    fn even_out(&mut self, partition: &TopicPartition) -> bool {
        let replicas = self.assignment[partition].clone();
        let racks = self.rack_count(&replicas);
        let mut best: Option<(i64, Vec<BrokerId>)> = None;
        for at in 0..replicas.len() {
            for broker in self.racks.keys().filter(|broker| !replicas.contains(broker)) {
                let change = self.replicas.change(&partition.topic, replicas[at], *broker);
                let mut changed = replicas.clone();
                changed[at] = *broker;
                let is_better = change < best.as_ref().map_or(0, |(least, _)| *least);
                if is_better && self.rack_count(&changed) >= racks {
                    best = Some((change, changed));
                }
            }
        }
        let Some((_, changed)) = best else { return false };
        self.set(partition, changed);
        true
    }

    /// Step 3: has another replica come first, if that makes leaders more even.
    fn change_leader(&mut self, partition: &TopicPartition) -> bool {
        let mut replicas = self.assignment[partition].clone();
        let Some((leader, others)) = replicas.split_first() else { return false };
        let change = |to: BrokerId| self.leaders.change(&partition.topic, *leader, to);
        let best = (1..).zip(others).map(|(at, broker)| (change(*broker), at)).min();
        let Some((_, at)) = best.filter(|(change, _)| *change < 0) else { return false };
        replicas.swap(0, at);
        self.set(partition, replicas);
        true
    }
}

fn without(replicas: &[BrokerId], at: usize) -> Vec<BrokerId> {
    replicas.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, broker)| *broker).collect()
}

fn joined(replicas: &[BrokerId], broker: BrokerId) -> Vec<BrokerId> {
    replicas.iter().copied().chain([broker]).collect()
}

#[cfg(test)]
mod tests;
