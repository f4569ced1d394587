//! What an answer makes of what is known. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_wire::messages::MetadataResponse;
use ottla_wire::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_wire::{ErrorCode, Uuid};

use super::{Broker, Cluster, LeaderHint, Partition, Topic};
use crate::{BrokerId, Epoch, TopicPartition};

impl Cluster {
    /// After an answer to a question about some topics, or about all of them.
    ///
    /// Brokers answer from what they know, which may be older than what another one told before: a leader of a lower epoch does
    /// not replace one of a higher, unless the topic is another one of the same name.
    pub(crate) fn merged(&self, response: &MetadataResponse, about_all: bool) -> Cluster {
        let mut merged = Cluster {
            id: response.cluster_id.as_deref().map(Arc::from).or_else(|| self.id.clone()),
            controller: known(response.controller_id),
            brokers: response.brokers.iter().filter_map(broker).collect(),
            topics: if about_all { BTreeMap::new() } else { self.topics.clone() },
            errors: if about_all { BTreeMap::new() } else { self.errors.clone() },
        };
        for topic in &response.topics {
            merged.learn(topic, self);
        }
        merged
    }

    fn learn(&mut self, told: &MetadataResponseTopic, before: &Cluster) {
        let Some(name) = told.name.as_deref() else { return };
        let name: Arc<str> = self.topics.get_key_value(name).map_or(name.into(), |(name, _)| name.clone());
        let code = ErrorCode::from_code(told.error_code).unwrap_or(ErrorCode::UnknownServerError);
        if code == ErrorCode::None {
            self.errors.remove(&name);
            let topic = topic(name.clone(), told, before.topic(&name));
            self.topics.insert(name, topic);
            return;
        }
        if !is_passing(code) {
            self.topics.remove(&name);
        }
        self.errors.insert(name, code);
    }

    /// After a broker told who leads a partition now. None if that is no news.
    pub(crate) fn with_leader(&self, partition: &TopicPartition, hint: LeaderHint) -> Option<Cluster> {
        let known = self.partition(partition)?;
        if known.leader_epoch.is_some_and(|epoch| epoch >= hint.epoch) || self.broker(hint.leader).is_none() {
            return None;
        }
        let mut changed = self.clone();
        let topic = changed.topics.get_mut(&partition.topic)?;
        let at = topic.partitions.binary_search_by_key(&partition.partition, |p| p.number).ok()?;
        topic.partitions[at].leader = Some(hint.leader);
        topic.partitions[at].leader_epoch = Some(hint.epoch);
        Some(changed)
    }

    /// After a broker told of another one. None if that is no news.
    pub(crate) fn with_broker(&self, broker: Broker) -> Option<Cluster> {
        if self.broker(broker.id).is_some_and(|known| known.address() == broker.address()) {
            return None;
        }
        let mut changed = self.clone();
        changed.brokers.insert(broker.id, broker);
        Some(changed)
    }

    /// Without a topic that nobody asks for any more.
    pub(crate) fn without_topics(&self, is_wanted: impl Fn(&str) -> bool) -> Cluster {
        let mut changed = self.clone();
        changed.topics.retain(|name, _| is_wanted(name));
        changed.errors.retain(|name, _| is_wanted(name));
        changed
    }
}

impl Broker {
    /// None if it has no address that could be connected to.
    pub(crate) fn told(id: BrokerId, host: &str, port: i32, rack: Option<&str>) -> Option<Broker> {
        let port = u16::try_from(port).ok().filter(|port| *port > 0)?;
        (id >= 0 && !host.is_empty()).then(|| Broker {
            id,
            host: host.into(),
            port,
            rack: rack.map(Arc::from),
        })
    }
}

/// What does not mean that the topic is gone.
fn is_passing(code: ErrorCode) -> bool {
    code.is_retriable() && ![ErrorCode::UnknownTopicOrPartition, ErrorCode::UnknownTopicId].contains(&code)
}

fn broker(told: &MetadataResponseBroker) -> Option<(BrokerId, Broker)> {
    let broker = Broker::told(told.node_id, &told.host, told.port, told.rack.as_deref())?;
    Some((told.node_id, broker))
}

fn topic(name: Arc<str>, told: &MetadataResponseTopic, before: Option<&Topic>) -> Topic {
    let id = Some(told.topic_id).filter(|id| !id.is_nil());
    let same = before.filter(|before| is_same(before.id, id));
    let mut partitions: Vec<Partition> = told.partitions.iter().map(|p| partition(p, same)).collect();
    partitions.sort_by_key(|partition| partition.number);
    partitions.dedup_by_key(|partition| partition.number);
    Topic { name, id, is_internal: told.is_internal, partitions }
}

fn is_same(before: Option<Uuid>, now: Option<Uuid>) -> bool {
    before.is_none() || now.is_none() || before == now
}

fn partition(told: &MetadataResponsePartition, before: Option<&Topic>) -> Partition {
    let before = before.and_then(|topic| topic.partition(told.partition_index));
    let told_epoch = known(told.leader_epoch);
    if let Some(newer) = before.filter(|before| is_newer(before.leader_epoch, told_epoch)) {
        return newer.clone();
    }
    Partition {
        number: told.partition_index,
        leader: known(told.leader_id),
        leader_epoch: told_epoch,
        replicas: told.replica_nodes.clone(),
        in_sync_replicas: told.isr_nodes.clone(),
        offline_replicas: told.offline_replicas.clone(),
    }
}

fn is_newer(before: Option<Epoch>, told: Option<Epoch>) -> bool {
    matches!((before, told), (Some(before), Some(told)) if before > told)
}

/// What stands on the wire as -1 is not known.
fn known(number: i32) -> Option<i32> {
    (number >= 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(topics: Vec<MetadataResponseTopic>) -> MetadataResponse {
        let broker = |node_id| MetadataResponseBroker {
            node_id,
            host: format!("b{node_id}").into(),
            port: 9092,
            rack: None,
        };
        MetadataResponse {
            brokers: vec![broker(1), broker(2)],
            controller_id: 2,
            topics,
            ..Default::default()
        }
    }

    fn told(name: &'static str, id: u128, leaders: &[(i32, i32)]) -> MetadataResponseTopic {
        let partition = |(at, (leader_id, leader_epoch)): (usize, &(i32, i32))| MetadataResponsePartition {
            partition_index: i32::try_from(at).unwrap(),
            leader_id: *leader_id,
            leader_epoch: *leader_epoch,
            ..Default::default()
        };
        MetadataResponseTopic {
            name: Some(name.into()),
            topic_id: Uuid::from_u128(id),
            partitions: leaders.iter().enumerate().map(partition).collect(),
            ..Default::default()
        }
    }

    fn refused(name: &'static str, code: ErrorCode) -> MetadataResponseTopic {
        MetadataResponseTopic { name: Some(name.into()), error_code: code.code(), ..Default::default() }
    }

    fn leaders(cluster: &Cluster, topic: &str) -> Vec<(Option<i32>, Option<i32>)> {
        let topic = cluster.topic(topic).map_or(&[][..], |topic| &topic.partitions);
        topic.iter().map(|partition| (partition.leader, partition.leader_epoch)).collect()
    }

    #[test]
    fn what_was_not_asked_about_stays_unless_all_was_asked() {
        let cluster = Cluster::default().merged(&answer(vec![told("a", 1, &[(1, 0)])]), false);
        let more = answer(vec![told("b", 2, &[(2, 0)])]);
        let names = |cluster: &Cluster| cluster.topics().map(|t| t.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&cluster.merged(&more, false)), ["a", "b"]);
        assert_eq!(names(&cluster.merged(&more, true)), ["b"]);
        assert_eq!(cluster.controller(), Some(2));
    }

    #[test]
    fn a_leader_of_an_older_epoch_does_not_replace_a_newer_one_unless_the_topic_is_another() {
        let cluster = Cluster::default().merged(&answer(vec![told("a", 1, &[(1, 5), (-1, 3)])]), false);
        assert_eq!(leaders(&cluster, "a"), [(Some(1), Some(5)), (None, Some(3))]);
        for (id, told_leaders, expected) in [
            (1, [(2, 4), (2, 4)], [(Some(1), Some(5)), (Some(2), Some(4))]),
            (1, [(2, 5), (2, 2)], [(Some(2), Some(5)), (None, Some(3))]),
            (1, [(2, -1), (2, -1)], [(Some(2), None), (Some(2), None)]),
            (9, [(2, 0), (2, 0)], [(Some(2), Some(0)), (Some(2), Some(0))]),
        ] {
            let merged = cluster.merged(&answer(vec![told("a", id, &told_leaders)]), false);
            assert_eq!(leaders(&merged, "a"), expected, "{id} {told_leaders:?}");
        }
    }

    #[test]
    fn a_topic_that_is_gone_is_forgotten_and_one_whose_leader_is_missing_is_not() {
        let cluster = Cluster::default().merged(&answer(vec![told("a", 1, &[(1, 0)])]), false);
        for (code, stays) in
            [(ErrorCode::UnknownTopicOrPartition, false), (ErrorCode::LeaderNotAvailable, true)]
        {
            let merged = cluster.merged(&answer(vec![refused("a", code)]), false);
            assert_eq!(merged.topic("a").is_some(), stays, "{code}");
            assert_eq!(merged.topic_error("a"), Some(code));
            let again = merged.merged(&answer(vec![told("a", 1, &[(1, 0)])]), false);
            assert_eq!(again.topic_error("a"), None);
        }
    }

    #[test]
    fn a_hint_about_a_leader_counts_if_it_is_newer_and_its_broker_is_known() {
        let cluster = Cluster::default().merged(&answer(vec![told("a", 1, &[(1, 5)])]), false);
        let partition = TopicPartition::new("a", 0);
        for (leader, epoch, expected) in [(2, 6, Some(2)), (2, 5, None), (7, 6, None)] {
            let changed = cluster.with_leader(&partition, LeaderHint { leader, epoch });
            let found = changed.and_then(|changed| changed.partition(&partition).unwrap().leader);
            assert_eq!(found, expected, "{leader} {epoch}");
        }
    }

    #[test]
    fn partitions_that_are_repeated_or_out_of_order_and_brokers_without_an_address_do_no_harm() {
        let mut topic = told("a", 1, &[(1, 0), (2, 0), (1, 0)]);
        topic.partitions.reverse();
        topic.partitions[0].partition_index = 1;
        let mut answer = answer(vec![topic]);
        answer.brokers[0].port = 70_000;
        let cluster = Cluster::default().merged(&answer, false);
        assert_eq!(cluster.topic("a").unwrap().partitions.len(), 2);
        assert!(cluster.broker(1).is_none() && cluster.broker(2).is_some());
        assert_eq!(cluster.leader(&TopicPartition::new("a", 0)), None);
    }
}
