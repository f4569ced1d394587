use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::messages::join_group_response::JoinGroupResponseMember;
use ottla_wire::messages::{HeartbeatResponse, JoinGroupResponse, SyncGroupResponse};
use ottla_wire::{ApiKey, ErrorCode};
use tokio::time::Instant;

use super::member::{Command, Member, Settings, State};
use crate::assignor::{Assignment, RebalanceProtocol, Subscription, encode_assignment, encode_subscription};
use crate::backoff::Backoff;
use crate::cluster::Cluster;
use crate::error::ResponseError;
use crate::group::membership::{Membership, Refusal, Subscribed};
use crate::group::{GroupMetadata, Turn};
use crate::{Error, TopicPartition, clock};

const HEARTBEAT: Duration = Duration::from_secs(3);
const POLLS: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_millis(100);

/// A member of the topic `t`, its application, and the time.
struct Bench {
    member: Member,
    membership: Membership,
    now: Instant,
}

fn partitions(numbers: &[i32]) -> Vec<TopicPartition> {
    numbers.iter().map(|number| TopicPartition::new("t", *number)).collect()
}

fn refusal(api: ApiKey, code: ErrorCode) -> Error {
    ResponseError::new(api, code.code()).into()
}

impl Bench {
    fn new(protocol: RebalanceProtocol) -> Bench {
        let now = clock::now();
        let settings = Settings {
            session_timeout: Duration::from_secs(45),
            rebalance_timeout: POLLS,
            heartbeat_interval: HEARTBEAT,
            rack: None,
            protocol,
            backoff: Backoff { first: PAUSE, max: PAUSE },
        };
        let mut membership = Membership::new(GroupMetadata::new("g"), POLLS, now);
        membership.subscribe(Subscribed::Topics(vec!["t".into()]), now);
        let mut member = Member::new(settings, now);
        member.topics = vec!["t".into()];
        Bench { member, membership, now }
    }

    /// In generation 1, not the leader, with these partitions.
    fn with(protocol: RebalanceProtocol, numbers: &[i32]) -> Bench {
        let mut bench = Bench::new(protocol);
        bench.join(1, numbers);
        bench
    }

    fn due(&mut self) -> Vec<Command> {
        self.member.due(&mut self.membership, self.now, &Cluster::default()).commands
    }

    /// The only thing that is due.
    fn one(&mut self) -> Command {
        let mut due = self.due();
        assert_eq!(due.len(), 1, "{due:?}");
        due.remove(0)
    }

    fn round(&mut self) -> u64 {
        let Command::Join(round, ..) = self.one() else { panic!("it joins") };
        round
    }

    fn joined(&mut self, round: u64, generation: i32, leader: &str) -> Option<Command> {
        let metadata =
            encode_subscription(&Subscription { topics: vec!["t".into()], ..Subscription::default() });
        let answer = JoinGroupResponse {
            generation_id: generation,
            protocol_name: Some("range".into()),
            leader: leader.into(),
            member_id: "me".into(),
            members: vec![JoinGroupResponseMember { member_id: "me".into(), metadata, ..Default::default() }],
            ..JoinGroupResponse::default()
        };
        self.member.joined(&mut self.membership, round, Ok(answer), self.now)
    }

    fn synced(&mut self, round: u64, numbers: &[i32]) -> Option<Command> {
        let assignment = Assignment { partitions: partitions(numbers), user_data: None };
        let answer = SyncGroupResponse { assignment: encode_assignment(&assignment), ..Default::default() };
        self.member.synced(&mut self.membership, round, Ok(answer), self.now)
    }

    fn join(&mut self, generation: i32, numbers: &[i32]) {
        let round = self.round();
        let Some(Command::Sync(round, _)) = self.joined(round, generation, "other") else { panic!("a sync") };
        self.synced(round, numbers).expect("it is remembered");
        self.turns();
    }

    /// What the application does, as it does it.
    fn turns(&mut self) -> Vec<Turn> {
        let mut turns = Vec::new();
        while let Some(turn) = self.membership.holding.begin() {
            turns.push(turn.clone());
            self.membership.holding.done(turn);
        }
        turns
    }

    fn heartbeat(&mut self, answer: Result<(), ErrorCode>) {
        self.now += HEARTBEAT;
        self.membership.attendance.renew(self.now);
        let Command::Heartbeat(round, _) = self.one() else { panic!("a heartbeat is due") };
        let result = match answer {
            Ok(()) => Ok(HeartbeatResponse::default()),
            Err(code) => Err(refusal(ApiKey::Heartbeat, code)),
        };
        self.member.heartbeat_answered(&mut self.membership, round, result, self.now);
    }
}

#[test]
fn a_member_that_is_told_its_id_comes_again_with_it() {
    let mut bench = Bench::new(RebalanceProtocol::Eager);
    let round = bench.round();
    assert_eq!(bench.due(), [], "one is on its way");
    let answer = JoinGroupResponse {
        error_code: ErrorCode::MemberIdRequired.code(),
        member_id: "me".into(),
        ..JoinGroupResponse::default()
    };
    assert_eq!(bench.member.joined(&mut bench.membership, round, Ok(answer), bench.now), None);
    let Command::Join(_, request, _) = bench.one() else { panic!("it joins") };
    assert_eq!(&*request.member_id, "me");
}

#[test]
fn an_eager_member_gives_all_away_before_it_joins_again() {
    let mut bench = Bench::with(RebalanceProtocol::Eager, &[0, 1]);
    bench.heartbeat(Err(ErrorCode::RebalanceInProgress));
    assert_eq!(bench.due(), [], "the application has something to give");
    assert_eq!(bench.member.state, State::Preparing);
    bench.heartbeat(Err(ErrorCode::RebalanceInProgress));
    assert_eq!(bench.turns(), [Turn::Revoke(partitions(&[0, 1]))]);
    bench.join(2, &[1]);
    assert_eq!(bench.membership.holding.owned().len(), 1);
    assert_eq!(bench.membership.metadata.generation, 2);
}

#[test]
fn a_cooperative_member_joins_with_what_it_has_and_once_more_when_it_gave_something_away() {
    let mut bench = Bench::with(RebalanceProtocol::Cooperative, &[0, 1]);
    bench.heartbeat(Err(ErrorCode::RebalanceInProgress));
    let Command::Join(round, _, subscription) = bench.one() else { panic!("it joins at once") };
    assert_eq!((subscription.owned_partitions, subscription.generation), (partitions(&[0, 1]), Some(1)));
    let Some(Command::Sync(round, _)) = bench.joined(round, 2, "other") else { panic!("a sync") };
    bench.synced(round, &[1, 2]).expect("it is remembered");
    assert_eq!(bench.due(), []);
    assert_eq!(bench.turns(), [Turn::Revoke(partitions(&[0])), Turn::Assign(partitions(&[2]))]);
    let Command::Join(_, _, subscription) = bench.one() else { panic!("it joins again") };
    assert_eq!(subscription.owned_partitions, partitions(&[1, 2]));
}

#[test]
fn a_leader_assigns_and_joins_again_when_topics_change() {
    let mut bench = Bench::new(RebalanceProtocol::Eager);
    let round = bench.round();
    let Some(Command::Lead(round, lead)) = bench.joined(round, 1, "me") else { panic!("it leads") };
    assert_eq!(lead.members.keys().map(|id| &**id).collect::<Vec<_>>(), ["me"]);
    let assignments = BTreeMap::from([(Arc::from("me"), Assignment::default())]);
    let counts = BTreeMap::from([(Arc::from("t"), 3)]);
    let Some(Command::Sync(round, request)) =
        bench.member.assigned(&bench.membership, round, assignments, counts)
    else {
        panic!("it tells the others")
    };
    assert_eq!(request.assignments.len(), 1);
    bench.synced(round, &[]).expect("it is remembered");
    bench.turns();
    // The cluster knows nothing of the topic.
    assert!(matches!(bench.one(), Command::Join(..)));
}

#[test]
fn who_is_counted_no_more_loses_everything_and_joins_anew() {
    for (code, member_id) in [(ErrorCode::UnknownMemberId, ""), (ErrorCode::IllegalGeneration, "me")] {
        let by_heartbeat: fn(&mut Bench, ErrorCode) = |bench, code| bench.heartbeat(Err(code));
        let by_commit: fn(&mut Bench, ErrorCode) = |bench, code| {
            bench.membership.refusal = Some(Refusal { code, member: bench.membership.metadata.clone() });
        };
        for tell in [by_heartbeat, by_commit] {
            let mut bench = Bench::with(RebalanceProtocol::Cooperative, &[0, 1]);
            tell(&mut bench, code);
            assert_eq!(bench.due(), [], "{code}: first the application has to know");
            assert_eq!(bench.turns(), [Turn::Lose(partitions(&[0, 1]))], "{code}");
            let Command::Join(_, request, subscription) = bench.one() else { panic!("it joins") };
            assert_eq!(&*request.member_id, member_id, "{code}");
            assert_eq!((subscription.owned_partitions.len(), subscription.generation), (0, None));
        }
    }
}

#[test]
fn what_was_refused_to_an_older_generation_says_nothing() {
    let mut bench = Bench::with(RebalanceProtocol::Eager, &[0]);
    let member = GroupMetadata { generation: 0, ..bench.membership.metadata.clone() };
    bench.membership.refusal = Some(Refusal { code: ErrorCode::IllegalGeneration, member });
    assert_eq!(bench.due(), []);
    assert_eq!(bench.member.state, State::Stable);
}

#[test]
fn a_refused_sync_joins_again_with_what_it_has() {
    let mut bench = Bench::with(RebalanceProtocol::Cooperative, &[0]);
    bench.heartbeat(Err(ErrorCode::RebalanceInProgress));
    let round = bench.round();
    let Some(Command::Sync(round, _)) = bench.joined(round, 2, "other") else { panic!("a sync") };
    let error = refusal(ApiKey::SyncGroup, ErrorCode::RebalanceInProgress);
    assert_eq!(bench.member.synced(&mut bench.membership, round, Err(error), bench.now), None);
    let Command::Join(_, _, subscription) = bench.one() else { panic!("it joins") };
    assert_eq!(subscription.owned_partitions, partitions(&[0]));
}

#[test]
fn joining_is_tried_again_after_a_pause_and_given_up_where_that_cannot_help() {
    let mut bench = Bench::new(RebalanceProtocol::Eager);
    let round = bench.round();
    let moved = refusal(ApiKey::JoinGroup, ErrorCode::NotCoordinator);
    assert_eq!(bench.member.joined(&mut bench.membership, round, Err(moved), bench.now), None);
    assert_eq!(bench.due(), []);
    bench.now += PAUSE;
    let round = bench.round();
    let refused = refusal(ApiKey::JoinGroup, ErrorCode::InconsistentGroupProtocol);
    assert_eq!(bench.member.joined(&mut bench.membership, round, Err(refused), bench.now), None);
    assert_eq!(bench.due(), []);
    let told = bench.membership.polled().expect_err("the application hears of it");
    assert_eq!(told.code(), Some(ErrorCode::InconsistentGroupProtocol));
    assert!(bench.membership.polled().is_ok(), "asked again, it is tried again");
    assert!(matches!(bench.one(), Command::Join(..)));
}

#[test]
fn an_instance_that_is_fenced_never_comes_back() {
    let mut bench = Bench::with(RebalanceProtocol::Eager, &[0]);
    bench.heartbeat(Err(ErrorCode::FencedInstanceId));
    assert_eq!(bench.turns(), [Turn::Lose(partitions(&[0]))]);
    for _ in 0..2 {
        assert!(bench.membership.polled().expect_err("it is told each time").is_fatal());
        assert_eq!(bench.due(), []);
    }
}

#[test]
fn who_asks_for_no_records_leaves_until_it_asks_again() {
    for (instance, leaves) in [(None, true), (Some("i"), false)] {
        let mut bench = Bench::with(RebalanceProtocol::Eager, &[0]);
        bench.membership.metadata.instance_id = instance.map(Arc::from);
        bench.now += POLLS;
        let due = bench.due();
        assert_eq!(matches!(due.as_slice(), [Command::Leave(_)]), leaves, "{due:?}");
        assert_eq!(bench.due(), []);
        bench.membership.attendance.begin();
        assert_eq!(bench.due(), [], "the application has lost something");
        assert_eq!(bench.turns(), [Turn::Lose(partitions(&[0]))]);
        assert!(matches!(bench.one(), Command::Join(..)));
    }
}

#[test]
fn who_subscribes_again_before_it_could_leave_leaves_and_joins_anew() {
    let mut bench = Bench::with(RebalanceProtocol::Cooperative, &[0]);
    bench.membership.holding.revoke_all();
    bench.turns();
    bench.membership.subscribe(Subscribed::Nothing, bench.now);
    bench.membership.subscribe(Subscribed::Topics(vec!["t".into()]), bench.now);
    let due = bench.member.due(&mut bench.membership, bench.now, &Cluster::default());
    assert!(matches!(due.commands[..], [Command::Leave(_)]), "{due:?}");
    assert_eq!(due.wake_at, Some(bench.now));
    bench.join(2, &[0]);
}

#[test]
fn who_leaves_while_it_joins_leaves_once_it_has_joined() {
    let mut bench = Bench::new(RebalanceProtocol::Eager);
    let round = bench.round();
    bench.membership.subscribe(Subscribed::Nothing, bench.now);
    assert_eq!(bench.due(), [], "it has no name yet");
    let Some(Command::Leave(request)) = bench.joined(round, 1, "other") else { panic!("it leaves") };
    assert_eq!(&*request.members[0].member_id, "me");
    assert_eq!(bench.member.state, State::Out);
}

#[test]
fn who_joins_again_under_its_name_does_not_leave_when_it_hears_that_it_joined_before() {
    for (code, leaves) in [(ErrorCode::IllegalGeneration, false), (ErrorCode::UnknownMemberId, true)] {
        let mut bench = Bench::with(RebalanceProtocol::Cooperative, &[0]);
        bench.heartbeat(Err(ErrorCode::RebalanceInProgress));
        let before = bench.round();
        bench.membership.refusal = Some(Refusal { code, member: bench.membership.metadata.clone() });
        assert_eq!(bench.due(), []);
        bench.turns();
        let after = bench.round();
        let late = bench.joined(before, 2, "other");
        assert_eq!(matches!(late, Some(Command::Leave(_))), leaves, "{code}: {late:?}");
        assert!(matches!(bench.joined(after, 3, "other"), Some(Command::Sync(..))), "{code}");
    }
}

#[test]
fn another_subscription_is_told() {
    let mut bench = Bench::with(RebalanceProtocol::Cooperative, &[0]);
    bench.member.topics = vec!["u".into()];
    assert_eq!(bench.due(), []);
    assert_eq!(bench.turns(), [Turn::Revoke(partitions(&[0]))], "it does not want that any more");
    let Command::Join(_, _, subscription) = bench.one() else { panic!("it joins") };
    assert_eq!(subscription.topics, [Arc::from("u")]);
    assert_eq!(BTreeSet::from_iter(subscription.owned_partitions), BTreeSet::new());
}
