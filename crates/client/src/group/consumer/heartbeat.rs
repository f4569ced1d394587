//! What a heartbeat says. What the coordinator knows already it does not say again. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ottla_wire::messages::ConsumerGroupHeartbeatRequest;
use ottla_wire::messages::consumer_group_heartbeat_request::TopicPartitions;
use ottla_wire::{ByteString, Uuid};

use super::member::Settings;
use crate::group::GroupMetadata;
use crate::group::heartbeats::{ENTERING, LEAVING};
use crate::group::membership::Subscribed;

/// A partition as this protocol names it.
pub(super) type Numbered = (Uuid, i32);

/// The epoch of a static member that leaves and may come back.
const LEAVING_FOR_NOW: i32 = -2;

/// What the coordinator was told last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    names: Vec<Arc<str>>,
    regex: Option<Arc<str>>,
    owned: BTreeSet<Numbered>,
}

impl Told {
    pub(super) fn new(subscribed: &Subscribed, owned: BTreeSet<Numbered>) -> Told {
        match subscribed {
            Subscribed::Nothing => Told { owned, ..Told::default() },
            Subscribed::Topics(names) => Told { names: names.clone(), regex: None, owned },
            Subscribed::Pattern(pattern) => {
                Told { names: Vec::new(), regex: Some(pattern.as_str().into()), owned }
            }
        }
    }

    pub(super) fn has_regex(&self) -> bool {
        self.regex.is_some()
    }

    /// The heartbeat that tells this to a coordinator that was told `before`, or nothing, or nobody knows what: then it may have a
    /// regex.
    pub(super) fn request(
        &self,
        before: Option<&Told>,
        may_have_regex: bool,
        member: &GroupMetadata,
        settings: &Settings,
    ) -> ConsumerGroupHeartbeatRequest {
        let mut request = ConsumerGroupHeartbeatRequest {
            group_id: text(&member.group_id),
            member_id: text(&member.member_id),
            member_epoch: member.generation.max(ENTERING),
            instance_id: member.instance_id.as_deref().map(text),
            ..ConsumerGroupHeartbeatRequest::default()
        };
        if before.is_none() {
            request.rack_id = settings.rack.as_deref().map(text);
            request.rebalance_timeout_ms =
                i32::try_from(settings.rebalance_timeout.as_millis()).unwrap_or(i32::MAX);
            request.server_assignor = settings.assignor.as_deref().map(text);
        }
        if before.is_none_or(|before| before.names != self.names) {
            request.subscribed_topic_names = Some(self.names.iter().map(|name| text(name)).collect());
        }
        let is_other_regex = match before {
            Some(before) => before.regex != self.regex,
            None => may_have_regex || self.has_regex(),
        };
        if is_other_regex {
            // An empty one takes back the one before.
            request.subscribed_topic_regex = Some(self.regex.as_deref().map(text).unwrap_or_default());
        }
        if before.is_none_or(|before| before.owned != self.owned) {
            request.topic_partitions = Some(by_topic(&self.owned));
        }
        request
    }
}

/// The heartbeat of a member that is none any more.
pub(super) fn leaving(member: &GroupMetadata) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        group_id: text(&member.group_id),
        member_id: text(&member.member_id),
        member_epoch: if member.instance_id.is_some() { LEAVING_FOR_NOW } else { LEAVING },
        instance_id: member.instance_id.as_deref().map(text),
        ..ConsumerGroupHeartbeatRequest::default()
    }
}

fn by_topic(partitions: &BTreeSet<Numbered>) -> Vec<TopicPartitions> {
    let mut topics = BTreeMap::<Uuid, Vec<i32>>::new();
    for (topic_id, number) in partitions {
        topics.entry(*topic_id).or_default().push(*number);
    }
    topics.into_iter().map(|(topic_id, partitions)| TopicPartitions { topic_id, partitions }).collect()
}

fn text(text: &str) -> ByteString {
    ByteString::from(text)
}
