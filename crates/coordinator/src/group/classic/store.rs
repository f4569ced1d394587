//! A group as its record has it.

use std::collections::BTreeSet;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::{
    Message, Reader,
    messages::{ConsumerProtocolSubscription, GroupMetadataValue, group_metadata_value::MemberMetadata},
};

use super::{
    ClassicGroup, GroupState,
    member::{Member, Protocol},
    members::Members,
};
use crate::{own, record::Record, timers::Timer};

impl ClassicGroup {
    /// The record of this generation, with each member's assignment.
    pub(crate) fn record(&self, assignment: impl Fn(&Member) -> Bytes) -> Record {
        let members = self.members.in_order().map(|member| MemberMetadata {
            member_id: member.id.clone(),
            group_instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout: member.rebalance_timeout,
            session_timeout: member.session_timeout,
            subscription: member.metadata(self.protocol.as_ref()),
            assignment: assignment(member),
        });
        let value = GroupMetadataValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            current_state_timestamp: self.state_since.unwrap_or(-1),
            members: members.collect(),
        };
        Record::Classic { group: self.id.clone(), value: Some(Box::new(value)) }
    }

    /// The record of a group that nobody has joined yet.
    pub(crate) fn first_record(&self) -> Record {
        let current_state_timestamp = self.state_since.unwrap_or(-1);
        let value = GroupMetadataValue {
            protocol: None,
            leader: None,
            current_state_timestamp,
            ..Default::default()
        };
        Record::Classic { group: self.id.clone(), value: Some(Box::new(value)) }
    }

    /// The group that a record describes: stable, if it has members.
    pub(crate) fn from_value(id: ByteString, value: &GroupMetadataValue) -> ClassicGroup {
        let mut members = Members::default();
        for member in &value.members {
            members.insert(stored_member(member, value.protocol.as_ref()));
        }
        let mut group = ClassicGroup {
            state: if members.is_empty() { GroupState::Empty } else { GroupState::Stable },
            state_since: Some(value.current_state_timestamp).filter(|timestamp| *timestamp != -1),
            generation: value.generation,
            protocol_type: Some(own::text(&value.protocol_type)).filter(|name| !name.is_empty()),
            protocol: value.protocol.as_ref().map(own::text),
            leader: value.leader.as_ref().map(own::text),
            members,
            ..ClassicGroup::new(id, 0)
        };
        group.subscribed_topics = group.read_subscribed_topics();
        group
    }

    /// The topics that the members subscribe to, if they are consumers and speak as consumers do.
    pub(super) fn read_subscribed_topics(&self) -> Option<BTreeSet<ByteString>> {
        if !self.is_of_consumers() {
            return None;
        }
        if self.members.is_empty() {
            return Some(BTreeSet::new());
        }
        self.protocol.as_ref()?;
        let mut topics = BTreeSet::new();
        for member in self.members.in_order() {
            topics.extend(subscribed_topics(&member.metadata(self.protocol.as_ref()))?);
        }
        Some(topics)
    }
}

fn stored_member(member: &MemberMetadata, protocol: Option<&ByteString>) -> Member {
    // Records of the first version have no rebalance timeout.
    let rebalance_timeout =
        if member.rebalance_timeout == -1 { member.session_timeout } else { member.rebalance_timeout };
    let name = protocol.map(own::text).unwrap_or_default();
    Member {
        id: own::text(&member.member_id),
        instance_id: member.group_instance_id.as_ref().map(own::text),
        client_id: own::text(&member.client_id),
        client_host: own::text(&member.client_host),
        rebalance_timeout,
        session_timeout: member.session_timeout,
        protocols: vec![Protocol { name, metadata: own::bytes(&member.subscription) }],
        assignment: own::bytes(&member.assignment),
        waits_for_join: None,
        waits_for_sync: None,
        is_new: false,
        session: Timer::default(),
        number: 0,
    }
}

/// Reads a consumer's subscription. Each version begins with what version 0 is: later ones are understood too.
fn subscribed_topics(metadata: &Bytes) -> Option<Vec<ByteString>> {
    let mut r = Reader::new(metadata.clone());
    let version = r.i16().ok()?;
    let subscription = ConsumerProtocolSubscription::decode(&mut r, 0).ok()?;
    (version >= 0).then(|| subscription.topics.iter().map(own::text).collect())
}
