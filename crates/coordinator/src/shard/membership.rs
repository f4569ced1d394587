//! Requests of members.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, LeaveGroupRequest, LeaveGroupResponse,
        SyncGroupRequest, leave_group_request::MemberIdentity, leave_group_response::MemberResponse,
    },
};

use super::{Parts, Shard, classic};
use crate::{
    Context, Effect, GroupType, Now, Response, Ticket,
    appends::Then,
    group::{
        Membership,
        classic::{ClassicGroup, Joining},
    },
    own,
    record::TEXT_MAX,
};

/// Before this version a member leaves alone, and the answer's error is its own.
const LEAVE_IN_BATCHES_FROM: i16 = 3;

/// What members may be called: a member's ID is one of its names and a UUID, and has to fit into a record.
const NAME_MAX: usize = TEXT_MAX - 37;

impl Shard {
    /// JoinGroup. The answer comes when the group's rebalance allows it.
    pub fn join_group(
        &mut self,
        context: &Context,
        request: &JoinGroupRequest,
        ticket: Ticket,
        out: &mut Vec<Effect>,
    ) {
        if let Err(error) = self.check_join(context, request) {
            let mut turn = self.parts(context.now, out).turn;
            return turn.refuse_join(ticket, request.member_id.clone(), error);
        }
        self.found_classic(&request.group_id, context.now, out);
        let Parts { groups, mut turn } = self.parts(context.now, out);
        let classic = classic(groups, &request.group_id).expect("it was just founded");
        classic.join(Joining { context, request, ticket }, &mut turn);
    }

    /// Makes a group of that ID a classic one, if it is none. An empty consumer group (KIP-848) ends with that.
    fn found_classic(&mut self, id: &ByteString, now: Now, out: &mut Vec<Effect>) {
        if classic(&mut self.groups, id).is_some() {
            return;
        }
        let group = self.groups.entry(own::text(id)).or_default();
        let mut records = match &group.membership {
            Membership::Other(other) => other.tombstones(id),
            Membership::Simple | Membership::Classic(_) => Vec::new(),
        };
        let classic = ClassicGroup::new(own::text(id), now.unix_millis);
        records.push(classic.first_record());
        let before = std::mem::replace(&mut group.membership, Membership::Classic(Box::new(classic)));
        self.appends.start(records, Then::Created { group: own::text(id), before }, out);
    }

    fn check_join(&self, context: &Context, request: &JoinGroupRequest) -> Result<(), ErrorCode> {
        check_group_id(&request.group_id)?;
        let timeouts =
            self.config.session_timeout_min.as_millis()..=self.config.session_timeout_max.as_millis();
        if !u128::try_from(request.session_timeout_ms).is_ok_and(|timeout| timeouts.contains(&timeout)) {
            return Err(ErrorCode::InvalidSessionTimeout);
        }
        let instance = request.group_instance_id.as_deref().unwrap_or_default();
        let texts = [&*request.protocol_type, &*request.member_id, instance, context.client_id];
        let protocols = request.protocols.iter().map(|protocol| &*protocol.name);
        if protocols.chain(texts).any(|text| text.len() > NAME_MAX) {
            return Err(ErrorCode::InvalidRequest);
        }
        match self.groups.get(&request.group_id).map(|group| &group.membership) {
            Some(Membership::Classic(_)) => Ok(()),
            Some(Membership::Other(other))
                if other.group_type() != GroupType::Consumer || other.member_count() > 0 =>
            {
                Err(ErrorCode::InconsistentGroupProtocol)
            }
            Some(Membership::Other(_) | Membership::Simple) => self.check_first_join(request, true),
            None => self.check_first_join(request, false),
        }
    }

    /// A group is not made for a member that could not join it.
    fn check_first_join(&self, request: &JoinGroupRequest, exists: bool) -> Result<(), ErrorCode> {
        if !request.member_id.is_empty() && !exists {
            Err(ErrorCode::UnknownMemberId)
        } else if request.protocol_type.is_empty() || request.protocols.is_empty() {
            Err(ErrorCode::InconsistentGroupProtocol)
        } else if !request.member_id.is_empty() {
            Err(ErrorCode::UnknownMemberId)
        } else {
            Ok(())
        }
    }

    /// SyncGroup. The answer comes with the leader's assignment, once that is durable.
    pub fn sync_group(
        &mut self,
        now: Now,
        request: &SyncGroupRequest,
        ticket: Ticket,
        out: &mut Vec<Effect>,
    ) {
        let Parts { groups, mut turn } = self.parts(now, out);
        if let Err(error) = check_group_id(&request.group_id) {
            return turn.refuse_sync(ticket, error);
        }
        match classic(groups, &request.group_id) {
            Some(classic) => classic.sync(request, ticket, &mut turn),
            None => turn.refuse_sync(ticket, ErrorCode::UnknownMemberId),
        }
    }

    /// Heartbeat.
    pub fn heartbeat(&mut self, now: Now, request: &HeartbeatRequest) -> HeartbeatResponse {
        let mut out = Vec::new();
        let Parts { groups, mut turn } = self.parts(now, &mut out);
        let beat = check_group_id(&request.group_id).and_then(|()| {
            let classic = classic(groups, &request.group_id);
            classic.ok_or(ErrorCode::UnknownMemberId)?.heartbeat(request, &mut turn)
        });
        debug_assert!(out.is_empty(), "a heartbeat has no effects");
        HeartbeatResponse { error_code: beat.err().unwrap_or(ErrorCode::None).code(), ..Default::default() }
    }

    /// LeaveGroup. If the group becomes empty, the answer comes once that is durable.
    pub fn leave_group(
        &mut self,
        context: &Context,
        request: &LeaveGroupRequest,
        ticket: Ticket,
        out: &mut Vec<Effect>,
    ) {
        let in_batches = context.api_version >= LEAVE_IN_BATCHES_FROM;
        let appended_before = self.appends.last();
        let Parts { groups, mut turn } = self.parts(context.now, out);
        if let Err(error) = check_group_id(&request.group_id) {
            let response = LeaveGroupResponse { error_code: error.code(), ..Default::default() };
            return turn.reply(ticket, Response::LeaveGroup(response));
        }
        let alone = [MemberIdentity { member_id: request.member_id.clone(), ..Default::default() }];
        let members = if in_batches { &request.members[..] } else { &alone };
        let left = match classic(groups, &request.group_id) {
            Some(classic) => classic.leave(members, &mut turn),
            None => members.iter().map(unknown_member).collect(),
        };
        let response = if in_batches {
            LeaveGroupResponse { members: left, ..Default::default() }
        } else {
            LeaveGroupResponse { error_code: left[0].error_code, ..Default::default() }
        };
        match turn.appends.last() {
            id if id > appended_before => turn.reply_after(id, ticket, Response::LeaveGroup(response)),
            _ => turn.reply(ticket, Response::LeaveGroup(response)),
        }
    }
}

fn unknown_member(member: &MemberIdentity) -> MemberResponse {
    MemberResponse {
        member_id: member.member_id.clone(),
        group_instance_id: member.group_instance_id.clone(),
        error_code: ErrorCode::UnknownMemberId.code(),
    }
}

/// Members need a group with a name; only offsets may lie under an empty one.
pub(super) fn check_group_id(id: &str) -> Result<(), ErrorCode> {
    if id.is_empty() || id.len() > TEXT_MAX { Err(ErrorCode::InvalidGroupId) } else { Ok(()) }
}
