use ottla_records::{Epoch, Offset};

use crate::NodeId;

/// What happens to a replica, apart from appends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Everything below `end` is as safe on this node as the topic's durability asks. Late and repeated news is
    /// without effect.
    Durable { end: Offset },
    /// The controller made this node the leader. News of an older epoch is without effect; of the current one, it
    /// is taken as [`Event::ReplicasChanged`].
    BecomeLeader { epoch: Epoch, replicas: Replicas },
    /// The controller made another node the leader. News of an older epoch is without effect.
    BecomeFollower { epoch: Epoch },
    /// The controller changed the set of replicas, or which of them are in sync.
    ReplicasChanged(Replicas),
    /// A follower has everything below `durable_end`.
    FollowerFetched { node: NodeId, durable_end: Offset },
    /// Retention removed what lies below `offset`.
    LogStartRaised { offset: Offset },
    /// The topic's or the broker's config changed.
    Configured(Settings),
    /// Time went by: `producer.id.expiration.check.interval.ms`.
    Tick,
}

/// The other replicas of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    /// All but this node.
    pub followers: Vec<NodeId>,
    /// Those of the followers that are in sync.
    pub in_sync: Vec<NodeId>,
}

/// The configs that a replica heeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `min.insync.replicas`. More than there are replicas counts as all of them.
    pub min_in_sync_replicas: usize,
    /// `producer.id.expiration.ms`
    pub producer_id_expiration_ms: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { min_in_sync_replicas: 1, producer_id_expiration_ms: 86_400_000 }
    }
}

/// What the caller must do, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Readers may see more, and writers with acks −1 may have their answer.
    Advance { high_watermark: Offset, last_stable_offset: Offset },
    /// Whoever waits for this partition is to be told that it is led elsewhere.
    GiveUpLeadership,
    /// Write `leader-epoch-checkpoint`.
    SaveEpochs,
    /// Records below `offset` are gone: note it in `log-start-offset-checkpoint`, and remove segments that lie
    /// below it.
    RaiseLogStart { offset: Offset },
}
