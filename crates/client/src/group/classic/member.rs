//! The core of a member: what is due. It decides; the driver carries out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::ByteString;
use ottla_wire::messages::leave_group_request::MemberIdentity;
use ottla_wire::messages::sync_group_request::SyncGroupRequestAssignment;
use ottla_wire::messages::{HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, SyncGroupRequest};
use tokio::time::Instant;

use super::heartbeat::Heartbeat;
use crate::assignor::{
    Assignment, MemberId, PROTOCOL_TYPE, RebalanceProtocol, Subscription, encode_assignment,
};
use crate::backoff::Backoff;
use crate::cluster::Cluster;
use crate::group::membership::{Membership, Wish};

/// The options that decide.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) session_timeout: Duration,
    /// How long the coordinator waits for members in a rebalance, and the application may take between polls.
    pub(crate) rebalance_timeout: Duration,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) rack: Option<Arc<str>>,
    pub(crate) protocol: RebalanceProtocol,
    pub(crate) backoff: Backoff,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Out,
    Preparing,
    Joining,
    Leading,
    Syncing,
    Stable,
}

/// What is to be done. Answers come back with the round in which they were asked for.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    /// To join, with this subscription; its protocols are the assignors' to fill in.
    Join(u64, JoinGroupRequest, Subscription),
    /// To assign partitions to these, with the assignor of that name.
    Lead(u64, Lead),
    Sync(u64, SyncGroupRequest),
    Heartbeat(u64, HeartbeatRequest),
    /// Nothing comes of it.
    Leave(LeaveGroupRequest),
    /// The assignor of that name is to know what this member was given in that generation.
    Remember(Arc<str>, Assignment, i32),
}

/// What the leader has to do.
#[derive(Debug, PartialEq)]
pub(super) struct Lead {
    pub(super) assignor: Arc<str>,
    pub(super) members: BTreeMap<MemberId, Subscription>,
    /// The coordinator keeps what it has (KIP-814): the leader is only to see when topics change.
    pub(super) is_assigned: bool,
}

/// All that is to be done now.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) commands: Vec<Command>,
    /// When to look again, even if nothing happens.
    pub(super) wake_at: Option<Instant>,
}

impl Due {
    fn wake(&mut self, at: Instant) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }
}

/// The core.
#[derive(Debug)]
pub(crate) struct Member {
    pub(super) settings: Settings,
    pub(super) state: State,
    /// The topics that the application wants, a pattern's included.
    pub(super) topics: Vec<Arc<str>>,
    /// Those that it told when it joined last.
    joined_topics: Vec<Arc<str>>,
    /// The assignor that the group chose.
    pub(super) assignor: Arc<str>,
    /// Why it joins again although it is stable.
    pub(super) rejoin: Option<&'static str>,
    /// How many partitions the topics of all members had when this one, the leader, assigned them.
    pub(super) led: Option<BTreeMap<Arc<str>, usize>>,
    pub(super) heartbeat: Heartbeat,
    /// Counts what makes answers void that are on their way.
    pub(super) round: u64,
    pub(super) is_in_flight: bool,
    failures: u32,
    retry_at: Option<Instant>,
}

impl Member {
    pub(crate) fn new(settings: Settings, now: Instant) -> Member {
        let heartbeat = Heartbeat::new(settings.heartbeat_interval, now);
        Member {
            settings,
            state: State::Out,
            topics: Vec::new(),
            joined_topics: Vec::new(),
            assignor: Arc::from(""),
            rejoin: None,
            led: None,
            heartbeat,
            round: 0,
            is_in_flight: false,
            failures: 0,
            retry_at: None,
        }
    }

    /// The topics whose partitions count: its own and, at the leader, those of all members.
    pub(super) fn topics_that_count(&self) -> Vec<Arc<str>> {
        let led = self.led.iter().flat_map(BTreeMap::keys);
        let mut topics: Vec<Arc<str>> = self.topics.iter().chain(led).cloned().collect();
        topics.sort();
        topics.dedup();
        topics
    }

    /// What is to be done now. What is told here counts as on its way.
    pub(super) fn due(&mut self, membership: &mut Membership, now: Instant, cluster: &Cluster) -> Due {
        let mut due = Due::default();
        self.see_application(membership, now, &mut due);
        if self.state == State::Stable && membership.holding.is_settled() {
            self.rejoin = self.rejoin.or_else(|| self.reason_to_rejoin(cluster));
            if let Some(reason) = self.rejoin {
                self.prepare(membership, reason);
            }
        }
        if self.state == State::Preparing && membership.holding.is_settled() {
            self.state = State::Joining;
        }
        if self.state == State::Joining && !self.is_in_flight {
            match self.retry_at {
                Some(at) if at > now => due.wake(at),
                _ => due.commands.push(self.join(membership)),
            }
        }
        self.beat(membership, now, &mut due);
        due
    }

    /// What the application did or did not do.
    fn see_application(&mut self, membership: &mut Membership, now: Instant, due: &mut Due) {
        if let Some(refusal) = membership.refusal.take() {
            self.commit_refused(membership, &refusal);
        }
        if let Some(reason) = membership.rejoin.take() {
            self.rejoin = Some(reason);
        }
        match membership.wish(self.state == State::Out, now) {
            // A pattern may have no topics yet.
            Wish::Enter if !self.topics.is_empty() => self.state = State::Preparing,
            Wish::Enter => {}
            Wish::Stay(until) => until.into_iter().for_each(|at| due.wake(at)),
            Wish::Leave => {
                due.commands.extend(self.leave(membership, "the consumer unsubscribed or closed"));
                // It may have subscribed again since.
                due.wake(now);
            }
            Wish::LeaveAbsent => {
                due.commands.extend(self.leave(membership, "max.poll.interval.ms passed without a poll"));
            }
        }
    }

    fn reason_to_rejoin(&self, cluster: &Cluster) -> Option<&'static str> {
        if self.topics != self.joined_topics {
            return Some("the subscription changed");
        }
        let count = |name: &Arc<str>| cluster.topic(name).map_or(0, |topic| topic.partitions.len());
        let has_changed = self.led.iter().flatten().any(|(name, then)| count(name) != *then);
        has_changed.then_some("topics or their partitions changed")
    }

    /// Has the application give away what it must before this member joins.
    fn prepare(&mut self, membership: &mut Membership, reason: &'static str) {
        tracing::info!(target: "ottla_client::group", group = &*membership.metadata.group_id, reason, "joins again");
        self.rejoin = None;
        self.state = State::Preparing;
        let holding = &mut membership.holding;
        match self.settings.protocol {
            RebalanceProtocol::Eager => holding.revoke_all(),
            RebalanceProtocol::Cooperative => {
                let is_unwanted = |topic: &Arc<str>| !self.topics.contains(topic);
                let owned = holding.owned().iter();
                holding.revoke(owned.filter(|owned| is_unwanted(&owned.topic)).cloned().collect());
            }
        }
    }

    fn join(&mut self, membership: &mut Membership) -> Command {
        let member = &membership.metadata;
        self.round += 1;
        self.is_in_flight = true;
        self.rejoin = None;
        self.joined_topics.clone_from(&self.topics);
        membership.is_in = true;
        let request = JoinGroupRequest {
            group_id: text(&member.group_id),
            session_timeout_ms: millis(self.settings.session_timeout),
            rebalance_timeout_ms: millis(self.settings.rebalance_timeout),
            member_id: text(&member.member_id),
            group_instance_id: member.instance_id.as_deref().map(text),
            protocol_type: PROTOCOL_TYPE.into(),
            ..JoinGroupRequest::default()
        };
        let subscription = Subscription {
            topics: self.topics.clone(),
            owned_partitions: membership.holding.owned().iter().cloned().collect(),
            generation: (member.generation >= 0).then_some(member.generation),
            rack: self.settings.rack.clone(),
            ..Subscription::default()
        };
        Command::Join(self.round, request, subscription)
    }

    pub(super) fn sync(
        &mut self,
        membership: &Membership,
        assignments: BTreeMap<MemberId, Assignment>,
    ) -> Command {
        let member = &membership.metadata;
        self.state = State::Syncing;
        self.is_in_flight = true;
        let encoded = assignments.iter().map(|(member_id, assignment)| SyncGroupRequestAssignment {
            member_id: text(member_id),
            assignment: encode_assignment(assignment),
        });
        let request = SyncGroupRequest {
            group_id: text(&member.group_id),
            generation_id: member.generation,
            member_id: text(&member.member_id),
            group_instance_id: member.instance_id.as_deref().map(text),
            protocol_type: Some(PROTOCOL_TYPE.into()),
            protocol_name: Some(text(&self.assignor)),
            assignments: encoded.collect(),
        };
        Command::Sync(self.round, request)
    }

    /// While it joins and while it waits for its assignment the coordinator expects to hear nothing.
    fn beat(&mut self, membership: &Membership, now: Instant, due: &mut Due) {
        let member = &membership.metadata;
        let is_expected = matches!(self.state, State::Preparing | State::Leading | State::Stable);
        if !is_expected || member.generation < 0 {
            return;
        }
        match self.heartbeat.due_at() {
            Some(at) if at <= now => {
                self.heartbeat.sent();
                let request = HeartbeatRequest {
                    group_id: text(&member.group_id),
                    generation_id: member.generation,
                    member_id: text(&member.member_id),
                    group_instance_id: member.instance_id.as_deref().map(text),
                };
                due.commands.push(Command::Heartbeat(self.round, request));
            }
            at => at.into_iter().for_each(|at| due.wake(at)),
        }
    }

    /// The member is none from here on. What is sent, if the coordinator has to be told.
    pub(super) fn leave(&mut self, membership: &mut Membership, reason: &str) -> Option<Command> {
        let request = leave_request(membership, reason);
        self.reset(membership, false);
        self.state = State::Out;
        membership.is_in = request.is_some();
        request.map(Command::Leave)
    }

    /// The coordinator does not count this member any more: what the application has, others may have.
    pub(super) fn reset(&mut self, membership: &mut Membership, keep_member_id: bool) {
        membership.holding.lose_all();
        membership.metadata.generation = -1;
        if !keep_member_id {
            membership.metadata.member_id = Arc::from("");
        }
        self.round += 1;
        self.is_in_flight = false;
        self.led = None;
        self.rejoin = None;
        self.state = State::Preparing;
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
        self.retry_at = None;
    }

    /// Tries again after a while. All members of a group may rest equally long: the coordinator waits for all of them anyway.
    pub(super) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(now + self.settings.backoff.pause(self.failures, 0.5));
        self.is_in_flight = false;
        self.state = State::Joining;
    }
}

/// A static member does not leave: it is expected to come back.
fn leave_request(membership: &Membership, reason: &str) -> Option<LeaveGroupRequest> {
    let member = &membership.metadata;
    if member.member_id.is_empty() || member.instance_id.is_some() {
        return None;
    }
    Some(leave_of(&member.group_id, &member.member_id, reason))
}

pub(super) fn leave_of(group_id: &str, member_id: &str, reason: &str) -> LeaveGroupRequest {
    let identity =
        MemberIdentity { member_id: member_id.into(), group_instance_id: None, reason: Some(reason.into()) };
    LeaveGroupRequest { group_id: group_id.into(), member_id: member_id.into(), members: vec![identity] }
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

fn text(text: &str) -> ByteString {
    ByteString::from(text)
}
