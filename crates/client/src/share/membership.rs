//! Carries out what the member of a share group decides: one task for each share consumer.

use std::sync::Arc;

use ottla_wire::messages::ShareGroupHeartbeatResponse;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::driver::Shared;
use super::member::{Command, Member};
use crate::backoff::Backoff;
use crate::group::heartbeats::State;
use crate::tasks::next_done;
use crate::{Call, Client, Coordinator, clock, group};

type Done = group::Carried<ShareGroupHeartbeatResponse>;

/// The task.
pub(super) struct Membership {
    client: Client,
    group: Arc<group::Shared>,
    shared: Arc<Shared>,
    member: Member,
    coordinator: Coordinator,
}

impl Membership {
    pub(super) fn new(
        client: &Client,
        group: Arc<group::Shared>,
        shared: Arc<Shared>,
        id: Arc<str>,
    ) -> Membership {
        let config = client.config();
        let backoff = Backoff { first: config.retry_backoff, max: config.retry_backoff_max };
        let rack = config.client_rack.as_deref().map(Arc::from);
        let member = Member::new(rack, backoff, clock::now());
        let coordinator = Coordinator::of_group(id);
        Membership { client: client.clone(), group, shared, member, coordinator }
    }

    /// Until it is aborted.
    pub(super) async fn run(mut self) {
        let mut under_way = JoinSet::new();
        loop {
            let due = self.member.due(&mut self.group.membership(), clock::now());
            if let Some(command) = due.command {
                self.start(command, &mut under_way);
            }
            self.shared.change(|fetcher| fetcher.assign(&self.member.assigned));
            self.group.moved();
            tokio::select! {
                done = next_done(&mut under_way) => self.done(done),
                () = self.group.changed.notified() => {}
                () = sleep_until(due.wake_at.unwrap_or_else(clock::now)), if due.wake_at.is_some() => {}
            }
        }
    }

    fn start(&self, command: Command, under_way: &mut JoinSet<Done>) {
        let call = Call::to(self.coordinator.clone().into());
        under_way.spawn(group::carry_out(self.client.clone(), call, command, |answer| answer.error_code));
    }

    fn done(&mut self, done: Done) {
        let mut membership = self.group.membership();
        match done {
            Done::Heartbeat(round, result) => {
                self.member.answered(&mut membership, round, result, clock::now());
            }
            Done::Left if self.member.state() == State::Out => membership.is_in = false,
            Done::Left => {}
        }
    }
}
