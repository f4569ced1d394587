//! A shard with what the broker gives it: a log, a clock, and clients that wait for answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse,
        OffsetCommitRequest, SyncGroupRequest, SyncGroupResponse,
        join_group_request::JoinGroupRequestProtocol,
        leave_group_request::MemberIdentity,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
        sync_group_request::SyncGroupRequestAssignment,
    },
};
use uuid::Uuid;

use crate::{
    AppendId, Context, CoordinatorRecord, Effect, GroupConfig, Now, Response, Shard, Ticket, TransactionEnd,
};

pub(super) const GROUP: &str = "g";
pub(super) const SESSION: i32 = 10_000;
pub(super) const REBALANCE: i32 = 60_000;
/// When the clock starts, in milliseconds since 1970.
pub(super) const START: i64 = 1_700_000_000_000;

pub(super) struct Bench {
    pub(super) shard: Shard,
    pub(super) log: Vec<CoordinatorRecord>,
    /// Records of transactions, by their offsets, with their producers.
    pub(super) transactional: BTreeMap<i64, i64>,
    /// Markers, by their offsets; in the log there is an empty record for each.
    pub(super) markers: BTreeMap<i64, TransactionEnd>,
    /// Milliseconds since the start.
    pub(super) clock: u64,
    /// The next append fails with it.
    pub(super) append_error: Option<ErrorCode>,
    /// Appends that failed.
    pub(super) unlucky: usize,
    /// Whether appends become durable only with `flush`.
    pub(super) slow_disk: bool,
    appended: AppendId,
    answers: BTreeMap<Ticket, Response>,
    unanswered: BTreeSet<Ticket>,
    next_ticket: u64,
}

/// A request to join, as a consumer of topic "t" sends it.
#[derive(Clone)]
pub(super) struct Join {
    pub(super) version: i16,
    pub(super) member: ByteString,
    pub(super) instance: Option<&'static str>,
    pub(super) session: i32,
    pub(super) rebalance: i32,
    pub(super) protocol_type: &'static str,
    pub(super) protocols: Vec<(&'static str, Bytes)>,
}

impl Join {
    pub(super) fn new(member: &str) -> Join {
        Join {
            version: 9,
            member: member.into(),
            instance: None,
            session: SESSION,
            rebalance: REBALANCE,
            protocol_type: "consumer",
            protocols: vec![("range", subscription(&["t"]))],
        }
    }

    /// Of version 3, in which a member joins at once.
    pub(super) fn at_once() -> Join {
        Join { version: 3, ..Join::new("") }
    }

    pub(super) fn fixed(instance: &'static str) -> Join {
        Join { instance: Some(instance), ..Join::new("") }
    }

    pub(super) fn request(&self, group: &str) -> JoinGroupRequest {
        let protocols = self.protocols.iter().map(|(name, metadata)| JoinGroupRequestProtocol {
            name: (*name).into(),
            metadata: metadata.clone(),
        });
        JoinGroupRequest {
            group_id: group.into(),
            session_timeout_ms: self.session,
            rebalance_timeout_ms: self.rebalance,
            member_id: self.member.clone(),
            group_instance_id: self.instance.map(Into::into),
            protocol_type: self.protocol_type.into(),
            protocols: protocols.collect(),
            reason: None,
        }
    }
}

/// What a consumer says of itself, in version 1 of the consumer protocol.
pub(super) fn subscription(topics: &[&str]) -> Bytes {
    let mut bytes = vec![0, 1, 0, 0, 0, u8::try_from(topics.len()).unwrap()];
    for topic in topics {
        bytes.extend([0, u8::try_from(topic.len()).unwrap()]);
        bytes.extend(topic.as_bytes());
    }
    bytes.extend([0xff; 4]);
    bytes.extend([0; 4]);
    bytes.into()
}

/// Kafka's defaults, but that a first rebalance is not delayed.
pub(super) fn config() -> GroupConfig {
    GroupConfig { initial_rebalance_delay: Duration::ZERO, ..GroupConfig::default() }
}

impl Bench {
    pub(super) fn new(config: GroupConfig) -> Bench {
        let mut bench = Bench::unloaded(config);
        let mut out = Vec::new();
        bench.shard.loaded(bench.now(), &mut out);
        assert_eq!(out, []);
        bench
    }

    pub(super) fn unloaded(config: GroupConfig) -> Bench {
        Bench {
            shard: Shard::new(config),
            log: Vec::new(),
            transactional: BTreeMap::new(),
            markers: BTreeMap::new(),
            clock: 0,
            append_error: None,
            unlucky: 0,
            slow_disk: false,
            appended: AppendId::default(),
            answers: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            next_ticket: 0,
        }
    }

    pub(super) fn now(&self) -> Now {
        let clock = self.clock;
        Now { uptime: Duration::from_millis(clock), unix_millis: START + i64::try_from(clock).unwrap() }
    }

    pub(super) fn context(&self, api_version: i16) -> Context<'static> {
        let uuid = Uuid::from_u128(u128::from(self.next_ticket));
        Context { now: self.now(), api_version, client_id: "client", client_host: "/127.0.0.1", uuid }
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        self.unanswered.insert(Ticket(self.next_ticket));
        Ticket(self.next_ticket)
    }

    pub(super) fn unanswered(&self) -> Vec<Ticket> {
        self.unanswered.iter().copied().collect()
    }

    /// Carries out what the shard wants, as the broker does.
    pub(super) fn carry_out(&mut self, mut effects: Vec<Effect>) {
        let now = self.now();
        while !effects.is_empty() {
            let mut more = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Append { id, records } => {
                        let result = self.append(id, records);
                        self.shard.appended(id, result, now, &mut more);
                    }
                    Effect::AppendInTransaction { id, producer, records } => {
                        let count = i64::try_from(records.len()).unwrap();
                        let result = self.append(id, records);
                        for offset in result.into_iter().flat_map(|base| base..base + count) {
                            self.transactional.insert(offset, producer.id);
                        }
                        self.shard.appended(id, result, now, &mut more);
                    }
                    Effect::AppendMarker { id, end } => {
                        let marker = CoordinatorRecord { key: Bytes::new(), value: None };
                        let result = self.append(id, vec![marker]);
                        self.markers.extend(result.map(|offset| (offset, end)));
                        self.shard.appended(id, result, now, &mut more);
                    }
                    Effect::Reply { ticket, response } => {
                        assert!(self.unanswered.remove(&ticket), "a request is answered once");
                        self.answers.insert(ticket, response);
                    }
                    Effect::Send(nothing) => match nothing {},
                }
            }
            if !self.slow_disk {
                self.shard.committed(self.appended, now, &mut more);
            }
            effects = more;
        }
    }

    fn append(&mut self, id: AppendId, records: Vec<CoordinatorRecord>) -> Result<i64, ErrorCode> {
        if let Some(error) = self.append_error.take() {
            self.unlucky += 1;
            return Err(error);
        }
        self.appended = id;
        let base = i64::try_from(self.log.len()).unwrap();
        self.log.extend(records);
        Ok(base)
    }

    pub(super) fn flush(&mut self) {
        let mut out = Vec::new();
        self.shard.committed(self.appended, self.now(), &mut out);
        self.carry_out(out);
    }

    /// Lets time pass, and what is due at each moment happen.
    pub(super) fn pass(&mut self, millis: u64) {
        let end = self.clock + millis;
        loop {
            let next = self.shard.next_deadline().map_or(u64::MAX, |d| u64::try_from(d.as_millis()).unwrap());
            if next > end {
                break;
            }
            self.clock = self.clock.max(next);
            let mut out = Vec::new();
            self.shard.advance(self.now(), &mut out);
            self.carry_out(out);
        }
        self.clock = end;
    }

    pub(super) fn run(&mut self, act: impl FnOnce(&mut Shard, Now, &mut Vec<Effect>)) {
        let (now, mut out) = (self.now(), Vec::new());
        act(&mut self.shard, now, &mut out);
        self.carry_out(out);
    }

    pub(super) fn ask(&mut self, act: impl FnOnce(&mut Shard, Ticket, &mut Vec<Effect>)) -> Ticket {
        let (ticket, mut out) = (self.ticket(), Vec::new());
        act(&mut self.shard, ticket, &mut out);
        self.carry_out(out);
        ticket
    }

    /// The answer, once; None while it is awaited.
    pub(super) fn answer(&mut self, ticket: Ticket) -> Option<Response> {
        self.answers.remove(&ticket)
    }

    pub(super) fn start_join(&mut self, join: &Join) -> Ticket {
        let (context, request) = (self.context(join.version), join.request(GROUP));
        self.ask(|shard, ticket, out| shard.join_group(&context, &request, ticket, out))
    }

    pub(super) fn joined(&mut self, ticket: Ticket) -> JoinGroupResponse {
        match self.answer(ticket) {
            Some(Response::JoinGroup(response)) => response,
            other => panic!("expected an answer to a join, got {other:?}"),
        }
    }

    /// Joins, and ends a first rebalance that waits for its delay of no length.
    pub(super) fn join(&mut self, join: &Join) -> JoinGroupResponse {
        let ticket = self.start_join(join);
        self.pass(0);
        self.joined(ticket)
    }

    pub(super) fn join_error(&mut self, join: &Join) -> ErrorCode {
        let ticket = self.start_join(join);
        error(self.joined(ticket).error_code)
    }

    pub(super) fn start_sync(&mut self, member: &str, generation: i32, given: &[(&str, &str)]) -> Ticket {
        let assignments = given.iter().map(|(member, assignment)| SyncGroupRequestAssignment {
            member_id: (*member).into(),
            assignment: Bytes::copy_from_slice(assignment.as_bytes()),
        });
        let request = SyncGroupRequest {
            group_id: GROUP.into(),
            generation_id: generation,
            member_id: member.into(),
            assignments: assignments.collect(),
            ..Default::default()
        };
        let now = self.now();
        self.ask(|shard, ticket, out| shard.sync_group(now, &request, ticket, out))
    }

    pub(super) fn synced(&mut self, ticket: Ticket) -> SyncGroupResponse {
        match self.answer(ticket) {
            Some(Response::SyncGroup(response)) => response,
            other => panic!("expected an answer to a sync, got {other:?}"),
        }
    }

    /// Takes an answer that does not matter, but must not be an error.
    pub(super) fn expect_synced(&mut self, sync: Ticket) {
        assert_eq!(self.synced(sync).error_code, 0);
    }

    pub(super) fn sync_error(&mut self, member: &str, generation: i32) -> ErrorCode {
        let ticket = self.start_sync(member, generation, &[]);
        error(self.synced(ticket).error_code)
    }

    pub(super) fn beat(&mut self, member: &str, generation: i32) -> ErrorCode {
        let (member_id, group_id) = (member.into(), GROUP.into());
        let request =
            HeartbeatRequest { group_id, generation_id: generation, member_id, group_instance_id: None };
        error(self.shard.heartbeat(self.now(), &request).error_code)
    }

    pub(super) fn start_leave(&mut self, member: &str) -> Ticket {
        let members = vec![MemberIdentity { member_id: member.into(), ..Default::default() }];
        let request = LeaveGroupRequest { group_id: GROUP.into(), members, ..Default::default() };
        let context = self.context(5);
        self.ask(|shard, ticket, out| shard.leave_group(&context, &request, ticket, out))
    }

    pub(super) fn leave(&mut self, members: &[(&str, Option<&str>)]) -> LeaveGroupResponse {
        let identities = members.iter().map(|(member, instance)| MemberIdentity {
            member_id: (*member).into(),
            group_instance_id: instance.map(Into::into),
            reason: None,
        });
        let request =
            LeaveGroupRequest { group_id: GROUP.into(), members: identities.collect(), ..Default::default() };
        let context = self.context(5);
        let ticket = self.ask(|shard, ticket, out| shard.leave_group(&context, &request, ticket, out));
        match self.answer(ticket) {
            Some(Response::LeaveGroup(response)) => response,
            other => panic!("expected an answer to a leave, got {other:?}"),
        }
    }

    pub(super) fn leave_error(&mut self, member: &str) -> ErrorCode {
        error(self.leave(&[(member, None)]).members[0].error_code)
    }

    pub(super) fn start_commit(&mut self, request: &OffsetCommitRequest, version: i16) -> Ticket {
        let context = self.context(version);
        self.ask(|shard, ticket, out| shard.commit_offsets(&context, request, ticket, out))
    }

    pub(super) fn commit_errors(&mut self, request: &OffsetCommitRequest, version: i16) -> Vec<ErrorCode> {
        let ticket = self.start_commit(request, version);
        match self.answer(ticket) {
            Some(Response::OffsetCommit(response)) => {
                response.topics.iter().flat_map(|t| &t.partitions).map(|p| error(p.error_code)).collect()
            }
            other => panic!("expected an answer to a commit, got {other:?}"),
        }
    }

    /// Commits for partition 0 of topic "t".
    pub(super) fn commit(&mut self, member: &str, generation: i32, offset: i64) -> ErrorCode {
        self.commit_errors(&commit(GROUP, member, generation, &[("t", 0, offset)]), 9)[0]
    }

    /// The offset of partition 0 of topic "t", as a fetch tells it.
    pub(super) fn committed(&mut self) -> i64 {
        self.fetch(&fetch(GROUP, Some(&[("t", 0)])), false)[0].2
    }

    pub(super) fn start_fetch(&mut self, request: &OffsetFetchRequestGroup, stable: bool) -> Ticket {
        self.ask(|shard, ticket, out| shard.fetch_offsets(request, stable, ticket, out))
    }

    /// Topic, partition, offset and error.
    pub(super) fn fetch(
        &mut self,
        request: &OffsetFetchRequestGroup,
        stable: bool,
    ) -> Vec<(String, i32, i64, ErrorCode)> {
        let ticket = self.start_fetch(request, stable);
        match self.answer(ticket) {
            Some(Response::OffsetFetch(response)) => response
                .topics
                .iter()
                .flat_map(|topic| topic.partitions.iter().map(move |p| (topic, p)))
                .map(|(t, p)| {
                    (t.name.to_string(), p.partition_index, p.committed_offset, error(p.error_code))
                })
                .collect(),
            other => panic!("expected an answer to a fetch of offsets, got {other:?}"),
        }
    }

    pub(super) fn start_delete_group(&mut self, group: &str) -> Ticket {
        let ids = [ByteString::from(group)];
        self.ask(|shard, ticket, out| shard.delete_groups(&ids, ticket, out))
    }

    pub(super) fn delete_group(&mut self, group: &str) -> ErrorCode {
        let ticket = self.start_delete_group(group);
        match self.answer(ticket) {
            Some(Response::DeleteGroups(results)) => error(results[0].error_code),
            other => panic!("expected an answer to a deletion, got {other:?}"),
        }
    }

    pub(super) fn state(&self) -> String {
        self.shard.describe_group(&GROUP.into(), 6).group_state.to_string()
    }

    /// A stable group of so many members, the first of them its leader; returns their IDs.
    pub(super) fn stable_group(&mut self, members: usize) -> Vec<ByteString> {
        let ids = self.completing_group(members);
        let generation = i32::try_from(members).unwrap();
        let assignments: Vec<(&str, &str)> = ids.iter().map(|id| (&**id, "all")).collect();
        let syncs: Vec<Ticket> =
            ids.iter().rev().map(|id| self.start_sync(id, generation, &assignments)).collect();
        for sync in syncs {
            assert_eq!(self.synced(sync).error_code, 0);
        }
        assert_eq!(self.state(), "Stable");
        ids
    }

    /// The same, before anybody has synced. Each member that comes makes a generation.
    pub(super) fn completing_group(&mut self, members: usize) -> Vec<ByteString> {
        let mut ids: Vec<ByteString> = Vec::new();
        for _ in 0..members {
            let new = self.start_join(&Join::at_once());
            let known: Vec<Ticket> = ids.iter().map(|id| self.start_join(&Join::new(id))).collect();
            self.pass(0);
            for known in known {
                assert_eq!(self.joined(known).error_code, 0);
            }
            ids.push(self.joined(new).member_id);
        }
        assert_eq!(self.state(), "CompletingRebalance");
        ids
    }
}

pub(super) fn error(code: i16) -> ErrorCode {
    ErrorCode::from_code(code).expect("a code that Kafka has")
}

pub(super) fn commit(
    group: &str,
    member: &str,
    generation: i32,
    offsets: &[(&str, i32, i64)],
) -> OffsetCommitRequest {
    let topics = offsets.iter().map(|(topic, partition, offset)| OffsetCommitRequestTopic {
        name: (*topic).into(),
        partitions: vec![OffsetCommitRequestPartition {
            partition_index: *partition,
            committed_offset: *offset,
            ..Default::default()
        }],
        ..Default::default()
    });
    OffsetCommitRequest {
        group_id: group.into(),
        member_id: member.into(),
        generation_id_or_member_epoch: generation,
        topics: topics.collect(),
        ..Default::default()
    }
}

pub(super) fn fetch(group: &str, partitions: Option<&[(&str, i32)]>) -> OffsetFetchRequestGroup {
    let topic = |(name, partition): &(&str, i32)| OffsetFetchRequestTopics {
        name: (*name).into(),
        partition_indexes: vec![*partition],
        ..Default::default()
    };
    let topics = partitions.map(|partitions| partitions.iter().map(topic).collect());
    OffsetFetchRequestGroup { group_id: group.into(), topics, ..Default::default() }
}
