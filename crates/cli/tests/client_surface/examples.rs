//! The client library's examples, as they stand in its folder. That of share groups runs among its own tests on Apache Kafka.
#![allow(dead_code, reason = "the main of an example is not called here")]

#[path = "../../../client/examples/admin.rs"]
mod admin;
#[path = "../../../client/examples/async_producer.rs"]
mod async_producer;
#[path = "../../../client/examples/batch_commit.rs"]
mod batch_commit;
#[path = "../../../client/examples/consumer_group.rs"]
mod consumer_group;
#[path = "../../../client/examples/group.rs"]
mod group;
#[path = "../../../client/examples/messaging.rs"]
mod messaging;
#[path = "../../../client/examples/partitioners.rs"]
mod partitioners;
#[path = "../../../client/examples/reset_offsets.rs"]
mod reset_offsets;
#[path = "../../../client/examples/simple_consumer.rs"]
mod simple_consumer;
#[path = "../../../client/examples/sync_producer.rs"]
mod sync_producer;
#[path = "../../../client/examples/transactions.rs"]
mod transactions;

use super::client::block_on;
use super::node::Node;

#[test]
fn a_sync_producer_writes_one_record_after_the_other() {
    let node = Node::start();
    let written = sync_producer::run(&node.address.to_string()).expect("it runs");
    let offsets: Vec<_> = written.iter().map(|metadata| metadata.offset).collect();
    assert_eq!(offsets, (0..10).map(Some).collect::<Vec<_>>());
}

#[test]
fn an_async_producers_records_are_consumed_alone_and_in_groups_which_are_reset() {
    let node = Node::start();
    let servers = node.address.to_string();
    block_on(async {
        let written = async_producer::run(&servers).await.expect("it runs");
        assert_eq!(written, (0..100).collect::<Vec<_>>());
        let read = simple_consumer::run(&servers).await.expect("it runs");
        assert_eq!(read, (0..100).collect::<Vec<_>>());
        assert_eq!(group::run(&servers).await.expect("it runs"), 100);
        assert_eq!(transactions::run(&servers).await.expect("it runs"), 100);
        assert_eq!(batch_commit::run(&servers).await.expect("it runs"), [10; 10]);
        assert_eq!(reset_offsets::run(&servers).await.expect("it runs"), [0]);
        assert_eq!(group::run(&servers).await.expect("it runs again"), 100);
        assert_eq!(consumer_group::run(&servers).await.expect("it runs"), 99, "and one dead letter");
    });
}

#[test]
fn every_partitioner_chooses_what_its_library_chooses() {
    let node = Node::start();
    let chosen = block_on(partitioners::run(&node.address.to_string())).expect("it runs");
    for (name, expected) in [
        ("java.BuiltIn", [4, 0, 5, 0]),
        ("sarama.Hash", [6, 5, 9, 4]),
        ("sarama.ConsistentCRC", [7, 9, 9, 0]),
        ("sarama.Manual", [7, 7, 7, 7]),
    ] {
        assert_eq!(chosen[name], expected, "{name}");
    }
    assert!(chosen.values().flatten().all(|partition| (0..10).contains(partition)));
}

#[test]
fn published_messages_are_handled_in_their_order() {
    let node = Node::start();
    let handled = block_on(messaging::run(&node.address.to_string())).expect("it runs");
    assert_eq!(handled, (0..10).map(|number| format!("hello {number}")).collect::<Vec<_>>());
}

#[test]
fn the_admin_makes_and_deletes_a_topic() {
    let node = Node::start();
    assert_eq!(block_on(admin::run(&node.address.to_string())).expect("it runs"), 3);
}
