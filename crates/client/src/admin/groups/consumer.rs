//! Describing groups of the consumer protocol (KIP-848).

use std::sync::Arc;

use ottla_wire::messages::ConsumerGroupDescribeRequest;
use ottla_wire::messages::consumer_group_describe_response::{Assignment, Member};

use super::about;
use crate::admin::acls::operations;
use crate::admin::{Admin, Operations, Results, text};
use crate::{Result, TopicPartition};

/// A group of the consumer protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerGroup {
    /// Its state.
    pub state: Arc<str>,
    /// How often members, subscriptions or topics have changed.
    pub epoch: i32,
    /// The epoch that the assignment was made for.
    pub assignment_epoch: i32,
    /// The broker's assignor that it uses.
    pub assignor: Arc<str>,
    /// Its members.
    pub members: Vec<ConsumerGroupMember>,
    /// What the client may do with it, where the broker tells.
    pub authorized_operations: Option<Operations>,
}

/// A member of such a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerGroupMember {
    /// Its id.
    pub id: Arc<str>,
    /// Its `group.instance.id`, of a static member.
    pub instance_id: Option<Arc<str>>,
    /// Where it is.
    pub rack: Option<Arc<str>>,
    /// The epoch that it has reached.
    pub epoch: i32,
    /// Its `client.id`.
    pub client_id: Arc<str>,
    /// The address it came from.
    pub client_host: Arc<str>,
    /// The topics that it names.
    pub subscribed_topics: Vec<Arc<str>>,
    /// The expression that topics' names match.
    pub subscribed_regex: Option<Arc<str>>,
    /// What it has.
    pub assignment: Vec<TopicPartition>,
    /// What it shall have.
    pub target_assignment: Vec<TopicPartition>,
    /// Whether it speaks the classic protocol, where the broker tells.
    pub is_classic: Option<bool>,
}

impl Admin {
    /// Groups of the consumer protocol. A group of another kind is not found here.
    pub async fn describe_consumer_groups(
        &self,
        groups: &[&str],
    ) -> Result<Results<Arc<str>, ConsumerGroup>> {
        let ask = |group: &str| ConsumerGroupDescribeRequest {
            group_ids: vec![group.into()],
            include_authorized_operations: true,
        };
        let results = self.each_group(groups, ask, |response, answer| {
            let group = response.groups.first().ok_or_else(|| answer.lacks("the group"))?;
            answer.check_about(group.error_code, group.error_message.as_deref(), about(&group.group_id))?;
            Ok(ConsumerGroup {
                state: text(&group.group_state),
                epoch: group.group_epoch,
                assignment_epoch: group.assignment_epoch,
                assignor: text(&group.assignor_name),
                members: group.members.iter().map(member).collect(),
                authorized_operations: operations(group.authorized_operations),
            })
        });
        Ok(results.await)
    }
}

fn member(member: &Member) -> ConsumerGroupMember {
    ConsumerGroupMember {
        id: text(&member.member_id),
        instance_id: member.instance_id.as_deref().map(text),
        rack: member.rack_id.as_deref().map(text),
        epoch: member.member_epoch,
        client_id: text(&member.client_id),
        client_host: text(&member.client_host),
        subscribed_topics: member.subscribed_topic_names.iter().map(|name| text(name)).collect(),
        subscribed_regex: member.subscribed_topic_regex.as_deref().map(text),
        assignment: partitions(&member.assignment),
        target_assignment: partitions(&member.target_assignment),
        is_classic: match member.member_type {
            0 => Some(true),
            1 => Some(false),
            _ => None,
        },
    }
}

fn partitions(assignment: &Assignment) -> Vec<TopicPartition> {
    let topics = assignment.topic_partitions.iter();
    let partitions = topics.flat_map(|topic| {
        let name = text(&topic.topic_name);
        topic.partitions.iter().map(move |number| TopicPartition::new(name.clone(), *number))
    });
    partitions.collect()
}
