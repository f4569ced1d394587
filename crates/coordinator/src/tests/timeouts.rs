//! What time does to groups.

use std::time::Duration;

use ottla_wire::ErrorCode;

use super::harness::{Bench, Join, REBALANCE, SESSION, config, error};
use crate::GroupConfig;

const SESSION_MS: u64 = SESSION.unsigned_abs() as u64;
const REBALANCE_MS: u64 = REBALANCE.unsigned_abs() as u64;

#[test]
fn a_member_without_heartbeats_is_removed_when_its_session_ends() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(2);
    bench.pass(SESSION_MS - 1);
    assert_eq!(bench.beat(&ids[0], 2), ErrorCode::None);
    bench.pass(1);
    assert_eq!(bench.beat(&ids[1], 2), ErrorCode::UnknownMemberId);
    assert_eq!(bench.beat(&ids[0], 2), ErrorCode::RebalanceInProgress);
    bench.pass(SESSION_MS);
    assert_eq!(bench.state(), "Empty");
}

#[test]
fn heartbeats_and_commits_keep_a_session_alive() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(1);
    for offset in 0..10 {
        bench.pass(SESSION_MS - 1);
        assert_eq!(bench.beat(&ids[0], 1), ErrorCode::None);
        bench.pass(SESSION_MS - 1);
        assert_eq!(bench.commit(&ids[0], 1, offset), ErrorCode::None);
    }
    assert_eq!(bench.state(), "Stable");
}

#[test]
fn who_waits_for_a_join_needs_no_heartbeats() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(2);
    let waiting = bench.start_join(&Join::new(&ids[0]));
    for _ in 0..5 {
        bench.pass(SESSION_MS - 1);
        assert_eq!(bench.beat(&ids[1], 2), ErrorCode::RebalanceInProgress);
    }
    assert_eq!(bench.answer(waiting), None);
    bench.pass(REBALANCE_MS - 5 * (SESSION_MS - 1));
    let joined = bench.joined(waiting);
    assert_eq!((joined.generation_id, joined.members.len()), (3, 1), "the other did not join in time");
    assert_eq!(bench.beat(&ids[1], 2), ErrorCode::UnknownMemberId);
}

#[test]
fn a_member_that_was_told_its_id_has_a_session_to_join_with_it() {
    let mut bench = Bench::new(config());
    let in_time = bench.join(&Join::new("")).member_id;
    let late = bench.join(&Join::new("")).member_id;
    bench.pass(SESSION_MS - 1);
    let ticket = bench.start_join(&Join::new(&in_time));
    bench.pass(1);
    assert_eq!(bench.joined(ticket).members.len(), 1);
    assert_eq!(bench.join_error(&Join::new(&late)), ErrorCode::UnknownMemberId);
}

#[test]
fn a_new_member_waits_five_minutes_for_its_first_join() {
    let mut bench = Bench::new(config());
    let patient = Join { session: 1_800_000, rebalance: 1_800_000, ..Join::at_once() };
    let first = bench.join(&patient);
    bench.start_sync(&first.member_id, 1, &[]);
    let new = bench.start_join(&patient);
    bench.pass(5 * 60_000 - 1);
    assert_eq!(bench.answer(new), None);
    bench.pass(1);
    assert_eq!(error(bench.joined(new).error_code), ErrorCode::UnknownMemberId);
}

#[test]
fn members_that_do_not_sync_are_removed() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(2);
    let sync = bench.start_sync(&ids[1], 2, &[]);
    for _ in 0..12 {
        bench.pass(REBALANCE_MS / 12 - 1);
        bench.beat(&ids[0], 2);
    }
    assert_eq!(bench.answer(sync), None);
    bench.pass(12);
    assert_eq!(error(bench.synced(sync).error_code), ErrorCode::RebalanceInProgress);
    assert_eq!(bench.beat(&ids[0], 2), ErrorCode::UnknownMemberId);
    assert_eq!(bench.join(&Join::new(&ids[1])).generation_id, 3);
}

#[test]
fn a_follower_that_does_not_sync_is_removed_from_a_stable_group() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(2);
    let leader = bench.start_sync(&ids[0], 2, &[]);
    assert_eq!(bench.synced(leader).error_code, 0);
    for _ in 0..12 {
        bench.pass(REBALANCE_MS / 12);
        bench.beat(&ids[0], 2);
        bench.beat(&ids[1], 2);
    }
    assert_eq!(bench.state(), "PreparingRebalance");
    assert_eq!(bench.beat(&ids[1], 2), ErrorCode::UnknownMemberId);
}

#[test]
fn who_waits_for_a_sync_needs_no_heartbeats() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(2);
    let follower = bench.start_sync(&ids[1], 2, &[]);
    for _ in 0..4 {
        bench.pass(SESSION_MS - 1);
        bench.beat(&ids[0], 2);
    }
    let leader = bench.start_sync(&ids[0], 2, &[(&ids[1], "late")]);
    assert_eq!(bench.synced(follower).assignment, "late".as_bytes());
    bench.expect_synced(leader);
    bench.pass(SESSION_MS - 1);
    assert_eq!(bench.beat(&ids[1], 2), ErrorCode::None, "its session began anew with the answer");
}

#[test]
fn the_first_rebalance_is_delayed_for_as_long_as_members_come() {
    let delay = Duration::from_secs(3);
    // When members come, the rebalance timeout of all, and when the first generation begins, in seconds.
    for (arrivals, rebalance, expected) in [
        (vec![0], 60, 3),
        (vec![0, 1], 60, 6),
        (vec![0, 1, 4, 7], 60, 12),
        (vec![0, 1, 4, 7, 10], 10, 10),
        (vec![0, 1], 2, 3),
    ] {
        let mut bench = Bench::new(GroupConfig { initial_rebalance_delay: delay, ..config() });
        let join = Join { session: 1_800_000, rebalance: rebalance * 1000, ..Join::at_once() };
        let mut tickets = Vec::new();
        for second in 0..expected {
            tickets.extend(arrivals.contains(&second).then(|| bench.start_join(&join)));
            bench.pass(999);
            assert_eq!(bench.state(), "PreparingRebalance", "{arrivals:?} at {second}.999");
            bench.pass(1);
        }
        let members = bench.joined(tickets[0]).members.len();
        assert_eq!(members, tickets.len(), "{arrivals:?}");
    }
}

#[test]
fn a_first_rebalance_without_anybody_left_ends_empty() {
    let mut bench = Bench::new(GroupConfig::default());
    let ticket = bench.start_join(&Join::at_once());
    let id = bench.shard.describe_group(&"g".into(), 6).members[0].member_id.clone();
    assert_eq!(bench.leave_error(&id), ErrorCode::None);
    assert_eq!(error(bench.joined(ticket).error_code), ErrorCode::UnknownMemberId);
    assert_eq!(bench.state(), "PreparingRebalance");
    bench.pass(3_000);
    assert_eq!(bench.state(), "Empty");
}

#[test]
fn a_rebalance_without_a_timeout_does_not_spin() {
    let mut bench = Bench::new(config());
    let fixed = Join { rebalance: -5, ..Join::fixed("a") };
    let id = bench.join(&fixed).member_id;
    let sync = bench.start_sync(&id, 1, &[]);
    bench.answer(sync);
    bench.start_join(&Join { rebalance: 0, ..Join::at_once() });
    bench.leave(&[]);
    bench.pass(SESSION_MS * 2);
    assert_eq!(bench.state(), "Empty");
}

#[test]
fn ten_thousand_members_cost_one_timer_each() {
    let mut bench = Bench::new(config());
    let mut ids = Vec::new();
    for _ in 0..10_000 {
        let ticket = bench.start_join(&Join::new(""));
        ids.push(bench.joined(ticket).member_id);
    }
    let tickets: Vec<_> = ids.iter().map(|id| bench.start_join(&Join::new(id))).collect();
    bench.pass(0);
    let leader = bench.joined(tickets[0]);
    assert_eq!(leader.members.len(), 10_000);
    let leader = bench.start_sync(&ids[0], 1, &[]);
    bench.expect_synced(leader);
    for id in &ids {
        let sync = bench.start_sync(id, 1, &[]);
        bench.expect_synced(sync);
    }
    for _ in 0..20 {
        bench.pass(SESSION_MS / 2);
        assert!(ids.iter().all(|id| bench.beat(id, 1) == ErrorCode::None));
    }
    assert_eq!(bench.state(), "Stable");
}
