//! What a leader knows of the other replicas.

use ottla_records::Offset;

/// The node that holds a replica.
pub type NodeId = i32;

/// The other replicas of a partition, and which of them are in sync. Empty on a single node, and then without
/// memory of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Followers {
    followers: Vec<Follower>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Follower {
    node: NodeId,
    in_sync: bool,
    /// What it has on stable storage, as its last fetch told.
    durable_end: Offset,
}

impl Followers {
    /// Those of a new leader: nothing is known yet of what they have, so nothing commits before they have fetched.
    pub(crate) fn of_new_leader(followers: &[NodeId], in_sync: &[NodeId]) -> Self {
        let follower = |&node: &NodeId| Follower { node, in_sync: in_sync.contains(&node), durable_end: 0 };
        Self { followers: followers.iter().map(follower).collect() }
    }

    /// Takes over a changed set of replicas, and keeps what is known of those that stay.
    pub(crate) fn change(&mut self, followers: &[NodeId], in_sync: &[NodeId]) {
        let mut changed = Self::of_new_leader(followers, in_sync);
        for follower in &mut changed.followers {
            follower.durable_end = self.get(follower.node).map_or(0, |known| known.durable_end);
        }
        *self = changed;
    }

    /// A follower has everything below `durable_end`. Nodes that hold no replica are not counted.
    pub(crate) fn fetched(&mut self, node: NodeId, durable_end: Offset) {
        if let Some(follower) = self.followers.iter_mut().find(|follower| follower.node == node) {
            follower.durable_end = follower.durable_end.max(durable_end);
        }
    }

    /// The least end among the leader and those in sync: below it, every one of them has every record.
    pub(crate) fn least_end(&self, leader_end: Offset) -> Offset {
        self.in_sync().map(|follower| follower.durable_end).fold(leader_end, Offset::min)
    }

    /// How many replicas there are, the leader included.
    pub(crate) fn replica_count(&self) -> usize {
        1 + self.followers.len()
    }

    /// How many are in sync, the leader included.
    pub(crate) fn in_sync_count(&self) -> usize {
        1 + self.in_sync().count()
    }

    fn in_sync(&self) -> impl Iterator<Item = &Follower> {
        self.followers.iter().filter(|follower| follower.in_sync)
    }

    fn get(&self, node: NodeId) -> Option<&Follower> {
        self.followers.iter().find(|follower| follower.node == node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_end_is_that_of_the_slowest_in_sync() {
        let mut followers = Followers::of_new_leader(&[2, 3, 4], &[2, 3]);
        assert_eq!(followers.least_end(10), 0);
        followers.fetched(2, 7);
        followers.fetched(3, 9);
        followers.fetched(5, 1);
        assert_eq!(followers.least_end(10), 7);
        assert_eq!(followers.least_end(5), 5);
        assert_eq!((followers.in_sync_count(), followers.replica_count()), (3, 4));

        followers.change(&[2, 3], &[3]);
        assert_eq!(followers.least_end(10), 9);
        assert_eq!((followers.in_sync_count(), followers.replica_count()), (2, 3));
    }

    #[test]
    fn a_late_fetch_does_not_take_an_end_back() {
        let mut followers = Followers::of_new_leader(&[2], &[2]);
        followers.fetched(2, 7);
        followers.fetched(2, 5);
        assert_eq!(followers.least_end(10), 7);
    }

    #[test]
    fn alone_the_leader_decides() {
        let followers = Followers::default();
        assert_eq!(followers.least_end(10), 10);
        assert_eq!((followers.in_sync_count(), followers.replica_count()), (1, 1));
    }
}
