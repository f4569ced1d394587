//! What is stored is what there was.

use std::collections::BTreeMap;

use ottla_wire::messages::GroupMetadataValue;
use proptest::prelude::*;

use super::{
    acts::{act, play},
    harness::{Bench, config, subscription},
};
use crate::{CommittedOffset, CoordinatorRecord, GroupState, Shard, group::Membership, record::Record};

fn restarted(log: &[CoordinatorRecord]) -> Bench {
    let mut bench = Bench::unloaded(config());
    for (offset, record) in (0..).zip(log) {
        bench
            .shard
            .replay(offset, -1, &record.key, record.value.as_ref())
            .expect("we can read what we wrote");
    }
    bench
}

/// The last record of each key, as compaction leaves them, at the offsets that they had.
fn compacted(log: &[CoordinatorRecord]) -> Shard {
    let mut last = BTreeMap::new();
    for (offset, record) in (0i64..).zip(log) {
        last.insert(record.key.clone(), (offset, record));
    }
    let mut left: Vec<_> = last.into_values().filter(|(_, record)| record.value.is_some()).collect();
    left.sort_by_key(|(offset, _)| *offset);
    let mut bench = Bench::unloaded(config());
    for (offset, record) in left {
        bench
            .shard
            .replay(offset, -1, &record.key, record.value.as_ref())
            .expect("we can read what we wrote");
    }
    bench.shard
}

type Offsets = BTreeMap<(String, String, i32), CommittedOffset>;

fn offsets(shard: &Shard) -> Offsets {
    let offsets = shard.committed_offsets();
    offsets.map(|(group, topic, p, offset)| ((group.into(), topic.into(), p), offset.clone())).collect()
}

/// What is stored of groups. Of an empty one that is all; of a stable one the moment differs, for it is stored before
/// the group is stable; in between, the group is still what it was.
fn stored(shard: &Shard) -> BTreeMap<String, GroupMetadataValue> {
    let mut stored = BTreeMap::new();
    for (id, group) in shard.all_groups() {
        let Membership::Classic(classic) = &group.membership else { continue };
        let Record::Classic { value: Some(mut value), .. } =
            classic.record(|member| member.assignment.clone())
        else {
            continue;
        };
        if classic.state() == GroupState::Stable {
            value.current_state_timestamp = -1;
        }
        stored.insert(id.to_string(), *value);
    }
    stored
}

fn is_settled(shard: &Shard, group: &str) -> bool {
    let state = shard.groups().find(|summary| summary.id == group).map(|summary| summary.state);
    matches!(state, Some(GroupState::Stable | GroupState::Empty))
}

proptest! {
    #[test]
    fn a_restart_finds_what_there_was(acts in prop::collection::vec(act(), 1..120)) {
        let mut bench = Bench::new(config());
        play(&mut bench, &acts);
        bench.flush();
        let again = restarted(&bench.log).shard;
        let small = compacted(&bench.log);
        prop_assert_eq!(offsets(&bench.shard), offsets(&again));
        prop_assert_eq!(offsets(&bench.shard), offsets(&small));

        let (before, after) = (stored(&bench.shard), stored(&again));
        prop_assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        prop_assert_eq!(&after, &stored(&small));
        for (id, group) in &before {
            if is_settled(&bench.shard, id) && bench.unlucky == 0 {
                prop_assert_eq!(Some(group), after.get(id), "{}", id);
            }
        }
    }
}

#[test]
fn members_have_a_whole_session_after_a_restart() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(2);
    bench.pass(9_999);
    let mut again = restarted(&bench.log);
    again.clock = bench.clock;
    again.run(Shard::loaded);
    again.pass(9_999);
    assert_eq!(again.beat(&ids[0], 2), ottla_wire::ErrorCode::None);
    let sync = again.start_sync(&ids[1], 2, &[]);
    assert_eq!(again.synced(sync).assignment, "all".as_bytes());
    again.pass(1);
    assert_eq!(again.beat(&ids[1], 2), ottla_wire::ErrorCode::UnknownMemberId);
    again.pass(10_000);
    assert_eq!(again.state(), "Empty");
}

#[test]
fn a_group_that_is_too_large_after_a_restart_rebalances() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(3);
    let mut again = restarted(&bench.log);
    again.shard.set_config(crate::GroupConfig { size_max: 2, ..config() });
    again.run(Shard::loaded);
    assert_eq!(again.beat(&ids[0], 3), ottla_wire::ErrorCode::RebalanceInProgress);
}

#[test]
fn a_new_group_and_an_empty_one_are_stored_as_kafka_stores_them() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(1);
    bench.pass(77);
    bench.leave(&[(&ids[0], None)]);
    let values: Vec<GroupMetadataValue> = bench
        .log
        .iter()
        .map(|record| ottla_wire::decode_value(record.value.as_ref().unwrap()).unwrap())
        .collect();
    let versions =
        bench.log.iter().map(|record| ottla_wire::value_version(record.value.as_ref().unwrap()).unwrap());
    assert_eq!(versions.collect::<Vec<_>>(), [3, 3, 3]);
    let start = super::harness::START;
    let nothing = GroupMetadataValue { protocol: None, leader: None, ..Default::default() };
    let first = GroupMetadataValue { current_state_timestamp: start, ..nothing.clone() };
    assert_eq!(values[0], first);
    assert_eq!((&*values[1].protocol_type, values[1].protocol.as_deref()), ("consumer", Some("range")));
    assert_eq!((values[1].generation, values[1].leader.as_ref()), (1, Some(&ids[0])));
    assert_eq!(values[1].members[0].subscription, subscription(&["t"]));
    assert_eq!(values[1].members[0].assignment, "all".as_bytes());
    let empty = GroupMetadataValue {
        protocol_type: "consumer".into(),
        generation: 2,
        current_state_timestamp: start + 77,
        ..nothing
    };
    assert_eq!(values[2], empty);
}
