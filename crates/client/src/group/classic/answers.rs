//! What answers make of a member. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ottla_wire::messages::{HeartbeatResponse, JoinGroupResponse, SyncGroupResponse};
use ottla_wire::{ApiKey, ErrorCode};
use tokio::time::Instant;

use super::member::{Command, Lead, Member, State, leave_of};
use crate::assignor::{
    Assignment, MemberId, RebalanceProtocol, Subscription, decode_assignment, decode_subscription,
};
use crate::error::ResponseError;
use crate::group::membership::{Membership, Refusal};
use crate::{Error, Result};

impl Member {
    /// The coordinator let this member in, or told the id that it has to come with, or neither.
    pub(super) fn joined(
        &mut self,
        membership: &mut Membership,
        round: u64,
        result: Result<JoinGroupResponse>,
        now: Instant,
    ) -> Option<Command> {
        if round != self.round {
            // It does not want to be in the group any more, but is; unless it joins again under the same name.
            let answer = result.ok()?;
            if self.state != State::Out && *answer.member_id == *membership.metadata.member_id {
                return None;
            }
            let is_static = membership.metadata.instance_id.is_some();
            let leave = || leave_of(&membership.metadata.group_id, &answer.member_id, "joined too late");
            return (!is_static).then(leave).map(Command::Leave);
        }
        self.is_in_flight = false;
        match result {
            Err(error) => {
                self.refused(membership, error, now);
                None
            }
            Ok(answer) if answer.error_code == ErrorCode::MemberIdRequired.code() => {
                membership.metadata.member_id = Arc::from(&*answer.member_id);
                None
            }
            Ok(answer) => Some(self.entered(membership, &answer, now)),
        }
    }

    /// A new generation begins, with this member in it.
    fn entered(&mut self, membership: &mut Membership, answer: &JoinGroupResponse, now: Instant) -> Command {
        self.succeeded();
        self.heartbeat.heard(now);
        membership.metadata.member_id = Arc::from(&*answer.member_id);
        membership.metadata.generation = answer.generation_id;
        self.assignor = Arc::from(answer.protocol_name.as_deref().unwrap_or_default());
        let is_leader = answer.leader == answer.member_id;
        tracing::info!(target: "ottla_client::group", group = &*membership.metadata.group_id,
            generation = answer.generation_id, member = &*answer.member_id, is_leader, assignor = &*self.assignor, "joined");
        self.led = None;
        if is_leader {
            self.state = State::Leading;
            let lead = Lead {
                assignor: self.assignor.clone(),
                members: subscriptions(answer),
                is_assigned: answer.skip_assignment,
            };
            Command::Lead(self.round, lead)
        } else {
            self.sync(membership, BTreeMap::new())
        }
    }

    /// This member, the leader, has assigned partitions of topics that had so many.
    pub(super) fn assigned(
        &mut self,
        membership: &Membership,
        round: u64,
        assignments: BTreeMap<MemberId, Assignment>,
        counts: BTreeMap<Arc<str>, usize>,
    ) -> Option<Command> {
        if round != self.round || self.state != State::Leading {
            return None;
        }
        self.led = Some(counts);
        Some(self.sync(membership, assignments))
    }

    /// The coordinator told what this member is to consume, or did not.
    pub(super) fn synced(
        &mut self,
        membership: &mut Membership,
        round: u64,
        result: Result<SyncGroupResponse>,
        now: Instant,
    ) -> Option<Command> {
        if round != self.round {
            return None;
        }
        self.is_in_flight = false;
        let assignment = result.and_then(|answer| {
            decode_assignment(&answer.assignment).map_err(|error| Error::Malformed {
                broker: "the group's leader".into(),
                reason: error.to_string().into(),
            })
        });
        match assignment {
            Ok(assignment) => Some(self.settled(membership, assignment, now)),
            Err(error) => {
                self.refused(membership, error, now);
                None
            }
        }
    }

    fn settled(&mut self, membership: &mut Membership, assignment: Assignment, now: Instant) -> Command {
        self.succeeded();
        self.heartbeat.heard(now);
        self.state = State::Stable;
        let assigned: BTreeSet<_> = assignment.partitions.iter().cloned().collect();
        let owned = membership.holding.owned().clone();
        let revoked: BTreeSet<_> = owned.difference(&assigned).cloned().collect();
        if !revoked.is_empty() && self.settings.protocol == RebalanceProtocol::Cooperative {
            self.rejoin = Some("partitions were revoked");
        }
        membership.holding.revoke(revoked);
        membership.holding.assign(assigned.difference(&owned).cloned().collect());
        Command::Remember(self.assignor.clone(), assignment, membership.metadata.generation)
    }

    /// The coordinator answered a heartbeat, or did not.
    pub(super) fn heartbeat_answered(
        &mut self,
        membership: &mut Membership,
        round: u64,
        result: Result<HeartbeatResponse>,
        now: Instant,
    ) {
        match result {
            Ok(_) => self.heartbeat.heard(now),
            Err(error) if error.code() == Some(ErrorCode::RebalanceInProgress) => {
                self.heartbeat.heard(now);
                if round == self.round && self.state == State::Stable {
                    self.rejoin = Some("the group is rebalancing");
                }
            }
            Err(error) => {
                self.heartbeat.failed(self.settings.backoff.first, now);
                if round == self.round && !error.is_retriable() {
                    self.refused(membership, error, now);
                }
            }
        }
    }

    /// A commit was refused to the member as it is now, or as it was.
    pub(super) fn commit_refused(&mut self, membership: &mut Membership, refusal: &Refusal) {
        if refusal.member != membership.metadata || refusal.member.generation < 0 {
            return;
        }
        match Some(refusal.code) {
            Some(ErrorCode::RebalanceInProgress) => self.rejoin = Some("the group is rebalancing"),
            Some(ErrorCode::IllegalGeneration) => self.reset(membership, true),
            Some(ErrorCode::UnknownMemberId) => self.reset(membership, false),
            Some(ErrorCode::FencedInstanceId) => {
                let error = ResponseError::new(ApiKey::OffsetCommit, refusal.code.code());
                self.give_up(membership, error.into());
            }
            _ => {}
        }
    }

    /// Joins again, at once or after a while, or gives up.
    fn refused(&mut self, membership: &mut Membership, error: Error, now: Instant) {
        tracing::debug!(target: "ottla_client::group", group = &*membership.metadata.group_id, %error, "refused");
        match error.code() {
            Some(ErrorCode::UnknownMemberId) => self.reset(membership, false),
            Some(ErrorCode::IllegalGeneration) => self.reset(membership, true),
            // It is in the group, which gathers anew.
            Some(ErrorCode::RebalanceInProgress) if self.state == State::Syncing => {
                self.state = State::Joining
            }
            Some(ErrorCode::RebalanceInProgress) => self.failed(now),
            _ if error.is_retriable() => self.failed(now),
            _ => self.give_up(membership, error),
        }
    }

    fn give_up(&mut self, membership: &mut Membership, error: Error) {
        self.reset(membership, false);
        self.state = State::Out;
        membership.is_in = false;
        membership.fail(error);
    }
}

/// What each member wants. One that cannot be read gets nothing.
fn subscriptions(answer: &JoinGroupResponse) -> BTreeMap<MemberId, Subscription> {
    let subscription = |member: &ottla_wire::messages::join_group_response::JoinGroupResponseMember| {
        let read = decode_subscription(&member.metadata).unwrap_or_else(|error| {
            let member = &*member.member_id;
            tracing::warn!(target: "ottla_client::group", member, %error, "a member's subscription cannot be read");
            Subscription::default()
        });
        let instance_id = member.group_instance_id.as_deref().map(Arc::from);
        (Arc::from(&*member.member_id), Subscription { instance_id, ..read })
    };
    answer.members.iter().map(subscription).collect()
}
