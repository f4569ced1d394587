//! Describing classic groups.

use std::sync::Arc;

use bytes::Bytes;
use ottla_wire::messages::DescribeGroupsRequest;
use ottla_wire::messages::describe_groups_response::DescribedGroupMember;

use super::about;
use crate::admin::acls::operations;
use crate::admin::{Admin, Operations, Results, text};
use crate::assignor::{PROTOCOL_TYPE, decode_assignment};
use crate::{Result, TopicPartition};

/// A classic group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassicGroup {
    /// Its state: `Stable`, `Empty`, `Dead`, ...
    pub state: Arc<str>,
    /// What it is for: `consumer`, `connect`, ...
    pub protocol_type: Arc<str>,
    /// The assignor that it uses, of a group of consumers.
    pub protocol: Arc<str>,
    /// Its members.
    pub members: Vec<ClassicMember>,
    /// What the client may do with it, where the broker tells.
    pub authorized_operations: Option<Operations>,
}

/// A member of a classic group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassicMember {
    /// Its id.
    pub id: Arc<str>,
    /// Its `group.instance.id`, of a static member.
    pub instance_id: Option<Arc<str>>,
    /// Its `client.id`.
    pub client_id: Arc<str>,
    /// The address it came from.
    pub client_host: Arc<str>,
    /// What it said when it joined.
    pub metadata: Bytes,
    /// What its leader gave it.
    pub assignment: Bytes,
    /// The partitions in that, of a consumer.
    pub partitions: Vec<TopicPartition>,
}

impl Admin {
    /// Classic groups. A group that does not exist is `Dead` to brokers before Kafka 4.0, and an error to later ones.
    pub async fn describe_classic_groups(&self, groups: &[&str]) -> Result<Results<Arc<str>, ClassicGroup>> {
        let ask = |group: &str| DescribeGroupsRequest {
            groups: vec![group.into()],
            include_authorized_operations: true,
        };
        let results = self.each_group(groups, ask, |response, answer| {
            let group = response.groups.first().ok_or_else(|| answer.lacks("the group"))?;
            answer.check_about(group.error_code, group.error_message.as_deref(), about(&group.group_id))?;
            let is_consumer = &*group.protocol_type == PROTOCOL_TYPE;
            Ok(ClassicGroup {
                state: text(&group.group_state),
                protocol_type: text(&group.protocol_type),
                protocol: text(&group.protocol_data),
                members: group.members.iter().map(|it| member(it, is_consumer)).collect(),
                authorized_operations: operations(group.authorized_operations),
            })
        });
        Ok(results.await)
    }
}

fn member(member: &DescribedGroupMember, is_consumer: bool) -> ClassicMember {
    // What a leader wrote that is no assignment is left for the caller to look at.
    let read = is_consumer.then(|| decode_assignment(&member.member_assignment).ok()).flatten();
    ClassicMember {
        id: text(&member.member_id),
        instance_id: member.group_instance_id.as_deref().map(text),
        client_id: text(&member.client_id),
        client_host: text(&member.client_host),
        metadata: member.member_metadata.clone(),
        assignment: member.member_assignment.clone(),
        partitions: read.map(|assignment| assignment.partitions).unwrap_or_default(),
    }
}
