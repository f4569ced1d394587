//! Carries out what the member decides: one task for each consumer of a group.

use std::collections::BTreeSet;
use std::sync::Arc;

use ottla_wire::Uuid;
use ottla_wire::messages::ConsumerGroupHeartbeatResponse;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::member::{Command, Due, Member, Settings};
use crate::backoff::Backoff;
use crate::client::Lane;
use crate::cluster::Topic;
use crate::config::ConsumerConfig;
use crate::group::coordinator::{Carried, carry_out};
use crate::group::heartbeats::State;
use crate::group::shared::Shared;
use crate::tasks::next_done;
use crate::{Call, Client, Coordinator, Result, clock, random};

/// The task.
pub(crate) struct Driver {
    client: Client,
    shared: Arc<Shared>,
    member: Member,
    coordinator: Coordinator,
    lane: Lane,
    /// A pattern is the coordinator's to match, which the first version cannot.
    version_min: i16,
    lookup: Lookup,
    /// The application has something to give or to take since then.
    rebalances_since: Option<Instant>,
}

/// Asking for the names of topics.
struct Lookup {
    backoff: Backoff,
    is_under_way: bool,
    failures: u32,
    retry_at: Option<Instant>,
}

/// What was done.
enum Done {
    Carried(Carried<ConsumerGroupHeartbeatResponse>),
    Named(Result<Vec<Topic>>),
}

impl Driver {
    pub(crate) fn new(
        client: &Client,
        shared: Arc<Shared>,
        config: &ConsumerConfig,
        coordinator: Coordinator,
        lane: Lane,
    ) -> Driver {
        let common = client.config();
        let backoff = Backoff { first: common.retry_backoff, max: common.retry_backoff_max };
        let settings = Settings {
            rebalance_timeout: config.max_poll_interval,
            rack: common.client_rack.as_deref().map(Arc::from),
            assignor: config.group_remote_assignor.as_deref().map(Arc::from),
        };
        // The member gives itself its name, so that it is the same one when its first heartbeat has to be said again.
        let member_id = format!("{:016x}{:016x}", random::u64(), random::u64());
        shared.membership().metadata.member_id = member_id.into();
        let member = Member::new(settings, backoff, clock::now());
        let lookup = Lookup { backoff, is_under_way: false, failures: 0, retry_at: None };
        Driver {
            client: client.clone(),
            shared,
            member,
            coordinator,
            lane,
            version_min: 0,
            lookup,
            rebalances_since: None,
        }
    }

    /// Until it is aborted.
    pub(crate) async fn run(mut self) {
        let mut under_way = JoinSet::new();
        loop {
            let due = self.due();
            for command in due.commands {
                self.start(command, &mut under_way);
            }
            let lookup_at = self.look_up(due.unknown, &mut under_way);
            self.shared.moved();
            let wake_at = due.wake_at.into_iter().chain(lookup_at).min();
            tokio::select! {
                done = next_done(&mut under_way) => self.done(done),
                () = self.shared.changed.notified() => {}
                () = sleep_until(wake_at.unwrap_or_else(clock::now)), if wake_at.is_some() => {}
            }
        }
    }

    fn due(&mut self) -> Due {
        let (mut membership, now) = (self.shared.membership(), clock::now());
        self.version_min = i16::from(membership.has_pattern());
        // A rebalance is over when the application has given and taken what the coordinator wants.
        if membership.holding.is_settled()
            && let Some(since) = self.rebalances_since.take()
        {
            self.client.counts().rebalanced(now - since);
        }
        let due = self.member.due(&mut membership, now);
        if !membership.holding.is_settled() {
            self.rebalances_since.get_or_insert(now);
        }
        due
    }

    fn start(&self, command: Command, under_way: &mut JoinSet<Done>) {
        let destination = self.coordinator.clone().into();
        let call = Call::to(destination).lane(self.lane).versions(self.version_min..=i16::MAX);
        let doing = carry_out(self.client.clone(), call, command, |answer| answer.error_code);
        under_way.spawn(async move { Done::Carried(doing.await) });
    }

    /// Asks for the names of topics that are assigned, or tells when to look again.
    fn look_up(&mut self, unknown: BTreeSet<Uuid>, under_way: &mut JoinSet<Done>) -> Option<Instant> {
        if unknown.is_empty() || self.lookup.is_under_way {
            return None;
        }
        if let Some(at) = self.lookup.retry_at.filter(|at| *at > clock::now()) {
            return Some(at);
        }
        self.lookup.is_under_way = true;
        let client = self.client.clone();
        under_way.spawn(async move { Done::Named(client.topics_by_id(&unknown).await) });
        None
    }

    fn done(&mut self, done: Done) {
        let now = clock::now();
        match done {
            Done::Carried(Carried::Heartbeat(round, result)) => {
                self.member.answered(&mut self.shared.membership(), round, result, now);
            }
            Done::Carried(Carried::Left) => {
                if self.member.state() == State::Out {
                    self.shared.membership().is_in = false;
                }
            }
            Done::Named(result) => {
                let topics = result.unwrap_or_default();
                for topic in topics {
                    topic.id.into_iter().for_each(|id| self.member.learn(id, topic.name.clone()));
                }
                // Those that are still unknown are not asked for again at once.
                self.lookup.is_under_way = false;
                self.lookup.failures = self.lookup.failures.saturating_add(1);
                let pause = self.lookup.backoff.pause(self.lookup.failures, random::fraction());
                self.lookup.retry_at = Some(now + pause);
            }
        }
    }
}
