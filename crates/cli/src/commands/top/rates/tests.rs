//! Rounds in, rows out.

use std::collections::{BTreeMap, HashMap};

use super::*;
use crate::clock;
use crate::commands::top::order::{Order, Sort};
use crate::commands::top::sample::Notes;
use crate::commands::top::wanted::WantedArgs;

/// Rounds begin at the same moment, so that seconds alone tell them apart.
struct Rounds(std::time::Instant);

/// A name with a number for each partition.
type Numbers<'a> = &'a [(&'a str, &'a [i64])];

impl Rounds {
    /// So many seconds after the first: where partitions end, how large they are, and what groups committed in the topic `a`.
    fn at(&self, seconds: u64, ends: Numbers, sizes: Numbers, groups: Numbers) -> Sample {
        let partition = |number| Partition { number, leader: Some(1), is_under_replicated: number % 2 == 1 };
        let topics = ends.iter().map(|(name, ends)| {
            let count = i32::try_from(ends.len()).expect("a few");
            let partitions = (0..count).map(partition).collect();
            (Arc::from(*name), Topic { partitions, is_internal: name.starts_with("__"), id: None })
        });
        let groups = groups.iter().map(|(name, committed)| {
            let committed = (!committed.is_empty()).then(|| numbers(&[("a", committed)]));
            (Arc::from(*name), Group { committed, ..Group::default() })
        });
        Sample {
            at: self.0 + Duration::from_secs(seconds),
            timestamp: 0,
            cluster_id: None,
            controller: Some(1),
            broker_count: 1,
            topics: topics.collect(),
            ends: numbers(ends),
            sizes: numbers(sizes),
            group_count: groups.len(),
            groups: groups.collect::<BTreeMap<_, _>>(),
            notes: Notes::default(),
        }
    }
}

/// Below zero stands for what nobody told.
fn numbers(named: Numbers) -> HashMap<TopicPartition, i64> {
    let mut all = HashMap::new();
    for (name, numbers) in named {
        for (number, value) in (0..).zip(*numbers) {
            if *value >= 0 {
                all.insert(TopicPartition::new(*name, number), *value);
            }
        }
    }
    all
}

fn check_topic(before: Numbers, now: Numbers, expected: Option<f64>) {
    let rounds = Rounds(clock::now());
    let (before, now) = (rounds.at(0, before, &[], &[]), rounds.at(2, now, &[], &[]));
    let top = top(Some(&before), &now, &Wanted::default());
    assert_eq!(top.topics[0].records_per_second, expected, "{:?} {:?}", before.ends, now.ends);
    assert_eq!(top.records_per_second, expected);
}

#[test]
fn what_was_written_is_what_ends_went_on_in_a_second() {
    check_topic(&[("a", &[10])], &[("a", &[30])], Some(10.0));
    check_topic(&[("a", &[10, 20])], &[("a", &[11, 21])], Some(1.0));
    check_topic(&[("a", &[5])], &[("a", &[5])], Some(0.0));
    check_topic(&[("a", &[0])], &[("a", &[1])], Some(0.5));
}

#[test]
fn partitions_that_are_not_known_twice_tell_nothing() {
    check_topic(&[("a", &[10, -1])], &[("a", &[30, 1000])], Some(10.0));
    check_topic(&[("a", &[10, 7])], &[("a", &[30, -1])], Some(10.0));
    check_topic(&[("a", &[10])], &[("a", &[30, 99])], Some(10.0));
    check_topic(&[("a", &[-1])], &[("a", &[30])], None);
    check_topic(&[("b", &[10])], &[("a", &[30])], None);
    // A log that became shorter is another one, or lost its end.
    check_topic(&[("a", &[10])], &[("a", &[3])], None);
}

#[test]
fn a_topic_that_was_made_anew_begins_anew() {
    let rounds = Rounds(clock::now());
    let before = rounds.at(0, &[("a", &[10])], &[], &[]);
    let mut now = rounds.at(1, &[("a", &[30])], &[], &[]);
    let made = now.topics.get_mut("a").expect("it is there");
    made.id = Some(ottla_wire::Uuid::from_u128(1));
    assert_eq!(top(Some(&before), &now, &Wanted::default()).topics[0].records_per_second, None);
}

#[test]
fn one_round_tells_sizes_and_lag_and_no_rates() {
    let rounds = Rounds(clock::now());
    let only = rounds.at(0, &[("a", &[10, 20])], &[("a", &[100, -1])], &[("g", &[4, 20])]);
    let top = top(None, &only, &Wanted::default());
    assert_eq!((top.records_per_second, top.bytes_per_second, top.interval_ms), (None, None, None));
    assert_eq!((top.bytes, top.lag), (Some(100), Some(6)));
    assert_eq!((top.partition_count, top.under_replicated, top.is_healthy), (2, 1, false));
}

#[test]
fn bytes_are_told_where_sizes_are_and_do_not_shrink() {
    let rounds = Rounds(clock::now());
    let ends: Numbers = &[("a", &[1, 1])];
    for (before, now, expected, size) in [
        (&[100, 100][..], &[300, 100][..], Some(100.0), Some(400)),
        (&[100, 100], &[300, 10], Some(100.0), Some(310)),
        (&[100, 100], &[10, 10], None, Some(20)),
        (&[-1, -1], &[-1, -1], None, None),
    ] {
        let (before, now) =
            (rounds.at(0, ends, &[("a", before)], &[]), rounds.at(2, ends, &[("a", now)], &[]));
        let row = top(Some(&before), &now, &Wanted::default()).topics.remove(0);
        assert_eq!((row.bytes_per_second, row.bytes), (expected, size));
    }
}

#[test]
fn groups_lag_and_consume_by_what_they_committed() {
    let rounds = Rounds(clock::now());
    // Two seconds, in which each partition grew by 10.
    for (before, now, lag, lag_rate, consumed) in [
        (&[90, 80][..], &[100, 90][..], Some(30), Some(0.0), Some(10.0)),
        (&[90, 80], &[90, 80], Some(50), Some(10.0), Some(0.0)),
        // It went back: nothing was consumed.
        (&[90, 80], &[0, 110], Some(110), Some(40.0), Some(15.0)),
        // Offsets before the ends were asked for are no lag below zero.
        (&[100, 100], &[115, 110], Some(0), Some(0.0), Some(12.5)),
        // A partition in which it committed for the first time was no less behind before.
        (&[-1, 80], &[90, 80], Some(50), Some(5.0), Some(0.0)),
        (&[], &[90, 80], Some(50), None, None),
        (&[90, 80], &[], None, None, None),
    ] {
        let before = rounds.at(0, &[("a", &[100, 100])], &[], &[("g", before)]);
        let now = rounds.at(2, &[("a", &[110, 110])], &[], &[("g", now)]);
        let row = top(Some(&before), &now, &Wanted::default()).groups.remove(0);
        assert_eq!((row.lag, row.lag_per_second, row.records_per_second), (lag, lag_rate, consumed));
    }
}

#[test]
fn a_broker_that_goes_takes_no_lag_with_it() {
    let rounds = Rounds(clock::now());
    let before = rounds.at(0, &[("a", &[100, 100])], &[], &[("g", &[0, 90])]);
    // Nobody tells where the first partition ends.
    let now = rounds.at(2, &[("a", &[-1, 104])], &[], &[("g", &[0, 90])]);
    let row = top(Some(&before), &now, &Wanted::default()).groups.remove(0);
    assert_eq!((row.lag, row.lag_per_second, row.records_per_second), (Some(14), Some(2.0), Some(0.0)));
}

#[test]
fn bytes_of_another_replica_are_not_compared() {
    let rounds = Rounds(clock::now());
    let ends: Numbers = &[("a", &[1, 1])];
    let before = rounds.at(0, ends, &[("a", &[100, 100])], &[]);
    let mut now = rounds.at(2, ends, &[("a", &[900, 120])], &[]);
    now.topics.get_mut("a").expect("it is there").partitions[0].leader = Some(2);
    let row = top(Some(&before), &now, &Wanted::default()).topics.remove(0);
    assert_eq!(
        (row.bytes, row.bytes_per_second, row.records_per_second),
        (Some(1020), Some(10.0), Some(0.0))
    );
}

#[test]
fn where_topics_are_named_groups_count_what_they_committed_in_these() {
    let rounds = Rounds(clock::now());
    let ends: Numbers = &[("a", &[10]), ("b", &[10])];
    let mut sample = rounds.at(0, ends, &[], &[("both", &[4]), ("unknown", &[])]);
    let both = sample.groups.get_mut("both").expect("it is there").committed.as_mut().expect("it is known");
    both.extend(numbers(&[("b", &[9])]));
    for (pattern, expected) in [
        (None, &[("both", Some(7)), ("unknown", None)][..]),
        (Some("a"), &[("both", Some(6))]),
        (Some("b"), &[("both", Some(1))]),
        (Some("c"), &[]),
    ] {
        let wanted = Wanted::new(&WantedArgs::of_topics(pattern, false)).expect("a pattern");
        let top = top(None, &sample, &wanted);
        let lags: Vec<(&str, Option<i64>)> = top.groups.iter().map(|row| (&*row.group, row.lag)).collect();
        assert_eq!(lags, expected, "{pattern:?}");
        assert_eq!(
            (top.group_count, top.lag),
            (2, expected.first().and_then(|(_, lag)| *lag)),
            "{pattern:?}"
        );
    }
}

#[test]
fn topics_of_kafka_and_those_that_no_pattern_matches_are_left_out_of_rows_and_sums_but_not_of_health() {
    let rounds = Rounds(clock::now());
    let ends: Numbers = &[("__consumer_offsets", &[1, 1]), ("orders", &[1]), ("other", &[1])];
    let sample = rounds.at(0, ends, ends, &[]);
    for (pattern, internal, expected) in [
        (None, false, &["orders", "other"][..]),
        (None, true, &["__consumer_offsets", "orders", "other"]),
        (Some("or*"), true, &["orders"]),
        (Some("/^ot/"), false, &["other"]),
        (Some("none"), false, &[]),
    ] {
        let wanted = Wanted::new(&WantedArgs::of_topics(pattern, internal)).expect("a pattern");
        let top = top(None, &sample, &wanted);
        let names: Vec<&str> = top.topics.iter().map(|row| &*row.topic).collect();
        assert_eq!(names, expected, "{pattern:?}");
        assert_eq!((top.topic_count, top.partition_count), (3, 4), "{pattern:?}");
        let bytes: i64 = top.topics.iter().filter_map(|row| row.bytes).sum();
        assert_eq!(top.bytes.unwrap_or_default(), bytes, "{pattern:?}");
    }
}

#[test]
fn rows_are_sorted_from_the_greatest_on_and_what_is_not_known_comes_last() {
    let rounds = Rounds(clock::now());
    let ends: Numbers = &[("a", &[9, 9]), ("b", &[1]), ("c", &[1])];
    let groups: Numbers = &[("all", &[9, 9]), ("none", &[]), ("some", &[5, 5])];
    let sample = rounds.at(0, ends, &[("b", &[7]), ("c", &[8])], groups);
    for (sort, topics, names) in [
        (None, ["a", "b", "c"], ["some", "all", "none"]),
        (Some(Sort::Size), ["c", "b", "a"], ["some", "all", "none"]),
        (Some(Sort::Partitions), ["a", "b", "c"], ["some", "all", "none"]),
        (Some(Sort::Name), ["a", "b", "c"], ["all", "none", "some"]),
        (Some(Sort::Members), ["a", "b", "c"], ["all", "none", "some"]),
    ] {
        let mut top = top(None, &sample, &Wanted::default());
        Order::new(sort).sort(&mut top);
        let sorted: Vec<&str> = top.topics.iter().map(|row| &*row.topic).collect();
        assert_eq!(sorted, topics, "{sort:?}");
        let sorted: Vec<&str> = top.groups.iter().map(|row| &*row.group).collect();
        assert_eq!(sorted, names, "{sort:?}");
    }
}
