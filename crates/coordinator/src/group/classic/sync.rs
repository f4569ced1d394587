//! SyncGroup.

use std::collections::HashMap;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{SyncGroupRequest, SyncGroupResponse},
};

use super::{ClassicGroup, GroupState, Turn, member::Member};
use crate::{AppendId, Response, Ticket, appends::Then, own};

impl ClassicGroup {
    pub(crate) fn sync(&mut self, request: &SyncGroupRequest, ticket: Ticket, turn: &mut Turn) {
        if let Err(error) = self.check_sync(request) {
            return turn.refuse_sync(ticket, error);
        }
        match self.state {
            GroupState::Empty => turn.refuse_sync(ticket, ErrorCode::UnknownMemberId),
            GroupState::PreparingRebalance => turn.refuse_sync(ticket, ErrorCode::RebalanceInProgress),
            GroupState::CompletingRebalance => {
                self.wait_for_assignment(&request.member_id, ticket, turn);
                if self.is_leader(&request.member_id) && self.storing.is_none() {
                    self.store_assignment(request, turn);
                }
            }
            GroupState::Stable => {
                self.has_synced(&request.member_id);
                if let Some(member) = self.members.get(&request.member_id) {
                    turn.reply(ticket, Response::SyncGroup(self.synced(member)));
                }
            }
        }
    }

    fn check_sync(&self, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
        let differs = |told: &Option<ByteString>, held: &Option<ByteString>| {
            told.as_ref().zip(held.as_ref()).is_some_and(|(told, held)| told != held)
        };
        self.check_member(&request.member_id, request.group_instance_id.as_ref())?;
        self.check_generation(request.generation_id)?;
        if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol)
        {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        Ok(())
    }

    fn wait_for_assignment(&mut self, member_id: &ByteString, ticket: Ticket, turn: &mut Turn) {
        if let Some(member) = self.members.get_mut(member_id)
            && let Some(earlier) = member.waits_for_sync.replace(ticket)
        {
            turn.refuse_sync(earlier, ErrorCode::RebalanceInProgress);
        }
        self.has_synced(member_id);
    }

    fn has_synced(&mut self, member_id: &str) {
        self.pending_syncs.remove(member_id);
        if self.pending_syncs.is_empty() {
            self.sync_timer.cancel();
        }
    }

    fn synced(&self, member: &Member) -> SyncGroupResponse {
        SyncGroupResponse {
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            assignment: member.assignment.clone(),
            ..Default::default()
        }
    }

    /// Members that the leader forgot get an empty assignment.
    fn store_assignment(&mut self, request: &SyncGroupRequest, turn: &mut Turn) {
        let given = request.assignments.iter().filter(|given| self.members.get(&given.member_id).is_some());
        let assignments: HashMap<ByteString, Bytes> =
            given.map(|given| (own::text(&given.member_id), own::bytes(&given.assignment))).collect();
        let record = self.record(|member| assignments.get(&member.id).cloned().unwrap_or_default());
        let then = Then::Assigned { group: self.id.clone(), assignments };
        self.storing = Some(turn.append(vec![record], then));
    }

    /// The leader's assignment is stored: the members get it, unless another rebalance has begun.
    pub(crate) fn assignment_stored(
        &mut self,
        id: AppendId,
        mut assignments: HashMap<ByteString, Bytes>,
        turn: &mut Turn,
    ) {
        if self.storing != Some(id) {
            return;
        }
        self.storing = None;
        for member in self.members.in_order_mut() {
            member.assignment = assignments.remove(&member.id).unwrap_or_default();
        }
        self.answer_syncs(ErrorCode::None, turn);
        self.enter(GroupState::Stable, turn);
        *turn.rebalances += 1;
    }

    /// The leader's assignment could not be stored: the members have to join again.
    pub(crate) fn assignment_not_stored(&mut self, id: AppendId, error: ErrorCode, turn: &mut Turn) {
        if self.storing == Some(id) {
            self.cancel_assignment(error, turn);
            self.prepare_rebalance(turn);
        }
    }

    pub(super) fn cancel_assignment(&mut self, error: ErrorCode, turn: &mut Turn) {
        for member in self.members.in_order_mut() {
            member.assignment = Bytes::new();
        }
        self.answer_syncs(error, turn);
    }

    /// Answers all that wait for an assignment. Their sessions begin anew: while they waited they sent no heartbeats,
    /// and a session that ended then was let pass.
    fn answer_syncs(&mut self, error: ErrorCode, turn: &mut Turn) {
        let answers: Vec<(ByteString, Ticket, SyncGroupResponse)> = self
            .members
            .in_order()
            .filter_map(|member| Some((member.id.clone(), member.waits_for_sync?, self.synced(member))))
            .collect();
        for (id, ticket, response) in answers {
            if error.is_error() {
                turn.refuse_sync(ticket, error);
            } else {
                turn.reply(ticket, Response::SyncGroup(response));
            }
            if let Some(member) = self.members.get_mut(&id) {
                member.waits_for_sync = None;
                turn.restart_session(&self.id, member);
            }
        }
    }
}
