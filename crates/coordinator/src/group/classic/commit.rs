//! What an OffsetCommit means for the group.

use ottla_wire::{ErrorCode, messages::OffsetCommitRequest};

use super::{ClassicGroup, GroupState, Turn};

impl ClassicGroup {
    /// Whether the sender may commit. Without generation and member only an empty group is committed to: by
    /// administrators, and by consumers that assign themselves.
    pub(crate) fn check_commit(&self, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
        let generation = request.generation_id_or_member_epoch;
        let is_empty = self.state == GroupState::Empty;
        if generation < 0 && is_empty {
            return Ok(());
        }
        if generation < 0 && request.member_id.is_empty() && request.group_instance_id.is_none() {
            return Err(ErrorCode::UnknownMemberId);
        }
        self.check_member(&request.member_id, request.group_instance_id.as_ref())?;
        self.check_generation(generation)?;
        // It knows the generation, so it has joined: it can wait for its assignment.
        if self.state == GroupState::CompletingRebalance {
            return Err(ErrorCode::RebalanceInProgress);
        }
        Ok(())
    }

    /// Whether the sender may commit within a transaction: clients from before KIP-447 tell neither member nor
    /// generation, and are believed.
    pub(crate) fn check_transactional_commit(&self, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
        let generation = request.generation_id_or_member_epoch;
        let is_anonymous = request.member_id.is_empty() && request.group_instance_id.is_none();
        if generation < 0 && (self.state == GroupState::Empty || is_anonymous) {
            return Ok(());
        }
        self.check_member(&request.member_id, request.group_instance_id.as_ref())?;
        self.check_generation(generation)
    }

    /// A member that commits is alive.
    pub(crate) fn committed_by(&mut self, member_id: &str, turn: &mut Turn) {
        if matches!(self.state, GroupState::Stable | GroupState::PreparingRebalance) {
            self.renew_session(member_id, turn);
        }
    }
}
