//! A consumer as a member of its group: what it subscribes to, and what rebalances give and take.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Consumer, StartAt};
use crate::assignor::{self, Assignor};
use crate::client::Lane;
use crate::config::{ConsumerConfig, GroupProtocol};
use crate::group::{
    self, GroupMetadata, Membership, Pattern, RebalanceListener, Subscribed, Turn, Wake, classic,
};
use crate::tasks::Tasks;
use crate::{Client, Coordinator, Error, Result, TopicPartition, clock};

/// What a consumer with `group.id` has besides.
pub(super) struct Group {
    pub(super) id: Arc<str>,
    pub(super) shared: Arc<group::Shared>,
    lane: Lane,
    listener: Mutex<Option<Arc<dyn RebalanceListener>>>,
    /// When offsets are committed next without being asked to.
    commit_at: Mutex<Instant>,
}

impl Group {
    /// Starts the task of its membership, which does nothing until something is subscribed to.
    pub(super) fn start(
        client: &Client,
        config: &ConsumerConfig,
        assignors: Vec<Box<dyn Assignor>>,
        ready: Arc<dyn Wake>,
        tasks: &Tasks,
    ) -> Result<Option<Group>> {
        let Some(id) = config.group_id.as_deref().map(Arc::<str>::from) else { return Ok(None) };
        let now = clock::now();
        let metadata = GroupMetadata {
            instance_id: config.group_instance_id.as_deref().map(Arc::from),
            ..GroupMetadata::new(id.clone())
        };
        let membership = Membership::new(metadata, config.max_poll_interval, now);
        let shared = Arc::new(group::Shared::new(membership, config.offset_retention, ready));
        let lane = client.new_lane();
        let group = Group {
            id: id.clone(),
            shared: shared.clone(),
            lane,
            listener: Mutex::default(),
            commit_at: Mutex::new(now + config.auto_commit_interval),
        };
        let coordinator = Coordinator::of_group(id);
        match config.group_protocol {
            GroupProtocol::Classic => {
                tasks.spawn(classic::Driver::new(client, shared, config, assignors, coordinator, lane).run());
            }
            GroupProtocol::Consumer => {
                tasks.spawn(group::consumer::Driver::new(client, shared, config, coordinator, lane).run());
            }
        }
        Ok(Some(group))
    }

    fn listener(&self) -> Option<Arc<dyn RebalanceListener>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it is time to commit, which it is not again before `interval` has passed.
    pub(super) fn is_time_to_commit(&self, interval: Duration, now: Instant) -> bool {
        let mut commit_at = self.commit_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = *commit_at <= now;
        if is_time {
            *commit_at = now + interval;
        }
        is_time
    }

    pub(super) fn leave_lane(&self, client: &Client) {
        client.leave_lane(self.lane);
    }
}

/// Those that `partition.assignment.strategy` names; none where no member assigns.
pub(super) fn assignors(config: &ConsumerConfig) -> Result<Vec<Box<dyn Assignor>>> {
    if config.group_id.is_none() || config.group_protocol == GroupProtocol::Consumer {
        return Ok(Vec::new());
    }
    let by_name = |name: &String| {
        let unknown = || Error::Config(format!("partition.assignment.strategy: there is no assignor {name}"));
        assignor::by_name(name).ok_or_else(unknown)
    };
    config.partition_assignment_strategy.iter().map(by_name).collect()
}

impl Consumer {
    /// Becomes a member of the group, and consumes what it is given of these topics, in place of whatever was subscribed to or
    /// assigned before. A topic that is not there is waited for; with `allow.auto.create.topics` a broker that makes topics makes it.
    ///
    /// Partitions go on where the group committed, or as `auto.offset.reset` says. They come and go while records are asked for:
    /// whoever does not ask for some within `max.poll.interval.ms` leaves the group until it asks again.
    ///
    /// [`Error::Config`] without `group.id`.
    pub fn subscribe<T: Into<Arc<str>>>(&self, topics: impl IntoIterator<Item = T>) -> Result<()> {
        let mut topics: Vec<Arc<str>> = topics.into_iter().map(Into::into).collect();
        topics.sort();
        topics.dedup();
        self.want(if topics.is_empty() { Subscribed::Nothing } else { Subscribed::Topics(topics) })
    }

    /// The same with all topics of a pattern: those that are there and those that come, which it looks for every
    /// `metadata.max.age.ms`. With the protocol `consumer` the coordinator looks for them.
    pub fn subscribe_pattern(&self, pattern: Pattern) -> Result<()> {
        self.want(Subscribed::Pattern(pattern))
    }

    fn want(&self, subscribed: Subscribed) -> Result<()> {
        let group = self.group()?;
        let was_member = group.shared.membership().is_subscribed();
        if !was_member {
            self.change(|fetcher| fetcher.assign(Vec::new()))?;
        }
        group.shared.change(|membership| membership.subscribe(subscribed, clock::now()));
        Ok(())
    }

    /// Has a listener hear of what rebalances give and take from here on, in place of the one before.
    ///
    /// [`Error::Config`] without `group.id`.
    pub fn listen(&self, listener: Arc<dyn RebalanceListener>) -> Result<()> {
        *self.group()?.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
        Ok(())
    }

    /// Has nobody hear of rebalances any more.
    pub(crate) fn stop_listening(&self) {
        if let Some(group) = &self.group {
            group.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    /// Leaves the group: gives away what it has, as in a rebalance, and subscribes to nothing.
    ///
    /// Cancel-safe: dropped early, it is still a member, perhaps of less.
    pub async fn unsubscribe(&self) -> Result<()> {
        let group = self.group()?;
        group.shared.change(|membership| membership.holding.revoke_all());
        self.carry_out_turns(group).await;
        group.shared.change(|membership| membership.subscribe(Subscribed::Nothing, clock::now()));
        self.change(|fetcher| fetcher.assign(Vec::new()))
    }

    /// Has the group rebalance, for reasons that only the application knows: user data of its assignor changed. With the protocol
    /// `consumer` the coordinator alone knows when to.
    ///
    /// [`Error::Config`] without `group.id`.
    pub fn rejoin(&self) -> Result<()> {
        self.group()?.shared.change(|membership| membership.rejoin = Some("the application asked for it"));
        Ok(())
    }

    /// The topics that are subscribed to by name.
    pub fn subscription(&self) -> Vec<Arc<str>> {
        let Some(group) = &self.group else { return Vec::new() };
        match &group.shared.membership().subscribed {
            Subscribed::Topics(topics) => topics.clone(),
            Subscribed::Nothing | Subscribed::Pattern(_) => Vec::new(),
        }
    }

    /// Who this consumer is in its group now, for offsets that are committed in a producer's transaction.
    ///
    /// [`Error::Config`] without `group.id`.
    pub fn group_metadata(&self) -> Result<GroupMetadata> {
        Ok(self.group()?.shared.membership().metadata.clone())
    }

    pub(super) fn group(&self) -> Result<&Group> {
        self.group.as_ref().ok_or_else(|| Error::Config("group.id: is needed for that".into()))
    }

    pub(super) fn is_subscribed(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.shared.membership().is_subscribed())
    }

    /// What the application has to do and to hear, because it asks for records.
    pub(super) async fn rebalance(&self) -> Result<()> {
        let Some(group) = &self.group else { return Ok(()) };
        let (had_failed, outcome, is_settled) = {
            let mut membership = group.shared.membership();
            let had_failed = membership.has_failed();
            (had_failed, membership.polled(), membership.holding.is_settled())
        };
        if had_failed {
            // It may be tried again.
            group.shared.changed.notify_one();
        }
        if !is_settled {
            self.carry_out_turns(group).await;
        }
        outcome
    }

    /// One after the other. What is dropped in the middle of one begins it again.
    async fn carry_out_turns(&self, group: &Group) {
        let _alone = group.shared.turning.acquire().await.expect("nobody closes it");
        loop {
            let Some(turn) = group.shared.membership().holding.begin() else { return };
            tracing::debug!(target: "ottla_client::group", group = &*group.id, ?turn, "rebalance");
            self.carry_out(group, &turn).await;
            group.shared.change(|membership| membership.holding.done(turn));
        }
    }

    async fn carry_out(&self, group: &Group, turn: &Turn) {
        let listener = group.listener();
        match turn {
            Turn::Revoke(partitions) => {
                self.commit_before_revoking(group, partitions).await;
                if let Some(listener) = listener {
                    listener.revoked(self, partitions).await;
                }
                self.change(|fetcher| fetcher.remove(partitions));
            }
            Turn::Lose(partitions) => {
                if let Some(listener) = listener {
                    listener.lost(self, partitions).await;
                }
                self.change(|fetcher| fetcher.remove(partitions));
            }
            Turn::Assign(partitions) => {
                self.begin_at_committed(partitions);
                if let Some(listener) = listener {
                    listener.assigned(self, partitions).await;
                }
            }
        }
    }

    fn begin_at_committed(&self, partitions: &[TopicPartition]) {
        let starts = partitions.iter().map(|partition| (partition.clone(), StartAt::Committed)).collect();
        self.change(|fetcher| fetcher.add(starts)).expect("a group can have committed offsets");
    }

    /// What was given is processed, since more is asked for, or the consumer closes.
    async fn commit_before_revoking(&self, group: &Group, partitions: &[TopicPartition]) {
        if !self.config.enable_auto_commit {
            return;
        }
        let mut offsets: BTreeMap<_, _> = self.positions();
        offsets.retain(|partition, _| partitions.contains(partition));
        if let Err(error) = self.commit_all(group, offsets).await {
            tracing::warn!(target: "ottla_client::group", group = &*group.id, %error,
                "offsets were not committed: who is given the partitions consumes some records again");
        }
    }

    /// Gives everything away and has the coordinator know, as far as that is done by then.
    pub(crate) async fn leave(&self, deadline: Instant) {
        let Some(group) = &self.group else { return };
        if !group.shared.membership().is_subscribed() {
            let _in_time = timeout_at(deadline, self.commit_at_end(group)).await;
            return;
        }
        if timeout_at(deadline, self.unsubscribe()).await.is_err() {
            tracing::warn!(target: "ottla_client::group", group = &*group.id, "closed before all was given away");
        }
        group.shared.change(|membership| membership.subscribe(Subscribed::Nothing, clock::now()));
        group.shared.wait_until(deadline, |membership| !membership.is_in).await;
    }
}
