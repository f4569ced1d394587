//! The core of a member: when a heartbeat is due and what it says, and what its answer makes of the member. It decides; the driver
//! carries out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse};
use ottla_wire::{ApiKey, ErrorCode, Uuid};
use tokio::time::Instant;

use super::heartbeat::{Numbered, Told, leaving};
use crate::backoff::Backoff;
use crate::error::ResponseError;
use crate::group::membership::{Membership, Refusal, Wish};
use crate::{Error, Result, TopicPartition};

/// The options that decide.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// How long the application may take between polls, and so to give away what it has.
    pub(super) rebalance_timeout: Duration,
    pub(super) rack: Option<Arc<str>>,
    /// The coordinator's assignor; by default it chooses.
    pub(super) assignor: Option<Arc<str>>,
    pub(super) backoff: Backoff,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Out,
    Entering,
    In,
}

/// What is to be done. The answer comes back with the round in which it was asked for.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    Heartbeat(u64, ConsumerGroupHeartbeatRequest),
    /// Nothing comes of it.
    Leave(ConsumerGroupHeartbeatRequest),
}

/// All that is to be done now.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) commands: Vec<Command>,
    /// When to look again, even if nothing happens.
    pub(super) wake_at: Option<Instant>,
    /// Topics that are assigned, and whose names are not known.
    pub(super) unknown: BTreeSet<Uuid>,
}

/// The core.
#[derive(Debug)]
pub(super) struct Member {
    settings: Settings,
    pub(super) state: State,
    /// What the coordinator wants the application to have.
    target: BTreeSet<Numbered>,
    /// The names of topics, as far as they were needed.
    names: BTreeMap<Uuid, Arc<str>>,
    /// None while it is not certain what the coordinator knows: then it is told everything.
    told: Option<Told>,
    /// What the heartbeat that is on its way tells.
    telling: Option<Told>,
    /// Whether the coordinator may have a regex of this member, which stays until it is taken back.
    may_have_regex: bool,
    interval: Duration,
    next_at: Instant,
    round: u64,
    failures: u32,
}

impl Due {
    fn wake(&mut self, at: Instant) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }
}

impl Member {
    pub(super) fn new(settings: Settings, now: Instant) -> Member {
        Member {
            settings,
            state: State::Out,
            target: BTreeSet::new(),
            names: BTreeMap::new(),
            told: None,
            telling: None,
            may_have_regex: false,
            interval: Duration::ZERO,
            next_at: now,
            round: 0,
            failures: 0,
        }
    }

    /// The name of a topic that is assigned.
    pub(super) fn learn(&mut self, id: Uuid, name: Arc<str>) {
        self.names.insert(id, name);
    }

    /// What is to be done now. What is told here counts as on its way.
    pub(super) fn due(&mut self, membership: &mut Membership, now: Instant) -> Due {
        let mut due = Due::default();
        if let Some(refusal) = membership.refusal.take() {
            self.commit_refused(membership, &refusal);
        }
        match membership.wish(self.state == State::Out, now) {
            Wish::Enter => self.enter(now),
            Wish::Stay(until) => until.into_iter().for_each(|at| due.wake(at)),
            Wish::Leave | Wish::LeaveAbsent => {
                due.commands.extend(self.leave(membership));
                // It may have subscribed again since.
                due.wake(now);
            }
        }
        if self.state == State::In && membership.holding.is_settled() {
            self.reconcile(membership);
        }
        if self.state != State::Out {
            due.unknown =
                self.target.iter().map(|(id, _)| *id).filter(|id| !self.names.contains_key(id)).collect();
            self.beat(membership, now, &mut due);
        }
        due
    }

    fn enter(&mut self, now: Instant) {
        self.state = State::Entering;
        self.told = None;
        self.next_at = now;
    }

    /// Has the application give and take until it has what is assigned, as far as the names of that are known.
    fn reconcile(&mut self, membership: &mut Membership) {
        let named = |(id, number): &Numbered| Some(TopicPartition::new(self.names.get(id)?.clone(), *number));
        let target: BTreeSet<TopicPartition> = self.target.iter().filter_map(named).collect();
        let owned = membership.holding.owned().clone();
        if target != owned {
            membership.holding.revoke(owned.difference(&target).cloned().collect());
            membership.holding.assign(target.difference(&owned).cloned().collect());
        }
    }

    /// Once the application has done what it had to, the coordinator hears of it at once.
    fn beat(&mut self, membership: &mut Membership, now: Instant, due: &mut Due) {
        if self.telling.is_some() || (self.state == State::Entering && !membership.holding.is_settled()) {
            return;
        }
        let telling = Told::new(&membership.subscribed, self.numbered(membership));
        let has_news = self.told.as_ref().is_some_and(|told| *told != telling);
        let is_settled = membership.holding.is_settled();
        let is_urgent = has_news && is_settled && self.failures == 0;
        if !is_urgent && self.next_at > now {
            return due.wake(self.next_at);
        }
        // In the middle of a change what the application has is not told, unless everything is.
        let telling = match &self.told {
            Some(told) if !is_settled => told.clone(),
            _ => telling,
        };
        let request =
            telling.request(self.told.as_ref(), self.may_have_regex, &membership.metadata, &self.settings);
        self.may_have_regex |= telling.has_regex();
        membership.is_in = true;
        self.telling = Some(telling);
        self.round += 1;
        due.commands.push(Command::Heartbeat(self.round, request));
    }

    fn numbered(&self, membership: &Membership) -> BTreeSet<Numbered> {
        let mut ids: BTreeMap<&Arc<str>, Uuid> = self.names.iter().map(|(id, name)| (name, *id)).collect();
        // Another topic may have had the name before.
        let assigned = self.target.iter().filter_map(|(id, _)| Some((self.names.get(id)?, *id)));
        ids.extend(assigned);
        let owned = membership.holding.owned().iter();
        owned.filter_map(|owned| Some((*ids.get(&owned.topic)?, owned.partition))).collect()
    }

    /// The coordinator answered a heartbeat, or did not.
    pub(super) fn answered(
        &mut self,
        membership: &mut Membership,
        round: u64,
        result: Result<ConsumerGroupHeartbeatResponse>,
        now: Instant,
    ) {
        if round != self.round {
            return;
        }
        let telling = self.telling.take();
        match result {
            Ok(answer) => {
                self.may_have_regex = telling.as_ref().is_some_and(Told::has_regex);
                self.told = telling;
                self.failures = 0;
                self.heard(membership, &answer, now);
            }
            Err(error) => {
                self.told = None;
                self.refused(membership, error, now);
            }
        }
    }

    fn heard(&mut self, membership: &mut Membership, answer: &ConsumerGroupHeartbeatResponse, now: Instant) {
        if self.state == State::Entering {
            tracing::info!(target: "ottla_client::group", group = &*membership.metadata.group_id,
                member = &*membership.metadata.member_id, epoch = answer.member_epoch, "joined");
        }
        self.state = State::In;
        membership.metadata.generation = answer.member_epoch;
        if let Some(id) = answer.member_id.as_deref().filter(|id| !id.is_empty()) {
            membership.metadata.member_id = Arc::from(id);
        }
        self.interval = Duration::from_millis(u64::try_from(answer.heartbeat_interval_ms).unwrap_or(0));
        // Not all at once, whatever a coordinator says.
        self.next_at = now + self.interval.max(self.settings.backoff.first);
        if let Some(assignment) = &answer.assignment {
            let numbered = assignment
                .topic_partitions
                .iter()
                .flat_map(|topic| topic.partitions.iter().map(|number| (topic.topic_id, *number)));
            self.target = numbered.collect();
        }
    }

    fn refused(&mut self, membership: &mut Membership, error: Error, now: Instant) {
        tracing::debug!(target: "ottla_client::group", group = &*membership.metadata.group_id, %error, "refused");
        self.failures = self.failures.saturating_add(1);
        self.next_at = now + self.settings.backoff.pause(self.failures, 0.5);
        match error.code() {
            Some(ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId) => self.fenced(membership, now),
            // It goes on with what it has, and may be told to go on with more.
            Some(ErrorCode::TopicAuthorizationFailed) => membership.tell(error),
            _ if error.is_retriable() => {}
            _ => {
                self.fenced(membership, now);
                self.state = State::Out;
                membership.is_in = false;
                membership.fail(error);
            }
        }
    }

    /// A commit was refused to the member as it is now, or as it was.
    fn commit_refused(&mut self, membership: &mut Membership, refusal: &Refusal) {
        if refusal.member != membership.metadata || self.state != State::In {
            return;
        }
        match Some(refusal.code) {
            Some(ErrorCode::UnknownMemberId) => self.fenced(membership, self.next_at),
            Some(ErrorCode::FencedInstanceId) => {
                let error = ResponseError::new(ApiKey::OffsetCommit, refusal.code.code());
                self.refused(membership, error.into(), self.next_at);
            }
            _ => {}
        }
    }

    /// The coordinator does not count this member any more: what the application has, others may have.
    fn fenced(&mut self, membership: &mut Membership, now: Instant) {
        membership.holding.lose_all();
        membership.metadata.generation = -1;
        self.target.clear();
        self.telling = None;
        self.round += 1;
        self.failures = 0;
        self.enter(now);
    }

    /// The member is none from here on. What is sent, if the coordinator has to be told.
    fn leave(&mut self, membership: &mut Membership) -> Option<Command> {
        let is_known = membership.is_in;
        self.fenced(membership, self.next_at);
        self.state = State::Out;
        is_known.then(|| Command::Leave(leaving(&membership.metadata)))
    }
}
