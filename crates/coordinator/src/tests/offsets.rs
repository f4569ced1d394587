//! Committed offsets: committing, fetching, expiring, deleting.

use std::time::Duration;

use bytes::Bytes;
use ottla_wire::{ErrorCode, decode_value, messages::OffsetCommitValue, value_version};
use uuid::Uuid;

use super::harness::{Bench, GROUP, Join, START, commit, config, fetch, subscription};
use crate::{CommittedOffset, DeletedTopic, GroupConfig, Response};

const DAY: u64 = 24 * 60 * 60 * 1000;
/// The check for expired offsets comes every ten minutes.
const CHECK: u64 = 10 * 60 * 1000;
const TOPIC: Uuid = Uuid::from_u128(7);

fn stored(bench: &Bench) -> (i16, OffsetCommitValue) {
    let value = bench.log.last().and_then(|record| record.value.as_ref()).expect("a record with a value");
    (value_version(value).unwrap(), decode_value(value).unwrap())
}

#[test]
fn what_is_committed_is_stored_as_kafka_stores_it_and_fetched() {
    let mut bench = Bench::new(config());
    let mut request = commit(GROUP, "", -1, &[("t", 3, 42)]);
    request.topics[0].topic_id = TOPIC;
    request.topics[0].partitions[0].committed_leader_epoch = 5;
    request.topics[0].partitions[0].committed_metadata = Some("märk".into());
    bench.clock = 11;
    assert_eq!(bench.commit_errors(&request, 10), [ErrorCode::None]);
    let expected = OffsetCommitValue {
        offset: 42,
        leader_epoch: 5,
        metadata: "märk".into(),
        commit_timestamp: START + 11,
        expire_timestamp: -1,
        topic_id: TOPIC,
    };
    assert_eq!(stored(&bench), (4, expected));

    let ticket = bench.start_fetch(&fetch(GROUP, Some(&[("t", 3), ("t", 4), ("u", 0)])), false);
    let Some(Response::OffsetFetch(fetched)) = bench.answer(ticket) else { panic!("no answer") };
    let partition = &fetched.topics[0].partitions[0];
    assert_eq!((partition.committed_offset, partition.committed_leader_epoch), (42, 5));
    assert_eq!(partition.metadata.as_deref(), Some("märk"));
    for topic in &fetched.topics[1..] {
        let nothing = &topic.partitions[0];
        assert_eq!((nothing.committed_offset, nothing.committed_leader_epoch), (-1, -1));
        assert_eq!((nothing.metadata.as_deref(), nothing.error_code), (Some(""), 0));
    }
}

#[test]
fn all_offsets_are_fetched_in_order_and_none_of_an_unknown_group() {
    let mut bench = Bench::new(config());
    bench.commit_errors(&commit(GROUP, "", -1, &[("b", 1, 3), ("a", 0, 1), ("b", 0, 2)]), 9);
    let all = bench.fetch(&fetch(GROUP, None), false);
    let all: Vec<_> =
        all.iter().map(|(topic, partition, offset, _)| (&**topic, *partition, *offset)).collect();
    assert_eq!(all, [("a", 0, 1), ("b", 0, 2), ("b", 1, 3)]);
    assert_eq!(bench.fetch(&fetch("unknown", None), false), []);
    assert_eq!(bench.fetch(&fetch("unknown", Some(&[("t", 0)])), false)[0].2, -1);
}

#[test]
fn an_offset_may_go_back() {
    let mut bench = Bench::new(config());
    bench.commit("", -1, 9);
    bench.commit("", -1, 3);
    assert_eq!(bench.committed(), 3);
    assert_eq!(bench.shard.committed_offsets().count(), 1);
    assert_eq!(bench.shard.stats().offset_commits, 2);
}

#[test]
fn commits_are_answered_and_seen_once_they_are_durable() {
    let mut bench = Bench::new(config());
    bench.slow_disk = true;
    let commit = bench.start_commit(&commit(GROUP, "", -1, &[("t", 0, 1)]), 9);
    let fetched = bench.start_fetch(&fetch(GROUP, None), false);
    let other = bench.start_fetch(&fetch("other", None), true);
    assert!(bench.answer(commit).is_none() && bench.answer(fetched).is_none());
    assert!(bench.answer(other).is_some(), "it has no part in that");
    bench.flush();
    assert!(bench.answer(commit).is_some() && bench.answer(fetched).is_some());
}

#[test]
fn metadata_has_a_limit_counted_in_utf16_units() {
    let mut bench = Bench::new(config());
    for (metadata, expected) in [
        ("x".repeat(4096), ErrorCode::None),
        ("x".repeat(4097), ErrorCode::OffsetMetadataTooLarge),
        ("ü".repeat(4096), ErrorCode::None),
        ("🦀".repeat(2048), ErrorCode::None),
        ("🦀".repeat(2049), ErrorCode::OffsetMetadataTooLarge),
    ] {
        let mut request = commit(GROUP, "", -1, &[("t", 0, 1), ("u", 0, 1)]);
        request.topics[0].partitions[0].committed_metadata = Some(metadata.into());
        assert_eq!(bench.commit_errors(&request, 9), [expected, ErrorCode::None]);
    }
}

#[test]
fn names_that_no_record_can_hold_are_refused() {
    let mut bench = Bench::new(config());
    let long = "x".repeat(40_000);
    for request in [commit(&long, "", -1, &[("t", 0, 1)]), commit(GROUP, "", -1, &[(&long, 0, 1)])] {
        assert_eq!(bench.commit_errors(&request, 9), [ErrorCode::InvalidRequest]);
    }
    let join = Join { member: long.into(), ..Join::new("") };
    assert_eq!(bench.join_error(&join), ErrorCode::InvalidRequest);
    assert_eq!(bench.log, []);
}

#[test]
fn an_offset_of_a_deleted_topic_is_none_of_its_successor() {
    let mut bench = Bench::new(config());
    let mut request = commit(GROUP, "", -1, &[("t", 0, 7)]);
    request.topics[0].topic_id = TOPIC;
    bench.commit_errors(&request, 10);
    for (id, expected) in [(TOPIC, 7), (Uuid::nil(), 7), (Uuid::from_u128(8), -1)] {
        let mut request = fetch(GROUP, Some(&[("t", 0)]));
        request.topics.as_mut().unwrap()[0].topic_id = id;
        assert_eq!(bench.fetch(&request, false)[0].2, expected, "{id}");
    }
}

#[test]
fn offsets_go_with_their_topic() {
    let mut bench = Bench::new(config());
    for (group, topic, id) in
        [("g", "t", TOPIC), ("g", "u", TOPIC), ("h", "t", Uuid::nil()), ("i", "t", Uuid::max())]
    {
        let mut request = commit(group, "", -1, &[(topic, 0, 7)]);
        request.topics[0].topic_id = id;
        bench.commit_errors(&request, 10);
    }
    bench.run(|shard, _, out| shard.topics_deleted(&[DeletedTopic { name: "t".into(), id: TOPIC }], out));
    let mut left: Vec<_> = bench.shard.committed_offsets().map(|(group, topic, ..)| (group, topic)).collect();
    left.sort_unstable();
    assert_eq!(left, [("g", "u"), ("i", "t")], "that of i is of a newer topic");
}

#[test]
fn many_tombstones_are_written_in_several_batches() {
    let mut bench = Bench::new(config());
    for partition in 0..2500 {
        bench.commit_errors(&commit(GROUP, "", -1, &[("t", partition, 1)]), 9);
    }
    let mut out = Vec::new();
    bench.shard.topics_deleted(&[DeletedTopic { name: "t".into(), id: TOPIC }], &mut out);
    assert_eq!(out.len(), 3);
    bench.carry_out(out);
    assert_eq!(bench.shard.committed_offsets().count(), 0);
}

#[test]
fn offsets_of_a_simple_group_expire_after_their_commit_and_the_group_with_the_last() {
    let mut bench = Bench::new(config());
    bench.commit_errors(&commit(GROUP, "", -1, &[("t", 0, 1)]), 9);
    bench.pass(DAY);
    bench.commit_errors(&commit(GROUP, "", -1, &[("t", 1, 1)]), 9);
    bench.pass(6 * DAY - 1);
    assert_eq!(bench.shard.committed_offsets().count(), 2);
    bench.pass(CHECK);
    let left: Vec<i32> = bench.shard.committed_offsets().map(|(_, _, partition, _)| partition).collect();
    assert_eq!(left, [1]);
    bench.pass(DAY);
    assert_eq!((bench.state(), bench.shard.stats().offset_expirations), ("Dead".to_string(), 2));
    let tombstones = bench.log.iter().filter(|record| record.value.is_none()).count();
    assert_eq!(tombstones, 3, "two offsets and the group");
}

#[test]
fn offsets_of_a_group_with_members_expire_once_it_has_been_empty_for_the_retention() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(1);
    bench.commit(&ids[0], 1, 5);
    for _ in 0..20 * DAY / 9_000 {
        bench.pass(9_000);
        bench.beat(&ids[0], 1);
    }
    assert_eq!(bench.committed(), 5, "its members subscribe to the topic");
    bench.leave(&[(&ids[0], None)]);
    bench.pass(7 * DAY - 1);
    assert_eq!(bench.committed(), 5);
    bench.pass(CHECK);
    assert_eq!((bench.state(), bench.committed()), ("Dead".to_string(), -1));
}

#[test]
fn offsets_of_topics_that_consumers_have_left_expire_after_their_commit() {
    let retention = Duration::from_secs(3600);
    for (topics, protocol_type, left) in [
        (vec!["t"], "consumer", vec!["t"]),
        (vec!["t", "u"], "consumer", vec!["t", "u"]),
        // Nothing is known of what others use.
        (vec!["t"], "connect", vec!["t", "u"]),
    ] {
        let mut bench = Bench::new(GroupConfig { offsets_retention: retention, ..config() });
        let protocols = vec![("p", subscription(&topics))];
        let join = Join { session: 1_800_000, protocol_type, protocols, ..Join::at_once() };
        let id = bench.join(&join).member_id;
        bench.start_sync(&id, 1, &[]);
        bench.commit_errors(&commit(GROUP, &id, 1, &[("t", 0, 1), ("u", 0, 1)]), 9);
        for _ in 0..6 {
            bench.pass(20 * 60_000);
            bench.beat(&id, 1);
        }
        let expected: Vec<_> =
            left.iter().map(|topic| ((*topic).to_string(), 0, 1, ErrorCode::None)).collect();
        assert_eq!(bench.fetch(&fetch(GROUP, None), false), expected, "{topics:?} {protocol_type}");
    }
}

#[test]
fn consumers_that_say_what_cannot_be_read_keep_all_their_offsets() {
    let mut bench = Bench::new(GroupConfig { offsets_retention: Duration::ZERO, ..config() });
    let garbage = vec![("p", Bytes::from_static(b"\0\0\xff"))];
    let id = bench.join(&Join { session: 1_800_000, protocols: garbage, ..Join::at_once() }).member_id;
    bench.start_sync(&id, 1, &[]);
    bench.commit_errors(&commit(GROUP, &id, 1, &[("u", 0, 1)]), 9);
    bench.pass(CHECK);
    assert_eq!(bench.shard.committed_offsets().count(), 1);
}

#[test]
fn old_clients_say_themselves_how_long_an_offset_is_kept() {
    let mut bench = Bench::new(config());
    let mut request = commit(GROUP, "", -1, &[("t", 0, 1)]);
    request.retention_time_ms = i64::try_from(DAY).unwrap();
    request.topics[0].topic_id = TOPIC;
    bench.commit_errors(&request, 4);
    let (version, value) = stored(&bench);
    assert_eq!((version, value.expire_timestamp), (1, START + request.retention_time_ms));
    let kept: Vec<CommittedOffset> =
        bench.shard.committed_offsets().map(|(.., offset)| offset.clone()).collect();
    assert_eq!(kept, [CommittedOffset::from_value(0, &value)]);
    bench.pass(DAY - 1);
    assert_eq!(bench.committed(), 1);
    bench.pass(CHECK);
    assert_eq!(bench.state(), "Dead");
}

#[test]
fn groups_without_offsets_go_with_the_next_check_unless_somebody_is_about_to_join() {
    let mut bench = Bench::new(config());
    bench.join(&Join::new(""));
    assert_eq!(bench.state(), "Empty");
    bench.pass(CHECK);
    assert_eq!(bench.state(), "Dead");
    bench.join(&Join { session: 1_800_000, ..Join::new("") });
    bench.pass(CHECK);
    assert_eq!(bench.state(), "Empty");
}

#[test]
fn offsets_of_an_open_transaction_count_once_it_is_committed() {
    let mut bench = Bench::new(config());
    bench.commit("", -1, 1);
    let mut in_transaction = Bench::new(config());
    in_transaction.commit("", -1, 2);
    let record = in_transaction.log[0].clone();
    for (commits, expected) in [(false, 1), (true, 2)] {
        bench.shard.replay(10, 77, &record.key, record.value.as_ref()).unwrap();
        let stable = fetch(GROUP, Some(&[("t", 0)]));
        assert_eq!(bench.fetch(&stable, true)[0].2, -1);
        assert_eq!(bench.fetch(&stable, true)[0].3, ErrorCode::UnstableOffsetCommit);
        assert_eq!(bench.fetch(&stable, false)[0].2, 1);
        bench.shard.replay_end_of_transaction(77, commits);
        assert_eq!(bench.fetch(&stable, true)[0].2, expected);
    }
    // A regular commit after it, in the log, counts more.
    bench.shard.replay(11, 77, &record.key, record.value.as_ref()).unwrap();
    bench.log.resize(20, record);
    bench.commit("", -1, 3);
    bench.shard.replay_end_of_transaction(77, true);
    assert_eq!(bench.committed(), 3);
}

#[test]
fn a_group_with_an_open_transaction_does_not_expire() {
    let mut bench = Bench::new(config());
    bench.commit("", -1, 1);
    let record = bench.log[0].clone();
    bench.shard.replay(1, 77, &record.key, record.value.as_ref()).unwrap();
    bench.pass(8 * DAY);
    assert_eq!((bench.state(), bench.committed()), ("Empty".to_string(), 1));
    assert_eq!(bench.delete_group(GROUP), ErrorCode::None);
    bench.shard.replay_end_of_transaction(77, true);
    assert_eq!(bench.committed(), -1);
}
