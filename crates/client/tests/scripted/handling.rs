//! Handlers that a group calls: what becomes of their claims and marks when commits and rebalances do not go as they should.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use ottla_client::ErrorCode;
use ottla_client::config::ConsumerConfig;
use ottla_client::group::{Claim, ConsumerGroup, GroupHandler, Handled, Session};
use ottla_client::wire::messages::{
    HeartbeatRequest, HeartbeatResponse, OffsetCommitRequest, SyncGroupRequest, SyncGroupResponse,
};
use tokio::sync::Notify;

use super::broker::{Answer, Broker, answer};
use super::grouping::{committed, coordinator, options, read};
use super::{DEADLINE, client};

/// Not before the end are marks committed by themselves.
fn late_options() -> ConsumerConfig {
    options().enable_auto_commit(true).auto_commit_interval(Duration::from_secs(3600))
}

async fn consume(broker: &Broker, options: ConsumerConfig, handler: impl GroupHandler, until: &Notify) {
    let group = ConsumerGroup::new(client(&[broker.address]), options).unwrap();
    let consuming = group.consume(["t"], handler, until.notified());
    tokio::time::timeout(DEADLINE, consuming).await.expect("it ends").unwrap();
}

/// Has the member rebalance, once.
fn rebalance(broker: &Broker) {
    let mut told = false;
    broker.on::<HeartbeatRequest>(move |_, _| {
        let code = if told { ErrorCode::None } else { ErrorCode::RebalanceInProgress };
        told = true;
        answer(HeartbeatResponse { error_code: code.code(), ..Default::default() })
    });
}

/// What each commit said of the partition.
fn commits(broker: &Broker) -> Vec<i64> {
    let commits = read::<OffsetCommitRequest>(broker);
    commits.iter().map(|commit| commit.topics[0].partitions[0].committed_offset).collect()
}

/// Marks what it gets, and tells when that are three records.
#[derive(Clone, Default)]
struct Marker {
    has_three: Arc<Notify>,
    cleaned_up: Arc<AtomicUsize>,
}

impl GroupHandler for Marker {
    fn consume_claim<'a>(&'a self, session: &'a Session, mut claim: Claim) -> Handled<'a> {
        Box::pin(async move {
            while let Some(record) = claim.next().await {
                session.mark(&record);
                if record.offset == 2 {
                    self.has_three.notify_one();
                }
            }
            Ok(())
        })
    }

    fn cleanup<'a>(&'a self, _: &'a Session) -> Handled<'a> {
        self.cleaned_up.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn what_was_marked_is_committed_also_if_consuming_ends_in_the_middle_of_the_commit() {
    let broker = coordinator().await;
    let (marker, until) = (Marker::default(), Arc::new(Notify::new()));
    let (mut is_first, ends) = (true, until.clone());
    broker.on::<OffsetCommitRequest>(move |request, _| {
        if !std::mem::take(&mut is_first) {
            return committed(&request, ErrorCode::None);
        }
        ends.notify_one();
        let refused = committed(&request, ErrorCode::CoordinatorLoadInProgress);
        Answer::Late(Duration::from_millis(100), Box::new(refused))
    });
    let rebalancing = async {
        marker.has_three.notified().await;
        rebalance(&broker);
    };
    tokio::join!(consume(&broker, late_options(), marker.clone(), &until), rebalancing);
    assert_eq!(commits(&broker), [3, 3], "once refused, once not");
    assert_eq!(marker.cleaned_up.load(Ordering::Relaxed), 1);
}

/// Tells of how its sessions begin and end.
#[derive(Clone, Default)]
struct Diary {
    lines: Arc<Mutex<Vec<&'static str>>>,
    written: Arc<Notify>,
}

impl Diary {
    fn write(&self, line: &'static str) -> Handled<'_> {
        self.lines.lock().unwrap().push(line);
        self.written.notify_one();
        Box::pin(async { Ok(()) })
    }
}

impl GroupHandler for Diary {
    fn setup<'a>(&'a self, _: &'a Session) -> Handled<'a> {
        self.write("setup")
    }

    fn consume_claim<'a>(&'a self, _: &'a Session, claim: Claim) -> Handled<'a> {
        Box::pin(async move {
            self.write("claim").await?;
            claim.ended().await;
            Ok(())
        })
    }

    fn cleanup<'a>(&'a self, _: &'a Session) -> Handled<'a> {
        self.write("cleanup")
    }
}

#[tokio::test]
async fn a_session_without_claims_is_cleaned_up_when_some_come_and_when_the_member_leaves() {
    for (gets_some, expected) in
        [(false, &["setup", "cleanup"][..]), (true, &["setup", "cleanup", "setup", "claim", "cleanup"])]
    {
        let broker = coordinator().await;
        broker.on::<SyncGroupRequest>(|_, _| answer(SyncGroupResponse::default()));
        let (diary, until) = (Diary::default(), Notify::new());
        let rebalancing = async {
            diary.written.notified().await;
            if gets_some {
                broker.on::<SyncGroupRequest>(|request, _| {
                    let assignment = request.assignments[0].assignment.clone();
                    answer(SyncGroupResponse { assignment, ..Default::default() })
                });
                rebalance(&broker);
                while !diary.lines.lock().unwrap().contains(&"claim") {
                    diary.written.notified().await;
                }
            }
            until.notify_one();
        };
        tokio::join!(consume(&broker, late_options(), diary.clone(), &until), rebalancing);
        assert_eq!(*diary.lines.lock().unwrap(), expected);
    }
}

/// Blocks the thread of its first claim, and tells of a record that a later one gets.
struct Blocker {
    blocks: AtomicBool,
    is_blocked: Arc<Notify>,
    has_record: Arc<Notify>,
    release: Mutex<mpsc::Receiver<()>>,
}

impl GroupHandler for Blocker {
    fn consume_claim<'a>(&'a self, _: &'a Session, mut claim: Claim) -> Handled<'a> {
        Box::pin(async move {
            if self.blocks.swap(false, Ordering::Relaxed) {
                self.is_blocked.notify_one();
                let _released = self.release.lock().unwrap().recv_timeout(DEADLINE);
                return Ok(());
            }
            while claim.next().await.is_some() {
                self.has_record.notify_one();
            }
            Ok(())
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_partition_that_comes_again_is_consumed_also_while_its_last_handler_blocks_a_thread() {
    let broker = coordinator().await;
    let (is_blocked, has_record) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (release, released) = mpsc::channel();
    let blocker = Blocker {
        blocks: AtomicBool::new(true),
        is_blocked: is_blocked.clone(),
        has_record: has_record.clone(),
        release: Mutex::new(released),
    };
    let rebalancing = async {
        is_blocked.notified().await;
        rebalance(&broker);
    };
    let options = options().max_poll_interval(Duration::from_millis(100));
    tokio::join!(consume(&broker, options, blocker, &has_record), rebalancing);
    drop(release);
}

#[tokio::test]
async fn marks_that_could_not_be_committed_are_committed_again_though_nothing_more_is_marked() {
    let broker = coordinator().await;
    let (until, mut was_refused) = (Arc::new(Notify::new()), false);
    let ends = until.clone();
    broker.on::<OffsetCommitRequest>(move |request, _| {
        match request.topics[0].partitions[0].committed_offset {
            3 if was_refused => ends.notify_one(),
            3 => {
                was_refused = true;
                return committed(&request, ErrorCode::CoordinatorLoadInProgress);
            }
            _ => {}
        }
        committed(&request, ErrorCode::None)
    });
    let options = options().enable_auto_commit(true).auto_commit_interval(Duration::from_millis(10));
    consume(&broker, options, Marker::default(), &until).await;
}
