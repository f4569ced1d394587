//! Carries out what the member decides: one task for each consumer of a group.

use std::sync::Arc;
use std::time::Duration;

use ottla_wire::ErrorCode;
use ottla_wire::messages::join_group_request::JoinGroupRequestProtocol;
use ottla_wire::messages::{HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, SyncGroupResponse};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::leader;
use super::member::{Command, Due, Lead, Member, Settings, State};
use crate::assignor::{Assignment, Assignor, Subscription, encode_subscription};
use crate::backoff::Backoff;
use crate::client::Lane;
use crate::cluster::Cluster;
use crate::config::ConsumerConfig;
use crate::group::coordinator;
use crate::group::membership::Subscribed;
use crate::group::shared::Shared;
use crate::group::topics::{self, Seen, TopicWatch};
use crate::tasks::next_done;
use crate::{Call, Client, Coordinator, Result, clock};

/// How much longer than the coordinator may wait for other members an answer may take.
const GRACE: Duration = Duration::from_secs(5);

/// The task.
pub(crate) struct Driver {
    client: Client,
    shared: Arc<Shared>,
    member: Member,
    /// The application's: called here alone, one at a time.
    assignors: Vec<Box<dyn Assignor>>,
    watch: TopicWatch,
    coordinator: Coordinator,
    /// Joining takes as long as the others do, and must not keep other requests waiting.
    lane: Lane,
    /// When the rebalance under way began.
    rebalances_since: Option<Instant>,
}

/// What was done.
enum Done {
    Joined(u64, Result<JoinGroupResponse>),
    Led(u64, Lead, Arc<Cluster>),
    Synced(u64, Result<SyncGroupResponse>),
    Heartbeat(u64, Result<HeartbeatResponse>),
    Left,
    Seen(Seen),
}

impl Driver {
    pub(crate) fn new(
        client: &Client,
        shared: Arc<Shared>,
        config: &ConsumerConfig,
        assignors: Vec<Box<dyn Assignor>>,
        coordinator: Coordinator,
        lane: Lane,
    ) -> Driver {
        let common = client.config();
        let backoff = Backoff { first: common.retry_backoff, max: common.retry_backoff_max };
        let settings = Settings {
            session_timeout: config.session_timeout,
            rebalance_timeout: config.max_poll_interval,
            heartbeat_interval: config.heartbeat_interval,
            rack: common.client_rack.as_deref().map(Arc::from),
            protocol: leader::common_protocol(&assignors),
            backoff,
        };
        let member = Member::new(settings, clock::now());
        let watch = TopicWatch::new(topics::Settings::new(common, config));
        Driver {
            client: client.clone(),
            shared,
            member,
            assignors,
            watch,
            coordinator,
            lane,
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
            let watch_at = self.watch(&mut under_way);
            self.shared.moved();
            let wake_at = due.wake_at.into_iter().chain(watch_at).min();
            tokio::select! {
                done = next_done(&mut under_way) => {
                    let command = self.done(done);
                    command.into_iter().for_each(|command| self.start(command, &mut under_way));
                }
                () = self.shared.changed.notified() => {}
                () = sleep_until(wake_at.unwrap_or_else(clock::now)), if wake_at.is_some() => {}
            }
        }
    }

    fn due(&mut self) -> Due {
        let (now, cluster) = (clock::now(), self.client.cluster());
        let mut membership = self.shared.membership();
        let is_out = self.member.state == State::Out;
        self.watch.follow(&membership.subscribed, is_out, &mut self.member.topics);
        self.member.due(&mut membership, now, &cluster)
    }

    fn watch(&mut self, under_way: &mut JoinSet<Done>) -> Option<Instant> {
        let subscribed = self.shared.membership().subscribed.clone();
        if matches!(subscribed, Subscribed::Nothing) {
            return None;
        }
        let topics = self.member.topics_that_count();
        let are_known = self.client.knows(&topics);
        match self.watch.due(&subscribed, &topics, are_known, clock::now()) {
            Ok(question) => {
                let asking = self.watch.ask(self.client.clone(), question);
                under_way.spawn(async move { Done::Seen(asking.await) });
                None
            }
            Err(wake_at) => wake_at,
        }
    }

    fn start(&mut self, command: Command, under_way: &mut JoinSet<Done>) {
        let client = self.client.clone();
        let request_timeout = client.config().request_timeout;
        let waits = self.member.settings.rebalance_timeout + GRACE;
        let long = waits.max(request_timeout);
        let call = Call::to(self.coordinator.clone().into()).lane(self.lane);
        match command {
            Command::Join(round, request, subscription) => {
                self.rebalances_since.get_or_insert_with(clock::now);
                let request = self.with_protocols(request, &subscription);
                let asking = coordinator::ask(client, call.timeout(long), request, code_of_join);
                under_way.spawn(async move { Done::Joined(round, asking.await) });
            }
            Command::Sync(round, request) => {
                let asking =
                    coordinator::ask(client, call.timeout(long), request, |answer| answer.error_code);
                under_way.spawn(async move { Done::Synced(round, asking.await) });
            }
            Command::Heartbeat(round, request) => {
                let timeout = self.member.settings.session_timeout.min(request_timeout);
                let asking =
                    coordinator::ask(client, call.timeout(timeout), request, |answer| answer.error_code);
                under_way.spawn(async move { Done::Heartbeat(round, asking.await) });
            }
            Command::Leave(request) => {
                // Not behind a request to join that waits for others.
                let asking =
                    coordinator::ask(client, call.lane(Lane::SHARED), request, |answer| answer.error_code);
                under_way.spawn(async move {
                    if let Err(error) = asking.await {
                        tracing::info!(target: "ottla_client::group", %error, "the coordinator was not told");
                    }
                    Done::Left
                });
            }
            Command::Lead(round, lead) => {
                under_way.spawn(async move {
                    let topics = leader::topics_of(&lead);
                    // What it does not know is found later, and is a reason to assign again.
                    let cluster = client.fresh(&topics).await.unwrap_or_else(|_| client.cluster());
                    Done::Led(round, lead, cluster)
                });
            }
            Command::Remember(assignor, assignment, generation) => {
                self.remember(&assignor, &assignment, generation);
            }
        }
    }

    /// A rebalance is over.
    fn remember(&mut self, assignor: &str, assignment: &Assignment, generation: i32) {
        if let Some(since) = self.rebalances_since.take() {
            self.client.counts().rebalanced(clock::now() - since);
        }
        if let Some(assignor) = self.assignors.iter_mut().find(|known| known.name() == assignor) {
            assignor.on_assignment(assignment, generation);
        }
    }

    fn with_protocols(&self, request: JoinGroupRequest, subscription: &Subscription) -> JoinGroupRequest {
        let protocol = |assignor: &dyn Assignor| {
            let subscription = Subscription { user_data: assignor.user_data(), ..subscription.clone() };
            JoinGroupRequestProtocol {
                name: assignor.name().into(),
                metadata: encode_subscription(&subscription),
            }
        };
        let protocols = self.assignors.iter().map(|assignor| protocol(&**assignor));
        JoinGroupRequest { protocols: protocols.collect(), ..request }
    }

    fn done(&mut self, done: Done) -> Option<Command> {
        let now = clock::now();
        match done {
            Done::Joined(round, result) => {
                self.member.joined(&mut self.shared.membership(), round, result, now)
            }
            Done::Synced(round, result) => {
                self.member.synced(&mut self.shared.membership(), round, result, now)
            }
            Done::Led(round, lead, cluster) => {
                let led = leader::assign(&self.assignors, &lead, &cluster);
                self.member.assigned(&self.shared.membership(), round, led.assignments, led.counts)
            }
            Done::Heartbeat(round, result) => {
                self.member.heartbeat_answered(&mut self.shared.membership(), round, result, now);
                None
            }
            Done::Left => {
                if self.member.state == State::Out {
                    self.shared.membership().is_in = false;
                }
                None
            }
            Done::Seen(seen) => {
                self.seen(seen);
                None
            }
        }
    }

    fn seen(&mut self, seen: Seen) {
        let mut membership = self.shared.membership();
        self.watch.seen(&seen, &membership.subscribed, clock::now());
        match seen {
            Seen::Pattern(pattern, Ok(topics)) => {
                let is_of_now = matches!(&membership.subscribed, Subscribed::Pattern(now) if *now == pattern);
                if is_of_now {
                    self.member.topics = topics;
                }
            }
            Seen::Pattern(_, Err(error)) | Seen::Topics(Err(error)) if !error.is_retriable() => {
                membership.tell(error);
            }
            Seen::Pattern(..) | Seen::Topics(_) => {}
        }
    }
}

/// That a member needs an id is no refusal: the answer has it.
fn code_of_join(answer: &JoinGroupResponse) -> i16 {
    let wants_id = answer.error_code == ErrorCode::MemberIdRequired.code();
    if wants_id { ErrorCode::None.code() } else { answer.error_code }
}
