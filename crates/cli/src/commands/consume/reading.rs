//! Which records are read, and when that is all.

use std::collections::BTreeMap;

use anyhow::Result;
use ottla_client::admin::{Admin, OffsetSpec};
use ottla_client::config::IsolationLevel;
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::{Offset, TopicPartition};

use super::ConsumeArgs;
use super::offsets::{Bound, Extent, Span};
use crate::commands::offsets_of::offsets_of;
use crate::commands::partitions_of::partitions_of;

/// What is still to be read.
#[derive(Debug)]
pub(super) struct Reading {
    /// Where partitions end; none without an end.
    ends: Option<BTreeMap<TopicPartition, Offset>>,
    /// How many records; none for all.
    left: Option<u64>,
}

pub(super) async fn wanted(admin: &Admin, topics: &[String], named: &[i32]) -> Result<Vec<TopicPartition>> {
    let mut wanted = Vec::new();
    for topic in topics {
        wanted.extend(partitions_of(admin, topic, named).await?);
    }
    Ok(wanted)
}

impl Reading {
    /// Whatever the group gives, without an end.
    pub(super) fn of_group(left: Option<u64>) -> Reading {
        Reading { ends: None, left }
    }

    /// Of these partitions, which the consumer begins to read.
    pub(super) async fn assigned(
        admin: &Admin,
        consumer: &Consumer,
        isolation: IsolationLevel,
        wanted: &[TopicPartition],
        span: Span,
        args: &ConsumeArgs,
    ) -> Result<Reading> {
        let starts = offsets_of(admin, wanted, OffsetSpec::Earliest, isolation).await?;
        let ends = offsets_of(admin, wanted, OffsetSpec::Latest, isolation).await?;
        let extent = |partition: &TopicPartition| {
            let (start, end) = (starts.get(partition).copied(), ends.get(partition).copied());
            Extent { start: start.unwrap_or_default(), end: end.unwrap_or_default() }
        };
        let begins = looked_up(admin, wanted, isolation, span.from, extent).await?;
        let to = span.to.or(args.exit_at_end.then_some(Bound::End));
        let ends = match to {
            Some(to) => Some(looked_up(admin, wanted, isolation, to, extent).await?),
            None => None,
        };
        let is_read = |partition: &TopicPartition, begin: Offset| {
            ends.as_ref().and_then(|ends| ends.get(partition)).is_none_or(|end| begin < *end)
        };
        let read: BTreeMap<TopicPartition, Offset> =
            begins.into_iter().filter(|(partition, begin)| is_read(partition, *begin)).collect();
        consumer.assign(read.iter().map(|(it, begin)| (it.clone(), StartAt::Offset(*begin))))?;
        let ends = ends.map(|ends| ends.into_iter().filter(|(it, _)| read.contains_key(it)).collect());
        Ok(Reading { ends, left: args.num })
    }

    /// Whether a record is among them, which counts as read then.
    pub(super) fn takes(&mut self, record: &ConsumerRecord) -> bool {
        let end = self.ends.as_ref().map(|ends| ends.get(&record.partition));
        let is_within = end.is_none_or(|end| end.is_some_and(|end| record.offset < *end));
        match &mut self.left {
            Some(0) => false,
            Some(left) if is_within => {
                *left -= 1;
                true
            }
            _ => is_within,
        }
    }

    /// By the consumer's positions, as the last offsets of a partition may have no records.
    pub(super) fn is_done(&mut self, consumer: &Consumer) -> bool {
        if self.left == Some(0) {
            return true;
        }
        let Some(ends) = &mut self.ends else { return false };
        ends.retain(|partition, end| {
            let position = consumer.position(partition).ok().flatten();
            let is_read = position.is_some_and(|position| position >= *end);
            if is_read {
                // It stays assigned, so that this cannot fail; and if it did, more would be read than is shown.
                let _paused = consumer.pause([partition]);
            }
            !is_read
        });
        ends.is_empty()
    }
}

/// The offset of a bound in each partition.
async fn looked_up(
    admin: &Admin,
    wanted: &[TopicPartition],
    isolation: IsolationLevel,
    bound: Bound,
    extent: impl Fn(&TopicPartition) -> Extent,
) -> Result<BTreeMap<TopicPartition, Offset>> {
    let mut found = BTreeMap::new();
    if let Bound::Time(time) = bound {
        found = offsets_of(admin, wanted, OffsetSpec::Timestamp(time), isolation).await?;
    }
    // No record is that young: the end.
    let offset = |partition: &TopicPartition| {
        let known = bound.offset(extent(partition)).or_else(|| found.get(partition).copied());
        known.unwrap_or(extent(partition).end)
    };
    Ok(wanted.iter().map(|partition| (partition.clone(), offset(partition))).collect())
}
