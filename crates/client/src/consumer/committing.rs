//! Committing offsets of a group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::{ApiKey, ErrorCode};
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::membership::Group;
use super::{Consumer, offsets};
use crate::config::IsolationLevel;
use crate::error::{Resource, ResponseError};
use crate::group::offsets::{commit_once, fetch_once};
use crate::group::{self, CommittedOffset, GroupMetadata, Membership, Place, Refusal};
use crate::{Client, Coordinator, Destination, Error, Result, TopicPartition, clock};

/// How long a member may take to hear of its epoch: that of one that is not heard of has ended.
const RENEWAL: Duration = Duration::from_secs(10);

/// Where a group is to go on, by partition.
type Offsets = BTreeMap<TopicPartition, CommittedOffset>;

/// A commit that is under way. It goes on if this is dropped.
#[derive(Debug)]
#[must_use = "nobody else tells whether it succeeds; drop it on purpose where that does not matter"]
pub struct Committing(oneshot::Receiver<Result<()>>);

impl Committing {
    /// How it went, if it is over. That is told once.
    pub(crate) fn outcome(&mut self) -> Option<Result<()>> {
        match self.0.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => Some(Err(Error::Closed("the consumer"))),
        }
    }
}

impl Future for Committing {
    type Output = Result<()>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<()>> {
        let answer = std::pin::Pin::new(&mut self.0).poll(context);
        answer.map(|answer| answer.unwrap_or(Err(Error::Closed("the consumer"))))
    }
}

impl Consumer {
    /// Commits that everything was processed that was given: the group goes on behind it. Tries again what may help, no longer than
    /// `default.api.timeout.ms`.
    ///
    /// If the group is rebalancing it fails with [`ErrorCode::RebalanceInProgress`]: ask for records, and then commit what the
    /// consumer still has. With [`ErrorCode::IllegalGeneration`] or [`ErrorCode::UnknownMemberId`] others have the partitions, and
    /// consume again what was not committed.
    ///
    /// Cancel-safe; whether it was committed is not known then.
    pub async fn commit(&self) -> Result<()> {
        self.commit_all(self.group()?, self.positions()).await
    }

    /// Commits these offsets, each of the record that comes next.
    ///
    /// Fails as [`Consumer::commit`] does. Cancel-safe; whether they were committed is not known then.
    pub async fn commit_offsets(&self, offsets: BTreeMap<TopicPartition, CommittedOffset>) -> Result<()> {
        self.commit_all(self.group()?, offsets).await
    }

    /// As [`Consumer::commit`], but goes on while that is done, and does not try again: the next commit says more anyway. Commits are
    /// done in the order in which they are asked for.
    pub fn start_commit(&self) -> Result<Committing> {
        self.start_commit_offsets(self.positions())
    }

    /// The same with these offsets.
    pub fn start_commit_offsets(
        &self,
        offsets: BTreeMap<TopicPartition, CommittedOffset>,
    ) -> Result<Committing> {
        let group = self.group()?.shared.clone();
        let (client, (done, committing)) = (self.client.clone(), oneshot::channel());
        let queued = Queued::new(&group, offsets);
        self.tasks.spawn(async move {
            let outcome = commit(&client, &group, queued, None).await;
            if let Err(Err(error)) = done.send(outcome) {
                tracing::debug!(target: "ottla_client::group", %error, "offsets were not committed");
            }
        });
        Ok(Committing(committing))
    }

    /// What the group committed of these partitions; none where it committed nothing. With `isolation.level` `read_committed` it waits
    /// for transactions that are about to commit offsets.
    ///
    /// Fails after `default.api.timeout.ms`. Cancel-safe.
    pub async fn committed<'a>(
        &self,
        partitions: impl IntoIterator<Item = &'a TopicPartition>,
    ) -> Result<BTreeMap<TopicPartition, Option<CommittedOffset>>> {
        let (group, asked) = (self.group()?, partitions.into_iter().cloned().collect());
        let require_stable = self.config.isolation_level == IsolationLevel::ReadCommitted;
        offsets::until_all_told(&self.client, "asking for committed offsets", asked, |partitions| {
            fetch_once(&self.client, &group.id, partitions, require_stable)
        })
        .await
    }

    /// Behind the last records that were given.
    pub(super) fn positions(&self) -> Offsets {
        let fetcher = self.shared.fetcher();
        let committed = fetcher.assigned.iter().filter_map(|(partition, assigned)| {
            let offset = assigned.known_position()?;
            let leader_epoch = assigned.position.epoch;
            Some((partition.clone(), CommittedOffset { leader_epoch, ..CommittedOffset::new(offset) }))
        });
        committed.collect()
    }

    pub(super) async fn commit_all(&self, group: &Group, offsets: Offsets) -> Result<()> {
        let queued = Queued::new(&group.shared, offsets);
        commit(&self.client, &group.shared, queued, Some(self.client.config().default_api_timeout)).await
    }

    /// Commits what was processed, if it is time: what was given before is, since more is asked for.
    pub(super) fn commit_in_time(&self) {
        let Some(group) = self.group.as_ref().filter(|_| self.config.enable_auto_commit) else { return };
        if group.is_time_to_commit(self.config.auto_commit_interval, clock::now())
            && let Ok(committing) = self.start_commit()
        {
            drop(committing);
        }
    }

    /// Of partitions that were assigned by hand nothing else commits what was given last.
    pub(super) async fn commit_at_end(&self, group: &Group) {
        if self.config.enable_auto_commit
            && let Err(error) = self.commit_all(group, self.positions()).await
        {
            tracing::warn!(target: "ottla_client::group", group = &*group.id, %error, "offsets were not committed");
        }
    }
}

/// A commit that was asked for, and waits until those before it are done.
struct Queued {
    place: Place,
    committer: Result<Committer>,
    offsets: Offsets,
}

impl Queued {
    fn new(group: &group::Shared, offsets: Offsets) -> Queued {
        Queued { place: group.committing.place(), committer: Committer::of(&group.membership()), offsets }
    }
}

/// Commits, once or until it succeeds, fails for good, or its time is over; and counts it.
async fn commit(
    client: &Client,
    group: &Arc<group::Shared>,
    queued: Queued,
    within: Option<Duration>,
) -> Result<()> {
    if queued.offsets.is_empty() {
        return Ok(());
    }
    let start = clock::now();
    let outcome = commit_until(client, group, queued, within).await;
    client.counts().committed(clock::now() - start, outcome.is_ok());
    outcome
}

async fn commit_until(
    client: &Client,
    group: &Arc<group::Shared>,
    queued: Queued,
    within: Option<Duration>,
) -> Result<()> {
    let Queued { place, committer, mut offsets } = queued;
    let _in_order = place.turn().await;
    let (mut committer, outcome) = committer?.later(&group.membership(), &mut offsets)?;
    let destination = Destination::from(Coordinator::of_group(committer.member.group_id.clone()));
    let mut retrying =
        client.retrying("committing offsets", within.unwrap_or(client.config().request_timeout));
    while !offsets.is_empty() {
        let tried = retrying.in_time(commit_once(client, &committer.member, &offsets, group.retention)).await;
        let error = match tried.map(|refused| of_refused(&mut offsets, refused)) {
            Ok(None) => return outcome,
            Ok(Some(error)) | Err(error) => error,
        };
        note(group, &committer.member, &error);
        if within.is_none() {
            return Err(error);
        }
        let is_stale = error.code() == Some(ErrorCode::StaleMemberEpoch);
        match if is_stale { renewed(group, &committer, &offsets).await } else { None } {
            Some(renewed) => committer = renewed,
            None => retrying.pause_after(client, &destination, error).await?,
        }
    }
    outcome
}

/// Leaves what was refused, and tells why: what cannot be helped counts more than what can.
fn of_refused(offsets: &mut Offsets, refused: Vec<(TopicPartition, Error)>) -> Option<Error> {
    offsets.retain(|partition, _| refused.iter().any(|(refused, _)| refused == partition));
    let errors = refused.into_iter().map(|(_, error)| error);
    errors.min_by_key(Error::is_retriable)
}

/// In whose name offsets are committed: nobody's, if partitions were assigned by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Committer {
    member: GroupMetadata,
    is_subscribed: bool,
    /// How often it had lost everything.
    losses: u64,
}

impl Committer {
    fn of(membership: &Membership) -> Result<Committer> {
        let (member, is_subscribed) = (membership.metadata.clone(), membership.is_subscribed());
        if is_subscribed && member.generation < 0 {
            let error = ResponseError::new(ApiKey::OffsetCommit, ErrorCode::UnknownMemberId.code());
            let about = Resource::Group(member.group_id);
            return Err(error.with_message(Some("the consumer is not in its group now")).about(about).into());
        }
        Ok(Committer { member, is_subscribed, losses: membership.holding.losses() })
    }

    /// What it is now. Takes out the offsets of partitions that others may have been given since, and says so.
    fn later(&self, membership: &Membership, offsets: &mut Offsets) -> Result<(Committer, Result<()>)> {
        let now = Committer::of(membership)?;
        if now == *self || !(self.is_subscribed || now.is_subscribed) {
            return Ok((now, Ok(())));
        }
        let gone = offsets.keys().find(|partition| !self.still_has(membership, partition));
        let outcome = gone.map_or(Ok(()), |partition| {
            let error = ResponseError::new(ApiKey::OffsetCommit, ErrorCode::IllegalGeneration.code());
            Err(error.about(Resource::TopicPartition(partition.clone())).into())
        });
        offsets.retain(|partition, _| self.still_has(membership, partition));
        Ok((now, outcome))
    }

    /// Whether it has had a partition all the time.
    fn still_has(&self, membership: &Membership, partition: &TopicPartition) -> bool {
        membership.holding.losses() == self.losses && membership.holding.owned().contains(partition)
    }
}

/// The member of an epoch that it learns of soon, if it has all these partitions then: they are committed in the name of that.
async fn renewed(group: &group::Shared, committer: &Committer, offsets: &Offsets) -> Option<Committer> {
    let is_new = |membership: &Membership| membership.metadata.generation != committer.member.generation;
    let is_renewed = group.wait_until(clock::now() + RENEWAL, is_new).await;
    let membership = group.membership();
    let has_all = offsets.keys().all(|partition| committer.still_has(&membership, partition));
    if is_renewed && has_all { Committer::of(&membership).ok() } else { None }
}

/// Has the member know what a refusal says about it.
fn note(group: &group::Shared, member: &GroupMetadata, error: &Error) {
    if let Some(code) = error.code() {
        let refusal = Refusal { code, member: member.clone() };
        group.change(|membership| membership.refusal = Some(refusal));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::Subscribed;

    fn set(numbers: &[i32]) -> std::collections::BTreeSet<TopicPartition> {
        numbers.iter().map(|number| TopicPartition::new("t", *number)).collect()
    }

    fn offsets(numbers: &[i32]) -> Offsets {
        set(numbers).into_iter().map(|partition| (partition, CommittedOffset::new(5))).collect()
    }

    fn turns(membership: &mut Membership) {
        while let Some(turn) = membership.holding.begin() {
            membership.holding.done(turn);
        }
    }

    /// A member in generation 1 that has partitions 0 and 1.
    fn member() -> Membership {
        let now = clock::now();
        let mut membership = Membership::new(GroupMetadata::new("g"), Duration::from_secs(300), now);
        membership.subscribe(Subscribed::Topics(vec!["t".into()]), now);
        membership.metadata.generation = 1;
        membership.holding.assign(set(&[0, 1]));
        turns(&mut membership);
        membership
    }

    /// What is left to commit after a wait in which something happened, and what is said of the rest.
    fn check(happens: impl FnOnce(&mut Membership), left: &[i32], code: Option<ErrorCode>) {
        let (mut membership, mut queued) = (member(), offsets(&[0, 1]));
        let committer = Committer::of(&membership).unwrap();
        happens(&mut membership);
        let (now, outcome) = committer.later(&membership, &mut queued).unwrap();
        assert_eq!(now.member, membership.metadata);
        assert_eq!(queued, offsets(left));
        assert_eq!(outcome.err().and_then(|error| error.code()), code);
    }

    #[test]
    fn a_commit_that_waited_is_done_for_partitions_that_no_other_can_have_had_since() {
        check(|_| {}, &[0, 1], None);
        check(|membership| membership.metadata.generation = 2, &[0, 1], None);
        let revoked_one = |membership: &mut Membership| {
            membership.holding.revoke(set(&[1]));
            turns(membership);
            membership.metadata.generation = 2;
        };
        check(revoked_one, &[0], Some(ErrorCode::IllegalGeneration));
        let came_back = |membership: &mut Membership| {
            membership.holding.lose_all();
            membership.holding.assign(set(&[0, 1]));
            turns(membership);
            membership.metadata.generation = 2;
        };
        check(came_back, &[], Some(ErrorCode::IllegalGeneration));
    }

    #[test]
    fn what_was_assigned_by_hand_is_committed_in_nobodys_name() {
        let now = clock::now();
        let mut membership = Membership::new(GroupMetadata::new("g"), Duration::from_secs(300), now);
        let committer = Committer::of(&membership).unwrap();
        membership.holding.lose_all();
        let mut queued = offsets(&[0]);
        assert!(committer.later(&membership, &mut queued).unwrap().1.is_ok());
        assert_eq!(queued, offsets(&[0]));
    }
}
