//! Members that come, wait, live and go.

use ottla_wire::{
    ErrorCode,
    messages::{
        DeleteGroupsRequest, DescribeGroupsRequest, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse,
        LeaveGroupRequest, ListGroupsRequest, SyncGroupRequest, join_group_request::JoinGroupRequestProtocol,
        leave_group_request::MemberIdentity, sync_group_request::SyncGroupRequestAssignment,
    },
};

use crate::node::{Client, Node};

const SESSION_MS: i32 = 30_000;

/// In version 3 a member gets its id and joins at once.
pub(crate) fn join(group: &str, member: &str) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol { name: "range".into(), metadata: "topics".into() };
    JoinGroupRequest {
        group_id: group.into(),
        session_timeout_ms: SESSION_MS,
        rebalance_timeout_ms: SESSION_MS,
        member_id: member.into(),
        protocol_type: "consumer".into(),
        protocols: vec![protocol],
        ..Default::default()
    }
}

fn sync(group: &str, joined: &JoinGroupResponse, assignments: &[(&str, &str)]) -> SyncGroupRequest {
    let given = assignments.iter().map(|(member, assignment)| SyncGroupRequestAssignment {
        member_id: (*member).into(),
        assignment: assignment.to_string().into(),
    });
    SyncGroupRequest {
        group_id: group.into(),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        assignments: given.collect(),
        ..Default::default()
    }
}

fn heartbeat(group: &str, joined: &JoinGroupResponse) -> HeartbeatRequest {
    HeartbeatRequest {
        group_id: group.into(),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        ..Default::default()
    }
}

fn leave(group: &str, member: &str) -> LeaveGroupRequest {
    let member = MemberIdentity { member_id: member.into(), ..Default::default() };
    LeaveGroupRequest { group_id: group.into(), members: vec![member], ..Default::default() }
}

fn describe(group: &str) -> DescribeGroupsRequest {
    DescribeGroupsRequest { groups: vec![group.into()], ..Default::default() }
}

/// Alone in the group, with an assignment.
pub(crate) async fn stable_member(client: &mut Client, group: &str) -> JoinGroupResponse {
    let joined = client.call(3, &join(group, "")).await;
    assert_eq!(joined.error_code, ErrorCode::None.code());
    let synced = client.call(3, &sync(group, &joined, &[(&joined.member_id, "all")])).await;
    assert_eq!((synced.error_code, &synced.assignment[..]), (ErrorCode::None.code(), &b"all"[..]));
    joined
}

#[tokio::test]
async fn two_members_share_what_the_leader_assigns() {
    let node = Node::start().await;
    let (mut one, mut other) = (node.group_client().await, node.client().await);
    let first = stable_member(&mut one, "g").await;
    other.send(3, &join("g", "")).await;
    let rebalances = ErrorCode::RebalanceInProgress.code();
    one.until(3, &heartbeat("g", &first), |beat| beat.error_code == rebalances).await;

    let leader = one.call(3, &join("g", &first.member_id)).await;
    let follower = other.receive::<JoinGroupRequest>(3).await;
    assert_eq!((leader.generation_id, follower.generation_id), (2, 2));
    assert_eq!((leader.members.len(), follower.members.len()), (2, 0));

    other.send(3, &sync("g", &follower, &[])).await;
    let assignments = [(&*leader.member_id, "left"), (&*follower.member_id, "right")];
    let left = one.call(3, &sync("g", &leader, &assignments)).await;
    let right = other.receive::<SyncGroupRequest>(3).await;
    assert_eq!((&left.assignment[..], &right.assignment[..]), (&b"left"[..], &b"right"[..]));
    for (client, member) in [(&mut one, &leader), (&mut other, &follower)] {
        assert_eq!(client.call(3, &heartbeat("g", member)).await.error_code, ErrorCode::None.code());
    }
}

#[tokio::test]
async fn a_client_that_goes_away_while_it_waits_holds_nobody_up() {
    let node = Node::start().await;
    let (mut one, mut other) = (node.group_client().await, node.client().await);
    let first = stable_member(&mut one, "g").await;
    other.send(3, &join("g", "")).await;
    let described = one.until(5, &describe("g"), |d| d.groups[0].members.len() == 2).await;
    drop(other);
    let mut members = described.groups[0].members.iter().map(|member| &member.member_id);
    let gone = members.find(|id| **id != first.member_id).expect("the other member").clone();

    let leader = one.call(3, &join("g", &first.member_id)).await;
    assert_eq!((leader.generation_id, leader.members.len()), (2, 2));
    let left = one.call(3, &leave("g", &gone)).await;
    assert_eq!(left.members[0].error_code, ErrorCode::None.code());
    let alone = one.call(3, &join("g", &first.member_id)).await;
    assert_eq!((alone.generation_id, alone.members.len()), (3, 1));
    node.stop().await;
}

#[tokio::test]
async fn the_broker_stops_while_members_wait() {
    let node = Node::start().await;
    let (mut one, mut other) = (node.group_client().await, node.client().await);
    stable_member(&mut one, "g").await;
    other.send(3, &join("g", "")).await;
    one.until(5, &describe("g"), |d| d.groups[0].members.len() == 2).await;
    node.stop().await;
}

#[tokio::test]
async fn a_member_that_says_nothing_is_given_up_when_its_session_ends() {
    let node = Node::start().await;
    let mut client = node.group_client().await;
    let brief = JoinGroupRequest { session_timeout_ms: 50, rebalance_timeout_ms: 50, ..join("g", "") };
    let joined = client.call(3, &brief).await;
    client.call(3, &sync("g", &joined, &[])).await;
    let described = client.until(5, &describe("g"), |d| &*d.groups[0].group_state == "Empty").await;
    assert!(described.groups[0].members.is_empty());
    let beat = client.call(3, &heartbeat("g", &joined)).await;
    assert_eq!(beat.error_code, ErrorCode::UnknownMemberId.code());
}

#[tokio::test]
async fn groups_are_listed_described_and_deleted_wherever_they_are_kept() {
    let node = Node::start().await;
    let mut client = node.group_client().await;
    let names: Vec<String> = (0..20).map(|n| format!("group-{n}")).collect();
    for name in &names {
        let member = stable_member(&mut client, name).await;
        if name != "group-7" {
            client.call(3, &leave(name, &member.member_id)).await;
        }
    }
    let mut listed: Vec<_> =
        client.call(4, &ListGroupsRequest::default()).await.groups.into_iter().map(|g| g.group_id).collect();
    listed.sort_unstable();
    let mut expected: Vec<_> = names.iter().map(|name| bytestring::ByteString::from(&**name)).collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);

    let described = client.call(5, &describe("group-7")).await;
    let member = &described.groups[0].members[0];
    assert_eq!((&*described.groups[0].group_state, &*member.client_host), ("Stable", "/127.0.0.1"));

    let everything = DeleteGroupsRequest { groups_names: expected };
    let deleted = client.call(2, &everything).await;
    for result in &deleted.results {
        let is_empty = &*result.group_id != "group-7";
        let expected = if is_empty { ErrorCode::None } else { ErrorCode::NonEmptyGroup };
        assert_eq!(result.error_code, expected.code(), "{}", result.group_id);
    }
    assert_eq!(deleted.results.len(), 20);
    assert_eq!(client.call(4, &ListGroupsRequest::default()).await.groups.len(), 1);
}
