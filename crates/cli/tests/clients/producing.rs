//! Producing: whatever a producer may be set to, what it sent is read back as it was.

use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::types::RDKafkaErrorCode as Code;

use super::client::{self, create_topics, read_all, watermarks};
use super::record::{Producer, Record, read_records};
use super::{Node, support, topic};

/// A partition is written with each of them.
const SETTINGS: &[(&str, &str)] =
    &[("acks", "all"), ("acks", "1"), ("acks", "0"), ("enable.idempotence", "true")];
const CODECS: &[&str] = &["none", "gzip", "snappy", "lz4", "zstd"];

#[test]
fn every_codec_and_every_acks_are_read_back_as_they_were_sent() {
    let node = Node::start();
    let records = Record::several(200);
    for codec in CODECS {
        create_topics(node.address, &[topic(codec, 4)]);
        for (partition, settings) in (0..).zip(SETTINGS) {
            let producer = Producer::new(node.address, &[*settings, ("compression.codec", codec)]);
            let offsets = producer.deliver(codec, partition, &records);
            let is_told = *settings != ("acks", "0");
            assert!(!is_told || offsets.into_iter().eq(0..200), "{codec} {settings:?}");
        }
        wait_for_ends(&node, codec, records.len());
        let read = read_all(node.address, codec);
        for (partition, settings) in (0..).zip(SETTINGS) {
            let read = read.iter().filter(|message| message.partition() == partition);
            assert!(read.map(Record::of).eq(records.iter().cloned()), "{codec} {settings:?}");
        }
    }
}

/// What nobody acknowledges arrives all the same.
fn wait_for_ends(node: &Node, topic: &str, count: usize) {
    let consumer: BaseConsumer = client::consumer_config(node.address).create().expect("a consumer");
    let bounds = (0, i64::try_from(count).expect("small"));
    support::wait_until("all records are there", || {
        watermarks(&consumer, topic).into_values().all(|found| found == bounds)
    });
}

#[test]
fn a_topic_can_have_a_compression_of_its_own() {
    let node = Node::start();
    let records = Record::several(100);
    for codec in ["uncompressed", "gzip", "snappy", "lz4", "zstd"] {
        create_topics(node.address, &[topic(codec, 1).set("compression.type", codec)]);
        for (round, sent) in ["none", "zstd"].into_iter().enumerate() {
            let producer = Producer::new(node.address, &[("compression.codec", sent)]);
            producer.deliver(codec, 0, &records);
            assert_eq!(read_records(node.address, codec)[round * 100..], records, "{sent} as {codec}");
        }
    }
}

#[test]
fn nulls_and_empty_bytes_are_kept_apart() {
    let node = Node::start();
    create_topics(node.address, &[topic("t", 1)]);
    let some = |bytes: &str| Some(bytes.as_bytes().to_vec());
    let record = |key, value| Record { key, value, timestamp: 5, headers: Vec::new() };
    let header = |value| ("same".to_owned(), value);
    let records = [
        record(some("tombstone"), None),
        record(some("empty"), some("")),
        record(None, some("without a key")),
        record(some(""), some("with an empty key")),
        record(None, None),
        Record { headers: vec![header(None), header(some("")), header(some("x"))], ..record(None, None) },
    ];
    Producer::new(node.address, &[]).deliver("t", 0, &records);
    assert_eq!(read_records(node.address, "t"), records);
}

#[test]
fn a_topic_that_nobody_made_is_made_by_who_writes_to_it() {
    let node = Node::start();
    let records = Record::several(10);
    Producer::new(node.address, &[]).deliver("unmade", 0, &records);
    assert_eq!(read_records(node.address, "unmade"), records);
}

#[test]
fn the_broker_gives_the_time_where_the_topic_wants_it() {
    let node = Node::start();
    create_topics(node.address, &[topic("t", 1).set("message.timestamp.type", "LogAppendTime")]);
    Producer::new(node.address, &[]).deliver("t", 0, &[Record::new("k", "v")]);
    let read = read_all(node.address, "t");
    let rdkafka::Timestamp::LogAppendTime(time) = read[0].timestamp() else { panic!("{read:?}") };
    assert!(time > 1_000_000_000_000, "{time}");
}

/// Sends one record and gives the broker's reason to refuse it.
fn refused(node: &Node, topic: &str, record: Record) -> RDKafkaErrorCode {
    let producer = Producer::new(node.address, &[("message.max.bytes", "20000000")]);
    match producer.send(topic, 0, &[record]).remove(0) {
        Err(KafkaError::MessageProduction(code)) => code,
        other => panic!("it should have been refused: {other:?}"),
    }
}

#[test]
fn what_the_topic_does_not_allow_is_refused_with_its_reason() {
    let node = Node::start();
    create_topics(
        node.address,
        &[
            topic("small", 1).set("max.message.bytes", "1000"),
            topic("compacted", 1).set("cleanup.policy", "compact"),
            topic("old", 1).set("message.timestamp.before.max.ms", "1000"),
        ],
    );
    let large = Record::new("k", &"x".repeat(1_000));
    assert_eq!(refused(&node, "small", large), Code::MessageSizeTooLarge);
    let keyless = Record { key: None, ..Record::new("", "v") };
    assert_eq!(refused(&node, "compacted", keyless), Code::InvalidRecord);
    assert_eq!(refused(&node, "old", Record::new("k", "v")), Code::InvalidTimestamp);
    for topic in ["small", "compacted", "old"] {
        assert!(read_all(node.address, topic).is_empty(), "{topic}");
    }
}

#[test]
fn large_records_arrive_whole() {
    let node = Node::start();
    create_topics(node.address, &[topic("t", 1).set("max.message.bytes", "10000000")]);
    let large = |at: u8, size| Record { value: Some(vec![at; size]), ..Record::new("k", "") };
    let records = [large(1, 900_000), large(2, 9_000_000), large(3, 1)];
    Producer::new(node.address, &[("message.max.bytes", "10000000")]).deliver("t", 0, &records);
    assert_eq!(read_records(node.address, "t"), records);
}
