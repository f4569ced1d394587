//! Which rows come first.

use std::cmp::Ordering;

use clap::ValueEnum;

use super::rows::{GroupRow, Top, TopicRow};

/// By what to sort: names from a to z, numbers from the greatest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Sort {
    /// Topics by records written in a second
    Records,
    /// Topics by bytes written in a second
    Bytes,
    /// Topics by how large they are
    Size,
    /// Topics by how many partitions they have
    Partitions,
    /// Topics by how many partitions lack a replica
    UnderReplicated,
    /// Groups by how many records they have not had
    Lag,
    /// Groups by how fast that grows
    Growth,
    /// Groups by records consumed in a second
    Consumed,
    /// Groups by how many members they have
    Members,
    /// Both by their names
    Name,
}

/// Of topics and of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) topics: Sort,
    pub(super) groups: Sort,
}

const OF_TOPICS: [Sort; 6] =
    [Sort::Records, Sort::Bytes, Sort::Size, Sort::Partitions, Sort::UnderReplicated, Sort::Name];
const OF_GROUPS: [Sort; 5] = [Sort::Lag, Sort::Growth, Sort::Consumed, Sort::Members, Sort::Name];

impl Order {
    /// Busy topics and late groups first, unless something else is said.
    pub(super) fn new(said: Option<Sort>) -> Order {
        let one = |sorts: &[Sort]| said.filter(|sort| sorts.contains(sort)).unwrap_or(sorts[0]);
        Order { topics: one(&OF_TOPICS), groups: one(&OF_GROUPS) }
    }

    pub(super) fn next_of_topics(&mut self) {
        self.topics = next(&OF_TOPICS, self.topics);
    }

    pub(super) fn next_of_groups(&mut self) {
        self.groups = next(&OF_GROUPS, self.groups);
    }

    pub(super) fn sort(self, top: &mut Top) {
        top.topics.sort_by(|a, b| {
            let number = |row: &TopicRow| topic_number(row, self.topics);
            from_greatest(number(a), number(b)).then_with(|| a.topic.cmp(&b.topic))
        });
        top.groups.sort_by(|a, b| {
            let number = |row: &GroupRow| group_number(row, self.groups);
            from_greatest(number(a), number(b)).then_with(|| a.group.cmp(&b.group))
        });
    }
}

impl Sort {
    /// As it is said on the command line.
    pub(super) fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

fn next(sorts: &[Sort], sort: Sort) -> Sort {
    let at = sorts.iter().position(|it| *it == sort).map_or(0, |at| at + 1);
    sorts[at % sorts.len()]
}

/// Numbers of rows that are sorted by another one are all alike.
fn topic_number(row: &TopicRow, sort: Sort) -> Option<f64> {
    match sort {
        Sort::Records => row.records_per_second,
        Sort::Bytes => row.bytes_per_second,
        Sort::Size => row.bytes.map(|bytes| bytes as f64),
        Sort::Partitions => Some(row.partitions as f64),
        Sort::UnderReplicated => Some((row.under_replicated + row.leaderless) as f64),
        Sort::Lag | Sort::Growth | Sort::Consumed | Sort::Members | Sort::Name => None,
    }
}

fn group_number(row: &GroupRow, sort: Sort) -> Option<f64> {
    match sort {
        Sort::Lag => row.lag.map(|lag| lag as f64),
        Sort::Growth => row.lag_per_second,
        Sort::Consumed => row.records_per_second,
        Sort::Members => row.members.map(|members| members as f64),
        Sort::Records | Sort::Bytes | Sort::Size | Sort::Partitions | Sort::UnderReplicated | Sort::Name => {
            None
        }
    }
}

/// What is not known comes last.
fn from_greatest(a: Option<f64>, b: Option<f64>) -> Ordering {
    let number = |it: Option<f64>| it.unwrap_or(f64::NEG_INFINITY);
    number(b).total_cmp(&number(a))
}
