//! When the heartbeats of a member are due, and whether its coordinator counts it: what the protocols in which heartbeats say
//! everything, those of consumer groups (KIP-848) and of share groups (KIP-932), have in common. Pure.
//!
//! | state | meaning | next |
//! |---|---|---|
//! | [`State::Out`] | it is no member | [`State::Entering`], once something is subscribed to |
//! | [`State::Entering`] | heartbeats with epoch 0 tell everything | [`State::In`], once one is answered |
//! | [`State::In`] | heartbeats tell what changed | entering, if the coordinator does not know it; out, when it leaves |

use std::time::Duration;

use ottla_wire::ErrorCode;
use ottla_wire::messages::{ConsumerGroupHeartbeatResponse, ShareGroupHeartbeatResponse};
use tokio::time::Instant;

use super::membership::Membership;
use crate::backoff::Backoff;
use crate::{Error, Result};

/// The epoch of who wants to be let in.
pub(crate) const ENTERING: i32 = 0;
/// The epoch of who leaves.
pub(crate) const LEAVING: i32 = -1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Out,
    Entering,
    In,
}

/// What is to be done. The answer comes back with the round in which it was asked for.
#[derive(Debug, PartialEq)]
pub(crate) enum Command<R> {
    Heartbeat(u64, R),
    /// Nothing comes of it.
    Leave(R),
}

/// What a member makes of an answer.
#[derive(Debug)]
pub(crate) enum Heard<A> {
    /// It is in.
    In(A),
    /// The coordinator does not count it any more: what the application has, others may have.
    Lost,
    /// It was for a member that it is not any more, or is asked for again.
    Nothing,
}

/// What both protocols answer.
pub(crate) trait HeartbeatResponse {
    fn member_epoch(&self) -> i32;
    fn heartbeat_interval_ms(&self) -> i32;
}

/// The core. `T` is what the coordinator is told.
#[derive(Debug)]
pub(crate) struct Heartbeats<T> {
    backoff: Backoff,
    state: State,
    /// None while it is not certain what the coordinator knows: then it is told everything.
    told: Option<T>,
    /// What the heartbeat that is on its way tells.
    telling: Option<T>,
    next_at: Instant,
    round: u64,
    failures: u32,
}

impl<T: PartialEq> Heartbeats<T> {
    pub(crate) fn new(backoff: Backoff, now: Instant) -> Heartbeats<T> {
        Heartbeats {
            backoff,
            state: State::Out,
            told: None,
            telling: None,
            next_at: now,
            round: 0,
            failures: 0,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    pub(crate) fn told(&self) -> Option<&T> {
        self.told.as_ref()
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.telling.is_some()
    }

    /// It begins to be a member.
    pub(crate) fn enter(&mut self, now: Instant) {
        self.state = State::Entering;
        self.told = None;
        self.next_at = now;
    }

    /// When the next one is due, if it is not yet. What is news to the coordinator it hears at once, if that may be said now, and
    /// unless it failed to answer.
    pub(crate) fn due_at(&self, telling: &T, may_tell: bool, now: Instant) -> Option<Instant> {
        let has_news = self.told.as_ref().is_some_and(|told| told != telling);
        let is_urgent = has_news && may_tell && self.failures == 0;
        (!is_urgent && self.next_at > now).then_some(self.next_at)
    }

    /// One that tells this is on its way; its round.
    pub(crate) fn tell(&mut self, membership: &mut Membership, telling: T) -> u64 {
        membership.is_in = true;
        self.telling = Some(telling);
        self.round += 1;
        self.round
    }

    /// The coordinator answered, or did not.
    pub(crate) fn answered<A: HeartbeatResponse>(
        &mut self,
        membership: &mut Membership,
        round: u64,
        result: Result<A>,
        now: Instant,
    ) -> Heard<A> {
        if round != self.round {
            return Heard::Nothing;
        }
        let telling = self.telling.take();
        match result {
            Ok(answer) => {
                self.told = telling;
                self.failures = 0;
                self.let_in(membership, &answer, now);
                Heard::In(answer)
            }
            Err(error) => {
                self.told = None;
                match self.refused(membership, error, now) {
                    true => Heard::Lost,
                    false => Heard::Nothing,
                }
            }
        }
    }

    fn let_in(&mut self, membership: &mut Membership, answer: &impl HeartbeatResponse, now: Instant) {
        if self.state == State::Entering {
            tracing::info!(target: "ottla_client::group", group = &*membership.metadata.group_id,
                member = &*membership.metadata.member_id, epoch = answer.member_epoch(), "joined");
        }
        self.state = State::In;
        membership.metadata.generation = answer.member_epoch();
        let interval = Duration::from_millis(u64::try_from(answer.heartbeat_interval_ms()).unwrap_or(0));
        // Not all at once, whatever a coordinator says.
        self.next_at = now + interval.max(self.backoff.first);
    }

    /// The coordinator refused something to the member as it is now; whether it does not count it any more.
    pub(crate) fn refused(&mut self, membership: &mut Membership, error: Error, now: Instant) -> bool {
        tracing::debug!(target: "ottla_client::group", group = &*membership.metadata.group_id, %error, "refused");
        self.failures = self.failures.saturating_add(1);
        self.next_at = now + self.backoff.pause(self.failures, 0.5);
        match error.code() {
            Some(ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId) => {
                self.fence(membership);
                self.next_at = now;
                true
            }
            // It goes on with what it has, and may be told to go on with more.
            Some(ErrorCode::TopicAuthorizationFailed) => {
                membership.tell(error);
                false
            }
            _ if error.is_retriable() => false,
            _ => {
                self.fence(membership);
                self.state = State::Out;
                membership.is_in = false;
                membership.fail(error);
                true
            }
        }
    }

    /// The coordinator does not count this member any more, which has to enter again.
    pub(crate) fn fence(&mut self, membership: &mut Membership) {
        membership.metadata.generation = -1;
        self.telling = None;
        self.round += 1;
        self.failures = 0;
        self.enter(self.next_at);
    }

    /// The member is none from here on; whether the coordinator has to be told.
    pub(crate) fn leave(&mut self, membership: &mut Membership) -> bool {
        self.fence(membership);
        self.state = State::Out;
        membership.is_in
    }
}

impl HeartbeatResponse for ConsumerGroupHeartbeatResponse {
    fn member_epoch(&self) -> i32 {
        self.member_epoch
    }

    fn heartbeat_interval_ms(&self) -> i32 {
        self.heartbeat_interval_ms
    }
}

impl HeartbeatResponse for ShareGroupHeartbeatResponse {
    fn member_epoch(&self) -> i32 {
        self.member_epoch
    }

    fn heartbeat_interval_ms(&self) -> i32 {
        self.heartbeat_interval_ms
    }
}
