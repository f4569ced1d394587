//! Static members (KIP-345, KIP-814).

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::ErrorCode;

use super::harness::{Bench, Join, REBALANCE, SESSION, config, error, subscription};

/// A stable group of two static members, "a" who leads and "b".
fn stable_group(bench: &mut Bench) -> [ByteString; 2] {
    let a = bench.join(&Join::fixed("a")).member_id;
    let b = bench.start_join(&Join::fixed("b"));
    bench.join(&Join { instance: Some("a"), ..Join::new(&a) });
    let b = bench.joined(b).member_id;
    let follower = bench.start_sync(&b, 2, &[]);
    let leader = bench.start_sync(&a, 2, &[(&a, "for a"), (&b, "for b")]);
    assert_eq!((bench.synced(leader).error_code, bench.synced(follower).error_code), (0, 0));
    [a, b]
}

#[test]
fn a_static_member_needs_no_second_join_and_its_id_tells_its_instance() {
    let mut bench = Bench::new(config());
    let joined = bench.join(&Join::fixed("instance"));
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    assert!(joined.member_id.starts_with("instance-"), "{}", joined.member_id);
    assert_eq!(joined.members[0].group_instance_id.as_deref(), Some("instance"));
}

#[test]
fn a_static_member_returns_to_a_stable_group_without_a_rebalance() {
    for (version, instance, leads) in [(9, "a", true), (9, "b", false), (8, "a", true), (8, "b", false)] {
        let mut bench = Bench::new(config());
        let [a, b] = stable_group(&mut bench);
        let old = if leads { &a } else { &b };
        let back = bench.join(&Join { version, ..Join::fixed(instance) });
        assert_eq!((back.error_code, back.generation_id), (0, 2), "{version} {instance}");
        assert_ne!(back.member_id, *old);
        assert_eq!(back.skip_assignment, version == 9 && leads);
        // Before version 9 the leader must not know that it leads: it would assign.
        let told_leader = if version == 9 && leads { &back.member_id } else { &a };
        assert_eq!(back.leader, *told_leader, "{version} {instance}");
        assert_eq!(back.members.len(), if version == 9 && leads { 2 } else { 0 });
        assert_eq!(bench.state(), "Stable");

        let sync = bench.start_sync(&back.member_id, 2, &[]);
        let expected = format!("for {instance}");
        assert_eq!(bench.synced(sync).assignment, Bytes::from(expected));
        assert_eq!(bench.beat(old, 2), ErrorCode::UnknownMemberId);
    }
}

#[test]
fn a_return_is_told_once_it_is_durable() {
    let mut bench = Bench::new(config());
    stable_group(&mut bench);
    bench.slow_disk = true;
    let back = bench.start_join(&Join::fixed("b"));
    assert_eq!(bench.answer(back), None);
    bench.flush();
    assert_eq!(bench.joined(back).error_code, 0);
}

#[test]
fn who_still_uses_the_old_id_is_fenced() {
    let mut bench = Bench::new(config());
    let [_, b] = stable_group(&mut bench);
    bench.join(&Join::fixed("b"));
    let old = Join { instance: Some("b"), ..Join::new(&b) };
    assert_eq!(bench.join_error(&old), ErrorCode::FencedInstanceId);
    let left = bench.leave(&[(&b, Some("b"))]);
    assert_eq!(error(left.members[0].error_code), ErrorCode::FencedInstanceId);
}

#[test]
fn who_waits_under_the_old_id_is_fenced_at_once() {
    let mut bench = Bench::new(config());
    let [a, b] = stable_group(&mut bench);
    let leader = bench.start_join(&Join { instance: Some("a"), ..Join::new(&a) });
    let follower = bench.join(&Join { instance: Some("b"), ..Join::new(&b) });
    assert_eq!((follower.generation_id, bench.joined(leader).members.len()), (3, 2));

    let sync = bench.start_sync(&b, 3, &[]);
    let back = bench.start_join(&Join::fixed("b"));
    assert_eq!(error(bench.synced(sync).error_code), ErrorCode::FencedInstanceId);
    assert_eq!(bench.state(), "PreparingRebalance", "the leader assigns for the old ID");
    let again = bench.start_join(&Join::fixed("b"));
    assert_eq!(error(bench.joined(back).error_code), ErrorCode::FencedInstanceId);
    assert_eq!(bench.answer(again), None);
}

#[test]
fn a_return_with_other_protocols_rebalances_only_if_the_elected_one_changes() {
    for (protocols, state) in [
        (vec![("range", subscription(&["u"]))], "Stable"),
        (vec![("other", Bytes::new()), ("range", subscription(&["t"]))], "Stable"),
    ] {
        let mut bench = Bench::new(config());
        stable_group(&mut bench);
        bench.start_join(&Join { protocols, ..Join::fixed("b") });
        assert_eq!(bench.state(), state);
    }
    let mut bench = Bench::new(config());
    let both = vec![("range", subscription(&["t"])), ("sticky", subscription(&["t"]))];
    let first = bench.join(&Join { protocols: both.clone(), ..Join::fixed("a") });
    bench.start_sync(&first.member_id, 1, &[]);
    let reversed = both.into_iter().rev().collect();
    bench.start_join(&Join { protocols: reversed, ..Join::fixed("a") });
    assert_eq!(bench.state(), "CompletingRebalance", "it was alone, so the rebalance is over");
}

#[test]
fn a_member_that_returns_before_it_synced_owes_a_sync() {
    for syncs in [true, false] {
        let mut bench = Bench::new(config());
        let a = bench.join(&Join::fixed("a")).member_id;
        let b = bench.start_join(&Join::fixed("b"));
        bench.join(&Join { instance: Some("a"), ..Join::new(&a) });
        bench.joined(b);
        let leader = bench.start_sync(&a, 2, &[]);
        bench.expect_synced(leader);
        let b = bench.join(&Join::fixed("b")).member_id;
        if syncs {
            let sync = bench.start_sync(&b, 2, &[]);
            bench.expect_synced(sync);
        }
        for _ in 0..12 {
            bench.pass(u64::from(REBALANCE.unsigned_abs()) / 12);
            bench.beat(&a, 2);
            bench.beat(&b, 2);
        }
        assert_eq!(bench.state(), if syncs { "Stable" } else { "PreparingRebalance" });
    }
}

#[test]
fn a_static_member_stays_through_a_rebalance_until_its_session_ends() {
    let mut bench = Bench::new(config());
    let [a, _] = stable_group(&mut bench);
    let session = u64::from(SESSION.unsigned_abs());
    let leader = bench.start_join(&Join { session: 1_000_000, instance: Some("a"), ..Join::new(&a) });
    bench.pass(session - 1);
    assert_eq!(bench.answer(leader), None);
    bench.pass(1);
    assert_eq!(bench.joined(leader).members.len(), 1, "the session of b is over");
}

#[test]
fn a_rebalance_goes_on_without_a_static_member_but_keeps_it() {
    let mut bench = Bench::new(config());
    let a = bench.join(&Join { session: 1_000_000, ..Join::fixed("a") }).member_id;
    bench.start_sync(&a, 1, &[]);
    let other = bench.start_join(&Join::at_once());
    bench.pass(u64::from(REBALANCE.unsigned_abs()));
    let other = bench.joined(other);
    assert_eq!((other.generation_id, &other.leader), (2, &other.member_id), "a did not join in time");
    assert_eq!(other.members.len(), 2);
}

#[test]
fn administrators_remove_members_by_instance() {
    let mut bench = Bench::new(config());
    stable_group(&mut bench);
    let left = bench.leave(&[("", Some("a")), ("", Some("nobody")), ("", None)]);
    let errors: Vec<ErrorCode> = left.members.iter().map(|member| error(member.error_code)).collect();
    assert_eq!(errors, [ErrorCode::None, ErrorCode::UnknownMemberId, ErrorCode::UnknownMemberId]);
    assert_eq!(left.members[0].group_instance_id.as_deref(), Some("a"));
    let described = bench.shard.describe_group(&"g".into(), 6);
    assert_eq!(described.members[0].group_instance_id.as_deref(), Some("b"));
}
