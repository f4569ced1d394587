//! Records that cannot be appended, and partitions that are led elsewhere.

use ottla_wire::ErrorCode;

use super::harness::{Bench, GROUP, Join, commit, config, error, fetch};
use crate::Response;

#[test]
fn clients_are_told_what_they_can_handle() {
    for (append, told) in [
        (ErrorCode::NotEnoughReplicas, ErrorCode::CoordinatorNotAvailable),
        (ErrorCode::RequestTimedOut, ErrorCode::CoordinatorNotAvailable),
        (ErrorCode::UnknownTopicOrPartition, ErrorCode::CoordinatorNotAvailable),
        (ErrorCode::NotLeaderOrFollower, ErrorCode::NotCoordinator),
        (ErrorCode::KafkaStorageError, ErrorCode::NotCoordinator),
        (ErrorCode::RecordListTooLarge, ErrorCode::UnknownServerError),
        (ErrorCode::PolicyViolation, ErrorCode::PolicyViolation),
    ] {
        let mut bench = Bench::new(config());
        bench.append_error = Some(append);
        let request = commit(GROUP, "", -1, &[("t", 0, 1), ("u", 3, 1)]);
        assert_eq!(bench.commit_errors(&request, 9), [told, told], "{append}");
        assert_eq!(bench.committed(), -1);
    }
}

#[test]
fn a_group_whose_first_record_is_not_written_does_not_exist() {
    let mut bench = Bench::new(config());
    bench.append_error = Some(ErrorCode::NotEnoughReplicas);
    let ticket = bench.start_join(&Join::at_once());
    assert_eq!(error(bench.joined(ticket).error_code), ErrorCode::CoordinatorNotAvailable);
    assert_eq!(bench.state(), "Dead");
    bench.pass(60_000);
    assert_eq!(bench.join(&Join::at_once()).generation_id, 1);
}

#[test]
fn a_simple_group_keeps_its_offsets_when_nobody_can_join() {
    let mut bench = Bench::new(config());
    bench.commit("", -1, 7);
    bench.append_error = Some(ErrorCode::NotEnoughReplicas);
    bench.start_join(&Join::at_once());
    assert_eq!((bench.state(), bench.committed()), ("Empty".to_string(), 7));
    assert_eq!(bench.commit("", -1, 8), ErrorCode::None, "it is a simple group still");
}

#[test]
fn members_whose_assignment_is_not_written_join_again() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(2);
    let follower = bench.start_sync(&ids[1], 2, &[]);
    bench.append_error = Some(ErrorCode::KafkaStorageError);
    let leader = bench.start_sync(&ids[0], 2, &[(&ids[1], "x")]);
    for sync in [follower, leader] {
        assert_eq!(error(bench.synced(sync).error_code), ErrorCode::NotCoordinator);
    }
    assert_eq!(bench.state(), "PreparingRebalance");
    let first = bench.start_join(&Join::new(&ids[0]));
    assert_eq!(bench.join(&Join::new(&ids[1])).generation_id, 3);
    bench.joined(first);
    let sync = bench.start_sync(&ids[0], 3, &[(&ids[0], "y")]);
    assert_eq!(bench.synced(sync).assignment, "y".as_bytes());
}

#[test]
fn a_static_member_whose_new_id_is_not_written_keeps_the_old_one() {
    let mut bench = Bench::new(config());
    let old = bench.join(&Join::fixed("a")).member_id;
    bench.start_sync(&old, 1, &[(&old, "x")]);
    bench.append_error = Some(ErrorCode::NotEnoughReplicas);
    let ticket = bench.start_join(&Join::fixed("a"));
    let refused = bench.joined(ticket);
    assert_eq!(error(refused.error_code), ErrorCode::CoordinatorNotAvailable);
    assert_eq!(refused.member_id, "");
    assert_eq!((bench.beat(&old, 1), bench.state()), (ErrorCode::None, "Stable".to_string()));
    let back = bench.join(&Join::fixed("a"));
    assert!(back.skip_assignment, "it leads under its new ID");
    bench.pass(9_999);
    assert_eq!(bench.beat(&back.member_id, 1), ErrorCode::None);
}

#[test]
fn who_leaves_a_group_that_cannot_be_stored_is_told() {
    let mut bench = Bench::new(config());
    let ids = bench.stable_group(1);
    bench.append_error = Some(ErrorCode::NotEnoughReplicas);
    let left = bench.leave(&[(&ids[0], None)]);
    assert_eq!(error(left.error_code), ErrorCode::CoordinatorNotAvailable);
    assert_eq!(bench.state(), "Empty");
}

#[test]
fn groups_that_cannot_be_deleted_remain() {
    let mut bench = Bench::new(config());
    bench.commit("", -1, 7);
    bench.append_error = Some(ErrorCode::KafkaStorageError);
    assert_eq!(bench.delete_group(GROUP), ErrorCode::NotCoordinator);
    assert_eq!(bench.committed(), 7);
    assert_eq!(bench.delete_group(GROUP), ErrorCode::None);
    assert_eq!((bench.state(), bench.committed()), ("Dead".to_string(), -1));
}

#[test]
fn all_who_wait_are_sent_away_when_the_partition_goes() {
    let mut bench = Bench::new(config());
    let ids = bench.completing_group(2);
    let sync = bench.start_sync(&ids[1], 2, &[]);
    bench.slow_disk = true;
    let commit = bench.start_commit(&commit("other", "", -1, &[("t", 0, 1)]), 9);
    let fetch = bench.start_fetch(&fetch("other", None), false);
    let now = bench.now();
    let mut out = Vec::new();
    bench.shard.unload(now, &mut out);
    bench.carry_out(out);
    assert_eq!(error(bench.synced(sync).error_code), ErrorCode::NotCoordinator);
    let Some(Response::OffsetCommit(commit)) = bench.answer(commit) else { panic!("no answer") };
    assert_eq!(error(commit.topics[0].partitions[0].error_code), ErrorCode::NotCoordinator);
    let Some(Response::OffsetFetch(fetch)) = bench.answer(fetch) else { panic!("no answer") };
    assert_eq!((error(fetch.error_code), fetch.topics.len()), (ErrorCode::NotCoordinator, 0));
}
