//! Transactions: all of it or nothing, once, whoever is killed.

use std::net::SocketAddr;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{Message as _, Offset, TopicPartitionList};
use rustix::process::Signal;

use super::client::{self, DEADLINE, create_topics, poll_one};
use super::record::Producer;
use super::{Node, record::Record, topic};

/// A producer that has begun nothing yet; whoever had its transactional id before is fenced.
fn transactional(address: SocketAddr, id: &str) -> BaseProducer {
    let mut config = client::config(address);
    config.set("transactional.id", id).set("linger.ms", "1");
    let producer: BaseProducer = config.create().expect("a producer");
    producer.init_transactions(DEADLINE).expect("it has its id and epoch");
    producer
}

fn send(producer: &BaseProducer, topic: &str, value: &str) {
    let record: BaseRecord<'_, str, str> = BaseRecord::to(topic).partition(0).payload(value);
    producer.send(record).map_err(|(error, _)| error).expect("there is room in the client's queue");
}

/// Sends the values in a transaction of their own.
fn write(producer: &BaseProducer, topic: &str, values: &[&str], committed: bool) {
    producer.begin_transaction().expect("it begins");
    values.iter().for_each(|value| send(producer, topic, value));
    producer.flush(DEADLINE).expect("it is sent");
    let ended = match committed {
        true => producer.commit_transaction(DEADLINE),
        false => producer.abort_transaction(DEADLINE),
    };
    ended.expect("it ends");
}

/// The values that partition 0 holds for such a reader.
fn read(address: SocketAddr, topic: &str, isolation: &str) -> Vec<String> {
    let mut config = client::consumer_config(address);
    config.set("isolation.level", isolation).set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut start = TopicPartitionList::new();
    start.add_partition_offset(topic, 0, Offset::Beginning).expect("a partition");
    consumer.assign(&start).expect("it assigns");
    let mut values = Vec::new();
    loop {
        match consumer.poll(client::TURN) {
            Some(Ok(message)) => {
                values.push(String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned());
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return values,
            Some(Err(error)) => panic!("instead of a message: {error}"),
            None => {}
        }
    }
}

#[test]
fn readers_of_committed_records_see_no_others() {
    for durability in ["journal", "os"] {
        let mut node = Node::start();
        create_topics(node.address, &[topic("t", 1).set("ottla.durability", durability)]);
        let producer = transactional(node.address, "writer");
        write(&producer, "t", &["a", "b"], true);
        write(&producer, "t", &["c", "d"], false);
        write(&producer, "t", &["e"], true);
        producer.begin_transaction().expect("it begins");
        send(&producer, "t", "open");
        producer.flush(DEADLINE).expect("it is sent");
        let check = |node: &Node, what: &str| {
            assert_eq!(read(node.address, "t", "read_committed"), ["a", "b", "e"], "{durability} {what}");
            let all = ["a", "b", "c", "d", "e", "open"];
            assert_eq!(read(node.address, "t", "read_uncommitted"), all, "{durability} {what}");
        };
        check(&node, "at once");
        node.restart(Signal::KILL);
        check(&node, "after a kill");
        producer.commit_transaction(DEADLINE).expect("it goes on behind the kill");
        assert_eq!(read(node.address, "t", "read_committed"), ["a", "b", "e", "open"], "{durability}");
        node.restart(Signal::TERM);
        assert_eq!(read(node.address, "t", "read_committed"), ["a", "b", "e", "open"], "{durability}");
    }
}

#[test]
fn a_new_producer_ends_what_another_of_its_id_has_left_open() {
    let node = Node::start();
    create_topics(node.address, &[topic("t", 1)]);
    let old = transactional(node.address, "one");
    old.begin_transaction().expect("it begins");
    send(&old, "t", "lost");
    old.flush(DEADLINE).expect("it is sent");

    let new = transactional(node.address, "one");
    write(&new, "t", &["kept"], true);
    assert_eq!(read(node.address, "t", "read_committed"), ["kept"]);
    let fenced = old.commit_transaction(DEADLINE).expect_err("it is fenced");
    assert_eq!(fenced.rdkafka_error_code(), Some(RDKafkaErrorCode::Fenced), "{fenced}");
}

/// Reads a topic, and writes it to another; how far it is, it commits with what it has written.
struct Copier {
    consumer: BaseConsumer,
    producer: BaseProducer,
}

impl Copier {
    /// Goes on where the one before it has committed.
    fn start(address: SocketAddr) -> Copier {
        let producer = transactional(address, "copier");
        let mut config = client::consumer_config(address);
        config.set("group.id", "copiers").set("isolation.level", "read_committed");
        let consumer: BaseConsumer = config.create().expect("a consumer");
        let mut partition = TopicPartitionList::new();
        partition.add_partition("in", 0);
        let committed = consumer.committed_offsets(partition, DEADLINE).expect("offsets");
        let committed = committed.elements()[0].offset();
        let offset = if committed == Offset::Invalid { Offset::Beginning } else { committed };
        let mut start = TopicPartitionList::new();
        start.add_partition_offset("in", 0, offset).expect("a partition");
        consumer.assign(&start).expect("it assigns");
        Copier { consumer, producer }
    }

    /// Writes so many records in a transaction, without ending it.
    fn copy(&self, count: usize) -> Result<(), KafkaError> {
        self.producer.begin_transaction()?;
        let mut next = 0;
        for _ in 0..count {
            let message = poll_one(&self.consumer);
            let value = String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned();
            send(&self.producer, "out", &value);
            next = message.offset() + 1;
        }
        let mut offsets = TopicPartitionList::new();
        offsets.add_partition_offset("in", 0, Offset::Offset(next))?;
        let group = self.consumer.group_metadata().expect("it has a group");
        self.producer.send_offsets_to_transaction(&offsets, &group, DEADLINE)
    }
}

#[test]
fn what_is_read_and_written_in_transactions_is_there_once_over_kills() {
    const ROUNDS: usize = 6;
    const COUNT: usize = 5;
    let mut node = Node::start();
    create_topics(node.address, &[topic("in", 1), topic("out", 1)]);
    let values: Vec<String> = (0..ROUNDS * COUNT * 2).map(|number| number.to_string()).collect();
    let records: Vec<Record> = values.iter().map(|value| Record::new("k", value)).collect();
    Producer::new(node.address, &[]).deliver("in", 0, &records);
    for round in 0..ROUNDS {
        let copier = Copier::start(node.address);
        copier.copy(COUNT).expect("it is written");
        match round % 3 {
            // The broker is killed before the end is asked for, and behind it.
            0 => node.restart(Signal::KILL),
            1 => {
                copier.producer.commit_transaction(DEADLINE).expect("it ends");
                node.restart(Signal::KILL);
                continue;
            }
            // The copier goes away, and leaves its transaction open.
            _ => continue,
        }
        copier.producer.commit_transaction(DEADLINE).expect("it ends behind the kill");
    }
    while read(node.address, "out", "read_committed").len() < values.len() {
        let copier = Copier::start(node.address);
        copier.copy(COUNT).expect("it is written");
        copier.producer.commit_transaction(DEADLINE).expect("it ends");
    }
    assert_eq!(read(node.address, "out", "read_committed"), values);
}
