//! Topics and their settings through the admin client.

use rdkafka::admin::{
    AlterConfig, ConfigSource, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::types::RDKafkaErrorCode as Code;

use super::client::{self, DEADLINE, admin, admin_options, block_on, create_topics};
use super::record::{Producer, Record, read_records};
use super::{Node, topic};

/// The topics that are there, with their numbers of partitions.
fn topics(node: &Node) -> Vec<(String, usize)> {
    let consumer: BaseConsumer = client::consumer_config(node.address).create().expect("a consumer");
    let metadata = consumer.fetch_metadata(None, DEADLINE).expect("metadata");
    // Whoever has a group has that topic made.
    let topics = metadata.topics().iter().filter(|topic| topic.name() != "__consumer_offsets");
    let mut topics: Vec<_> =
        topics.map(|topic| (topic.name().to_owned(), topic.partitions().len())).collect();
    topics.sort();
    topics
}

/// What is told of a setting of the topic `t`.
fn setting(node: &Node, name: &str) -> Option<(Option<String>, ConfigSource)> {
    let resources = [ResourceSpecifier::Topic("t")];
    let described = block_on(admin(node.address).describe_configs(&resources, &admin_options()));
    let resource = described.expect("it answers").remove(0).expect("the topic is there");
    let entry = resource.entries.into_iter().find(|entry| entry.name == name);
    entry.map(|entry| (entry.value, entry.source))
}

#[test]
fn topics_come_grow_and_go() {
    let node = Node::start();
    let admin = admin(node.address);
    create_topics(node.address, &[topic("a", 1), topic("b", 3)]);
    assert_eq!(topics(&node), [("a".to_owned(), 1), ("b".to_owned(), 3)]);

    let grown = block_on(admin.create_partitions(&[NewPartitions::new("a", 4)], &admin_options()));
    assert_eq!(grown.expect("it answers"), [Ok("a".to_owned())]);
    assert_eq!(topics(&node), [("a".to_owned(), 4), ("b".to_owned(), 3)]);
    Producer::new(node.address, &[]).deliver("a", 3, &Record::several(10));
    assert_eq!(read_records(node.address, "a").len(), 10);

    let deleted = block_on(admin.delete_topics(&["b", "none"], &admin_options())).expect("it answers");
    assert_eq!(deleted, [Ok("b".to_owned()), Err(("none".to_owned(), Code::UnknownTopicOrPartition))]);
    assert_eq!(topics(&node), [("a".to_owned(), 4)]);
}

#[test]
fn a_topic_that_is_made_again_is_empty() {
    let node = Node::start();
    for _ in 0..3 {
        create_topics(node.address, &[topic("t", 1)]);
        let records = Record::several(20);
        assert_eq!(Producer::new(node.address, &[]).deliver("t", 0, &records)[0], 0);
        assert_eq!(read_records(node.address, "t"), records);
        block_on(admin(node.address).delete_topics(&["t"], &admin_options())).expect("it answers");
    }
}

#[test]
fn what_cannot_be_made_is_refused_with_its_reason() {
    let node = Node::start();
    create_topics(node.address, &[topic("there", 2)]);
    let check = |topic: NewTopic<'_>, code: Code| {
        let name = topic.name.to_owned();
        let made = block_on(admin(node.address).create_topics([&topic], &admin_options()));
        assert_eq!(made.expect("it answers"), [Err((name, code))]);
    };
    check(topic("there", 1), Code::TopicAlreadyExists);
    check(topic("no/slash", 1), Code::InvalidTopic);
    check(topic("none", 1).set("no.such.setting", "1"), Code::InvalidConfig);
    check(topic("none", 1).set("segment.bytes", "many"), Code::InvalidConfig);
    check(NewTopic::new("three", 1, TopicReplication::Fixed(3)), Code::InvalidReplicationFactor);
    let fewer =
        block_on(admin(node.address).create_partitions(&[NewPartitions::new("there", 1)], &admin_options()));
    assert_eq!(fewer.expect("it answers"), [Err(("there".to_owned(), Code::InvalidPartitions))]);
    assert_eq!(topics(&node), [("there".to_owned(), 2)]);
}

#[test]
fn settings_of_a_topic_are_told_and_changed() {
    let node = Node::start();
    create_topics(node.address, &[topic("t", 1).set("ottla.durability", "os")]);
    let set = |value: &str| Some((Some(value.to_owned()), ConfigSource::DynamicTopic));
    assert_eq!(setting(&node, "ottla.durability"), set("os"));
    assert_eq!(setting(&node, "retention.ms"), Some((Some("604800000".to_owned()), ConfigSource::Default)));

    let alter = AlterConfig::new(ResourceSpecifier::Topic("t")).set("max.message.bytes", "500");
    let altered = block_on(admin(node.address).alter_configs(&[alter], &admin_options()));
    altered.expect("it answers").remove(0).expect("it is altered");
    assert_eq!(setting(&node, "max.message.bytes"), set("500"));
    // That request replaces all settings, and one of ours is told only where it is not the default.
    assert_eq!(setting(&node, "ottla.durability"), None);
    let large = Record::new("k", &"x".repeat(1_000));
    Producer::new(node.address, &[]).send("t", 0, &[large])[0].as_ref().expect_err("it is too large now");
}
