//! Members and partitions by racks.

use std::collections::BTreeMap;

use crate::assignor::group::{Group, Member, Partition, racks_matter};

/// What racks have to say about a group.
pub(super) struct Racks<'a> {
    group: &'a Group<'a>,
    /// Whether partitions should go to members in their racks.
    pub(super) matter: bool,
    /// How many members each rack has.
    members: BTreeMap<&'a str, usize>,
}

impl<'a> Racks<'a> {
    pub(super) fn new(group: &'a Group<'a>) -> Racks<'a> {
        let mut members: BTreeMap<&str, usize> = BTreeMap::new();
        for rack in (0..group.members.len()).filter_map(|member| group.rack(member)) {
            *members.entry(rack).or_default() += 1;
        }
        let known: Vec<&str> = members.keys().copied().collect();
        let partitions = group.topics.iter().flat_map(|topic| topic.racks.iter().map(Vec::as_slice));
        Racks { group, matter: racks_matter(&known, partitions), members }
    }

    /// Whether the member stands in a rack where the partition has no replica.
    pub(super) fn mismatch(&self, member: Member, partition: Partition) -> bool {
        let elsewhere = |rack| !self.group.racks(partition).contains(&rack);
        self.matter && self.group.rack(member).is_some_and(elsewhere)
    }

    /// Whether the member stands in a rack where the partition has a replica.
    pub(super) fn matches(&self, member: Member, partition: Partition) -> bool {
        let here = |rack| self.group.racks(partition).contains(&rack);
        self.matter && self.group.rack(member).is_some_and(here)
    }

    /// Those first that the fewest members are near to. As in Java, also where racks do not matter otherwise.
    pub(super) fn sort(&self, partitions: &mut [Partition]) {
        if self.members.is_empty() {
            return;
        }
        partitions.sort_by_key(|partition| {
            let mut racks = self.group.racks(*partition).to_vec();
            racks.sort_unstable();
            racks.dedup();
            racks.iter().filter_map(|rack| self.members.get(rack)).sum::<usize>()
        });
    }
}
