//! JoinGroup.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{JoinGroupRequest, JoinGroupResponse, join_group_request::JoinGroupRequestProtocol},
};

use super::{
    ClassicGroup, GroupState, Turn,
    member::{Member, Protocol, millis},
};
use crate::{Context, Response, Ticket, appends::Then, own, timers::Timer};

/// How long a new member may wait for its first join to be answered: it sends no heartbeats yet, and if its client is
/// gone nothing else would end the wait.
const NEW_MEMBER_TIMEOUT_MS: i32 = 5 * 60 * 1000;

/// From this version on a member has to join with an ID that it was told (KIP-394).
const MEMBER_ID_REQUIRED_FROM: i16 = 4;
/// From this version on a leader that comes back is told to skip the assignment (KIP-814).
const SKIP_ASSIGNMENT_FROM: i16 = 9;

/// A request to join.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Joining<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) request: &'a JoinGroupRequest,
    pub(crate) ticket: Ticket,
}

/// A static member that came back, until its new ID is stored.
#[derive(Debug)]
pub(crate) struct Replaced {
    /// As it was before.
    old: Member,
    new_id: ByteString,
    leader_before: Option<ByteString>,
    api_version: i16,
}

impl Joining<'_> {
    fn protocols(&self) -> Vec<Protocol> {
        let mut protocols: Vec<Protocol> = Vec::with_capacity(self.request.protocols.len());
        for JoinGroupRequestProtocol { name, metadata } in &self.request.protocols {
            if protocols.iter().all(|known| known.name != *name) {
                protocols.push(Protocol { name: own::text(name), metadata: own::bytes(metadata) });
            }
        }
        protocols
    }

    /// Version 0 has none: the session timeout counts.
    fn rebalance_timeout(&self) -> i32 {
        if self.context.api_version == 0 {
            self.request.session_timeout_ms
        } else {
            self.request.rebalance_timeout_ms
        }
    }

    fn generated_id(&self) -> ByteString {
        let prefix = self.request.group_instance_id.as_deref().unwrap_or(self.context.client_id);
        ByteString::from(format!("{prefix}-{}", self.context.uuid.hyphenated()))
    }

    fn member(&self, id: ByteString) -> Member {
        Member {
            id,
            instance_id: self.request.group_instance_id.as_ref().map(own::text),
            client_id: ByteString::from(self.context.client_id),
            client_host: ByteString::from(self.context.client_host),
            rebalance_timeout: self.rebalance_timeout(),
            session_timeout: self.request.session_timeout_ms,
            protocols: self.protocols(),
            assignment: bytes::Bytes::new(),
            waits_for_join: Some(self.ticket),
            waits_for_sync: None,
            is_new: true,
            session: Timer::default(),
            number: 0,
        }
    }

    fn refuse(&self, turn: &mut Turn, error: ErrorCode) {
        turn.refuse_join(self.ticket, self.request.member_id.clone(), error);
    }
}

impl ClassicGroup {
    pub(crate) fn join(&mut self, joining: Joining, turn: &mut Turn) {
        let member_id = &joining.request.member_id;
        if !self.accepts(member_id, turn.config.size_max) {
            self.remove(member_id, turn);
            turn.refuse_join(joining.ticket, ByteString::new(), ErrorCode::GroupMaxSizeReached);
            self.maybe_complete_join(turn);
        } else if !self.supports(joining.request) {
            joining.refuse(turn, ErrorCode::InconsistentGroupProtocol);
        } else if member_id.is_empty() {
            self.join_new(joining, turn);
        } else {
            self.join_known(joining, turn);
        }
    }

    /// While members are gathered those that wait are counted, not all: the group may have been larger than it may be
    /// now, and then the last to join again are left out.
    fn accepts(&self, member_id: &str, size_max: usize) -> bool {
        let member = self.members.get(member_id);
        match self.state {
            GroupState::Empty => true,
            GroupState::PreparingRebalance => {
                member.is_some_and(|member| member.waits_for_join.is_some())
                    || self.members.waiting_for_join() < size_max
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                member.is_some() || self.members.len() < size_max
            }
        }
    }

    /// Whether the member and all others have a protocol in common.
    fn supports(&self, request: &JoinGroupRequest) -> bool {
        if self.state == GroupState::Empty {
            return !request.protocol_type.is_empty() && !request.protocols.is_empty();
        }
        self.protocol_type.as_ref() == Some(&request.protocol_type)
            && request.protocols.iter().any(|protocol| self.members.all_support(&protocol.name))
    }

    fn join_new(&mut self, joining: Joining, turn: &mut Turn) {
        let id = joining.generated_id();
        if let Some(instance_id) = &joining.request.group_instance_id {
            match self.members.of_instance(instance_id).cloned() {
                Some(old_id) => self.rejoin_static(joining, &old_id, id, turn),
                None => self.add(joining, id, Timer::default(), turn),
            }
        } else if joining.context.api_version >= MEMBER_ID_REQUIRED_FROM {
            self.announce(joining, id, turn);
        } else {
            self.add(joining, id, Timer::default(), turn);
        }
    }

    /// Tells a member its ID; it has its session timeout to join with it.
    fn announce(&mut self, joining: Joining, id: ByteString, turn: &mut Turn) {
        let mut timer = Timer::default();
        let key = super::TimerKey::Session { group: self.id.clone(), member: id.clone() };
        turn.set(&mut timer, millis(joining.request.session_timeout_ms), key);
        self.pending_joins.insert(id.clone(), timer);
        turn.refuse_join(joining.ticket, id, ErrorCode::MemberIdRequired);
    }

    fn join_known(&mut self, joining: Joining, turn: &mut Turn) {
        let JoinGroupRequest { member_id, group_instance_id, .. } = joining.request;
        if group_instance_id.is_none()
            && let Some((id, timer)) = self.pending_joins.remove_entry(member_id)
        {
            return self.add(joining, id, timer, turn);
        }
        if let Err(error) = self.check_member(member_id, group_instance_id.as_ref()) {
            return joining.refuse(turn, error);
        }
        let changed =
            self.members.get(member_id).is_some_and(|member| member.protocols != joining.protocols());
        match self.state {
            GroupState::Empty => joining.refuse(turn, ErrorCode::UnknownMemberId),
            GroupState::PreparingRebalance => self.rejoin(joining, turn),
            // The answer to its join was lost, it seems.
            GroupState::CompletingRebalance if !changed => self.repeat_join(joining, turn),
            GroupState::CompletingRebalance => self.rejoin(joining, turn),
            // The leader rejoins for what members do not say: topics that have grown, for example.
            GroupState::Stable if changed || self.is_leader(member_id) => self.rejoin(joining, turn),
            GroupState::Stable => self.repeat_join(joining, turn),
        }
    }

    fn repeat_join(&mut self, joining: Joining, turn: &mut Turn) {
        let response = self.joined(&joining.request.member_id);
        turn.reply(joining.ticket, Response::JoinGroup(response));
    }

    fn add(&mut self, joining: Joining, id: ByteString, session: Timer, turn: &mut Turn) {
        if let Some(initial) = &mut self.initial {
            initial.member_added = true;
        }
        if self.members.is_empty() {
            self.protocol_type = Some(own::text(&joining.request.protocol_type));
        }
        let mut member = Member { session, ..joining.member(id.clone()) };
        turn.set_session(&self.id, &mut member, millis(NEW_MEMBER_TIMEOUT_MS));
        self.leader.get_or_insert(id);
        self.members.insert(member);
        self.rebalance_or_complete_join(turn);
    }

    fn rejoin(&mut self, joining: Joining, turn: &mut Turn) {
        self.update(&joining.request.member_id, joining, turn);
        self.rebalance_or_complete_join(turn);
    }

    fn update(&mut self, id: &ByteString, joining: Joining, turn: &mut Turn) {
        self.members.set_protocols(id, joining.protocols());
        if let Some(member) = self.members.get_mut(id) {
            member.rebalance_timeout = joining.rebalance_timeout();
            member.session_timeout = joining.request.session_timeout_ms;
        }
        // A client that asks again has given up its earlier request.
        if let Some(earlier) = self.members.set_join_wait(id, Some(joining.ticket)) {
            turn.refuse_join(earlier, id.clone(), ErrorCode::RebalanceInProgress);
        }
    }

    /// A static member that has lost its ID comes back. Whoever still uses the old one is fenced.
    fn rejoin_static(&mut self, joining: Joining, old_id: &ByteString, new_id: ByteString, turn: &mut Turn) {
        let leader_before = self.leader.clone();
        let old = self.take_place(old_id, new_id.clone(), turn);
        self.update(&new_id, joining, turn);
        match self.state {
            GroupState::Stable if self.members.elected_protocol() == self.protocol => {
                let replaced =
                    Replaced { old, new_id, leader_before, api_version: joining.context.api_version };
                let record = self.record(|member| member.assignment.clone());
                turn.append(
                    vec![record],
                    Then::Replaced { group: self.id.clone(), replaced: Box::new(replaced) },
                );
            }
            GroupState::Stable => self.rebalance_or_complete_join(turn),
            // The leader assigns for the old ID.
            GroupState::CompletingRebalance => self.prepare_rebalance(turn),
            GroupState::PreparingRebalance | GroupState::Empty => self.maybe_complete_join(turn),
        }
    }

    /// Gives the place of a static member to its new ID; returns the member as it was, without its waits.
    fn take_place(&mut self, old_id: &ByteString, new_id: ByteString, turn: &mut Turn) -> Member {
        if let Some(ticket) = self.members.set_join_wait(old_id, None) {
            turn.refuse_join(ticket, old_id.clone(), ErrorCode::FencedInstanceId);
        }
        let old = self.members.get_mut(old_id).expect("its instance ID leads to it");
        if let Some(ticket) = old.waits_for_sync.take() {
            turn.refuse_sync(ticket, ErrorCode::FencedInstanceId);
        }
        let old = old.clone();
        let mut new = Member { id: new_id.clone(), session: Timer::default(), is_new: false, ..old.clone() };
        turn.restart_session(&self.id, &mut new);
        self.members.replace(old_id, new);
        if self.is_leader(old_id) {
            self.leader = Some(new_id.clone());
        }
        if self.pending_syncs.remove(old_id) {
            self.pending_syncs.insert(new_id);
        }
        old
    }

    /// The new ID of a static member is stored. If a rebalance began meanwhile, that one answers the member.
    pub(crate) fn static_member_stored(&mut self, replaced: &Replaced, turn: &mut Turn) {
        if self.state != GroupState::Stable {
            return;
        }
        let Some(ticket) = self.members.set_join_wait(&replaced.new_id, None) else { return };
        let response = if replaced.api_version >= SKIP_ASSIGNMENT_FROM {
            let skip_assignment = self.is_leader(&replaced.new_id);
            JoinGroupResponse { skip_assignment, ..self.joined(&replaced.new_id) }
        } else {
            // The former leader is named: a leader that came back must not assign, and cannot be told otherwise.
            let leader = replaced.leader_before.clone().unwrap_or_default();
            JoinGroupResponse { leader, members: Vec::new(), ..self.joined(&replaced.new_id) }
        };
        self.renew_session(&replaced.new_id, turn);
        turn.reply(ticket, Response::JoinGroup(response));
    }

    /// The new ID of a static member could not be stored: the old one holds again.
    pub(crate) fn static_member_not_stored(&mut self, replaced: Replaced, error: ErrorCode, turn: &mut Turn) {
        let Replaced { mut old, new_id, .. } = replaced;
        if let Some(ticket) = self.members.set_join_wait(&new_id, None) {
            turn.refuse_join(ticket, ByteString::new(), error);
        }
        if self.is_leader(&new_id) {
            self.leader = Some(old.id.clone());
        }
        if self.pending_syncs.remove(&new_id) {
            self.pending_syncs.insert(old.id.clone());
        }
        old.session = Timer::default();
        turn.restart_session(&self.id, &mut old);
        self.members.replace(&new_id, old);
    }

    /// The group's first record could not be written: nobody has joined it.
    pub(crate) fn not_created(&mut self, error: ErrorCode, turn: &mut Turn) {
        for member in self.members.in_order() {
            if let Some(ticket) = member.waits_for_join {
                turn.refuse_join(ticket, ByteString::new(), error);
            }
        }
    }
}
