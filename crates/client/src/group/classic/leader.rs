//! Assigning partitions to all members of a group: with the application's own assignors, and so never while a lock is held.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::member::Lead;
use crate::assignor::{Assignment, Assignor, MemberId, RebalanceProtocol, Replicas, Topics};
use crate::cluster::{Cluster, Partition};

/// What the leader tells the coordinator, and of how many partitions each topic had then.
pub(super) struct Led {
    pub(super) assignments: BTreeMap<MemberId, Assignment>,
    pub(super) counts: BTreeMap<Arc<str>, usize>,
}

/// The topics that the members want.
pub(super) fn topics_of(lead: &Lead) -> Vec<Arc<str>> {
    let mut topics: Vec<_> = lead.members.values().flat_map(|member| member.topics.clone()).collect();
    topics.sort();
    topics.dedup();
    topics
}

/// Topics that are not there yet count with no partitions: that they appear is a change.
pub(super) fn assign(assignors: &[Box<dyn Assignor>], lead: &Lead, cluster: &Cluster) -> Led {
    let wanted = topics_of(lead);
    let topics: Topics =
        wanted.iter().filter_map(|name| Some((name.clone(), replicas(name, cluster)?))).collect();
    let count = |name: &Arc<str>| (name.clone(), topics.get(name).map_or(0, Vec::len));
    let counts = wanted.iter().map(count).collect();
    let assignor = assignors.iter().find(|assignor| assignor.name() == &*lead.assignor);
    let assignments = match assignor {
        Some(assignor) if !lead.is_assigned => assignor.assign(&topics, &lead.members),
        _ => BTreeMap::new(),
    };
    Led { assignments, counts }
}

fn replicas(topic: &str, cluster: &Cluster) -> Option<Vec<Replicas>> {
    let rack = |broker| cluster.broker(broker).and_then(|broker| broker.rack.clone());
    let replicas = |partition: &Partition| {
        let racks = partition.replicas.iter().filter_map(|broker| rack(*broker));
        Replicas { racks: racks.collect() }
    };
    Some(cluster.topic(topic)?.partitions.iter().map(replicas).collect())
}

/// The best that all assignors can do.
pub(super) fn common_protocol(assignors: &[Box<dyn Assignor>]) -> RebalanceProtocol {
    let is_cooperative =
        |assignor: &dyn Assignor| assignor.supported_protocols().contains(&RebalanceProtocol::Cooperative);
    if assignors.iter().all(|assignor| is_cooperative(&**assignor)) {
        RebalanceProtocol::Cooperative
    } else {
        RebalanceProtocol::Eager
    }
}
