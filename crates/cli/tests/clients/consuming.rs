//! Consuming: where a consumer begins, and how members of a group share what there is.

use std::collections::BTreeSet;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

use super::client::{
    self, DEADLINE, TURN, admin, admin_options, block_on, create_topics, poll_one, watermarks,
};
use super::record::{Producer, Record};
use super::{Node, support, topic};

/// A topic `t` of one partition with records at 0 to 99, whose times are 1000 to 1099.
fn node_with_records() -> Node {
    let node = Node::start();
    create_topics(node.address, &[topic("t", 1)]);
    Producer::new(node.address, &[]).deliver("t", 0, &Record::several(100));
    node
}

fn consumer(node: &Node, settings: &[(&str, &str)]) -> BaseConsumer {
    let mut config = client::consumer_config(node.address);
    settings.iter().for_each(|(key, value)| {
        config.set(*key, *value);
    });
    config.create().expect("a consumer")
}

fn at(offset: Offset) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset("t", 0, offset).expect("an offset");
    list
}

#[test]
fn a_consumer_begins_where_it_is_told() {
    let node = node_with_records();
    let consumer = consumer(&node, &[]);
    let check = |from: Offset, first: i64| {
        consumer.assign(&at(from)).expect("it assigns");
        assert_eq!(poll_one(&consumer).offset(), first, "{from:?}");
    };
    check(Offset::Beginning, 0);
    check(Offset::Offset(42), 42);
    check(Offset::OffsetTail(3), 97);
}

#[test]
fn a_consumer_of_the_latest_gets_what_comes_after_it() {
    let node = node_with_records();
    let consumer = consumer(&node, &[("enable.partition.eof", "true")]);
    consumer.assign(&at(Offset::End)).expect("it assigns");
    let first = consumer.poll(DEADLINE).expect("it is told of the end");
    assert!(matches!(first, Err(KafkaError::PartitionEOF(0))), "{first:?}");
    Producer::new(node.address, &[]).deliver("t", 0, &[Record::new("k", "new")]);
    let message = poll_one(&consumer);
    assert_eq!((message.offset(), message.payload()), (100, Some(&b"new"[..])));
}

#[test]
fn times_lead_to_offsets() {
    let node = node_with_records();
    let consumer = consumer(&node, &[]);
    for (time, expected) in [(0, Offset::Offset(0)), (1_040, Offset::Offset(40)), (2_000, Offset::End)] {
        let found = consumer.offsets_for_times(at(Offset::Offset(time)), DEADLINE).expect("it answers");
        assert_eq!(found.elements()[0].offset(), expected, "{time}");
    }
}

#[test]
fn deleted_records_move_the_low_watermark() {
    let node = node_with_records();
    let consumer = consumer(&node, &[("auto.offset.reset", "earliest")]);
    assert_eq!(watermarks(&consumer, "t")[&0], (0, 100));
    let deleted = block_on(admin(node.address).delete_records(&at(Offset::Offset(30)), &admin_options()));
    assert_eq!(deleted.expect("it answers").elements()[0].offset(), Offset::Offset(30));
    assert_eq!(watermarks(&consumer, "t")[&0], (30, 100));
    consumer.assign(&at(Offset::Offset(7))).expect("it assigns");
    assert_eq!(poll_one(&consumer).offset(), 30);
}

#[test]
fn an_offset_beyond_the_end_is_told() {
    let node = node_with_records();
    let consumer = consumer(&node, &[]);
    consumer.assign(&at(Offset::Offset(1_000))).expect("it assigns");
    let polled = consumer.poll(DEADLINE).expect("it is told");
    let code = polled.map(|message| message.detach()).expect_err("no message").rdkafka_error_code();
    assert_eq!(code, Some(RDKafkaErrorCode::AutoOffsetReset));
}

fn member(node: &Node) -> BaseConsumer {
    let settings = [("group.id", "g"), ("auto.offset.reset", "earliest"), ("heartbeat.interval.ms", "100")];
    let member = consumer(node, &settings);
    member.subscribe(&["t"]).expect("it subscribes");
    member
}

#[test]
fn a_member_goes_on_where_the_one_before_it_committed() {
    let node = node_with_records();
    let first = member(&node);
    let read: Vec<i64> = (0..10).map(|_| poll_one(&first).offset()).collect();
    assert!(read.into_iter().eq(0..10));
    first.commit(&at(Offset::Offset(10)), CommitMode::Sync).expect("it commits");
    drop(first);
    assert_eq!(poll_one(&member(&node)).offset(), 10);
}

fn assigned(member: &BaseConsumer) -> BTreeSet<i32> {
    let assignment = member.assignment().expect("it knows");
    assignment
        .elements()
        .iter()
        .map(rdkafka::topic_partition_list::TopicPartitionListElem::partition)
        .collect()
}

#[test]
fn two_members_share_the_partitions_and_one_that_is_left_takes_all() {
    let node = Node::start();
    create_topics(node.address, &[topic("t", 6)]);
    let (first, second) = (member(&node), member(&node));
    support::wait_until("both have three partitions", || {
        [&first, &second].iter().for_each(|member| drop(member.poll(TURN)));
        assigned(&first).len() == 3 && assigned(&second).len() == 3
    });
    let all: BTreeSet<i32> = assigned(&first).union(&assigned(&second)).copied().collect();
    assert!(all.into_iter().eq(0..6));
    drop(second);
    support::wait_until("the first has all", || {
        drop(first.poll(TURN));
        assigned(&first).len() == 6
    });
}
