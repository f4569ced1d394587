//! The core of a member of a share group: when a heartbeat is due and what it says, and what its answer makes of the member (KIP-932).
//! It decides; the task beside it carries out.
//!
//! | state | meaning | next |
//! |---|---|---|
//! | [`State::Out`] | it is no member | [`State::Entering`], once something is subscribed to |
//! | [`State::Entering`] | heartbeats with epoch 0 tell everything | [`State::In`], once one is answered |
//! | [`State::In`] | heartbeats tell what changed | entering, if the coordinator does not know it; out, when it leaves |

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::ByteString;
use ottla_wire::ErrorCode;
use ottla_wire::messages::{ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse};
use tokio::time::Instant;

use super::session::Numbered;
use crate::backoff::Backoff;
use crate::group::{GroupMetadata, Membership, Subscribed, Wish};
use crate::{Error, Result};

/// The epoch of who wants to be let in.
const ENTERING: i32 = 0;
/// The epoch of who leaves.
const LEAVING: i32 = -1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Out,
    Entering,
    In,
}

/// What is to be done. The answer comes back with the round in which it was asked for.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    Heartbeat(u64, ShareGroupHeartbeatRequest),
    /// Nothing comes of it.
    Leave(ShareGroupHeartbeatRequest),
}

/// All that is to be done now.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) command: Option<Command>,
    /// When to look again, even if nothing happens.
    pub(super) wake_at: Option<Instant>,
}

/// The core.
#[derive(Debug)]
pub(super) struct Member {
    rack: Option<Arc<str>>,
    backoff: Backoff,
    pub(super) state: State,
    /// What the coordinator wants this member to fetch.
    pub(super) assigned: BTreeSet<Numbered>,
    /// The topics that the coordinator was told last; none while it is not certain what it knows.
    told: Option<Vec<Arc<str>>>,
    telling: Option<Vec<Arc<str>>>,
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
    pub(super) fn new(rack: Option<Arc<str>>, backoff: Backoff, now: Instant) -> Member {
        Member {
            rack,
            backoff,
            state: State::Out,
            assigned: BTreeSet::new(),
            told: None,
            telling: None,
            next_at: now,
            round: 0,
            failures: 0,
        }
    }

    /// What is to be done now. What is told here counts as on its way.
    pub(super) fn due(&mut self, membership: &mut Membership, now: Instant) -> Due {
        let mut due = Due::default();
        match membership.wish(self.state == State::Out, now) {
            Wish::Enter => self.enter(now),
            Wish::Stay(until) => until.into_iter().for_each(|at| due.wake(at)),
            Wish::Leave | Wish::LeaveAbsent => {
                due.command = self.leave(membership);
                // It may have subscribed again since.
                due.wake(now);
            }
        }
        if self.state != State::Out {
            self.beat(membership, now, &mut due);
        }
        due
    }

    fn enter(&mut self, now: Instant) {
        self.state = State::Entering;
        self.told = None;
        self.next_at = now;
    }

    fn beat(&mut self, membership: &mut Membership, now: Instant, due: &mut Due) {
        if self.telling.is_some() {
            return;
        }
        let Subscribed::Topics(topics) = &membership.subscribed else { return };
        let has_news = self.told.as_ref().is_some_and(|told| told != topics);
        if !(has_news && self.failures == 0) && self.next_at > now {
            return due.wake(self.next_at);
        }
        let mut request = heartbeat(&membership.metadata, membership.metadata.generation.max(ENTERING));
        if self.told.is_none() {
            request.rack_id = self.rack.as_deref().map(ByteString::from);
        }
        if self.told.as_ref() != Some(topics) {
            request.subscribed_topic_names = Some(topics.iter().map(|name| (&**name).into()).collect());
        }
        self.telling = Some(topics.clone());
        self.round += 1;
        membership.is_in = true;
        due.command = Some(Command::Heartbeat(self.round, request));
    }

    /// The coordinator answered a heartbeat, or did not.
    pub(super) fn answered(
        &mut self,
        membership: &mut Membership,
        round: u64,
        result: Result<ShareGroupHeartbeatResponse>,
        now: Instant,
    ) {
        if round != self.round {
            return;
        }
        let telling = self.telling.take();
        match result {
            Ok(answer) => {
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

    fn heard(&mut self, membership: &mut Membership, answer: &ShareGroupHeartbeatResponse, now: Instant) {
        if self.state == State::Entering {
            tracing::info!(target: "ottla_client::group", group = &*membership.metadata.group_id,
                member = &*membership.metadata.member_id, epoch = answer.member_epoch, "joined");
        }
        self.state = State::In;
        membership.metadata.generation = answer.member_epoch;
        let interval = Duration::from_millis(u64::try_from(answer.heartbeat_interval_ms).unwrap_or(0));
        // Not all at once, whatever a coordinator says.
        self.next_at = now + interval.max(self.backoff.first);
        if let Some(assignment) = &answer.assignment {
            let numbered = assignment
                .topic_partitions
                .iter()
                .flat_map(|topic| topic.partitions.iter().map(|number| (topic.topic_id, *number)));
            self.assigned = numbered.collect();
        }
    }

    fn refused(&mut self, membership: &mut Membership, error: Error, now: Instant) {
        tracing::debug!(target: "ottla_client::group", group = &*membership.metadata.group_id, %error, "refused");
        self.failures = self.failures.saturating_add(1);
        self.next_at = now + self.backoff.pause(self.failures, 0.5);
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

    /// The coordinator does not count this member any more.
    fn fenced(&mut self, membership: &mut Membership, now: Instant) {
        membership.metadata.generation = -1;
        self.assigned.clear();
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
        is_known.then(|| Command::Leave(heartbeat(&membership.metadata, LEAVING)))
    }
}

fn heartbeat(member: &GroupMetadata, member_epoch: i32) -> ShareGroupHeartbeatRequest {
    ShareGroupHeartbeatRequest {
        group_id: (&*member.group_id).into(),
        member_id: (&*member.member_id).into(),
        member_epoch,
        ..ShareGroupHeartbeatRequest::default()
    }
}

#[cfg(test)]
#[path = "member_tests.rs"]
mod tests;
