//! Groups of the classic protocol: members join, one of them, the leader, assigns, all sync.
//!
//! | state | left when | for |
//! |---|---|---|
//! | Empty | a member joins | PreparingRebalance, after the initial delay: |
//! | PreparingRebalance | all members have joined, or the rebalance timeout passes | CompletingRebalance |
//! | | nobody is left | Empty |
//! | CompletingRebalance | the leader's assignment is stored | Stable |
//! | | a member joins anew, leaves, fails, or does not sync | PreparingRebalance |
//! | Stable | a new member joins, the leader joins again, a member joins with other protocols, leaves or fails | PreparingRebalance |
//!
//! A static member (KIP-345) that comes back to a stable group takes its old place, without a rebalance.
//!
//! Stored is what each assignment left (generation, members, assignments) and when the group became empty; who waits
//! for a join or a sync, and the timers, live in memory alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytestring::ByteString;
use ottla_wire::{ErrorCode, messages::JoinGroupResponse};

use super::GroupState;
use crate::{AppendId, timers::Timer};

mod commit;
mod describe;
mod join;
mod leave;
mod member;
mod members;
mod rebalance;
mod session;
mod store;
mod sync;
mod turn;

pub(crate) use join::{Joining, Replaced};
pub(crate) use turn::{TimerKey, Turn};

use members::Members;

/// The protocol type of consumers: the coordinator understands what their members subscribe to.
const CONSUMER: &str = "consumer";

#[derive(Debug)]
pub(crate) struct ClassicGroup {
    id: ByteString,
    state: GroupState,
    /// When it reached the state, in milliseconds since 1970; None if the stored record does not tell.
    state_since: Option<i64>,
    generation: i32,
    /// None until the first member has joined.
    protocol_type: Option<ByteString>,
    /// The protocol that the members agreed on, for this generation.
    protocol: Option<ByteString>,
    leader: Option<ByteString>,
    members: Members,
    /// Members that were told their ID and have to join with it.
    pending_joins: BTreeMap<ByteString, Timer>,
    /// Members of this generation that have not synced.
    pending_syncs: BTreeSet<ByteString>,
    /// None if they are not known: the members are no consumers, or say what cannot be read.
    subscribed_topics: Option<BTreeSet<ByteString>>,
    /// While the first rebalance of an empty group is prepared.
    initial: Option<InitialRebalance>,
    /// While this generation's assignment is on its way to the log.
    storing: Option<AppendId>,
    join_timer: Timer,
    sync_timer: Timer,
}

/// The first rebalance is delayed, and again for as long as members come, up to their rebalance timeout.
#[derive(Debug)]
struct InitialRebalance {
    delay: Duration,
    remaining: Duration,
    member_added: bool,
}

impl ClassicGroup {
    pub(crate) fn new(id: ByteString, now: i64) -> ClassicGroup {
        ClassicGroup {
            id,
            state: GroupState::Empty,
            state_since: Some(now),
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: Members::default(),
            pending_joins: BTreeMap::new(),
            pending_syncs: BTreeSet::new(),
            subscribed_topics: None,
            initial: None,
            storing: None,
            join_timer: Timer::default(),
            sync_timer: Timer::default(),
        }
    }

    pub(crate) fn state(&self) -> GroupState {
        self.state
    }

    pub(crate) fn state_since(&self) -> Option<i64> {
        self.state_since
    }

    pub(crate) fn protocol_type(&self) -> Option<&ByteString> {
        self.protocol_type.as_ref()
    }

    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    pub(crate) fn has_pending_joins(&self) -> bool {
        !self.pending_joins.is_empty()
    }

    pub(crate) fn knows_subscribed_topics(&self) -> bool {
        self.subscribed_topics.is_some()
    }

    pub(crate) fn is_of_consumers(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER)
    }

    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        self.subscribed_topics.as_ref().map_or(self.is_of_consumers(), |topics| topics.contains(topic))
    }

    pub(crate) fn session_timer(&mut self, member_id: &str) -> Option<&mut Timer> {
        match self.members.get_mut(member_id) {
            Some(member) => Some(&mut member.session),
            None => self.pending_joins.get_mut(member_id),
        }
    }

    pub(crate) fn join_timer(&mut self) -> &mut Timer {
        &mut self.join_timer
    }

    pub(crate) fn sync_timer(&mut self) -> &mut Timer {
        &mut self.sync_timer
    }

    fn is_leader(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }

    /// Whether a member is who it claims to be.
    fn check_member(&self, member_id: &str, instance_id: Option<&ByteString>) -> Result<(), ErrorCode> {
        if let Some(instance_id) = instance_id {
            let holder = self.members.of_instance(instance_id).ok_or(ErrorCode::UnknownMemberId)?;
            if *holder != *member_id {
                return Err(ErrorCode::FencedInstanceId);
            }
        }
        if self.members.get(member_id).is_some() { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    fn check_generation(&self, generation: i32) -> Result<(), ErrorCode> {
        if generation == self.generation { Ok(()) } else { Err(ErrorCode::IllegalGeneration) }
    }

    fn enter(&mut self, state: GroupState, turn: &Turn) {
        let expected = match state {
            GroupState::Empty | GroupState::CompletingRebalance => {
                self.state == GroupState::PreparingRebalance
            }
            GroupState::PreparingRebalance => self.state != GroupState::PreparingRebalance,
            GroupState::Stable => self.state == GroupState::CompletingRebalance,
        };
        assert!(expected, "a group cannot go from {:?} to {state:?}", self.state);
        self.state = state;
        self.state_since = Some(turn.now.unix_millis);
    }

    /// Takes a member out. Nobody is left without an answer: who waits is told that the member is not known.
    fn remove(&mut self, member_id: &str, turn: &mut Turn) {
        self.pending_joins.remove(member_id);
        self.pending_syncs.remove(member_id);
        let Some(member) = self.members.remove(member_id) else { return };
        if let Some(ticket) = member.waits_for_join {
            turn.refuse_join(ticket, ByteString::new(), ErrorCode::UnknownMemberId);
        }
        if let Some(ticket) = member.waits_for_sync {
            turn.refuse_sync(ticket, ErrorCode::UnknownMemberId);
        }
        if self.is_leader(member_id) {
            self.leader = self.members.first().cloned();
        }
    }

    /// What a member that has joined this generation is told; the leader learns of all members.
    fn joined(&self, member_id: &ByteString) -> JoinGroupResponse {
        let members = if self.is_leader(member_id) { self.member_list() } else { Vec::new() };
        JoinGroupResponse {
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            member_id: member_id.clone(),
            members,
            ..Default::default()
        }
    }
}
