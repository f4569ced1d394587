//! What a restart must leave as it was, whether the broker was stopped or killed.

use rdkafka::admin::{AlterConfig, NewPartitions, ResourceSpecifier};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use rustix::process::Signal;

use super::client::{self, DEADLINE, admin, admin_options, block_on, create_topics, poll_one, watermarks};
use super::record::{Producer, Record, read_records};
use super::{Node, topic};

const ENDINGS: [Signal; 2] = [Signal::TERM, Signal::KILL];

#[test]
fn records_of_every_codec_outlive_a_restart() {
    for signal in ENDINGS {
        let mut node = Node::start();
        let records = Record::several(100);
        let codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
        for (codec, durability) in codecs.into_iter().zip(["journal", "os"].into_iter().cycle()) {
            create_topics(node.address, &[topic(codec, 1).set("ottla.durability", durability)]);
            let settings = [("compression.codec", codec)];
            Producer::new(node.address, &settings).deliver(codec, 0, &records);
        }
        node.restart(signal);
        for codec in codecs {
            assert_eq!(read_records(node.address, codec), records, "{codec} after {signal:?}");
        }
    }
}

#[test]
fn clients_that_stay_go_on_over_restarts() {
    let mut node = Node::start();
    create_topics(node.address, &[topic("t", 1)]);
    let producer = Producer::new(node.address, &[("enable.idempotence", "true")]);
    let consumer: BaseConsumer = client::consumer_config(node.address).create().expect("a consumer");
    let mut start = TopicPartitionList::new();
    start.add_partition_offset("t", 0, Offset::Beginning).expect("an offset");
    consumer.assign(&start).expect("it assigns");
    let records = Record::several(50);
    for signal in [Signal::KILL, Signal::TERM, Signal::KILL] {
        producer.deliver("t", 0, &records);
        for record in &records {
            assert_eq!(Record::of(&poll_one(&consumer)), *record);
        }
        node.restart(signal);
    }
    assert_eq!(producer.deliver("t", 0, &records[..1]), [150]);
}

#[test]
fn topics_settings_and_log_starts_outlive_a_restart() {
    for signal in ENDINGS {
        let mut node = Node::start();
        let admin = admin(node.address);
        create_topics(node.address, &[topic("t", 1), topic("gone", 1)]);
        Producer::new(node.address, &[]).deliver("t", 0, &Record::several(20));
        let alter = AlterConfig::new(ResourceSpecifier::Topic("t")).set("retention.ms", "-1");
        block_on(admin.alter_configs(&[alter], &admin_options())).expect("it answers");
        block_on(admin.create_partitions(&[NewPartitions::new("t", 3)], &admin_options()))
            .expect("it answers");
        block_on(admin.delete_topics(&["gone"], &admin_options())).expect("it answers");
        let mut before = TopicPartitionList::new();
        before.add_partition_offset("t", 0, Offset::Offset(5)).expect("an offset");
        block_on(admin.delete_records(&before, &admin_options())).expect("it answers");

        node.restart(signal);
        let consumer: BaseConsumer = client::consumer_config(node.address).create().expect("a consumer");
        let metadata = consumer.fetch_metadata(None, DEADLINE).expect("metadata");
        assert!(metadata.topics().iter().all(|topic| topic.name() != "gone"), "after {signal:?}");
        let bounds = watermarks(&consumer, "t");
        // What was deleted may come back after a kill, as with Kafka: it is no promise that it does not.
        let start = if signal == Signal::TERM { 5 } else { bounds[&0].0 };
        assert_eq!(bounds.into_iter().collect::<Vec<_>>(), [(0, (start, 20)), (1, (0, 0)), (2, (0, 0))]);
        let described = block_on(admin.describe_configs(&[ResourceSpecifier::Topic("t")], &admin_options()));
        let resource = described.expect("it answers").remove(0).expect("the topic is there");
        assert_eq!(resource.get("retention.ms").and_then(|entry| entry.value.as_deref()), Some("-1"));
    }
}

#[test]
fn committed_offsets_outlive_a_restart() {
    for signal in ENDINGS {
        let mut node = Node::start();
        create_topics(node.address, &[topic("t", 1)]);
        Producer::new(node.address, &[]).deliver("t", 0, &Record::several(20));
        let mut config = client::consumer_config(node.address);
        config.set("group.id", "g").set("auto.offset.reset", "earliest");
        let member: BaseConsumer = config.create().expect("a consumer");
        member.subscribe(&["t"]).expect("it subscribes");
        poll_one(&member);
        let mut position = TopicPartitionList::new();
        position.add_partition_offset("t", 0, Offset::Offset(13)).expect("an offset");
        member.commit(&position, CommitMode::Sync).expect("it commits");
        drop(member);

        node.restart(signal);
        let member: BaseConsumer = config.create().expect("a consumer");
        member.subscribe(&["t"]).expect("it subscribes");
        let message = poll_one(&member);
        assert_eq!(rdkafka::Message::offset(&message), 13, "after {signal:?}");
    }
}
