//! Describing share groups (KIP-932).

use std::sync::Arc;

use ottla_wire::messages::ShareGroupDescribeRequest;
use ottla_wire::messages::share_group_describe_response::Member;

use super::about;
use crate::admin::acls::operations;
use crate::admin::{Admin, Operations, Results, text};
use crate::{Result, TopicPartition};

/// A share group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShareGroup {
    /// Its state.
    pub state: Arc<str>,
    /// How often members, subscriptions or topics have changed.
    pub epoch: i32,
    /// The epoch that the assignment was made for.
    pub assignment_epoch: i32,
    /// The broker's assignor that it uses.
    pub assignor: Arc<str>,
    /// Its members.
    pub members: Vec<ShareGroupMember>,
    /// What the client may do with it, where the broker tells.
    pub authorized_operations: Option<Operations>,
}

/// A member of a share group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShareGroupMember {
    /// Its id.
    pub id: Arc<str>,
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
    /// What it shares.
    pub assignment: Vec<TopicPartition>,
}

impl Admin {
    /// Share groups. A group of another kind is not found here.
    pub async fn describe_share_groups(&self, groups: &[&str]) -> Result<Results<Arc<str>, ShareGroup>> {
        let ask = |group: &str| ShareGroupDescribeRequest {
            group_ids: vec![group.into()],
            include_authorized_operations: true,
        };
        let results = self.each_group(groups, ask, |response, answer| {
            let group = response.groups.first().ok_or_else(|| answer.lacks("the group"))?;
            answer.check_about(group.error_code, group.error_message.as_deref(), about(&group.group_id))?;
            Ok(ShareGroup {
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

fn member(member: &Member) -> ShareGroupMember {
    let assignment = member.assignment.topic_partitions.iter().flat_map(|topic| {
        let name = text(&topic.topic_name);
        topic.partitions.iter().map(move |number| TopicPartition::new(name.clone(), *number))
    });
    ShareGroupMember {
        id: text(&member.member_id),
        rack: member.rack_id.as_deref().map(text),
        epoch: member.member_epoch,
        client_id: text(&member.client_id),
        client_host: text(&member.client_host),
        subscribed_topics: member.subscribed_topic_names.iter().map(|name| text(name)).collect(),
        assignment: assignment.collect(),
    }
}
