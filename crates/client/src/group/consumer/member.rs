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
use crate::group::heartbeats::{self, Heard, Heartbeats, State};
use crate::group::membership::{Membership, Refusal, Wish};
use crate::{Result, TopicPartition};

/// The options that decide.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// How long the application may take between polls, and so to give away what it has.
    pub(super) rebalance_timeout: Duration,
    pub(super) rack: Option<Arc<str>>,
    /// The coordinator's assignor; by default it chooses.
    pub(super) assignor: Option<Arc<str>>,
}

pub(super) type Command = heartbeats::Command<ConsumerGroupHeartbeatRequest>;

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
    heartbeats: Heartbeats<Told>,
    /// What the coordinator wants the application to have.
    target: BTreeSet<Numbered>,
    /// The names of topics, as far as they were needed.
    names: BTreeMap<Uuid, Arc<str>>,
    /// Whether the coordinator may have a regex of this member, which stays until it is taken back.
    may_have_regex: bool,
}

impl Due {
    fn wake(&mut self, at: Instant) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }
}

impl Member {
    pub(super) fn new(settings: Settings, backoff: Backoff, now: Instant) -> Member {
        Member {
            heartbeats: Heartbeats::new(backoff, now),
            settings,
            target: BTreeSet::new(),
            names: BTreeMap::new(),
            may_have_regex: false,
        }
    }

    pub(super) fn state(&self) -> State {
        self.heartbeats.state()
    }

    /// The name of a topic that is assigned.
    pub(super) fn learn(&mut self, id: Uuid, name: Arc<str>) {
        self.names.insert(id, name);
    }

    /// What is to be done now. What is told here counts as on its way.
    pub(super) fn due(&mut self, membership: &mut Membership, now: Instant) -> Due {
        let mut due = Due::default();
        if let Some(refusal) = membership.refusal.take() {
            self.commit_refused(membership, &refusal, now);
        }
        match membership.wish(self.state() == State::Out, now) {
            Wish::Enter => self.heartbeats.enter(now),
            Wish::Stay(until) => until.into_iter().for_each(|at| due.wake(at)),
            Wish::Leave | Wish::LeaveAbsent => {
                due.commands.extend(self.leave(membership));
                // It may have subscribed again since.
                due.wake(now);
            }
        }
        if self.state() == State::In && membership.holding.is_settled() {
            self.reconcile(membership);
        }
        if self.state() != State::Out {
            due.unknown =
                self.target.iter().map(|(id, _)| *id).filter(|id| !self.names.contains_key(id)).collect();
            self.beat(membership, now, &mut due);
        }
        due
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
        let is_settled = membership.holding.is_settled();
        if self.heartbeats.is_under_way() || (self.state() == State::Entering && !is_settled) {
            return;
        }
        let telling = Told::new(&membership.subscribed, self.numbered(membership));
        if let Some(at) = self.heartbeats.due_at(&telling, is_settled, now) {
            return due.wake(at);
        }
        // In the middle of a change what the application has is not told, unless everything is.
        let told = self.heartbeats.told();
        let telling = told.filter(|_| !is_settled).cloned().unwrap_or(telling);
        let request = telling.request(told, self.may_have_regex, &membership.metadata, &self.settings);
        self.may_have_regex |= telling.has_regex();
        let round = self.heartbeats.tell(membership, telling);
        due.commands.push(Command::Heartbeat(round, request));
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
        match self.heartbeats.answered(membership, round, result, now) {
            Heard::In(answer) => self.heard(membership, &answer),
            Heard::Lost => self.lose(membership),
            Heard::Nothing => {}
        }
    }

    fn heard(&mut self, membership: &mut Membership, answer: &ConsumerGroupHeartbeatResponse) {
        self.may_have_regex = self.heartbeats.told().is_some_and(Told::has_regex);
        if let Some(id) = answer.member_id.as_deref().filter(|id| !id.is_empty()) {
            membership.metadata.member_id = Arc::from(id);
        }
        if let Some(assignment) = &answer.assignment {
            let numbered = assignment
                .topic_partitions
                .iter()
                .flat_map(|topic| topic.partitions.iter().map(|number| (topic.topic_id, *number)));
            self.target = numbered.collect();
        }
    }

    fn lose(&mut self, membership: &mut Membership) {
        membership.holding.lose_all();
        self.target.clear();
    }

    /// A commit was refused to the member as it is now, or as it was.
    fn commit_refused(&mut self, membership: &mut Membership, refusal: &Refusal, now: Instant) {
        if refusal.member != membership.metadata || self.state() != State::In {
            return;
        }
        match Some(refusal.code) {
            Some(ErrorCode::UnknownMemberId) => self.heartbeats.fence(membership),
            Some(ErrorCode::FencedInstanceId) => {
                let error = ResponseError::new(ApiKey::OffsetCommit, refusal.code.code());
                self.heartbeats.refused(membership, error.into(), now);
            }
            _ => return,
        }
        self.lose(membership);
    }

    /// The member is none from here on. What is sent, if the coordinator has to be told.
    fn leave(&mut self, membership: &mut Membership) -> Option<Command> {
        let is_told = self.heartbeats.leave(membership);
        self.lose(membership);
        is_told.then(|| Command::Leave(leaving(&membership.metadata)))
    }
}
