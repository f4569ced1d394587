//! LeaveGroup.

use ottla_wire::{
    ErrorCode,
    messages::{leave_group_request::MemberIdentity, leave_group_response::MemberResponse},
};

use super::{ClassicGroup, GroupState, Turn};

impl ClassicGroup {
    /// Lets members go, by their ID or, as administrators do, by the instance ID alone.
    pub(crate) fn leave(&mut self, members: &[MemberIdentity], turn: &mut Turn) -> Vec<MemberResponse> {
        let responses: Vec<MemberResponse> = members
            .iter()
            .map(|member| MemberResponse {
                member_id: member.member_id.clone(),
                group_instance_id: member.group_instance_id.clone(),
                error_code: self.leave_one(member, turn).err().unwrap_or(ErrorCode::None).code(),
            })
            .collect();
        if responses.iter().any(|response| response.error_code == ErrorCode::None.code()) {
            match self.state {
                GroupState::Stable | GroupState::CompletingRebalance => self.prepare_rebalance(turn),
                GroupState::PreparingRebalance => self.maybe_complete_join(turn),
                GroupState::Empty => {}
            }
        }
        responses
    }

    fn leave_one(&mut self, member: &MemberIdentity, turn: &mut Turn) -> Result<(), ErrorCode> {
        let MemberIdentity { member_id, group_instance_id, .. } = member;
        if member_id.is_empty() {
            let holder = group_instance_id.as_ref().and_then(|instance| self.members.of_instance(instance));
            let holder = holder.cloned().ok_or(ErrorCode::UnknownMemberId)?;
            self.remove(&holder, turn);
        } else if self.pending_joins.remove(member_id).is_none() {
            self.check_member(member_id, group_instance_id.as_ref())?;
            self.remove(member_id, turn);
        }
        Ok(())
    }
}
