//! Every request in every state of a group.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode::{
        self, GroupIdNotFound, GroupSubscribedToTopic, IllegalGeneration, InconsistentGroupProtocol,
        InvalidGroupId, InvalidSessionTimeout, MemberIdRequired, NonEmptyGroup, None as Fine,
        RebalanceInProgress, UnknownMemberId,
    },
    messages::{
        OffsetDeleteRequest,
        offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic},
    },
};

use super::harness::{Bench, GROUP, Join, commit, config};
use crate::Response;

/// Brings a group into a state; returns a member, if there is one, and the generation.
type Setup = fn(&mut Bench) -> (ByteString, i32);
type Request = fn(&mut Bench, &str, i32) -> ErrorCode;

const STATES: [(&str, Setup); 6] = [
    ("no group", |_| ("nobody".into(), 1)),
    ("offsets alone", |bench| {
        bench.commit("", -1, 1);
        ("nobody".into(), 1)
    }),
    ("Empty", |bench| {
        let ids = bench.stable_group(1);
        bench.leave(&[(&ids[0], None)]);
        (ids[0].clone(), 1)
    }),
    ("PreparingRebalance", |bench| {
        let ids = bench.stable_group(2);
        bench.start_join(&Join::new(&ids[0]));
        (ids[1].clone(), 2)
    }),
    ("CompletingRebalance", |bench| (bench.completing_group(1)[0].clone(), 1)),
    ("Stable", |bench| (bench.stable_group(1)[0].clone(), 1)),
];

fn check(name: &str, request: Request, expected: [ErrorCode; 6]) {
    for ((state, setup), expected) in STATES.into_iter().zip(expected) {
        let mut bench = Bench::new(config());
        let (member, generation) = setup(&mut bench);
        assert_eq!(request(&mut bench, &member, generation), expected, "{name}, {state}");
    }
}

fn delete_offset(bench: &mut Bench, topic: &str) -> ErrorCode {
    let partitions = vec![OffsetDeleteRequestPartition { partition_index: 0 }];
    let topics = vec![OffsetDeleteRequestTopic { name: topic.into(), partitions }];
    let request = OffsetDeleteRequest { group_id: GROUP.into(), topics };
    let ticket = bench.ask(|shard, ticket, out| shard.delete_offsets(&request, ticket, out));
    let Some(Response::OffsetDelete(response)) = bench.answer(ticket) else { panic!("no answer") };
    let of_partition = response.topics.first().map_or(0, |topic| topic.partitions[0].error_code);
    ErrorCode::from_code(response.error_code.max(of_partition)).unwrap()
}

#[test]
fn members_are_answered_as_kafka_answers_them() {
    let unknown = UnknownMemberId;
    check("heartbeat", |b, m, g| b.beat(m, g), [unknown, unknown, unknown, RebalanceInProgress, Fine, Fine]);
    check("heartbeat of a stranger", |b, _, g| b.beat("stranger", g), [unknown; 6]);
    check(
        "heartbeat of another generation",
        |b, m, g| b.beat(m, g + 1),
        [unknown, unknown, unknown, IllegalGeneration, IllegalGeneration, IllegalGeneration],
    );
    check("sync", |b, m, g| b.sync_error(m, g), [unknown, unknown, unknown, RebalanceInProgress, Fine, Fine]);
    check("sync of a stranger", |b, _, g| b.sync_error("stranger", g), [unknown; 6]);
    check(
        "sync of another generation",
        |b, m, g| b.sync_error(m, g + 1),
        [unknown, unknown, unknown, IllegalGeneration, IllegalGeneration, IllegalGeneration],
    );
    check("leave", |b, m, _| b.leave_error(m), [unknown, unknown, unknown, Fine, Fine, Fine]);
    check("leave of a stranger", |b, _, _| b.leave_error("stranger"), [unknown; 6]);
}

#[test]
fn joins_are_answered_as_kafka_answers_them() {
    let required = [MemberIdRequired; 6];
    check("join of a new member", |b, _, _| b.join_error(&Join::new("")), required);
    check("join of a stranger", |b, _, _| b.join_error(&Join::new("stranger")), [UnknownMemberId; 6]);
    check(
        "join of another protocol type",
        |b, _, _| b.join_error(&Join { protocol_type: "connect", ..Join::new("") }),
        [
            MemberIdRequired,
            MemberIdRequired,
            MemberIdRequired,
            InconsistentGroupProtocol,
            InconsistentGroupProtocol,
            InconsistentGroupProtocol,
        ],
    );
    check(
        "join without a protocol in common",
        |b, _, _| {
            let protocols = vec![("other", bytes::Bytes::new())];
            b.join_error(&Join { protocols, ..Join::new("") })
        },
        [
            MemberIdRequired,
            MemberIdRequired,
            MemberIdRequired,
            InconsistentGroupProtocol,
            InconsistentGroupProtocol,
            InconsistentGroupProtocol,
        ],
    );
    check(
        "join without a protocol",
        |b, _, _| b.join_error(&Join { protocols: vec![], ..Join::new("") }),
        [InconsistentGroupProtocol; 6],
    );
    check(
        "join as an unknown instance with a member ID",
        |b, m, _| b.join_error(&Join { instance: Some("i"), ..Join::new(m) }),
        [UnknownMemberId; 6],
    );
}

#[test]
fn commits_are_answered_as_kafka_answers_them() {
    check(
        "commit",
        |b, m, g| b.commit(m, g, 1),
        [GroupIdNotFound, UnknownMemberId, UnknownMemberId, Fine, RebalanceInProgress, Fine],
    );
    check(
        "commit before version 9",
        |b, m, g| b.commit_errors(&commit(GROUP, m, g, &[("t", 0, 1)]), 8)[0],
        [IllegalGeneration, UnknownMemberId, UnknownMemberId, Fine, RebalanceInProgress, Fine],
    );
    check(
        "commit of nobody",
        |b, _, _| b.commit("", -1, 1),
        [Fine, Fine, Fine, UnknownMemberId, UnknownMemberId, UnknownMemberId],
    );
    check(
        "commit of a member without generation",
        |b, m, _| b.commit(m, -1, 1),
        [Fine, Fine, Fine, IllegalGeneration, IllegalGeneration, IllegalGeneration],
    );
    check(
        "commit of another generation",
        |b, m, g| b.commit(m, g + 1, 1),
        [
            GroupIdNotFound,
            UnknownMemberId,
            UnknownMemberId,
            IllegalGeneration,
            IllegalGeneration,
            IllegalGeneration,
        ],
    );
}

#[test]
fn administrators_are_answered_as_kafka_answers_them() {
    check(
        "deletion of the group",
        |b, _, _| b.delete_group(GROUP),
        [GroupIdNotFound, Fine, Fine, NonEmptyGroup, NonEmptyGroup, NonEmptyGroup],
    );
    let subscribed = GroupSubscribedToTopic;
    check(
        "deletion of an offset of a topic that members subscribe to",
        |b, _, _| delete_offset(b, "t"),
        [GroupIdNotFound, Fine, Fine, subscribed, subscribed, subscribed],
    );
    check(
        "deletion of an offset of another topic",
        |b, _, _| delete_offset(b, "other"),
        [GroupIdNotFound, Fine, Fine, Fine, Fine, Fine],
    );
}

#[test]
fn groups_of_other_protocol_types_keep_their_offsets_while_they_have_members() {
    let mut bench = Bench::new(config());
    let join = Join { protocol_type: "connect", ..Join::at_once() };
    assert_eq!(bench.join(&join).error_code, 0);
    assert_eq!(delete_offset(&mut bench, "t"), NonEmptyGroup);
}

#[test]
fn groups_need_a_name_but_offsets_do_not() {
    let mut bench = Bench::new(config());
    let request = Join::at_once().request("");
    let context = bench.context(3);
    let ticket = bench.ask(|shard, ticket, out| shard.join_group(&context, &request, ticket, out));
    assert_eq!(bench.joined(ticket).error_code, InvalidGroupId.code());
    assert_eq!(bench.commit_errors(&commit("", "", -1, &[("t", 0, 7)]), 9), [Fine]);
    assert_eq!(bench.fetch(&super::harness::fetch("", None), true)[0].2, 7);
    assert_eq!(bench.delete_group(""), Fine);
}

#[test]
fn session_timeouts_have_bounds() {
    let mut bench = Bench::new(config());
    for (session, expected) in [
        (5_999, InvalidSessionTimeout),
        (6_000, MemberIdRequired),
        (1_800_000, MemberIdRequired),
        (1_800_001, InvalidSessionTimeout),
        (-1, InvalidSessionTimeout),
    ] {
        assert_eq!(bench.join_error(&Join { session, ..Join::new("") }), expected, "{session}");
    }
}

#[test]
fn a_refused_join_leaves_no_group_behind() {
    let mut bench = Bench::new(config());
    bench.join_error(&Join::new("stranger"));
    bench.join_error(&Join { protocols: vec![], ..Join::new("") });
    assert_eq!((bench.shard.groups().count(), bench.log.len()), (0, 0));
}
