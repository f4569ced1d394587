//! Becoming a member, being one, and leaving.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_client::config::OffsetReset;
use ottla_client::consumer::Consumer;
use ottla_client::group::{Listening, Pattern, RebalanceListener};
use ottla_client::{Error, TopicPartition};

use super::{Node, member, partition, run};

/// Writes down what it hears.
#[derive(Debug, Default)]
struct Diary(Mutex<Vec<(&'static str, Vec<TopicPartition>)>>);

impl Diary {
    fn note(&self, what: &'static str, partitions: &[TopicPartition]) -> Listening<'_> {
        self.0.lock().expect("no test panicked").push((what, partitions.to_vec()));
        Box::pin(async {})
    }

    fn taken(&self) -> Vec<(&'static str, Vec<TopicPartition>)> {
        std::mem::take(&mut *self.0.lock().expect("no test panicked"))
    }
}

impl RebalanceListener for Diary {
    fn assigned<'a>(&'a self, _: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        self.note("assigned", partitions)
    }

    fn revoked<'a>(&'a self, _: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        self.note("revoked", partitions)
    }

    fn lost<'a>(&'a self, _: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        self.note("lost", partitions)
    }
}

async fn offsets(consumer: &Consumer, count: usize) -> Vec<i64> {
    let mut offsets = Vec::new();
    while offsets.len() < count {
        let records = consumer.poll(super::client::DEADLINE).await.expect("records");
        offsets.extend(records.iter().map(|record| record.offset));
    }
    offsets
}

#[test]
fn a_member_goes_on_where_it_left_off() {
    let node = Node::start();
    node.create("t", 1);
    node.fill("t", 1, 60);
    run(async {
        let diary = Arc::new(Diary::default());
        let consumer = node.consumer(member("range"));
        consumer.listen(diary.clone()).expect("it has a group");
        consumer.subscribe(["t"]).expect("it has a group");
        assert_eq!(offsets(&consumer, 20).await, (0..20).collect::<Vec<i64>>());
        let metadata = consumer.group_metadata().expect("it has a group");
        assert_eq!(metadata.generation, 1);
        assert!(!metadata.member_id.is_empty());
        consumer.close().await;
        let all = vec![partition("t", 0)];
        assert_eq!(diary.taken(), [("assigned", all.clone()), ("revoked", all)]);

        let again = node.consumer(member("range"));
        again.subscribe(["t"]).expect("it has a group");
        assert_eq!(offsets(&again, 40).await, (20..60).collect::<Vec<i64>>());
        again.unsubscribe().await.expect("it is a member");
        assert!(again.assignment().is_empty() && again.subscription().is_empty());
        again.close().await;
    });
}

#[test]
fn a_pattern_follows_topics_that_come() {
    let node = Node::start();
    node.create("orders-eu", 1);
    node.create("old-orders-eu", 1);
    node.fill("orders-eu", 1, 10);
    node.fill("old-orders-eu", 1, 10);
    run(async {
        let consumer = node.consumer(member("range"));
        consumer.subscribe_pattern(Pattern::new("orders-.*").expect("a pattern")).expect("it has a group");
        assert_eq!(offsets(&consumer, 10).await.len(), 10);
        assert_eq!(consumer.assignment(), [partition("orders-eu", 0)]);
        node.create("orders-us", 2);
        node.fill("orders-us", 2, 10);
        assert_eq!(offsets(&consumer, 20).await.len(), 20);
        assert_eq!(consumer.assignment().len(), 3);
        consumer.close().await;
    });
}

#[test]
fn a_topic_that_is_not_there_is_waited_for_and_its_new_partitions_are_consumed() {
    let node = Node::start();
    run(async {
        let consumer = node.consumer(member("range").allow_auto_create_topics(false));
        consumer.subscribe(["t"]).expect("it has a group");
        assert_eq!(consumer.poll(Duration::from_millis(100)).await.expect("no error"), []);
        node.create("t", 1);
        node.fill("t", 1, 10);
        assert_eq!(offsets(&consumer, 10).await.len(), 10);
        node.add_partitions("t", 2);
        node.fill("t", 2, 10);
        assert_eq!(offsets(&consumer, 20).await.len(), 20);
        consumer.close().await;
    });
}

#[test]
fn a_static_member_that_comes_back_finds_its_partitions_and_nobody_rebalances() {
    let node = Node::start();
    node.create("t", 2);
    run(async {
        let config = |name: &str| member("range").group_instance_id(name.to_owned());
        let diary = Arc::new(Diary::default());
        let (stays, goes) = (node.consumer(config("a")), node.consumer(config("b")));
        for consumer in [&stays, &goes] {
            consumer.subscribe(["t"]).expect("it has a group");
        }
        while stays.assignment().len() != 1 || goes.assignment().len() != 1 {
            stays.poll(Duration::from_millis(20)).await.expect("no error");
            goes.poll(Duration::from_millis(20)).await.expect("no error");
        }
        let had = goes.assignment();
        let generation = stays.group_metadata().expect("it has a group").generation;
        goes.close().await;
        stays.listen(diary.clone()).expect("it has a group");
        let back = node.consumer(config("b"));
        back.subscribe(["t"]).expect("it has a group");
        while back.assignment() != had {
            stays.poll(Duration::from_millis(20)).await.expect("no error");
            back.poll(Duration::from_millis(20)).await.expect("no error");
        }
        assert_eq!(diary.taken(), []);
        assert_eq!(stays.group_metadata().expect("it has a group").generation, generation);

        // Another process with its name takes its place.
        let usurper = node.consumer(config("b"));
        usurper.subscribe(["t"]).expect("it has a group");
        let error = loop {
            usurper.poll(Duration::from_millis(20)).await.expect("no error");
            if let Err(error) = back.poll(Duration::from_millis(20)).await {
                break error;
            }
        };
        assert!(error.is_fatal(), "{error}");
    });
}

#[test]
fn a_group_needs_a_name_and_members_with_an_assignor_in_common() {
    let node = Node::start();
    node.create("t", 1);
    run(async {
        let nobody = node.consumer(ottla_client::config::ConsumerConfig::default());
        assert!(matches!(nobody.subscribe(["t"]), Err(Error::Config(_))));
        let first = node.consumer(member("range").auto_offset_reset(OffsetReset::Latest));
        first.subscribe(["t"]).expect("it has a group");
        while first.assignment().is_empty() {
            first.poll(Duration::from_millis(20)).await.expect("no error");
        }
        let second = node.consumer(member("sticky"));
        second.subscribe(["t"]).expect("it has a group");
        let error = loop {
            first.poll(Duration::from_millis(20)).await.expect("no error");
            if let Err(error) = second.poll(Duration::from_millis(20)).await {
                break error;
            }
        };
        assert_eq!(error.code(), Some(ottla_client::ErrorCode::InconsistentGroupProtocol));
    });
}
