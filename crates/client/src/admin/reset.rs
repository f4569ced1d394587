//! Where a group's offsets are reset to: planned first, so that one can look before anything changes.
//!
//! | to | without a record there | beyond what is there |
//! |---|---|---|
//! | earliest, latest, current | current: the end, where nothing is committed | – |
//! | a timestamp | the end | – |
//! | an offset, a shift, explicit offsets | shift: an error, where nothing is committed | the nearest that is |
//!
//! As `kafka-consumer-groups --reset-offsets` does it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ottla_wire::{ApiKey, ErrorCode};

use super::{Admin, CommittedOffset, OffsetSpec, Results, ShareGroupOffset};
use crate::config::IsolationLevel;
use crate::error::{Resource, ResponseError};
use crate::{Error, Offset, Result, TopicPartition};

/// What offsets are reset to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OffsetReset {
    /// The first record that is there.
    Earliest,
    /// The end.
    Latest,
    /// Where the group is; the end where it has not been.
    Current,
    /// This offset, in each partition.
    Offset(Offset),
    /// So many records on from where the group is, or back.
    Shift(i64),
    /// The first record at that time or later, in milliseconds since the epoch.
    Timestamp(i64),
    /// These offsets. Partitions that are not named here are left as they are.
    Explicit(BTreeMap<TopicPartition, Offset>),
}

impl OffsetReset {
    /// The first record that is at most so old, where it is now `now` milliseconds since the epoch.
    pub fn duration(ago: Duration, now: i64) -> OffsetReset {
        let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        OffsetReset::Timestamp(now.saturating_sub(ago).max(0))
    }
}

/// What is known of a partition when a reset is planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionState {
    /// Its first record.
    pub earliest: Offset,
    /// Its end.
    pub latest: Offset,
    /// Where the group is, if it has been there.
    pub committed: Option<Offset>,
    /// The first record at the time that was asked for, if there is one.
    pub at_timestamp: Option<Offset>,
}

/// What a reset would do to a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedOffset {
    /// Where the group is, if it has been there.
    pub from: Option<Offset>,
    /// Where it would be.
    pub to: Offset,
    /// What was asked for, if that lies beyond what is there.
    pub clamped: Option<Offset>,
}

/// Plans a reset of partitions. It decides, and asks nobody.
pub fn plan_reset(
    reset: &OffsetReset,
    partitions: &BTreeMap<TopicPartition, PartitionState>,
) -> Results<TopicPartition, PlannedOffset> {
    let mut plan = Results::new();
    for (partition, state) in partitions {
        let planned = match reset {
            OffsetReset::Earliest => Ok(state.exactly(state.earliest)),
            OffsetReset::Latest => Ok(state.exactly(state.latest)),
            OffsetReset::Current => Ok(state.exactly(state.committed.unwrap_or(state.latest))),
            OffsetReset::Timestamp(_) => Ok(state.exactly(state.at_timestamp.unwrap_or(state.latest))),
            OffsetReset::Offset(offset) => Ok(state.nearest(*offset)),
            OffsetReset::Shift(by) => match state.committed {
                Some(committed) => Ok(state.nearest(committed.saturating_add(*by))),
                None => Err(nothing_to_shift(partition)),
            },
            OffsetReset::Explicit(offsets) => match offsets.get(partition) {
                Some(offset) => Ok(state.nearest(*offset)),
                None => continue,
            },
        };
        plan.insert(partition.clone(), planned);
    }
    plan
}

impl PartitionState {
    fn exactly(&self, to: Offset) -> PlannedOffset {
        PlannedOffset { from: self.committed, to, clamped: None }
    }

    fn nearest(&self, wanted: Offset) -> PlannedOffset {
        // A partition whose bounds were asked for one after the other may seem to end before it begins.
        let to = wanted.min(self.latest).max(self.earliest);
        PlannedOffset { from: self.committed, to, clamped: (to != wanted).then_some(wanted) }
    }
}

fn nothing_to_shift(partition: &TopicPartition) -> Error {
    ResponseError::new(ApiKey::OffsetFetch, ErrorCode::OffsetNotAvailable.code())
        .about(Resource::TopicPartition(partition.clone()))
        .with_message(Some("nothing is committed that could be shifted"))
        .into()
}

impl Admin {
    /// What a reset of a group's offsets would do: a dry run. Without partitions it is about those that the group has been in, and
    /// those that the reset names.
    pub async fn plan_offset_reset(
        &self,
        group: &str,
        partitions: Option<&[TopicPartition]>,
        reset: &OffsetReset,
    ) -> Result<Results<TopicPartition, PlannedOffset>> {
        let listed = self.list_group_offsets(group, partitions, false).await?;
        let offset = |it: Option<CommittedOffset>| it.map(|committed| committed.offset);
        let committed = listed.into_iter().map(|(partition, it)| (partition, it.map(offset)));
        self.plan(partitions, &committed.collect(), reset).await
    }

    /// What a reset of where a share group begins would do, in the same way.
    pub async fn plan_share_offset_reset(
        &self,
        group: &str,
        partitions: Option<&[TopicPartition]>,
        reset: &OffsetReset,
    ) -> Result<Results<TopicPartition, PlannedOffset>> {
        let listed = self.list_share_group_offsets(group, None).await?;
        let offset = |it: Option<ShareGroupOffset>| it.map(|known| known.start_offset);
        let started = listed.into_iter().map(|(partition, it)| (partition, it.map(offset)));
        let is_meant = |partition: &TopicPartition, it: &Result<Option<Offset>>| match partitions {
            Some(partitions) => partitions.contains(partition),
            None => !matches!(it, Ok(None)),
        };
        let started = started.filter(|(partition, it)| is_meant(partition, it));
        self.plan(partitions, &started.collect(), reset).await
    }

    /// Plans a reset of these partitions, of all in which the group has been, and of those that the reset names.
    async fn plan(
        &self,
        partitions: Option<&[TopicPartition]>,
        committed: &Results<TopicPartition, Option<Offset>>,
        reset: &OffsetReset,
    ) -> Result<Results<TopicPartition, PlannedOffset>> {
        let mut wanted: BTreeSet<TopicPartition> = committed.keys().cloned().collect();
        wanted.extend(partitions.into_iter().flatten().cloned());
        if let (OffsetReset::Explicit(offsets), None) = (reset, partitions) {
            wanted.extend(offsets.keys().cloned());
        }
        let (states, mut failed) = self.states(wanted, committed, reset).await?;
        let mut plan = plan_reset(reset, &states);
        plan.append(&mut failed);
        Ok(plan)
    }

    /// What a plan has to know of partitions, and those of which it cannot be known.
    async fn states(
        &self,
        wanted: BTreeSet<TopicPartition>,
        committed: &Results<TopicPartition, Option<Offset>>,
        reset: &OffsetReset,
    ) -> Result<(BTreeMap<TopicPartition, PartitionState>, Results<TopicPartition, PlannedOffset>)> {
        let earliest = self.offsets_of(&wanted, OffsetSpec::Earliest).await?;
        let latest = self.offsets_of(&wanted, OffsetSpec::Latest).await?;
        let mut at_timestamp = Results::new();
        if let OffsetReset::Timestamp(timestamp) = reset {
            at_timestamp = self.offsets_of(&wanted, OffsetSpec::Timestamp(*timestamp)).await?;
        }
        let (mut states, mut failed) = (BTreeMap::new(), Results::new());
        for partition in wanted {
            match state(&partition, &earliest, &latest, committed, &at_timestamp) {
                Ok(state) => _ = states.insert(partition, state),
                Err(error) => _ = failed.insert(partition, Err(error)),
            }
        }
        Ok((states, failed))
    }

    /// Carries out what was planned, as far as it could be planned. The group must have no members.
    pub async fn reset_offsets(
        &self,
        group: &str,
        plan: &Results<TopicPartition, PlannedOffset>,
    ) -> Result<Results<TopicPartition, ()>> {
        let committed = targets(plan).map(|(partition, to)| (partition, CommittedOffset::new(to)));
        self.alter_group_offsets(group, &committed.collect()).await
    }

    /// Carries out what was planned for a share group, in the same way.
    pub async fn reset_share_offsets(
        &self,
        group: &str,
        plan: &Results<TopicPartition, PlannedOffset>,
    ) -> Result<Results<TopicPartition, ()>> {
        self.alter_share_group_offsets(group, &targets(plan).collect()).await
    }

    async fn offsets_of(
        &self,
        partitions: &BTreeSet<TopicPartition>,
        spec: OffsetSpec,
    ) -> Result<Results<TopicPartition, Option<Offset>>> {
        let specs = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
        let listed = self.list_offsets(&specs, IsolationLevel::ReadUncommitted).await?;
        Ok(listed.into_iter().map(|(partition, it)| (partition, it.map(|listed| listed.offset))).collect())
    }
}

/// Where partitions go of which that could be planned.
fn targets(plan: &Results<TopicPartition, PlannedOffset>) -> impl Iterator<Item = (TopicPartition, Offset)> {
    plan.iter().filter_map(|(partition, planned)| Some((partition.clone(), planned.as_ref().ok()?.to)))
}

/// The first error, of several answers about a partition.
fn state(
    partition: &TopicPartition,
    earliest: &Results<TopicPartition, Option<Offset>>,
    latest: &Results<TopicPartition, Option<Offset>>,
    committed: &Results<TopicPartition, Option<Offset>>,
    at_timestamp: &Results<TopicPartition, Option<Offset>>,
) -> Result<PartitionState> {
    let of = |results: &Results<TopicPartition, Option<Offset>>| {
        results.get(partition).map_or(Ok(None), |result| result.clone())
    };
    Ok(PartitionState {
        earliest: of(earliest)?.unwrap_or_default(),
        latest: of(latest)?.unwrap_or_default(),
        committed: of(committed)?,
        at_timestamp: of(at_timestamp)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From a partition with the records 10 to 99, of which the group has had those before 50.
    fn check(reset: &OffsetReset, state: PartitionState, to: Offset, clamped: Option<Offset>) {
        let partition = TopicPartition::new("orders", 0);
        let plan = plan_reset(reset, &BTreeMap::from([(partition.clone(), state)]));
        let planned = *plan[&partition].as_ref().unwrap();
        assert_eq!(planned, PlannedOffset { from: state.committed, to, clamped }, "{reset:?}");
    }

    const STATE: PartitionState =
        PartitionState { earliest: 10, latest: 100, committed: Some(50), at_timestamp: None };

    #[test]
    fn each_reset_goes_where_it_says_and_no_further_than_there_are_records() {
        check(&OffsetReset::Earliest, STATE, 10, None);
        check(&OffsetReset::Latest, STATE, 100, None);
        check(&OffsetReset::Current, STATE, 50, None);
        check(&OffsetReset::Current, PartitionState { committed: None, ..STATE }, 100, None);
        check(&OffsetReset::Offset(70), STATE, 70, None);
        check(&OffsetReset::Offset(9), STATE, 10, Some(9));
        check(&OffsetReset::Offset(101), STATE, 100, Some(101));
        check(&OffsetReset::Shift(-20), STATE, 30, None);
        check(&OffsetReset::Shift(i64::MIN), STATE, 10, Some(i64::MIN + 50));
        check(&OffsetReset::Shift(i64::MAX), STATE, 100, Some(i64::MAX));
        check(&OffsetReset::Timestamp(5), PartitionState { at_timestamp: Some(33), ..STATE }, 33, None);
        check(&OffsetReset::Timestamp(5), STATE, 100, None);
        let explicit = BTreeMap::from([(TopicPartition::new("orders", 0), 7)]);
        check(&OffsetReset::Explicit(explicit), STATE, 10, Some(7));
    }

    #[test]
    fn what_was_never_committed_cannot_be_shifted() {
        let partition = TopicPartition::new("orders", 0);
        let state = PartitionState { committed: None, ..STATE };
        let plan = plan_reset(&OffsetReset::Shift(1), &BTreeMap::from([(partition.clone(), state)]));
        let error = plan[&partition].as_ref().unwrap_err();
        assert!(error.to_string().contains("nothing is committed"), "{error}");
    }

    #[test]
    fn explicit_offsets_leave_other_partitions_alone() {
        let partition = TopicPartition::new("orders", 0);
        let plan = plan_reset(&OffsetReset::Explicit(BTreeMap::new()), &BTreeMap::from([(partition, STATE)]));
        assert!(plan.is_empty());
    }

    #[test]
    fn a_duration_counts_back_from_now_and_not_before_the_epoch() {
        assert_eq!(OffsetReset::duration(Duration::from_secs(2), 5_000), OffsetReset::Timestamp(3_000));
        assert_eq!(OffsetReset::duration(Duration::MAX, 5_000), OffsetReset::Timestamp(0));
    }
}
