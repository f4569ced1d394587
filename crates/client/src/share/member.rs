//! The core of a member of a share group: when a heartbeat is due and what it says, and what its answer makes of the member (KIP-932).
//! It decides; the task beside it carries out.

use std::collections::BTreeSet;
use std::sync::Arc;

use ottla_wire::ByteString;
use ottla_wire::messages::{ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse};
use tokio::time::Instant;

use super::session::Numbered;
use crate::Result;
use crate::backoff::Backoff;
use crate::group::heartbeats::{self, ENTERING, Heard, Heartbeats, LEAVING, State};
use crate::group::{GroupMetadata, Membership, Subscribed, Wish};

pub(super) type Command = heartbeats::Command<ShareGroupHeartbeatRequest>;

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
    /// The coordinator is told of topics.
    heartbeats: Heartbeats<Vec<Arc<str>>>,
    /// What the coordinator wants this member to fetch.
    pub(super) assigned: BTreeSet<Numbered>,
}

impl Due {
    fn wake(&mut self, at: Instant) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }
}

impl Member {
    pub(super) fn new(rack: Option<Arc<str>>, backoff: Backoff, now: Instant) -> Member {
        Member { rack, heartbeats: Heartbeats::new(backoff, now), assigned: BTreeSet::new() }
    }

    pub(super) fn state(&self) -> State {
        self.heartbeats.state()
    }

    /// What is to be done now. What is told here counts as on its way.
    pub(super) fn due(&mut self, membership: &mut Membership, now: Instant) -> Due {
        let mut due = Due::default();
        match membership.wish(self.state() == State::Out, now) {
            Wish::Enter => self.heartbeats.enter(now),
            Wish::Stay(until) => until.into_iter().for_each(|at| due.wake(at)),
            Wish::Leave | Wish::LeaveAbsent => {
                due.command = self.leave(membership);
                // It may have subscribed again since.
                due.wake(now);
            }
        }
        if self.state() != State::Out {
            self.beat(membership, now, &mut due);
        }
        due
    }

    fn beat(&mut self, membership: &mut Membership, now: Instant, due: &mut Due) {
        if self.heartbeats.is_under_way() {
            return;
        }
        let Subscribed::Topics(topics) = &membership.subscribed else { return };
        let topics = topics.clone();
        if let Some(at) = self.heartbeats.due_at(&topics, true, now) {
            return due.wake(at);
        }
        let mut request = heartbeat(&membership.metadata, membership.metadata.generation.max(ENTERING));
        let told = self.heartbeats.told();
        if told.is_none() {
            request.rack_id = self.rack.as_deref().map(ByteString::from);
        }
        if told != Some(&topics) {
            request.subscribed_topic_names = Some(topics.iter().map(|name| (&**name).into()).collect());
        }
        due.command = Some(Command::Heartbeat(self.heartbeats.tell(membership, topics), request));
    }

    /// The coordinator answered a heartbeat, or did not.
    pub(super) fn answered(
        &mut self,
        membership: &mut Membership,
        round: u64,
        result: Result<ShareGroupHeartbeatResponse>,
        now: Instant,
    ) {
        match self.heartbeats.answered(membership, round, result, now) {
            Heard::In(ShareGroupHeartbeatResponse { assignment: Some(assignment), .. }) => {
                let numbered = assignment
                    .topic_partitions
                    .iter()
                    .flat_map(|topic| topic.partitions.iter().map(|number| (topic.topic_id, *number)));
                self.assigned = numbered.collect();
            }
            Heard::Lost => self.assigned.clear(),
            Heard::In(_) | Heard::Nothing => {}
        }
    }

    /// The member is none from here on. What is sent, if the coordinator has to be told.
    fn leave(&mut self, membership: &mut Membership) -> Option<Command> {
        let is_told = self.heartbeats.leave(membership);
        self.assigned.clear();
        is_told.then(|| Command::Leave(heartbeat(&membership.metadata, LEAVING)))
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
