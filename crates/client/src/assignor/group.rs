//! A group by numbers: members and topics in the order of their names, so that comparing numbers compares names.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Assignment, MemberId, Subscription, Topics};
use crate::TopicPartition;

/// A member, by its place among the ids.
pub(super) type Member = usize;

/// A partition, by its topic's place among the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Partition {
    pub(super) topic: usize,
    pub(super) number: usize,
}

/// Members, and the topics that they subscribe to and that exist.
pub(super) struct Group<'a> {
    pub(super) members: Vec<(&'a MemberId, &'a Subscription)>,
    pub(super) topics: Vec<Topic<'a>>,
    /// Each member's topics, without those that do not exist.
    pub(super) subscribed: Vec<Vec<usize>>,
}

pub(super) struct Topic<'a> {
    name: &'a Arc<str>,
    /// The racks of each partition.
    pub(super) racks: Vec<Vec<&'a str>>,
}

impl<'a> Group<'a> {
    pub(super) fn new(topics: &'a Topics, members: &'a BTreeMap<MemberId, Subscription>) -> Group<'a> {
        let wanted = |name: &Arc<str>| members.values().any(|member| member.topics.contains(name));
        let existing = topics.iter().filter(|(name, partitions)| !partitions.is_empty() && wanted(name));
        let topics: Vec<Topic<'a>> = existing
            .map(|(name, partitions)| {
                let racks =
                    partitions.iter().map(|partition| partition.racks.iter().map(|rack| &**rack).collect());
                Topic { name, racks: racks.collect() }
            })
            .collect();
        let mut group = Group { members: members.iter().collect(), topics, subscribed: Vec::new() };
        let subscribed = members.values().map(|member| group.topics_of(member)).collect();
        group.subscribed = subscribed;
        group
    }

    /// Each once, in the order in which the member names them.
    fn topics_of(&self, subscription: &Subscription) -> Vec<usize> {
        let mut topics = Vec::new();
        for index in subscription.topics.iter().filter_map(|name| self.topic(name)) {
            if !topics.contains(&index) {
                topics.push(index);
            }
        }
        topics
    }

    fn topic(&self, name: &str) -> Option<usize> {
        self.topics.binary_search_by(|topic| (**topic.name).cmp(name)).ok()
    }

    /// None where the topic or the partition does not exist.
    pub(super) fn partition(&self, named: &TopicPartition) -> Option<Partition> {
        let topic = self.topic(&named.topic)?;
        let number = usize::try_from(named.partition).ok()?;
        (number < self.topics[topic].racks.len()).then_some(Partition { topic, number })
    }

    pub(super) fn partitions(&self, topic: usize) -> impl Iterator<Item = Partition> + use<> {
        (0..self.topics[topic].racks.len()).map(move |number| Partition { topic, number })
    }

    pub(super) fn partition_count(&self) -> usize {
        self.topics.iter().map(|topic| topic.racks.len()).sum()
    }

    pub(super) fn racks(&self, partition: Partition) -> &[&'a str] {
        &self.topics[partition.topic].racks[partition.number]
    }

    /// Where a member stands, if it says so.
    pub(super) fn rack(&self, member: Member) -> Option<&'a str> {
        self.members[member].1.rack.as_deref().filter(|rack| !rack.is_empty())
    }

    /// By names again.
    pub(super) fn assignments(&self, assigned: Vec<Vec<Partition>>) -> BTreeMap<MemberId, Assignment> {
        let named = |partition: Partition| {
            let number = i32::try_from(partition.number).expect("a partition's number is an i32");
            TopicPartition::new(self.topics[partition.topic].name.clone(), number)
        };
        let assignments = assigned.into_iter().map(|partitions| Assignment {
            partitions: partitions.into_iter().map(named).collect(),
            user_data: None,
        });
        self.members.iter().map(|(id, _)| (*id).clone()).zip(assignments).collect()
    }

    /// Members in the order of the assignors that know static membership: those with an instance id first, by that id, so that a
    /// member that comes back under another id keeps its place.
    pub(super) fn static_first(&self) -> Vec<Member> {
        let mut order: Vec<Member> = (0..self.members.len()).collect();
        order.sort_by_key(|member| {
            let instance = self.members[*member].1.instance_id.as_ref();
            (instance.is_none(), instance)
        });
        order
    }
}

/// Whether racks have a say at all: some member stands where some replica is, and not every partition has a replica in every rack.
pub(super) fn racks_matter<'a>(
    members: &[&str],
    partitions: impl Iterator<Item = &'a [&'a str]> + Clone,
) -> bool {
    let mut all: Vec<&str> = partitions.clone().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    let common = members.iter().any(|rack| all.binary_search(rack).is_ok());
    common && !partitions.clone().all(|racks| all.iter().all(|rack| racks.contains(rack)))
}
