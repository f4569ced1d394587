//! Which records are read, and when that is all.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::{Admin, OffsetSpec};
use ottla_client::config::IsolationLevel;
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::{Offset, TopicPartition};

use super::offsets::{Bound, Extent, Spans};
use crate::commands::offsets_of::all_offsets_of;
use crate::commands::partitions_of::partitions_of;
use crate::exit::usage;

/// What is still to be read.
#[derive(Debug)]
pub(super) struct Reading {
    /// Where partitions end that have an end.
    ends: BTreeMap<TopicPartition, Offset>,
    /// Those that are not read up to there.
    open: BTreeSet<TopicPartition>,
    until: Until,
    /// How many records are still to be shown; none for all.
    left: Option<u64>,
}

/// When all is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Never,
    /// No partition is open.
    AllEnded,
    /// The group has given partitions, and what was in them at that time is read.
    GroupEnded,
}

/// Looks up where partitions begin and end.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    pub(super) admin: &'a Admin,
    pub(super) isolation: IsolationLevel,
    /// Whether partitions end where they end now.
    pub(super) exit_at_end: bool,
}

pub(super) async fn wanted(admin: &Admin, topics: &[String], named: &[i32]) -> Result<Vec<TopicPartition>> {
    let mut wanted = Vec::new();
    for topic in topics {
        wanted.extend(partitions_of(admin, topic, named).await?);
    }
    Ok(wanted)
}

impl Reading {
    /// Whatever the group gives.
    pub(super) fn of_group(exit_at_end: bool, left: Option<u64>) -> Reading {
        let until = if exit_at_end { Until::GroupEnded } else { Until::Never };
        Reading { ends: BTreeMap::new(), open: BTreeSet::new(), until, left }
    }

    /// Of these partitions, which the consumer begins to read.
    pub(super) async fn assigned(
        lookup: Lookup<'_>,
        consumer: &Consumer,
        wanted: &[TopicPartition],
        spans: &Spans,
        left: Option<u64>,
    ) -> Result<Reading> {
        let is_wanted = |number: i32| wanted.iter().any(|it| it.partition == number);
        if let Some(number) = spans.of_partition.keys().find(|number| !is_wanted(**number)) {
            return Err(usage(format!("--offset {number}#...: no partition {number} is read")));
        }
        let extents = lookup.extents(wanted).await?;
        let from = |it: &TopicPartition| Some(spans.of(it.partition).from.unwrap_or(Bound::Start));
        let at_end = lookup.exit_at_end.then_some(Bound::End);
        let to = |it: &TopicPartition| spans.of(it.partition).to.or(at_end);
        let begins = lookup.offsets(&extents, from).await?;
        let ends = lookup.offsets(&extents, to).await?;
        let is_read = |it: &TopicPartition, begin: Offset| ends.get(it).is_none_or(|end| begin < *end);
        let read: BTreeMap<TopicPartition, Offset> =
            begins.into_iter().filter(|(it, begin)| is_read(it, *begin)).collect();
        consumer.assign(read.iter().map(|(it, begin)| (it.clone(), StartAt::Offset(*begin))))?;
        let is_endless = read.keys().any(|it| !ends.contains_key(it));
        let open = read.into_keys().filter(|it| ends.contains_key(it)).collect();
        let until = if is_endless { Until::Never } else { Until::AllEnded };
        Ok(Reading { ends, open, until, left })
    }

    /// Where the records end that are wanted of a partition, if they end.
    pub(super) fn end_of(&self, partition: &TopicPartition) -> Option<Offset> {
        self.ends.get(partition).copied()
    }

    /// Whether it ends by itself, rather than when somebody asks for it.
    pub(super) fn has_end(&self) -> bool {
        self.until != Until::Never || self.left.is_some()
    }

    /// Whether enough records were shown.
    pub(super) fn has_enough(&self) -> bool {
        self.left == Some(0)
    }

    pub(super) fn count_shown(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
    }

    /// That it ended early is an error if there is more of a partition with an end, or if nobody has told whether there is.
    pub(super) fn check_end(&self, consumer: &Consumer) -> Result<()> {
        if self.has_enough() {
            return Ok(());
        }
        if self.until == Until::GroupEnded && consumer.group_metadata()?.generation < 0 {
            bail!("the group was not joined before --timeout");
        }
        let has_more = |it: &&TopicPartition| consumer.lag(it).is_none_or(|lag| lag > 0);
        match self.open.iter().find(has_more) {
            Some(partition) => bail!("{partition} was not read to its end before --timeout"),
            None => Ok(()),
        }
    }

    /// By the consumer's positions, as the last offsets of a partition may have no records.
    pub(super) async fn is_done(&mut self, consumer: &Consumer) -> Result<bool> {
        if self.until == Until::GroupEnded {
            self.look_at_assignment(consumer).await?;
        }
        let ends = &self.ends;
        self.open.retain(|partition| {
            let position = consumer.position(partition).ok().flatten();
            let is_read = position.zip(ends.get(partition)).is_some_and(|(position, end)| position >= *end);
            if is_read {
                // It stays assigned, so that this cannot fail; and if it did, more would be read than is shown.
                let _paused = consumer.pause([partition]);
            }
            !is_read
        });
        let is_read = match self.until {
            Until::Never => false,
            Until::AllEnded => self.open.is_empty(),
            Until::GroupEnded => !self.ends.is_empty() && self.open.is_empty(),
        };
        Ok(is_read || self.has_enough())
    }

    /// Partitions that the group gave since end where they end now; those that it took are not waited for.
    async fn look_at_assignment(&mut self, consumer: &Consumer) -> Result<()> {
        let assigned: BTreeSet<TopicPartition> = consumer.assignment().into_iter().collect();
        self.ends.retain(|partition, _| assigned.contains(partition));
        self.open.retain(|partition| assigned.contains(partition));
        let new: Vec<&TopicPartition> = assigned.iter().filter(|it| !self.ends.contains_key(it)).collect();
        if !new.is_empty() {
            let ends = consumer.end_offsets(new).await?;
            self.open.extend(ends.keys().cloned());
            self.ends.extend(ends);
        }
        Ok(())
    }
}

impl Lookup<'_> {
    async fn extents(&self, wanted: &[TopicPartition]) -> Result<BTreeMap<TopicPartition, Extent>> {
        let starts = all_offsets_of(self.admin, wanted, OffsetSpec::Earliest, self.isolation).await?;
        let ends = all_offsets_of(self.admin, wanted, OffsetSpec::Latest, self.isolation).await?;
        let extent = |it: &TopicPartition| {
            let (start, end) = (starts.get(it).copied(), ends.get(it).copied());
            Extent { start: start.unwrap_or_default(), end: end.unwrap_or_default() }
        };
        Ok(wanted.iter().map(|it| (it.clone(), extent(it))).collect())
    }

    /// The offsets of bounds, in those partitions that have one.
    async fn offsets(
        &self,
        extents: &BTreeMap<TopicPartition, Extent>,
        bound: impl Fn(&TopicPartition) -> Option<Bound>,
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        let time = |it: &TopicPartition| {
            let time = bound(it)?.time()?;
            Some((it.clone(), OffsetSpec::Timestamp(time)))
        };
        let times: BTreeMap<TopicPartition, OffsetSpec> = extents.keys().filter_map(time).collect();
        let mut found = BTreeMap::new();
        if !times.is_empty() {
            for (it, listed) in self.admin.list_offsets(&times, self.isolation).await? {
                let listed = listed.with_context(|| format!("the offsets of {it} are not known"))?;
                found.extend(listed.offset.map(|offset| (it, offset)));
            }
        }
        let offset = |(it, extent): (&TopicPartition, &Extent)| {
            let found = found.get(it).copied();
            // Where no record is that young: the end.
            let offset = bound(it)?.offset(*extent).or(found).unwrap_or(extent.end);
            Some((it.clone(), offset))
        };
        Ok(extents.iter().filter_map(offset).collect())
    }
}

/// Has the group go on with these: they were given, but nobody has seen them.
pub(crate) fn give_back(consumer: &Consumer, unread: &[ConsumerRecord]) -> Result<()> {
    let mut seen: Vec<&TopicPartition> = Vec::new();
    for record in unread {
        if !seen.contains(&&record.partition) {
            seen.push(&record.partition);
            consumer.seek(&record.partition, StartAt::Offset(record.offset))?;
        }
    }
    Ok(())
}
