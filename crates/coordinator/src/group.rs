//! A group: its membership and its offsets.

use bytestring::ByteString;

use crate::offsets::GroupOffsets;

pub(crate) mod classic;
pub(crate) mod other;

use classic::ClassicGroup;
use other::OtherGroup;

/// A group's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupType {
    Classic,
    Consumer,
    Share,
    Streams,
}

/// Where a group stands, in Kafka's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupState {
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
}

/// What there is under one group ID.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) offsets: GroupOffsets,
    pub(crate) membership: Membership,
}

#[derive(Debug, Default)]
pub(crate) enum Membership {
    /// None: a "simple" group, which only keeps offsets. No record of its own stands behind it.
    #[default]
    Simple,
    Classic(Box<ClassicGroup>),
    Other(Box<OtherGroup>),
}

impl GroupType {
    pub fn name(self) -> &'static str {
        match self {
            GroupType::Classic => "classic",
            GroupType::Consumer => "consumer",
            GroupType::Share => "share",
            GroupType::Streams => "streams",
        }
    }
}

impl GroupState {
    pub fn name(self) -> &'static str {
        match self {
            GroupState::Empty => "Empty",
            GroupState::PreparingRebalance => "PreparingRebalance",
            GroupState::CompletingRebalance => "CompletingRebalance",
            GroupState::Stable => "Stable",
        }
    }
}

impl Group {
    pub(crate) fn group_type(&self) -> GroupType {
        match &self.membership {
            Membership::Simple | Membership::Classic(_) => GroupType::Classic,
            Membership::Other(other) => other.group_type(),
        }
    }

    pub(crate) fn state(&self) -> GroupState {
        match &self.membership {
            Membership::Simple => GroupState::Empty,
            Membership::Classic(classic) => classic.state(),
            Membership::Other(other) => other.state(),
        }
    }

    /// Empty if it has none.
    pub(crate) fn protocol_type(&self) -> ByteString {
        match &self.membership {
            Membership::Simple => ByteString::new(),
            Membership::Classic(classic) => classic.protocol_type().cloned().unwrap_or_default(),
            Membership::Other(other) => ByteString::from_static(other.protocol_type()),
        }
    }

    pub(crate) fn member_count(&self) -> usize {
        match &self.membership {
            Membership::Simple => 0,
            Membership::Classic(classic) => classic.members().len(),
            Membership::Other(other) => other.member_count(),
        }
    }

    pub(crate) fn classic_mut(&mut self) -> Option<&mut ClassicGroup> {
        match &mut self.membership {
            Membership::Classic(classic) => Some(classic),
            Membership::Simple | Membership::Other(_) => None,
        }
    }

    /// Whether its members read the topic, or may: then its offsets neither expire nor can be deleted.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        match &self.membership {
            Membership::Simple => false,
            Membership::Classic(classic) => classic.is_subscribed_to(topic),
            Membership::Other(other) => other.member_count() > 0,
        }
    }
}
