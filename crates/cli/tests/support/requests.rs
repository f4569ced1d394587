//! Requests that no command of ours sends: of brokers, and of members of groups.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use bytes::Bytes;
use ottla_wire::messages::broker_registration_request::{Feature, Listener};
use ottla_wire::messages::streams_group_heartbeat_request::{Subtopology, TopicInfo, Topology};
use ottla_wire::messages::{
    BrokerRegistrationRequest, ShareGroupHeartbeatRequest, StreamsGroupHeartbeatRequest,
};
use ottla_wire::{ApiKey, Reader, Request, Writer, frame};
use uuid::Uuid;

/// What brokers have to support to be registered.
const FEATURES: [&str; 7] = [
    "metadata.version",
    "kraft.version",
    "transaction.version",
    "group.version",
    "share.version",
    "streams.version",
    "eligible.leader.replicas.version",
];

const JOIN: i32 = 0;
const LEAVE: i32 = -1;

/// Asks who listens at a port. The request's version has flexible fields.
pub(crate) fn ask<R: Request>(port: u16, api: ApiKey, version: i16, request: &R) -> R::Response {
    let mut out = Writer::new();
    frame::encode_request(&mut out, api, version, 1, Some("test"), request);
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    server.write_all(&out.into_bytes()).unwrap();
    let mut size = [0; 4];
    server.read_exact(&mut size).unwrap();
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(size)).unwrap()];
    server.read_exact(&mut answer).unwrap();
    // Behind the correlation id and the header's tagged fields.
    let mut body = Reader::new(Bytes::from(answer).slice(5..));
    ottla_wire::Message::decode(&mut body, version).unwrap()
}

/// Of a broker that never lives.
pub(crate) fn registration(cluster_id: &str, broker_id: i32) -> BrokerRegistrationRequest {
    let feature = |name: &&str| Feature {
        name: (*name).into(),
        min_supported_version: 0,
        max_supported_version: i16::MAX,
    };
    BrokerRegistrationRequest {
        broker_id,
        cluster_id: cluster_id.into(),
        incarnation_id: Uuid::from_u128(u128::MAX / 2),
        listeners: vec![Listener {
            name: "PLAINTEXT".into(),
            host: "127.0.0.1".into(),
            port: 1,
            security_protocol: 0,
        }],
        features: FEATURES.iter().map(feature).collect(),
        // Small numbers are reserved.
        log_dirs: vec![Uuid::from_u128(u128::MAX / 3)],
        ..Default::default()
    }
}

/// Of a member that joins, and says no more.
pub(crate) fn share_member(group: &str, topic: &str) -> ShareGroupHeartbeatRequest {
    ShareGroupHeartbeatRequest {
        group_id: group.into(),
        member_id: MEMBER.into(),
        member_epoch: JOIN,
        subscribed_topic_names: Some(vec![topic.into()]),
        ..Default::default()
    }
}

/// Of a member that joins with a topology that reads one topic, and says no more.
pub(crate) fn streams_member(group: &str, topic: &str) -> StreamsGroupHeartbeatRequest {
    let subtopology =
        Subtopology { subtopology_id: "0".into(), source_topics: vec![topic.into()], ..Default::default() };
    StreamsGroupHeartbeatRequest {
        group_id: group.into(),
        member_id: MEMBER.into(),
        member_epoch: JOIN,
        rebalance_timeout_ms: 60_000,
        topology: Some(Topology { epoch: 0, subtopologies: vec![subtopology] }),
        active_tasks: Some(Vec::new()),
        standby_tasks: Some(Vec::new()),
        warmup_tasks: Some(Vec::new()),
        process_id: Some("process".into()),
        client_tags: Some(Vec::new()),
        ..Default::default()
    }
}

/// Of a member that joins with a topology that keeps state in a topic of its own too.
pub(crate) fn stateful_streams_member(
    group: &str,
    topic: &str,
    changelog: &str,
) -> StreamsGroupHeartbeatRequest {
    let mut member = streams_member(group, topic);
    for part in member.topology.iter_mut().flat_map(|topology| &mut topology.subtopologies) {
        part.state_changelog_topics = vec![TopicInfo { name: changelog.into(), ..Default::default() }];
    }
    member
}

/// Of a member that leaves.
pub(crate) fn leaving_streams_member(group: &str) -> StreamsGroupHeartbeatRequest {
    StreamsGroupHeartbeatRequest {
        group_id: group.into(),
        member_id: MEMBER.into(),
        member_epoch: LEAVE,
        rebalance_timeout_ms: -1,
        ..Default::default()
    }
}

const MEMBER: &str = "member-1";
