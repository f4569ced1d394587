use std::time::Duration;

use ottla_wire::messages::share_group_heartbeat_response::{Assignment, TopicPartitions};
use ottla_wire::{ApiKey, ErrorCode, Uuid};

use super::*;
use crate::clock;
use crate::error::ResponseError;

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

impl Bench {
    fn new() -> Bench {
        let now = clock::now();
        let metadata = GroupMetadata { member_id: "me".into(), ..GroupMetadata::new("g") };
        let mut membership = Membership::new(metadata, POLLS, now);
        membership.subscribe(Subscribed::Topics(vec!["t".into()]), now);
        let member = Member::new(Some("here".into()), Backoff { first: PAUSE, max: PAUSE }, now);
        Bench { member, membership, now, round: 0 }
    }

    /// In the group in epoch 1, with partition 0.
    fn joined() -> Bench {
        let mut bench = Bench::new();
        bench.heartbeat();
        bench.answer(1, Some(&[0]));
        bench
    }

    fn command(&mut self) -> Option<Command> {
        self.member.due(&mut self.membership, self.now).command
    }

    fn heartbeat(&mut self) -> ShareGroupHeartbeatRequest {
        match self.command() {
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
        let answer = ShareGroupHeartbeatResponse {
            member_epoch: epoch,
            heartbeat_interval_ms: i32::try_from(INTERVAL.as_millis()).unwrap(),
            assignment,
            ..ShareGroupHeartbeatResponse::default()
        };
        self.member.answered(&mut self.membership, self.round, Ok(answer), self.now);
    }

    fn refuse(&mut self, code: ErrorCode) {
        let error = ResponseError::new(ApiKey::ShareGroupHeartbeat, code.code());
        self.member.answered(&mut self.membership, self.round, Err(error.into()), self.now);
    }

    fn assigned(&self) -> Vec<i32> {
        self.member.assigned.iter().map(|(_, number)| *number).collect()
    }
}

fn names(request: &ShareGroupHeartbeatRequest) -> Option<Vec<String>> {
    Some(request.subscribed_topic_names.as_ref()?.iter().map(ToString::to_string).collect())
}

#[test]
fn a_member_tells_everything_once_and_then_that_it_lives() {
    let mut bench = Bench::new();
    let first = bench.heartbeat();
    assert_eq!((first.member_epoch, first.rack_id.as_deref(), &*first.member_id), (0, Some("here"), "me"));
    assert_eq!(names(&first), Some(vec!["t".to_owned()]));
    assert_eq!(bench.command(), None, "one at a time");
    bench.answer(1, Some(&[0, 1]));
    assert_eq!(bench.assigned(), [0, 1]);
    assert_eq!(bench.command(), None, "before the interval is over");
    bench.now += INTERVAL;
    let next = bench.heartbeat();
    assert_eq!((next.member_epoch, next.rack_id.as_deref(), names(&next)), (1, None, None));
    bench.answer(2, None);
    assert_eq!(bench.assigned(), [0, 1], "nothing new was said");
}

#[test]
fn another_subscription_is_told_at_once() {
    let mut bench = Bench::joined();
    bench.membership.subscribe(Subscribed::Topics(vec!["u".into()]), bench.now);
    assert_eq!(names(&bench.heartbeat()), Some(vec!["u".to_owned()]));
}

#[test]
fn a_member_that_is_not_known_any_more_enters_again() {
    for code in [ErrorCode::UnknownMemberId, ErrorCode::FencedMemberEpoch] {
        let mut bench = Bench::joined();
        bench.now += INTERVAL;
        bench.heartbeat();
        bench.refuse(code);
        assert_eq!(bench.assigned(), [0; 0]);
        let again = bench.heartbeat();
        assert_eq!((again.member_epoch, names(&again).is_some()), (0, true));
    }
}

#[test]
fn what_may_pass_is_tried_again_after_a_pause_and_tells_everything() {
    let mut bench = Bench::joined();
    bench.now += INTERVAL;
    bench.heartbeat();
    bench.refuse(ErrorCode::NotCoordinator);
    assert_eq!((bench.assigned(), bench.command()), (vec![0], None));
    bench.now += PAUSE;
    let again = bench.heartbeat();
    assert_eq!((again.member_epoch, names(&again).is_some()), (1, true));
}

#[test]
fn what_will_not_pass_is_told_and_tried_again_when_the_application_asks_again() {
    let mut bench = Bench::new();
    bench.heartbeat();
    bench.refuse(ErrorCode::GroupMaxSizeReached);
    assert_eq!(bench.command(), None);
    let error = bench.membership.polled().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::GroupMaxSizeReached));
    bench.membership.polled().unwrap();
    assert_eq!(bench.heartbeat().member_epoch, 0);
}

#[test]
fn a_member_leaves_when_nothing_is_subscribed_to_or_nobody_asks_for_records() {
    let check = |change: &dyn Fn(&mut Bench)| {
        let mut bench = Bench::joined();
        change(&mut bench);
        let Some(Command::Leave(request)) = bench.command() else { panic!("it leaves") };
        assert_eq!(request.member_epoch, -1);
        assert_eq!(bench.assigned(), [0; 0]);
    };
    check(&|bench| bench.membership.subscribe(Subscribed::Nothing, bench.now));
    check(&|bench| bench.now += POLLS);
}
