//! Handlers that a group calls: what becomes of their claims and marks when commits and rebalances do not go as they should.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ottla_client::ErrorCode;
use ottla_client::config::ConsumerConfig;
use ottla_client::group::{Claim, ConsumerGroup, GroupHandler, Handled, Session};
use ottla_client::wire::messages::{HeartbeatRequest, HeartbeatResponse, OffsetCommitRequest};
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
