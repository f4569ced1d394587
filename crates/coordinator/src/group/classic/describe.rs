//! What others are shown of a group.

use ottla_wire::messages::{
    describe_groups_response::{DescribedGroup, DescribedGroupMember},
    join_group_response::JoinGroupResponseMember,
};

use super::{ClassicGroup, GroupState};

impl ClassicGroup {
    /// Protocol and subscriptions are shown of a stable group alone.
    pub(crate) fn describe(&self) -> DescribedGroup {
        let shown = self.protocol.as_ref().filter(|_| self.state == GroupState::Stable);
        let members = self.members.in_order().map(|member| DescribedGroupMember {
            member_id: member.id.clone(),
            group_instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            member_metadata: member.metadata(shown),
            member_assignment: member.assignment.clone(),
        });
        DescribedGroup {
            group_id: self.id.clone(),
            group_state: self.state.name().into(),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            protocol_data: shown.cloned().unwrap_or_default(),
            members: members.collect(),
            ..Default::default()
        }
    }

    /// What the leader needs to assign.
    pub(super) fn member_list(&self) -> Vec<JoinGroupResponseMember> {
        let members = self.members.in_order().map(|member| JoinGroupResponseMember {
            member_id: member.id.clone(),
            group_instance_id: member.instance_id.clone(),
            metadata: member.metadata(self.protocol.as_ref()),
        });
        members.collect()
    }
}
