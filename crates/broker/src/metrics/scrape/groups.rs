//! Consumer groups: their states, members and offsets, and how far behind they are.
//!
//! As kafka_exporter has it: of a topic that a group has committed in, all partitions are told, those without an offset
//! with -1; topics in which it never committed are left out. Groups that are still being loaded are left out too.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use ottla_coordinator::{GroupState, Shard, Stats};
use ottla_records::Offset;

use crate::{
    Broker, clock,
    metrics::text::{Exposition, Family, Labels},
    topics::Topic,
};

const MEMBERS: Family = Family::gauge("kafka_consumergroup_members", "Members of a group.");
const OFFSET: Family =
    Family::gauge("kafka_consumergroup_current_offset", "The committed offset; -1 where there is none.");
const OFFSET_SUM: Family =
    Family::gauge("kafka_consumergroup_current_offset_sum", "The committed offsets of a topic together.");
const LAG: Family = Family::gauge(
    "kafka_consumergroup_lag",
    "Records between the committed offset and the partition's end; -1 where nothing is committed.",
);
const LAG_SUM: Family = Family::gauge("kafka_consumergroup_lag_sum", "The lag in all partitions of a topic.");
const LAG_SECONDS: Family = Family::gauge(
    "kafka_consumergroup_lag_seconds",
    "The age of the first record behind the committed offset; 0 where there is none.",
);

const GROUPS: Family = Family::gauge("kafka_coordinator_group_groupmetadatamanager_numgroups", "Groups.");
const STATES: &[(Family, Option<GroupState>)] = &[
    (
        Family::gauge(
            "kafka_coordinator_group_groupmetadatamanager_numgroupsstable",
            "Groups with an assignment.",
        ),
        Some(GroupState::Stable),
    ),
    (
        Family::gauge(
            "kafka_coordinator_group_groupmetadatamanager_numgroupsempty",
            "Groups without members.",
        ),
        Some(GroupState::Empty),
    ),
    (
        Family::gauge(
            "kafka_coordinator_group_groupmetadatamanager_numgroupspreparingrebalance",
            "Groups that wait for their members to join.",
        ),
        Some(GroupState::PreparingRebalance),
    ),
    (
        Family::gauge(
            "kafka_coordinator_group_groupmetadatamanager_numgroupscompletingrebalance",
            "Groups that wait for their leader's assignment.",
        ),
        Some(GroupState::CompletingRebalance),
    ),
    (
        Family::gauge(
            "kafka_coordinator_group_groupmetadatamanager_numgroupsdead",
            "Groups that are being removed, which takes no time here.",
        ),
        None,
    ),
];

type Event = (Family, fn(&Stats) -> u64);

const EVENTS: &[Event] = &[
    (Family::counter("ottla_group_rebalances_total", "Rebalances that were completed."), |stats| {
        stats.completed_rebalances
    }),
    (Family::counter("ottla_group_offset_commits_total", "Offsets that were committed."), |stats| {
        stats.offset_commits
    }),
    (Family::counter("ottla_group_offset_expirations_total", "Offsets that expired."), |stats| {
        stats.offset_expirations
    }),
    (Family::counter("ottla_group_offset_deletions_total", "Offsets that were deleted."), |stats| {
        stats.offset_deletions
    }),
];

/// What the groups are at the time of the scrape, in memory of its own: no group is held up by writing it down.
#[derive(Default)]
struct Groups {
    by_id: BTreeMap<String, Group>,
    states: HashMap<GroupState, usize>,
    stats: Stats,
}

#[derive(Default)]
struct Group {
    members: usize,
    /// By topic and partition.
    offsets: BTreeMap<String, BTreeMap<i32, Offset>>,
}

/// A topic that a group has committed in.
struct Consumed {
    labels: Labels,
    partitions: Vec<Position>,
}

struct Position {
    labels: Labels,
    /// None where the group has committed nothing.
    committed: Option<Committed>,
}

struct Committed {
    offset: Offset,
    lag: Offset,
    lag_seconds: Option<f64>,
}

pub(super) fn write(broker: &Broker, out: &mut Exposition<'_>) {
    let mut groups = Groups::default();
    broker.groups.look_at_serving(|shard| groups.add(shard));
    for (family, event) in EVENTS {
        out.one(family, event(&groups.stats));
    }
    write_states(&groups, out);
    write_offsets(broker, &groups, out);
}

fn write_states(groups: &Groups, out: &mut Exposition<'_>) {
    out.one(&GROUPS, groups.by_id.len());
    for (family, state) in STATES {
        let count = state.and_then(|state| groups.states.get(&state));
        out.one(family, count.copied().unwrap_or(0));
    }
    let mut members = out.family(&MEMBERS);
    for (id, group) in &groups.by_id {
        members.put(&Labels::of("consumergroup", id), group.members);
    }
}

fn write_offsets(broker: &Broker, groups: &Groups, out: &mut Exposition<'_>) {
    let of_partitions = broker.config().metrics.of_partitions;
    let finder = Finder { broker, now_ms: clock::wall_ms(), times: of_partitions && out.wants(&LAG_SECONDS) };
    let consumed = finder.consumed(groups);
    let mut sums = out.family(&OFFSET_SUM);
    consumed.iter().for_each(|topic| sums.put(&topic.labels, topic.sum(|committed| committed.offset)));
    let mut sums = out.family(&LAG_SUM);
    consumed.iter().for_each(|topic| sums.put(&topic.labels, topic.sum(|committed| committed.lag)));
    if of_partitions {
        write_positions(consumed.iter().flat_map(|topic| &topic.partitions), out);
    }
}

fn write_positions<'a>(positions: impl Iterator<Item = &'a Position> + Clone, out: &mut Exposition<'_>) {
    let mut offsets = out.family(&OFFSET);
    for position in positions.clone() {
        offsets.put(&position.labels, position.committed.as_ref().map_or(-1, |committed| committed.offset));
    }
    let mut lags = out.family(&LAG);
    for position in positions.clone() {
        lags.put(&position.labels, position.committed.as_ref().map_or(-1, |committed| committed.lag));
    }
    let mut times = out.family(&LAG_SECONDS);
    for position in positions {
        if let Some(seconds) = position.committed.as_ref().and_then(|committed| committed.lag_seconds) {
            times.put(&position.labels, seconds);
        }
    }
}

impl Groups {
    fn add(&mut self, shard: &mut Shard) {
        for group in shard.groups() {
            self.by_id.entry(group.id.to_owned()).or_default().members = group.members;
            *self.states.entry(group.state).or_default() += 1;
        }
        for (id, topic, partition, committed) in shard.committed_offsets() {
            let group = self.by_id.entry(id.to_owned()).or_default();
            if !group.offsets.contains_key(topic) {
                group.offsets.insert(topic.to_owned(), BTreeMap::new());
            }
            group.offsets.get_mut(topic).expect("it is there by now").insert(partition, committed.offset);
        }
        let stats = shard.stats();
        self.stats.offset_commits += stats.offset_commits;
        self.stats.offset_deletions += stats.offset_deletions;
        self.stats.offset_expirations += stats.offset_expirations;
        self.stats.completed_rebalances += stats.completed_rebalances;
    }
}

/// Puts committed offsets beside the partitions that they are in.
struct Finder<'a> {
    broker: &'a Broker,
    now_ms: i64,
    /// Whether to look for the ages of records, which takes a read for each.
    times: bool,
}

impl Finder<'_> {
    fn consumed(&self, groups: &Groups) -> Vec<Consumed> {
        let topics = groups
            .by_id
            .iter()
            .flat_map(|(id, group)| group.offsets.iter().map(move |(topic, offsets)| (id, topic, offsets)));
        let consumed = topics.filter_map(|(id, name, offsets)| {
            let topic = self.broker.topics.by_name(name)?;
            let labels = Labels::of("consumergroup", id).and("topic", name);
            Some(Consumed { partitions: self.positions(&topic, &labels, offsets), labels })
        });
        consumed.collect()
    }

    fn positions(
        &self,
        topic: &Arc<Topic>,
        labels: &Labels,
        offsets: &BTreeMap<i32, Offset>,
    ) -> Vec<Position> {
        let position = |partition: &Arc<crate::partition::Partition>| Position {
            labels: labels.clone().and("partition", partition.index),
            committed: offsets.get(&partition.index).map(|offset| self.committed(partition, *offset)),
        };
        topic.partitions().iter().map(position).collect()
    }

    fn committed(&self, partition: &crate::partition::Partition, offset: Offset) -> Committed {
        let end = partition.lock().replica.high_watermark();
        let lag = (end - offset).max(0);
        let lag_seconds = match lag {
            0 => Some(0.0),
            _ if self.times => partition
                .timestamp_from(offset)
                .map(|timestamp| (self.now_ms.saturating_sub(timestamp)).max(0) as f64 / 1e3),
            _ => None,
        };
        Committed { offset, lag, lag_seconds }
    }
}

impl Consumed {
    fn sum(&self, of: impl Fn(&Committed) -> Offset) -> Offset {
        self.partitions.iter().filter_map(|position| position.committed.as_ref()).map(of).sum()
    }
}
