//! What clients may do to groups, in any order.

use proptest::prelude::*;

use super::harness::{Bench, Join, commit, fetch, subscription};
use crate::DeletedTopic;

/// What members and others do, in some order. Members are numbered; 3 is static.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Join(usize, bool),
    Sync(usize),
    Leave(usize),
    Commit(usize, i32),
    CommitAlone(&'static str, i32),
    DeleteTopic(&'static str),
    DeleteGroup(&'static str),
    Pass(u64),
    FailNextAppend,
    SlowDisk(bool),
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    let topic = || prop_oneof![Just("t"), Just("u")];
    prop_oneof![
        8 => (0..4usize, any::<bool>()).prop_map(|(member, other)| Act::Join(member, other)),
        8 => (0..4usize).prop_map(Act::Sync),
        2 => (0..4usize).prop_map(Act::Leave),
        4 => (0..4usize, 0..3i32).prop_map(|(member, partition)| Act::Commit(member, partition)),
        2 => (topic(), 0..3i32).prop_map(|(topic, partition)| Act::CommitAlone(topic, partition)),
        1 => topic().prop_map(Act::DeleteTopic),
        1 => prop_oneof![Just("g"), Just("alone")].prop_map(Act::DeleteGroup),
        3 => prop_oneof![Just(1u64), Just(5_000), Just(70_000), Just(8 * 24 * 3_600_000)].prop_map(Act::Pass),
        1 => Just(Act::FailNextAppend),
        2 => any::<bool>().prop_map(Act::SlowDisk),
    ]
}

#[derive(Default)]
struct Known {
    id: String,
    generation: i32,
}

/// Four clients that use what they have been told last.
pub(super) fn play(bench: &mut Bench, acts: &[Act]) {
    let mut known: [Known; 4] = Default::default();
    let mut waiting = Vec::new();
    for (number, act) in acts.iter().enumerate() {
        let offset = i64::try_from(number).unwrap();
        match act {
            Act::Join(member, other) => {
                let topics = if *other { &["t", "u"][..] } else { &["t"] };
                let protocols = vec![("range", subscription(topics))];
                let instance = (*member == 3).then_some("fixed");
                let join = Join { protocols, instance, ..Join::new(&known[*member].id) };
                waiting.push((*member, bench.start_join(&join)));
                bench.pass(0);
            }
            Act::Sync(member) => {
                let ids: Vec<String> = known.iter().map(|known| known.id.clone()).collect();
                let given: Vec<(&str, &str)> = ids.iter().map(|id| (&**id, &**id)).collect();
                bench.start_sync(&ids[*member], known[*member].generation, &given);
            }
            Act::Leave(member) => {
                bench.start_leave(&known[*member].id);
            }
            Act::Commit(member, partition) => {
                let Known { id, generation } = &known[*member];
                bench.start_commit(&commit("g", id, *generation, &[("t", *partition, offset)]), 9);
            }
            Act::CommitAlone(topic, partition) => {
                bench.start_commit(&commit("alone", "", -1, &[(*topic, *partition, offset)]), 9);
            }
            Act::DeleteTopic(name) => {
                let topic = DeletedTopic { name: (*name).into(), id: uuid::Uuid::nil() };
                bench.run(|shard, _, out| shard.topics_deleted(&[topic], out));
            }
            Act::DeleteGroup(group) => {
                bench.start_delete_group(group);
            }
            Act::Pass(millis) => bench.pass(*millis),
            Act::SlowDisk(slow) => {
                bench.slow_disk = *slow;
                if !slow {
                    bench.flush();
                }
            }
            Act::FailNextAppend => bench.append_error = Some(ottla_wire::ErrorCode::NotEnoughReplicas),
        }
        waiting.retain(|(member, ticket)| {
            let Some(crate::Response::JoinGroup(joined)) = bench.answer(*ticket) else { return true };
            if joined.error_code == 0 || !joined.member_id.is_empty() {
                known[*member] = Known { id: joined.member_id.to_string(), generation: joined.generation_id };
            } else {
                known[*member] = Known::default();
            }
            false
        });
    }
}

proptest! {
    #[test]
    fn every_request_is_answered_once(acts in prop::collection::vec(act(), 1..150)) {
        let mut bench = Bench::new(super::harness::config());
        play(&mut bench, &acts);
        bench.start_fetch(&fetch("g", None), true);
        bench.run(|shard, now, out| shard.unload(now, out));
        prop_assert_eq!(bench.unanswered(), Vec::new());
    }

    #[test]
    fn all_members_go_and_all_offsets_expire_when_clients_are_gone(acts in prop::collection::vec(act(), 1..150)) {
        let mut bench = Bench::new(super::harness::config());
        play(&mut bench, &acts);
        bench.append_error = None;
        bench.slow_disk = false;
        bench.flush();
        bench.pass(30 * 24 * 3_600_000);
        prop_assert_eq!(bench.shard.groups().count(), 0);
        prop_assert_eq!(bench.shard.committed_offsets().count(), 0);
    }
}
