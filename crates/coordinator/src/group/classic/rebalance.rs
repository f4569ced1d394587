//! From one generation to the next.

use std::time::Duration;

use bytestring::ByteString;
use ottla_wire::ErrorCode;

use super::{
    ClassicGroup, GroupState, InitialRebalance, TimerKey, Turn,
    member::{Member, millis},
};
use crate::{Response, appends::Then};

/// The least wait for members of whom none has joined again: one of no length would end at once and begin anew.
const RETRY_MIN: Duration = Duration::from_millis(100);

impl ClassicGroup {
    pub(super) fn rebalance_or_complete_join(&mut self, turn: &mut Turn) {
        if self.state == GroupState::PreparingRebalance {
            self.maybe_complete_join(turn);
        } else {
            self.prepare_rebalance(turn);
        }
    }

    /// Calls all members to join again, or gathers the first ones.
    pub(crate) fn prepare_rebalance(&mut self, turn: &mut Turn) {
        if self.state == GroupState::CompletingRebalance {
            self.cancel_assignment(ErrorCode::RebalanceInProgress, turn);
        }
        self.storing = None;
        self.pending_syncs.clear();
        self.sync_timer.cancel();
        let is_first = self.state == GroupState::Empty;
        self.enter(GroupState::PreparingRebalance, turn);
        if is_first {
            self.delay_initial_rebalance(turn);
        } else if self.all_have_joined() {
            self.complete_join(turn);
        } else {
            self.wait_for_joins(millis(self.members.rebalance_timeout()), turn);
        }
    }

    fn delay_initial_rebalance(&mut self, turn: &mut Turn) {
        let delay = turn.config.initial_rebalance_delay;
        let remaining = millis(self.members.rebalance_timeout()).saturating_sub(delay);
        self.initial = Some(InitialRebalance { delay, remaining, member_added: false });
        self.wait_for_joins(delay, turn);
    }

    fn wait_for_joins(&mut self, timeout: Duration, turn: &mut Turn) {
        turn.set(&mut self.join_timer, timeout, TimerKey::Join { group: self.id.clone() });
    }

    pub(super) fn all_have_joined(&self) -> bool {
        self.members.waiting_for_join() == self.members.len() && self.pending_joins.is_empty()
    }

    /// Ends the wait for joins if there is nobody left to wait for. The first rebalance waits its time in any case.
    pub(super) fn maybe_complete_join(&mut self, turn: &mut Turn) {
        if self.state == GroupState::PreparingRebalance && self.initial.is_none() && self.all_have_joined() {
            self.complete_join(turn);
        }
    }

    /// The wait for joins is over. The first rebalance is delayed further if members came meanwhile.
    pub(crate) fn join_timer_fired(&mut self, turn: &mut Turn) {
        if self.state != GroupState::PreparingRebalance {
            return;
        }
        if let Some(initial) = &mut self.initial
            && initial.member_added
            && !initial.remaining.is_zero()
        {
            let delay = turn.config.initial_rebalance_delay.min(initial.remaining);
            let remaining = initial.remaining.saturating_sub(initial.delay);
            *initial = InitialRebalance { delay, remaining, member_added: false };
            return self.wait_for_joins(delay, turn);
        }
        self.complete_join(turn);
    }

    /// Goes on to the next generation, without the dynamic members that have not joined again; static ones stay until
    /// their session ends.
    pub(super) fn complete_join(&mut self, turn: &mut Turn) {
        self.join_timer.cancel();
        self.initial = None;
        for id in self.missing_dynamic_members() {
            self.remove(&id, turn);
        }
        if self.members.is_empty() {
            self.become_empty(turn);
        } else if self.elect_leader() {
            self.next_generation(turn);
        } else {
            self.wait_for_joins(millis(self.members.rebalance_timeout()).max(RETRY_MIN), turn);
        }
    }

    fn missing_dynamic_members(&self) -> Vec<ByteString> {
        let is_missing = |member: &&Member| member.waits_for_join.is_none() && member.instance_id.is_none();
        self.members.in_order().filter(is_missing).map(|member| member.id.clone()).collect()
    }

    /// The leader remains if it has joined again; else it is the first that has. False if nobody has.
    fn elect_leader(&mut self) -> bool {
        let has_joined = |id: &ByteString| self.members.get(id).is_some_and(|m| m.waits_for_join.is_some());
        if self.leader.as_ref().is_some_and(has_joined) {
            return true;
        }
        let joined = self.members.in_order().find(|member| member.waits_for_join.is_some());
        let Some(member) = joined else { return false };
        self.leader = Some(member.id.clone());
        true
    }

    fn become_empty(&mut self, turn: &mut Turn) {
        self.begin_generation(None);
        self.enter(GroupState::Empty, turn);
        let record = self.record(|member| member.assignment.clone());
        turn.append(vec![record], Then::Nothing);
    }

    fn next_generation(&mut self, turn: &mut Turn) {
        self.begin_generation(self.members.elected_protocol());
        self.enter(GroupState::CompletingRebalance, turn);
        for id in self.members.ids_in_order() {
            if let Some(ticket) = self.members.set_join_wait(&id, None) {
                turn.reply(ticket, Response::JoinGroup(self.joined(&id)));
            }
            if let Some(member) = self.members.get_mut(&id) {
                member.is_new = false;
                turn.restart_session(&self.id, member);
            }
            self.pending_syncs.insert(id);
        }
        let timeout = millis(self.members.rebalance_timeout());
        turn.set(&mut self.sync_timer, timeout, TimerKey::Sync { group: self.id.clone() });
    }

    fn begin_generation(&mut self, protocol: Option<ByteString>) {
        self.generation = self.generation.checked_add(1).unwrap_or(0);
        self.protocol = protocol;
        self.subscribed_topics = self.read_subscribed_topics();
        self.pending_syncs.clear();
    }

    /// Members that have not synced in time are removed.
    pub(crate) fn sync_timer_fired(&mut self, turn: &mut Turn) {
        let late = std::mem::take(&mut self.pending_syncs);
        let awaited = matches!(self.state, GroupState::CompletingRebalance | GroupState::Stable);
        if late.is_empty() || !awaited {
            return;
        }
        for id in late {
            self.remove(&id, turn);
        }
        self.prepare_rebalance(turn);
    }
}
