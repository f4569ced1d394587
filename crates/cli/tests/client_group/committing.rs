//! Offsets of a group: committing them, asking for them, and where a member begins without any.

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_client::config::OffsetReset;
use ottla_client::consumer::{Consumer, StartAt};
use ottla_client::group::CommittedOffset;
use ottla_client::{Error, ErrorCode};

use super::{Node, client, member, partition, run};

fn node_with_records() -> Node {
    let node = Node::start();
    node.create("t", 1);
    node.fill("t", 1, 50);
    node
}

async fn first(consumer: &Consumer) -> i64 {
    loop {
        let records = consumer.poll(client::DEADLINE).await.expect("records");
        if let Some(record) = records.first() {
            return record.offset;
        }
    }
}

async fn committed(consumer: &Consumer) -> Option<CommittedOffset> {
    let partition = partition("t", 0);
    consumer.committed([&partition]).await.expect("it answers").remove(&partition).flatten()
}

#[test]
fn what_is_committed_is_told_with_its_metadata_and_is_where_the_next_begins() {
    let node = node_with_records();
    run(async {
        let consumer = node.consumer(member("range").enable_auto_commit(false));
        consumer.subscribe(["t"]).expect("it has a group");
        assert_eq!(first(&consumer).await, 0);
        assert_eq!(committed(&consumer).await, None);
        consumer.commit().await.expect("it is a member");
        assert_eq!(committed(&consumer).await.expect("committed").offset, 20);
        let offset = CommittedOffset::new(7).with_metadata("at seven");
        consumer.commit_offsets(BTreeMap::from([(partition("t", 0), offset)])).await.expect("it is a member");
        let told = committed(&consumer).await.expect("committed");
        assert_eq!((told.offset, &*told.metadata), (7, "at seven"));
        consumer.start_commit().expect("it has a group").await.expect("it is a member");
        assert_eq!(committed(&consumer).await.expect("committed").offset, 20);
        consumer.close().await;

        // By hand, and with a place of one's own in spite of what was committed.
        let by_hand = node.consumer(member("range"));
        for (start, expected) in [(StartAt::Committed, 20), (StartAt::Offset(3), 3), (StartAt::Earliest, 0)] {
            by_hand.assign([(partition("t", 0), start)]).expect("nothing is subscribed to");
            assert_eq!(first(&by_hand).await, expected, "{start:?}");
        }
        by_hand.close().await;
        let after = node.consumer(member("range"));
        after.subscribe(["t"]).expect("it has a group");
        assert!(matches!(after.assign([(partition("t", 0), StartAt::Earliest)]), Err(Error::Config(_))));
        assert_eq!(first(&after).await, 20, "what was consumed by hand was committed at the close");
        after.close().await;
    });
}

#[test]
fn offsets_are_committed_by_the_clock_while_records_are_asked_for() {
    let node = node_with_records();
    run(async {
        let config = member("range").auto_commit_interval(Duration::from_millis(50));
        let consumer = node.consumer(config);
        consumer.subscribe(["t"]).expect("it has a group");
        assert_eq!(first(&consumer).await, 0);
        let watcher = node.consumer(member("range"));
        while committed(&watcher).await.map(|it| it.offset) != Some(50) {
            consumer.poll(Duration::from_millis(20)).await.expect("no error");
        }
    });
}

#[test]
fn without_an_offset_a_group_begins_as_it_is_told_or_says_that_it_cannot() {
    let node = node_with_records();
    run(async {
        let consumer = node.consumer(member("range").auto_offset_reset(OffsetReset::None));
        consumer.subscribe(["t"]).expect("it has a group");
        let error = loop {
            match consumer.poll(Duration::from_secs(1)).await {
                Ok(records) => assert_eq!(records, []),
                Err(error) => break error,
            }
        };
        assert!(matches!(&error, Error::NoOffset { partition: it } if *it == partition("t", 0)), "{error}");
        consumer.seek(&partition("t", 0), StartAt::Offset(45)).expect("it is assigned");
        assert_eq!(first(&consumer).await, 45);
        consumer.close().await;
    });
}

#[test]
fn who_is_no_member_commits_only_while_the_group_has_none() {
    let node = node_with_records();
    run(async {
        let offsets = BTreeMap::from([(partition("t", 0), CommittedOffset::new(5))]);
        let outside = node.consumer(member("range"));
        outside.commit_offsets(offsets.clone()).await.expect("the group is empty");
        let inside = node.consumer(member("range"));
        inside.subscribe(["t"]).expect("it has a group");
        assert!(inside.commit().await.is_ok(), "there is nothing to commit");
        assert_eq!(first(&inside).await, 5);
        let error = outside.commit_offsets(offsets).await.expect_err("the group has a member");
        assert_eq!(error.code(), Some(ErrorCode::UnknownMemberId));
        inside.close().await;
    });
}
