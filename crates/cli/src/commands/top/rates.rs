//! Two rounds, and what happened between them. It decides nothing but by what it is given.

use std::collections::HashMap;
use std::iter::Sum;
use std::ops::Sub;
use std::sync::Arc;
use std::time::Duration;

use ottla_client::TopicPartition;

use super::rows::{GroupRow, Top, TopicRow};
use super::sample::{Group, Partition, Sample, Topic};
use super::wanted::Wanted;
use crate::timestamp::Iso;

/// What is to be shown of a round, if that is the one before it. Rows are in no order that means something.
pub(super) fn top(before: Option<&Sample>, now: &Sample, wanted: &Wanted) -> Top {
    let since = before.map(|before| Since { before, took: now.at.saturating_duration_since(before.at) });
    let since = since.as_ref();
    let meant = now.topics.iter().filter(|(name, topic)| wanted.has_topic(name, topic));
    let topics: Vec<TopicRow> = meant.map(|(name, topic)| topic_row(name, topic, since, now)).collect();
    let groups: Vec<GroupRow> =
        now.groups.iter().map(|(name, group)| group_row(name, group, since, now)).collect();
    let partitions = || now.topics.values().flat_map(|topic| &topic.partitions);
    let (leaderless, under_replicated) = (
        partitions().filter(|it| it.leader.is_none()).count(),
        partitions().filter(|it| it.is_under_replicated).count(),
    );
    Top {
        at: Iso(now.timestamp).to_string(),
        interval_ms: since.map(|since| u64::try_from(since.took.as_millis()).unwrap_or(u64::MAX)),
        cluster_id: now.cluster_id.clone(),
        controller: now.controller,
        broker_count: now.broker_count,
        topic_count: now.topics.len(),
        partition_count: partitions().count(),
        leaderless,
        under_replicated,
        is_healthy: now.controller.is_some() && leaderless == 0 && under_replicated == 0,
        group_count: now.groups.len(),
        records_per_second: sum(topics.iter().map(|row| row.records_per_second)).map(rounded),
        bytes_per_second: sum(topics.iter().map(|row| row.bytes_per_second)).map(rounded),
        bytes: sum(topics.iter().map(|row| row.bytes)),
        lag: sum(groups.iter().map(|row| row.lag)),
        notes: now.notes.lines(),
        topics,
        groups,
    }
}

/// The round before, and how long ago it was.
struct Since<'a> {
    before: &'a Sample,
    took: Duration,
}

impl Since<'_> {
    fn per_second(&self, count: i64) -> Option<f64> {
        let seconds = self.took.as_secs_f64();
        // Counts of a few seconds lose nothing that is shown.
        (seconds > 0.0).then(|| rounded(count as f64 / seconds))
    }
}

fn topic_row(name: &Arc<str>, topic: &Topic, since: Option<&Since>, now: &Sample) -> TopicRow {
    let partition = |it: &Partition| TopicPartition::new(name.clone(), it.number);
    let partitions: Vec<TopicPartition> = topic.partitions.iter().map(partition).collect();
    // One that was made anew has offsets of its own.
    let since = since.filter(|since| {
        let before = since.before.topics.get(name);
        before.is_some_and(|before| before.id == topic.id)
    });
    let rate = |since: &Since, before, now| {
        let grown = sum(partitions.iter().map(|it| grown(before, now, it).filter(|grown| *grown >= 0)))?;
        since.per_second(grown)
    };
    TopicRow {
        topic: name.to_string(),
        records_per_second: since.and_then(|since| rate(since, &since.before.ends, &now.ends)),
        bytes_per_second: since.and_then(|since| rate(since, &since.before.sizes, &now.sizes)),
        bytes: sum(partitions.iter().map(|it| now.sizes.get(it).copied())),
        partitions: topic.partitions.len(),
        under_replicated: topic.partitions.iter().filter(|it| it.is_under_replicated).count(),
        leaderless: topic.partitions.iter().filter(|it| it.leader.is_none()).count(),
    }
}

fn group_row(name: &str, group: &Group, since: Option<&Since>, now: &Sample) -> GroupRow {
    let lag = lag(group, now);
    let before = since.and_then(|since| Some((since, since.before.groups.get(name)?)));
    let lag_before = before.and_then(|(since, group)| self::lag(group, since.before));
    let consumed = before.and_then(|(_, before)| consumed(before, group));
    GroupRow {
        group: name.to_owned(),
        group_type: group.kind.as_deref().map(str::to_owned),
        state: group.state.as_deref().map(str::to_owned),
        members: group.members,
        lag,
        lag_per_second: since
            .zip(lag.zip(lag_before))
            .and_then(|(since, (now, before))| since.per_second(now - before)),
        records_per_second: since.zip(consumed).and_then(|(since, consumed)| since.per_second(consumed)),
    }
}

/// How many records a group has not had, of the partitions whose ends are known.
fn lag(group: &Group, sample: &Sample) -> Option<i64> {
    let committed = group.committed.as_ref()?;
    sum(committed.iter().map(|(partition, offset)| Some((sample.ends.get(partition)? - offset).max(0))))
}

/// How far a group has gone on. What it went back does not count.
fn consumed(before: &Group, now: &Group) -> Option<i64> {
    let (before, now) = (before.committed.as_ref()?, now.committed.as_ref()?);
    sum(now.keys().map(|partition| grown(before, now, partition).map(|grown| grown.max(0))))
}

fn grown<N: Copy + Sub<Output = N>>(
    before: &HashMap<TopicPartition, N>,
    now: &HashMap<TopicPartition, N>,
    partition: &TopicPartition,
) -> Option<N> {
    Some(*now.get(partition)? - *before.get(partition)?)
}

/// Of what is known; nothing if nothing is.
fn sum<N: Sum<N>>(numbers: impl Iterator<Item = Option<N>>) -> Option<N> {
    let mut known = numbers.flatten().peekable();
    known.peek().is_some().then(|| known.sum())
}

/// To a tenth, which is more than two rounds tell.
fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests;
