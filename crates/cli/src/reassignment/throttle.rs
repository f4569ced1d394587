//! Which replicas and brokers a move slows down, so that it does not slow down everything else.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use ottla_client::admin::Reassignment;
use ottla_client::{BrokerId, TopicPartition};

/// How fast brokers copy for others, and how fast they copy from others.
pub(crate) const RATE_THROTTLES: [&str; 2] =
    ["leader.replication.throttled.rate", "follower.replication.throttled.rate"];

/// How fast a broker copies between its own directories.
pub(crate) const DIR_THROTTLE: &str = "replica.alter.log.dirs.io.max.bytes.per.second";

pub(crate) const BROKER_THROTTLES: [&str; 3] = [RATE_THROTTLES[0], RATE_THROTTLES[1], DIR_THROTTLE];

/// The replicas that are copied, and those that copy.
pub(crate) const TOPIC_THROTTLES: [&str; 2] =
    ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

/// From which brokers partitions are copied, and to which.
#[derive(Debug, Default)]
pub(crate) struct Moves(BTreeMap<TopicPartition, Move>);

#[derive(Debug)]
struct Move {
    sources: BTreeSet<BrokerId>,
    destinations: BTreeSet<BrokerId>,
}

impl Moves {
    /// What is under way, and what shall be besides or instead of it.
    pub(crate) fn of(
        under_way: &BTreeMap<TopicPartition, Reassignment>,
        proposed: &BTreeMap<TopicPartition, Vec<BrokerId>>,
        current: &BTreeMap<TopicPartition, Vec<BrokerId>>,
    ) -> Result<Moves> {
        let mut moves = Moves::default();
        for (partition, reassignment) in under_way {
            let destinations: BTreeSet<BrokerId> = reassignment.adding.iter().copied().collect();
            let all: BTreeSet<BrokerId> = reassignment.replicas.iter().copied().collect();
            let sources = all.difference(&destinations).copied().collect();
            moves.0.insert(partition.clone(), Move { sources, destinations });
        }
        for (partition, replicas) in proposed {
            let sources: BTreeSet<BrokerId> = match moves.0.remove(partition) {
                Some(under_way) => under_way.sources,
                None => {
                    let current = current.get(partition);
                    let current = current.with_context(|| {
                        format!("Trying to reassign a topic partition {partition} with 0 replicas")
                    })?;
                    current.iter().copied().collect()
                }
            };
            let destinations = replicas.iter().copied().filter(|broker| !sources.contains(broker)).collect();
            moves.0.insert(partition.clone(), Move { sources, destinations });
        }
        Ok(moves)
    }

    /// For each topic the values of `TOPIC_THROTTLES`, as `partition:broker,...`
    pub(crate) fn of_topics(&self) -> BTreeMap<String, [String; 2]> {
        let mut topics: BTreeMap<String, [BTreeSet<String>; 2]> = BTreeMap::new();
        for (partition, Move { sources, destinations }) in &self.0 {
            let replicas = topics.entry(partition.topic.to_string()).or_default();
            for (replicas, brokers) in replicas.iter_mut().zip([sources, destinations]) {
                replicas.extend(brokers.iter().map(|broker| format!("{}:{broker}", partition.partition)));
            }
        }
        let joined = |replicas: BTreeSet<String>| replicas.into_iter().collect::<Vec<_>>().join(",");
        topics.into_iter().map(|(topic, replicas)| (topic, replicas.map(joined))).collect()
    }

    /// All brokers that have a part in it.
    pub(crate) fn brokers(&self) -> BTreeSet<BrokerId> {
        self.0.values().flat_map(|it| it.sources.union(&it.destinations)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_partition_is_slowed_down_and_who_shall_have_it() {
        let [a, b] = [0, 1].map(|number| TopicPartition::new("a", number));
        let current = [(a.clone(), vec![1, 2]), (b.clone(), vec![2])].into();
        let proposed = [(a, vec![2, 3]), (b, vec![2])].into();
        let moves = Moves::of(&BTreeMap::new(), &proposed, &current).expect("both are there");
        let expected = ["0:1,0:2,1:2".to_owned(), "0:3".to_owned()];
        assert_eq!(moves.of_topics(), [("a".to_owned(), expected)].into());
        assert_eq!(moves.brokers(), [1, 2, 3].into());
        let missing = Moves::of(&BTreeMap::new(), &proposed, &BTreeMap::new()).expect_err("it is not there");
        assert_eq!(missing.to_string(), "Trying to reassign a topic partition a-0 with 0 replicas");
    }
}
