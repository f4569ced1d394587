//! Replicas spread over brokers and racks: each broker leads as many partitions as any other and follows as many, and no two
//! replicas are in one rack before all racks have one.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use ottla_client::BrokerId;

/// A broker, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) broker: BrokerId,
    pub(crate) rack: Option<String>,
}

/// The brokers of each partition, the preferred leader first. `start` decides who leads the first, so that not all topics begin
/// with the same broker.
pub(crate) fn place(
    places: &[Place],
    partitions: usize,
    replicas: usize,
    start: usize,
) -> Result<Vec<Vec<BrokerId>>> {
    if replicas > places.len() || places.is_empty() {
        bail!(
            "The target replication factor of {replicas} cannot be reached because only {} broker(s) are registered.",
            places.len()
        );
    }
    let ring = alternating(places);
    Ok((0..partitions).map(|partition| chosen(&ring, replicas, start, partition)).collect())
}

/// Neighbours are in different racks, as far as that can be.
fn alternating(places: &[Place]) -> Vec<&Place> {
    let mut racks: BTreeMap<Option<&str>, Vec<&Place>> = BTreeMap::new();
    for place in places {
        racks.entry(place.rack.as_deref()).or_default().push(place);
    }
    let deepest = racks.values().map(Vec::len).max().unwrap_or_default();
    (0..deepest).flat_map(|at| racks.values().filter_map(move |rack| rack.get(at).copied())).collect()
}

/// The leader takes its turn; who follows it differs from one turn to the next, so that no two brokers share all they have.
fn chosen(ring: &[&Place], replicas: usize, start: usize, partition: usize) -> Vec<BrokerId> {
    let count = ring.len();
    let (turn, leader) = (partition / count, (start % count + partition) % count);
    let others = (0..count - 1).map(|at| (leader + 1 + (at + turn) % (count - 1)) % count);
    let mut left: Vec<&Place> = std::iter::once(leader).chain(others).map(|at| ring[at]).collect();
    let racks = left.iter().map(|place| &place.rack).collect::<BTreeSet<_>>().len();
    let (mut brokers, mut used) = (Vec::new(), BTreeSet::new());
    while brokers.len() < replicas {
        if used.len() == racks {
            used.clear();
        }
        let next = left.iter().position(|place| !used.contains(&place.rack)).unwrap_or_default();
        let place = left.remove(next);
        used.insert(&place.rack);
        brokers.push(place.broker);
    }
    brokers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(racks: &[Option<&str>]) -> Vec<Place> {
        let racks = racks.iter().map(|rack| rack.map(str::to_owned));
        (1..).zip(racks).map(|(broker, rack)| Place { broker, rack }).collect()
    }

    fn check(racks: &[Option<&str>], replicas: usize) {
        let places = places(racks);
        let brokers = places.len();
        for start in 0..brokers {
            let placed = place(&places, brokers * 4, replicas, start).expect("there are enough brokers");
            for broker in &places {
                let leads = placed.iter().filter(|replicas| replicas[0] == broker.broker).count();
                assert_eq!(leads, 4, "{broker:?} of {racks:?}");
            }
            for replicas in &placed {
                let rack_of = |broker: &BrokerId| &places[usize::try_from(*broker - 1).expect("small")].rack;
                assert_eq!(replicas.iter().collect::<BTreeSet<_>>().len(), replicas.len(), "{replicas:?}");
                let spread = replicas.iter().map(rack_of).collect::<BTreeSet<_>>().len();
                let racks = places.iter().map(|place| &place.rack).collect::<BTreeSet<_>>().len();
                assert_eq!(spread, racks.min(replicas.len()), "{replicas:?} of {places:?}");
            }
        }
    }

    #[test]
    fn each_broker_leads_alike_and_racks_have_a_replica_before_any_has_two() {
        check(&[None], 1);
        check(&[None, None, None], 2);
        check(&[None, None, None, None, None], 3);
        check(&[Some("a"), Some("a"), Some("b"), Some("b")], 2);
        check(&[Some("a"), Some("a"), Some("b"), Some("b")], 3);
        check(&[Some("a"), Some("b"), Some("c"), Some("c"), Some("c"), Some("c")], 3);
    }

    #[test]
    fn followers_of_a_leader_differ() {
        let placed = place(&places(&[None, None, None]), 6, 2, 0).expect("there are enough brokers");
        assert_eq!(placed, [[1, 2], [2, 3], [3, 1], [1, 3], [2, 1], [3, 2]]);
    }

    #[test]
    fn more_replicas_than_brokers_are_refused() {
        let refused = place(&places(&[None]), 1, 2, 0).expect_err("it cannot be");
        let expected =
            "The target replication factor of 2 cannot be reached because only 1 broker(s) are registered.";
        assert_eq!(refused.to_string(), expected);
    }
}
