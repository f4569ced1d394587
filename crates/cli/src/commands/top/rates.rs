//! Two rounds, and what happened between them. It decides nothing but by what it is given.

use std::collections::HashMap;
use std::iter::Sum;
use std::sync::Arc;
use std::time::Duration;

use ottla_client::{Offset, TopicPartition};

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
    let meant = now.groups.iter().filter(|(_, group)| wanted.has_row_of(group));
    let groups: Vec<GroupRow> =
        meant.map(|(name, group)| group_row(name, group, since, now, wanted)).collect();
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
        group_count: now.group_count,
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
    let before = since.and_then(|since| since.before.topics.get(name)).filter(|before| before.id == topic.id);
    let since = since.filter(|_| before.is_some());
    // Replicas of a partition need not be alike in size.
    let stayed: Vec<TopicPartition> =
        before.into_iter().flat_map(|before| led_as_before(before, topic)).map(partition).collect();
    let rate = |since: &Since, partitions: &[TopicPartition], before, now| {
        let grown = sum(partitions.iter().map(|it| grown(before, now, it).filter(|grown| *grown >= 0)))?;
        since.per_second(grown)
    };
    TopicRow {
        topic: name.to_string(),
        records_per_second: since.and_then(|since| rate(since, &partitions, &since.before.ends, &now.ends)),
        bytes_per_second: since.and_then(|since| rate(since, &stayed, &since.before.sizes, &now.sizes)),
        bytes: sum(partitions.iter().map(|it| now.sizes.get(it).copied())),
        partitions: topic.partitions.len(),
        under_replicated: topic.partitions.iter().filter(|it| it.is_under_replicated).count(),
        leaderless: topic.partitions.iter().filter(|it| it.leader.is_none()).count(),
    }
}

fn led_as_before<'a>(before: &'a Topic, now: &'a Topic) -> impl Iterator<Item = &'a Partition> {
    let both = before.partitions.iter().zip(&now.partitions);
    both.filter(|(before, now)| before.number == now.number && before.leader == now.leader)
        .map(|(_, now)| now)
}

fn grown(before: &Numbers, now: &Numbers, partition: &TopicPartition) -> Option<i64> {
    Some(now.get(partition)? - before.get(partition)?)
}

/// Of partitions: where they end, or how large they are.
type Numbers = HashMap<TopicPartition, i64>;

fn group_row(
    name: &Arc<str>,
    group: &Group,
    since: Option<&Since>,
    now: &Sample,
    wanted: &Wanted,
) -> GroupRow {
    let committed = committed(group, wanted);
    let before = since.and_then(|since| Some((since, since.before.groups.get(name)?.committed.as_ref()?)));
    // Only what is known of both rounds tells what happened between them: a broker that went takes its partitions' lag with it.
    let rate = |count: &dyn Fn(&Since, &TopicPartition, Offset, Offset) -> Option<i64>| {
        let (since, before) = before?;
        let both = committed.iter().filter_map(|(it, now)| Some((*it, *before.get(*it)?, *now)));
        since.per_second(sum(both.map(|(partition, before, now)| count(since, partition, before, now)))?)
    };
    GroupRow {
        group: name.to_string(),
        group_type: group.kind.as_deref().map(str::to_owned),
        state: group.state.as_deref().map(str::to_owned),
        members: group.members,
        lag: sum(committed.iter().map(|(partition, offset)| lag(partition, *offset, now))),
        lag_per_second: rate(&|since, partition, before, offset| {
            Some(lag(partition, offset, now)? - lag(partition, before, since.before)?)
        }),
        // What it went back does not count.
        records_per_second: rate(&|_, _, before, offset| Some((offset - before).max(0))),
    }
}

/// What a group committed, of what is meant.
fn committed<'a>(group: &'a Group, wanted: &Wanted) -> Vec<(&'a TopicPartition, Offset)> {
    let all = group.committed.iter().flatten().map(|(partition, offset)| (partition, *offset));
    all.filter(|(partition, _)| wanted.has_offsets_in(&partition.topic)).collect()
}

/// How many records of a partition a group has not had, if it is known where that ends.
fn lag(partition: &TopicPartition, committed: Offset, sample: &Sample) -> Option<i64> {
    Some((sample.ends.get(partition)? - committed).max(0))
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
