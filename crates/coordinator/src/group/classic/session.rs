//! Heartbeats, and what happens when they stay away.

use ottla_wire::{ErrorCode, messages::HeartbeatRequest};

use super::{ClassicGroup, GroupState, Turn};

impl ClassicGroup {
    pub(crate) fn heartbeat(&mut self, request: &HeartbeatRequest, turn: &mut Turn) -> Result<(), ErrorCode> {
        self.check_member(&request.member_id, request.group_instance_id.as_ref())?;
        self.check_generation(request.generation_id)?;
        match self.state {
            GroupState::Empty => Err(ErrorCode::UnknownMemberId),
            GroupState::PreparingRebalance => {
                self.renew_session(&request.member_id, turn);
                Err(ErrorCode::RebalanceInProgress)
            }
            // Members send heartbeats as soon as they have joined, before they have synced.
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.renew_session(&request.member_id, turn);
                Ok(())
            }
        }
    }

    pub(super) fn renew_session(&mut self, member_id: &str, turn: &mut Turn) {
        if let Some(member) = self.members.get_mut(member_id) {
            turn.restart_session(&self.id, member);
        }
    }

    /// After a load nobody knows when a member was last heard of: all get a whole session.
    pub(crate) fn loaded(&mut self, turn: &mut Turn) {
        for member in self.members.in_order_mut() {
            turn.restart_session(&self.id, member);
        }
        if self.members.len() > turn.config.size_max {
            self.prepare_rebalance(turn);
        }
    }

    /// The group is kept elsewhere from now on: who waits goes there.
    pub(crate) fn unload(&mut self, turn: &mut Turn) {
        for member in self.members.in_order() {
            if let Some(ticket) = member.waits_for_join {
                turn.refuse_join(ticket, member.id.clone(), ErrorCode::NotCoordinator);
            }
            if let Some(ticket) = member.waits_for_sync {
                turn.refuse_sync(ticket, ErrorCode::NotCoordinator);
            }
        }
    }

    /// A member has sent no heartbeat, or one that was told its ID has not joined with it.
    pub(crate) fn session_ended(&mut self, member_id: &str, turn: &mut Turn) {
        let was_pending = self.pending_joins.remove(member_id).is_some();
        let failed = self.members.get(member_id).is_some_and(|member| !member.is_excused());
        if failed {
            self.remove(member_id, turn);
        }
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance if failed => self.prepare_rebalance(turn),
            GroupState::PreparingRebalance if failed || was_pending => self.complete_join_if_all_have(turn),
            GroupState::Stable
            | GroupState::CompletingRebalance
            | GroupState::PreparingRebalance
            | GroupState::Empty => {}
        }
    }

    /// Unlike when a member leaves, the first rebalance ends as well: nobody is left to wait for.
    fn complete_join_if_all_have(&mut self, turn: &mut Turn) {
        if self.all_have_joined() {
            self.complete_join(turn);
        }
    }
}
