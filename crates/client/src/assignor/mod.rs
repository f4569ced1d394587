//! Which member of a group consumes which partitions: the client's part of the classic group protocol.
//!
//! One member of the group, its leader, is given the subscriptions of all and assigns partitions to each; the coordinator
//! passes on what it does not understand. Java's four assignors are here, which decide as Java's do, so that groups of members in
//! both languages agree; [`Assignor`] is the trait for one's own.
//!
//! | assignor | spreads | keeps what members have |
//! |---|---|---|
//! | [`RangeAssignor`] | each topic alone, in runs; aligned across topics | no |
//! | [`RoundRobinAssignor`] | all partitions in turn | no |
//! | [`StickyAssignor`] | evenly | yes; all revoke before a rebalance |
//! | [`CooperativeStickyAssignor`] | evenly | yes; only what moves is revoked, in a rebalance of its own |
//!
//! Where Java's outcome hangs on the order of a hash table (several members that claim the same partitions), members and topics
//! are taken in the order of their names.

mod encoding;
mod group;
mod range;
mod round_robin;
mod sticky;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::TopicPartition;

pub use encoding::{
    PROTOCOL_TYPE, decode_assignment, decode_subscription, encode_assignment, encode_subscription,
};
pub use range::RangeAssignor;
pub use round_robin::RoundRobinAssignor;
pub use sticky::{CooperativeStickyAssignor, StickyAssignor};

/// The id that the coordinator gave a member.
pub type MemberId = Arc<str>;

/// What a member says when it joins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// The topics it wants.
    pub topics: Vec<Arc<str>>,
    /// What its assignor tells the leader's.
    pub user_data: Option<Bytes>,
    /// What it has, and has not revoked.
    pub owned_partitions: Vec<TopicPartition>,
    /// The generation in which it was given these.
    pub generation: Option<i32>,
    /// Where it stands: `client.rack`.
    pub rack: Option<Arc<str>>,
    /// `group.instance.id`; the coordinator tells it, not the member's bytes.
    pub instance_id: Option<Arc<str>>,
}

/// What a member is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// The partitions that it shall consume.
    pub partitions: Vec<TopicPartition>,
    /// What the leader's assignor tells its own.
    pub user_data: Option<Bytes>,
}

/// The partitions of the topics that somebody subscribes to; a topic that is not there is assigned to nobody.
pub type Topics = BTreeMap<Arc<str>, Vec<Replicas>>;

/// The partition at the same place of its topic's list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    /// The racks in which it has a replica, in sync or not.
    pub racks: Vec<Arc<str>>,
}

/// What becomes of partitions during a rebalance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebalanceProtocol {
    /// A member revokes all before it joins.
    Eager,
    /// A member keeps what it has until it is told to revoke it; a second rebalance gives it to another.
    Cooperative,
}

/// Assigns partitions to members. A member has one of its own, which remembers what the member was given.
pub trait Assignor: Send + Sync {
    /// The name in the group protocol; all members must have one in common.
    fn name(&self) -> &str;

    /// What it can do, the best first. A member uses the best that all its assignors can do.
    fn supported_protocols(&self) -> &[RebalanceProtocol] {
        &[RebalanceProtocol::Eager]
    }

    /// What the leader's assignor shall know of this member besides its subscription.
    fn user_data(&self) -> Option<Bytes> {
        None
    }

    /// Decides, at the leader: an assignment for each member.
    fn assign(
        &self,
        topics: &Topics,
        members: &BTreeMap<MemberId, Subscription>,
    ) -> BTreeMap<MemberId, Assignment>;

    /// The member was given this, in this generation.
    fn on_assignment(&mut self, _assignment: &Assignment, _generation: i32) {}
}

/// An assignor of this crate by its name in the group protocol, or its class in Java.
pub fn by_name(name: &str) -> Option<Box<dyn Assignor>> {
    match name.strip_prefix("org.apache.kafka.clients.consumer.").unwrap_or(name) {
        "range" | "RangeAssignor" => Some(Box::new(RangeAssignor)),
        "roundrobin" | "RoundRobinAssignor" => Some(Box::new(RoundRobinAssignor)),
        "sticky" | "StickyAssignor" => Some(Box::new(StickyAssignor::default())),
        "cooperative-sticky" | "CooperativeStickyAssignor" => {
            Some(Box::new(CooperativeStickyAssignor::default()))
        }
        _ => None,
    }
}
