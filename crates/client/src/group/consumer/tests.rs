use std::sync::Arc;
use std::time::Duration;

use ottla_wire::messages::consumer_group_heartbeat_response::{Assignment, TopicPartitions};
use ottla_wire::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse};
use ottla_wire::{ApiKey, ErrorCode, Uuid};
use tokio::time::Instant;

use super::member::{Command, Member, Settings};
use crate::backoff::Backoff;
use crate::error::ResponseError;
use crate::group::heartbeats::State;
use crate::group::membership::{Membership, Refusal, Subscribed};
use crate::group::{GroupMetadata, Pattern, Turn};
use crate::{TopicPartition, clock};

const POLLS: Duration = Duration::from_secs(300);
const INTERVAL: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);
const TOPIC: Uuid = Uuid::from_u128(7);

/// A member of the topic `t`, its application, and the time.
struct Bench {
    member: Member,
    membership: Membership,
    now: Instant,
    round: u64,
}

fn partitions(numbers: &[i32]) -> Vec<TopicPartition> {
    numbers.iter().map(|number| TopicPartition::new("t", *number)).collect()
}

impl Bench {
    fn new() -> Bench {
        let now = clock::now();
        let settings = Settings {
            rebalance_timeout: POLLS,
            rack: Some("here".into()),
            assignor: Some("uniform".into()),
        };
        let backoff = Backoff { first: PAUSE, max: PAUSE };
        let metadata = GroupMetadata { member_id: "me".into(), ..GroupMetadata::new("g") };
        let mut membership = Membership::new(metadata, POLLS, now);
        membership.subscribe(Subscribed::Topics(vec!["t".into()]), now);
        let mut member = Member::new(settings, backoff, now);
        member.learn(TOPIC, "t".into());
        Bench { member, membership, now, round: 0 }
    }

    /// In the group in epoch 1, with these partitions, which the coordinator knows.
    fn with(numbers: &[i32]) -> Bench {
        let mut bench = Bench::new();
        bench.heartbeat();
        bench.answer(1, Some(numbers));
        assert_eq!(bench.commands(), []);
        bench.turns();
        bench.heartbeat();
        bench.answer(1, None);
        assert_eq!(bench.commands(), []);
        bench
    }

    fn commands(&mut self) -> Vec<Command> {
        self.member.due(&mut self.membership, self.now).commands
    }

    /// The only thing that is due.
    fn heartbeat(&mut self) -> ConsumerGroupHeartbeatRequest {
        match self.commands().pop() {
            Some(Command::Heartbeat(round, request)) => {
                self.round = round;
                request
            }
            other => panic!("no heartbeat but {other:?}"),
        }
    }

    fn answer(&mut self, epoch: i32, assigned: Option<&[i32]>) {
        let assignment = assigned.map(|numbers| Assignment {
            topic_partitions: vec![TopicPartitions { topic_id: TOPIC, partitions: numbers.to_vec() }],
        });
        let answer = ConsumerGroupHeartbeatResponse {
            member_epoch: epoch,
            heartbeat_interval_ms: i32::try_from(INTERVAL.as_millis()).unwrap(),
            assignment,
            ..ConsumerGroupHeartbeatResponse::default()
        };
        self.member.answered(&mut self.membership, self.round, Ok(answer), self.now);
    }

    fn refuse(&mut self, code: ErrorCode) {
        let error = ResponseError::new(ApiKey::ConsumerGroupHeartbeat, code.code());
        self.member.answered(&mut self.membership, self.round, Err(error.into()), self.now);
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.membership.attendance.renew(self.now);
    }

    fn turns(&mut self) -> Vec<Turn> {
        let mut turns = Vec::new();
        while let Some(turn) = self.membership.holding.begin() {
            turns.push(turn.clone());
            self.membership.holding.done(turn);
        }
        turns
    }
}

fn owned(request: &ConsumerGroupHeartbeatRequest) -> Option<Vec<i32>> {
    let topics = request.topic_partitions.as_ref()?;
    Some(topics.iter().flat_map(|topic| topic.partitions.clone()).collect())
}

#[test]
fn the_first_heartbeat_tells_everything_and_the_next_what_has_changed() {
    let mut bench = Bench::new();
    let first = bench.heartbeat();
    assert_eq!((first.member_epoch, &*first.member_id, owned(&first)), (0, "me", Some(vec![])));
    assert_eq!(first.rebalance_timeout_ms, 300_000);
    assert_eq!(first.subscribed_topic_names, Some(vec!["t".into()]));
    assert_eq!((first.rack_id.as_deref(), first.server_assignor.as_deref()), (Some("here"), Some("uniform")));
    assert_eq!(bench.commands(), [], "one is on its way");
    bench.answer(3, Some(&[0, 1]));
    assert_eq!(bench.commands(), [], "the application has something to take");
    assert_eq!(bench.turns(), [Turn::Assign(partitions(&[0, 1]))]);
    let second = bench.heartbeat();
    assert_eq!((second.member_epoch, owned(&second)), (3, Some(vec![0, 1])));
    assert_eq!(
        (second.rebalance_timeout_ms, second.subscribed_topic_names, second.rack_id),
        (-1, None, None)
    );
    bench.answer(3, None);
    assert_eq!(bench.commands(), []);
    bench.wait(INTERVAL);
    assert_eq!(owned(&bench.heartbeat()), None);
}

#[test]
fn what_is_not_assigned_is_given_away_before_what_is_is_taken_and_heartbeats_go_on() {
    let mut bench = Bench::with(&[0, 1]);
    bench.wait(INTERVAL);
    bench.heartbeat();
    bench.answer(2, Some(&[1, 2]));
    assert_eq!(bench.commands(), []);
    bench.wait(INTERVAL);
    assert_eq!(owned(&bench.heartbeat()), None, "it still has what it had");
    bench.answer(2, None);
    assert_eq!(bench.turns(), [Turn::Revoke(partitions(&[0])), Turn::Assign(partitions(&[2]))]);
    let told = bench.heartbeat();
    assert_eq!((told.member_epoch, owned(&told)), (2, Some(vec![1, 2])));
}

#[test]
fn topics_whose_names_are_not_known_wait_for_them() {
    let mut bench = Bench::new();
    bench.heartbeat();
    let other = Uuid::from_u128(8);
    let assignment = Assignment {
        topic_partitions: [TOPIC, other]
            .map(|topic_id| TopicPartitions { topic_id, partitions: vec![0] })
            .to_vec(),
    };
    let answer = ConsumerGroupHeartbeatResponse {
        member_epoch: 1,
        assignment: Some(assignment),
        ..ConsumerGroupHeartbeatResponse::default()
    };
    bench.member.answered(&mut bench.membership, bench.round, Ok(answer), bench.now);
    let due = bench.member.due(&mut bench.membership, bench.now);
    assert_eq!(due.unknown.into_iter().collect::<Vec<_>>(), [other]);
    assert_eq!(bench.turns(), [Turn::Assign(partitions(&[0]))]);
    bench.member.learn(other, "u".into());
    bench.commands();
    assert_eq!(bench.turns(), [Turn::Assign(vec![TopicPartition::new("u", 0)])]);
}

#[test]
fn who_is_fenced_loses_everything_and_enters_anew_under_the_same_name() {
    for code in [ErrorCode::FencedMemberEpoch, ErrorCode::UnknownMemberId] {
        let mut bench = Bench::with(&[0]);
        bench.wait(INTERVAL);
        bench.heartbeat();
        bench.refuse(code);
        assert_eq!(bench.commands(), [], "first the application has to know");
        assert_eq!(bench.turns(), [Turn::Lose(partitions(&[0]))]);
        let request = bench.heartbeat();
        assert_eq!((request.member_epoch, &*request.member_id, owned(&request)), (0, "me", Some(vec![])));
    }
}

#[test]
fn after_a_failure_everything_is_told_again() {
    let mut bench = Bench::with(&[0]);
    bench.wait(INTERVAL);
    bench.heartbeat();
    bench.refuse(ErrorCode::NotCoordinator);
    assert_eq!(bench.commands(), []);
    bench.wait(PAUSE);
    let request = bench.heartbeat();
    assert_eq!((request.member_epoch, owned(&request)), (1, Some(vec![0])));
    assert_eq!(request.subscribed_topic_names, Some(vec!["t".into()]));
}

#[test]
fn what_cannot_be_helped_ends_the_membership_and_is_told() {
    for code in
        [ErrorCode::UnreleasedInstanceId, ErrorCode::InvalidRegularExpression, ErrorCode::UnsupportedAssignor]
    {
        let mut bench = Bench::new();
        bench.heartbeat();
        bench.refuse(code);
        assert_eq!(bench.commands(), []);
        assert_eq!(bench.membership.polled().expect_err("it is told").code(), Some(code));
    }
}

#[test]
fn who_leaves_says_so_and_whether_it_may_come_back() {
    for (instance, epoch) in [(None, -1), (Some("i"), -2)] {
        for is_absent in [false, true] {
            let mut bench = Bench::with(&[0]);
            bench.membership.metadata.instance_id = instance.map(Arc::from);
            if is_absent {
                bench.now += POLLS;
            } else {
                bench.membership.subscribe(Subscribed::Nothing, bench.now);
            }
            let due = bench.commands();
            let [Command::Leave(request)] = due.as_slice() else { panic!("it leaves: {due:?}") };
            assert_eq!(request.member_epoch, epoch);
            assert_eq!(bench.commands(), []);
            assert_eq!(bench.member.state(), State::Out);
        }
    }
}

#[test]
fn a_pattern_is_told_and_taken_back() {
    let mut bench = Bench::new();
    bench.membership.subscribe(Subscribed::Pattern(Pattern::new("t.*").unwrap()), bench.now);
    let request = bench.heartbeat();
    assert_eq!(request.subscribed_topic_regex.as_deref(), Some("t.*"));
    assert_eq!(request.subscribed_topic_names, Some(vec![]));
    bench.answer(1, None);
    bench.membership.subscribe(Subscribed::Topics(vec!["t".into()]), bench.now);
    let request = bench.heartbeat();
    assert_eq!(request.subscribed_topic_regex.as_deref(), Some(""));
    assert_eq!(request.subscribed_topic_names, Some(vec!["t".into()]));
}

#[test]
fn a_pattern_is_taken_back_until_the_coordinator_has_heard_it() {
    let mut bench = Bench::new();
    bench.membership.subscribe(Subscribed::Pattern(Pattern::new("t.*").unwrap()), bench.now);
    bench.heartbeat();
    bench.answer(1, None);
    bench.membership.subscribe(Subscribed::Topics(vec!["t".into()]), bench.now);
    bench.heartbeat();
    for code in [ErrorCode::NotCoordinator, ErrorCode::FencedMemberEpoch] {
        bench.refuse(code);
        bench.wait(PAUSE);
        let request = bench.heartbeat();
        assert_eq!(request.subscribed_topic_regex.as_deref(), Some(""), "{code}");
        assert_eq!(request.subscribed_topic_names, Some(vec!["t".into()]), "{code}");
    }
    bench.answer(2, None);
    bench.wait(INTERVAL);
    bench.heartbeat();
    bench.refuse(ErrorCode::NotCoordinator);
    bench.wait(PAUSE);
    assert_eq!(bench.heartbeat().subscribed_topic_regex, None, "it has heard it");
}

#[test]
fn a_commit_that_was_refused_to_the_member_as_it_is_says_that_it_is_none() {
    let mut bench = Bench::with(&[0]);
    let member = bench.membership.metadata.clone();
    let older = GroupMetadata { generation: 0, ..member.clone() };
    bench.membership.refusal = Some(Refusal { code: ErrorCode::UnknownMemberId, member: older });
    bench.commands();
    assert_eq!(bench.member.state(), State::In);
    bench.membership.refusal = Some(Refusal { code: ErrorCode::UnknownMemberId, member });
    bench.commands();
    assert_eq!(bench.turns(), [Turn::Lose(partitions(&[0]))]);
}
