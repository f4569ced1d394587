//! Dynamic members: joining, syncing, leaving.

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{LeaveGroupRequest, ListGroupsRequest, SyncGroupRequest},
};

use super::harness::{Bench, GROUP, Join, config, error, subscription};
use crate::{GroupConfig, Response};

#[test]
fn a_member_joins_with_the_id_that_it_is_told() {
    let mut bench = Bench::new(config());
    let told = bench.join(&Join::new(""));
    assert_eq!(error(told.error_code), ErrorCode::MemberIdRequired);
    assert!(told.member_id.starts_with("client-"), "{}", told.member_id);
    assert_eq!((told.generation_id, &told.protocol_name, &*told.leader), (-1, &None, ""));

    let joined = bench.join(&Join::new(&told.member_id));
    assert_eq!(error(joined.error_code), ErrorCode::None);
    assert_eq!((joined.generation_id, &joined.leader), (1, &told.member_id));
    assert_eq!(joined.protocol_type.as_deref(), Some("consumer"));
    assert_eq!(joined.protocol_name.as_deref(), Some("range"));
    assert_eq!(joined.members[0].metadata, subscription(&["t"]));

    let sync = bench.start_sync(&told.member_id, 1, &[(&told.member_id, "mine")]);
    let synced = bench.synced(sync);
    assert_eq!(synced.assignment, Bytes::from_static(b"mine"));
    assert_eq!(synced.protocol_name.as_deref(), Some("range"));
    assert_eq!(bench.state(), "Stable");
    assert_eq!(bench.shard.stats().completed_rebalances, 1);
}

#[test]
fn before_version_4_a_member_joins_at_once() {
    let mut bench = Bench::new(config());
    let joined = bench.join(&Join::at_once());
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
}

#[test]
fn in_version_0_the_session_timeout_bounds_the_rebalance() {
    let mut bench = Bench::new(config());
    let ids: Vec<ByteString> = {
        let first = bench.join(&Join { version: 0, rebalance: -1, ..Join::at_once() }).member_id;
        bench.start_sync(&first, 1, &[]);
        vec![first]
    };
    let second = bench.start_join(&Join { version: 0, rebalance: -1, ..Join::at_once() });
    for _ in 0..3 {
        bench.pass(3_000);
        bench.beat(&ids[0], 1);
    }
    assert_eq!(bench.answer(second), None);
    bench.pass(1_000);
    assert_eq!(bench.joined(second).generation_id, 2);
}

#[test]
fn followers_learn_of_the_leader_alone() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(2);
    let again = bench.join(&Join::new(&ids[1]));
    assert_eq!((again.leader, again.members.len()), (ids[0].clone(), 0));
    let leader = bench.join(&Join::new(&ids[0]));
    let listed: Vec<&ByteString> = leader.members.iter().map(|member| &member.member_id).collect();
    assert_eq!(listed, [&ids[0], &ids[1]]);
}

#[test]
fn all_syncs_are_answered_once_the_assignment_is_durable() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(2);
    bench.slow_disk = true;
    let follower = bench.start_sync(&ids[1], 2, &[]);
    let leader = bench.start_sync(&ids[0], 2, &[(&ids[0], "a"), ("stranger", "x")]);
    assert_eq!((bench.answer(follower), bench.answer(leader)), (None, None));
    assert_eq!(bench.state(), "CompletingRebalance");
    bench.flush();
    assert_eq!(bench.synced(leader).assignment, Bytes::from_static(b"a"));
    assert_eq!(bench.synced(follower).assignment, Bytes::new(), "the leader forgot it");
    assert_eq!(bench.state(), "Stable");
}

#[test]
fn a_new_member_makes_the_others_join_again() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(1);
    let new = bench.start_join(&Join::at_once());
    assert_eq!(bench.beat(&ids[0], 1), ErrorCode::RebalanceInProgress);
    assert_eq!(bench.answer(new), None);
    let known = bench.join(&Join::new(&ids[0]));
    assert_eq!((known.generation_id, known.members.len()), (2, 2));
    assert_eq!(bench.joined(new).leader, ids[0]);
}

#[test]
fn a_stable_group_rebalances_for_its_leader_and_for_changes() {
    let changed = vec![("range", subscription(&["t", "u"]))];
    for (member, protocols, rebalances) in
        [(0, None, true), (1, None, false), (1, Some(changed.clone()), true), (0, Some(changed), true)]
    {
        let mut bench = Bench::new(config());
        let ids = bench.stable_group(2);
        let join = Join::new(&ids[member]);
        let ticket = bench
            .start_join(&Join { protocols: protocols.clone().unwrap_or(join.protocols.clone()), ..join });
        let state = if rebalances { "PreparingRebalance" } else { "Stable" };
        assert_eq!(bench.state(), state, "member {member}, protocols {protocols:?}");
        assert_eq!(bench.answer(ticket).is_none(), rebalances);
    }
}

#[test]
fn a_member_that_repeats_its_join_gets_this_generation() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(2);
    assert_eq!(bench.join(&Join::new(&ids[1])).generation_id, 2);
    let changed = Join { protocols: vec![("range", subscription(&["u"]))], ..Join::new(&ids[1]) };
    bench.start_join(&changed);
    assert_eq!(bench.state(), "PreparingRebalance");
}

#[test]
fn a_rebalance_sends_waiting_syncs_back_to_join() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(2);
    let sync = bench.start_sync(&ids[1], 2, &[]);
    bench.start_join(&Join::at_once());
    assert_eq!(error(bench.synced(sync).error_code), ErrorCode::RebalanceInProgress);
}

#[test]
fn an_earlier_request_of_the_same_member_is_not_left_without_an_answer() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(2);
    let first = bench.start_join(&Join::new(&ids[0]));
    bench.start_join(&Join::new(&ids[0]));
    assert_eq!(error(bench.joined(first).error_code), ErrorCode::RebalanceInProgress);

    let mut bench = Bench::new(config());
    let ids = bench.completing_group(2);
    let first = bench.start_sync(&ids[1], 2, &[]);
    bench.start_sync(&ids[1], 2, &[]);
    assert_eq!(error(bench.synced(first).error_code), ErrorCode::RebalanceInProgress);
}

#[test]
fn a_leader_that_repeats_its_sync_does_not_assign_twice() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(1);
    bench.slow_disk = true;
    let first = bench.start_sync(&ids[0], 1, &[(&ids[0], "first")]);
    let records = bench.log.len();
    let second = bench.start_sync(&ids[0], 1, &[(&ids[0], "second")]);
    assert_eq!(bench.log.len(), records);
    bench.flush();
    assert_eq!(error(bench.synced(first).error_code), ErrorCode::RebalanceInProgress);
    assert_eq!(bench.synced(second).assignment, Bytes::from_static(b"first"));
}

#[test]
fn an_assignment_that_is_overtaken_by_a_rebalance_is_given_to_nobody() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(1);
    bench.slow_disk = true;
    let sync = bench.start_sync(&ids[0], 1, &[(&ids[0], "late")]);
    bench.start_join(&Join::at_once());
    assert_eq!(error(bench.synced(sync).error_code), ErrorCode::RebalanceInProgress);
    bench.flush();
    assert_eq!(bench.state(), "PreparingRebalance");
}

#[test]
fn an_assignment_is_not_given_to_a_later_group_of_the_same_name() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(1);
    bench.slow_disk = true;
    bench.start_sync(&ids[0], 1, &[]);
    bench.start_leave(&ids[0]);
    bench.start_delete_group(GROUP);
    let joined = bench.join(&Join::at_once());
    assert_eq!((joined.generation_id, bench.state()), (1, "CompletingRebalance".to_string()));
    bench.flush();
    assert_eq!(bench.state(), "CompletingRebalance");
}

#[test]
fn members_vote_for_a_protocol_that_all_support() {
    for (preferences, elected) in [
        (vec![vec!["a", "b"], vec!["b", "a"], vec!["b", "a"]], "b"),
        (vec![vec!["a", "b", "c"], vec!["c", "b"], vec!["b", "c"]], "b"),
        (vec![vec!["a", "b"], vec!["b", "a"]], "a"),
        (vec![vec!["a", "a"], vec!["a"]], "a"),
    ] {
        let delay = std::time::Duration::from_secs(3);
        let mut bench = Bench::new(GroupConfig { initial_rebalance_delay: delay, ..config() });
        let tickets: Vec<_> = preferences
            .iter()
            .map(|names| {
                let protocols = names.iter().map(|name| (*name, Bytes::copy_from_slice(name.as_bytes())));
                bench.start_join(&Join { protocols: protocols.collect(), ..Join::at_once() })
            })
            .collect();
        bench.pass(10_000);
        let leader = bench.joined(tickets[0]);
        assert_eq!(leader.protocol_name.as_deref(), Some(elected), "{preferences:?}");
        assert_eq!(leader.members.len(), preferences.len());
        assert!(leader.members.iter().all(|member| member.metadata == elected.as_bytes()));
    }
}

#[test]
fn a_sync_has_to_name_the_protocols_that_the_group_has() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(1);
    for (protocol_type, protocol_name, expected) in [
        (Some("connect"), None, ErrorCode::InconsistentGroupProtocol),
        (None, Some("roundrobin"), ErrorCode::InconsistentGroupProtocol),
        (Some("consumer"), Some("range"), ErrorCode::None),
    ] {
        let request = SyncGroupRequest {
            group_id: GROUP.into(),
            generation_id: 1,
            member_id: ids[0].clone(),
            protocol_type: protocol_type.map(Into::into),
            protocol_name: protocol_name.map(Into::into),
            ..Default::default()
        };
        let now = bench.now();
        let ticket = bench.ask(|shard, ticket, out| shard.sync_group(now, &request, ticket, out));
        assert_eq!(error(bench.synced(ticket).error_code), expected);
    }
}

#[test]
fn when_a_member_leaves_the_others_rebalance_and_the_next_one_leads() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(2);
    assert_eq!(bench.leave_error(&ids[0]), ErrorCode::None);
    assert_eq!(bench.beat(&ids[0], 2), ErrorCode::UnknownMemberId);
    assert_eq!(bench.beat(&ids[1], 2), ErrorCode::RebalanceInProgress);
    let joined = bench.join(&Join::new(&ids[1]));
    assert_eq!((joined.generation_id, joined.leader), (3, ids[1].clone()));
}

#[test]
fn the_last_member_leaves_an_empty_group_which_is_told_when_that_is_durable() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(1);
    bench.slow_disk = true;
    let request =
        LeaveGroupRequest { group_id: GROUP.into(), member_id: ids[0].clone(), ..Default::default() };
    let context = bench.context(1);
    let ticket = bench.ask(|shard, ticket, out| shard.leave_group(&context, &request, ticket, out));
    assert_eq!(bench.answer(ticket), None);
    bench.flush();
    let Some(Response::LeaveGroup(left)) = bench.answer(ticket) else { panic!("no answer") };
    assert_eq!((left.error_code, left.members.len()), (0, 0));
    assert_eq!(bench.state(), "Empty");
    let described = bench.shard.describe_group(&GROUP.into(), 5);
    assert_eq!((&*described.protocol_type, &*described.protocol_data), ("consumer", ""));
}

#[test]
fn a_member_that_leaves_alone_is_told_its_own_error() {
    let mut bench = Bench::new(config());
    bench.stable_group(1);
    for group in [GROUP, "unknown"] {
        let request =
            LeaveGroupRequest { group_id: group.into(), member_id: "stranger".into(), ..Default::default() };
        let context = bench.context(2);
        let ticket = bench.ask(|shard, ticket, out| shard.leave_group(&context, &request, ticket, out));
        let Some(Response::LeaveGroup(left)) = bench.answer(ticket) else { panic!("no answer") };
        assert_eq!(error(left.error_code), ErrorCode::UnknownMemberId);
    }
}

#[test]
fn a_member_that_was_told_its_id_can_leave_before_it_joins() {
    let mut bench = Bench::new(config());
    let told = bench.join(&Join::new("")).member_id;
    assert_eq!(bench.leave_error(&told), ErrorCode::None);
    assert_eq!(bench.join_error(&Join::new(&told)), ErrorCode::UnknownMemberId);
}

#[test]
fn a_rebalance_waits_for_members_that_were_told_their_id() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(1);
    let told = bench.join(&Join::new("")).member_id;
    assert_eq!(bench.state(), "Stable");
    let leader = bench.start_join(&Join::new(&ids[0]));
    assert_eq!(bench.answer(leader), None);
    let new = bench.join(&Join::new(&told));
    assert_eq!((new.generation_id, bench.joined(leader).members.len()), (2, 2));
}

#[test]
fn a_rebalance_does_not_wait_for_who_left_nor_count_it() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(3);
    let leader = bench.start_join(&Join::new(&ids[0]));
    let gone = bench.start_join(&Join::new(&ids[1]));
    assert_eq!(bench.leave_error(&ids[1]), ErrorCode::None);
    assert_eq!(error(bench.joined(gone).error_code), ErrorCode::UnknownMemberId);
    assert_eq!(bench.answer(leader), None, "one is still to come");
    bench.start_join(&Join::new(&ids[2]));
    assert_eq!(bench.joined(leader).members.len(), 2);
}

#[test]
fn a_full_group_takes_no_further_member() {
    let mut bench = Bench::new(GroupConfig { size_max: 2, ..config() });
    let ids = bench.stable_group(2);
    assert_eq!(bench.join_error(&Join::new("")), ErrorCode::GroupMaxSizeReached);
    let follower = bench.start_join(&Join::new(&ids[1]));
    assert_eq!(bench.joined(follower).error_code, 0, "members may come back");
}

#[test]
fn a_group_that_has_become_too_large_loses_the_last_to_join_again() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(3);
    bench.shard.set_config(GroupConfig { size_max: 2, ..config() });
    let first = bench.start_join(&Join::new(&ids[0]));
    let third = bench.start_join(&Join::new(&ids[2]));
    assert_eq!(bench.join_error(&Join::new(&ids[1])), ErrorCode::GroupMaxSizeReached);
    assert_eq!(bench.joined(first).members.len(), 2);
    assert_eq!(bench.joined(third).generation_id, 4);
}

#[test]
fn a_stable_group_is_described_with_all_that_it_has() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(1);
    let described = bench.shard.describe_group(&GROUP.into(), 6);
    assert_eq!((&*described.protocol_type, &*described.protocol_data), ("consumer", "range"));
    let member = &described.members[0];
    assert_eq!(
        (&member.member_id, &*member.client_id, &*member.client_host),
        (&ids[0], "client", "/127.0.0.1")
    );
    assert_eq!(member.member_metadata, subscription(&["t"]));
    assert_eq!(member.member_assignment, Bytes::from_static(b"all"));

    bench.start_join(&Join::at_once());
    let described = bench.shard.describe_group(&GROUP.into(), 6);
    assert_eq!((&*described.group_state, &*described.protocol_data), ("PreparingRebalance", ""));
    assert_eq!(described.members[0].member_metadata, Bytes::new());
}

#[test]
fn what_does_not_exist_is_dead_and_from_version_6_on_an_error() {
    let bench = Bench::new(config());
    let old = bench.shard.describe_group(&"x".into(), 5);
    assert_eq!((&*old.group_state, old.error_code, old.error_message), ("Dead", 0, None));
    let new = bench.shard.describe_group(&"x".into(), 6);
    assert_eq!((&*new.group_state, error(new.error_code)), ("Dead", ErrorCode::GroupIdNotFound));
    assert_eq!(new.error_message.as_deref(), Some("Group x not found."));
}

#[test]
fn groups_are_listed_by_state_and_type() {
    let mut bench = Bench::new(config());
    bench.stable_group(1);
    bench.commit_errors(&super::harness::commit("simple", "", -1, &[("t", 0, 1)]), 9);
    let check = |states: &[&str], types: &[&str], expected: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| ByteString::from(*name)).collect();
        let request = ListGroupsRequest { states_filter: owned(states), types_filter: owned(types) };
        let listed = bench.shard.list_groups(&request);
        let ids: Vec<&str> = listed.iter().map(|group| &*group.group_id).collect();
        assert_eq!(ids, expected, "{states:?} {types:?}");
    };
    check(&[], &[], &["g", "simple"]);
    check(&["stable"], &[], &["g"]);
    check(&[" EMPTY ", "Dead"], &[], &["simple"]);
    check(&[], &["classic"], &["g", "simple"]);
    check(&[], &["Consumer", "share"], &[]);
    check(&["nonsense"], &[], &[]);
}
