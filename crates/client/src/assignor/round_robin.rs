//! `org.apache.kafka.clients.consumer.RoundRobinAssignor`.

use std::collections::BTreeMap;

use super::group::{Group, Partition};
use super::{Assignment, Assignor, MemberId, Subscription, Topics};

/// All partitions, topic by topic, to the members in turn; a member that does not want a topic is passed over.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundRobinAssignor;

impl Assignor for RoundRobinAssignor {
    fn name(&self) -> &str {
        "roundrobin"
    }

    fn assign(
        &self,
        topics: &Topics,
        members: &BTreeMap<MemberId, Subscription>,
    ) -> BTreeMap<MemberId, Assignment> {
        let group = Group::new(topics, members);
        let mut assigned: Vec<Vec<Partition>> = vec![Vec::new(); group.members.len()];
        let mut turns = group.static_first().into_iter().cycle();
        for topic in 0..group.topics.len() {
            for partition in group.partitions(topic) {
                let member = turns.find(|member| group.subscribed[*member].contains(&topic));
                assigned[member.expect("somebody subscribes to a topic of the group")].push(partition);
            }
        }
        group.assignments(assigned)
    }
}
