//! librdkafka, the client from outside that tests talk through.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Message as _, OwnedMessage};
use rdkafka::{Offset, TopicPartitionList};

use super::support::wait_until;

/// No call of any test takes longer, on however slow a machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
/// How long a client waits for what may well not come before it looks again.
pub(crate) const TURN: Duration = Duration::from_millis(50);

/// What all clients have in common: they notice soon that a broker is back.
pub(crate) fn config(address: SocketAddr) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", address.to_string())
        .set("reconnect.backoff.ms", "10")
        .set("reconnect.backoff.max.ms", "100")
        .set("retry.backoff.ms", "20")
        .set("retry.backoff.max.ms", "100")
        .set("topic.metadata.refresh.fast.interval.ms", "20");
    config
}

pub(crate) fn consumer_config(address: SocketAddr) -> ClientConfig {
    let mut config = config(address);
    config
        .set("group.id", "nobody")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "error")
        .set("fetch.wait.max.ms", "50")
        .set("fetch.error.backoff.ms", "20");
    config
}

pub(crate) fn admin(address: SocketAddr) -> AdminClient<DefaultClientContext> {
    config(address).create().expect("an admin client")
}

pub(crate) fn admin_options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(DEADLINE)).operation_timeout(Some(DEADLINE))
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

pub(crate) fn topic(name: &str, partitions: i32) -> NewTopic<'_> {
    NewTopic::new(name, partitions, TopicReplication::Fixed(1))
}

pub(crate) fn create_topics(address: SocketAddr, topics: &[NewTopic<'_>]) {
    let created = block_on(admin(address).create_topics(topics, &admin_options())).expect("it answers");
    for topic in created {
        topic.unwrap_or_else(|(name, error)| panic!("cannot create {name}: {error}"));
    }
}

/// Where a topic's partitions begin and end.
pub(crate) fn watermarks(consumer: &BaseConsumer, topic: &str) -> BTreeMap<i32, (i64, i64)> {
    let metadata = consumer.fetch_metadata(Some(topic), DEADLINE).expect("metadata");
    let partitions = metadata.topics()[0].partitions().iter().map(rdkafka::metadata::MetadataPartition::id);
    let bounds = |partition| consumer.fetch_watermarks(topic, partition, DEADLINE).expect("watermarks");
    partitions.map(|partition| (partition, bounds(partition))).collect()
}

/// Reads all that a topic holds now, with a client of its own.
pub(crate) fn read_all(address: SocketAddr, topic: &str) -> Vec<OwnedMessage> {
    let consumer: BaseConsumer = consumer_config(address).create().expect("a consumer");
    let mut ends = watermarks(&consumer, topic);
    ends.retain(|_, (start, end)| start < end);
    let mut assignment = TopicPartitionList::new();
    for partition in ends.keys() {
        assignment.add_partition_offset(topic, *partition, Offset::Beginning).expect("a partition");
    }
    consumer.assign(&assignment).expect("it assigns");
    let mut messages = Vec::new();
    while !ends.is_empty() {
        let message = poll_one(&consumer);
        if message.offset() + 1 == ends.get(&message.partition()).map_or(-1, |(_, end)| *end) {
            ends.remove(&message.partition());
        }
        messages.push(message);
    }
    messages
}

/// The next message, which must come. That a connection breaks or a group is joined meanwhile does not matter.
pub(crate) fn poll_one(consumer: &BaseConsumer) -> OwnedMessage {
    let mut message = None;
    wait_until("there is a message", || {
        message = match consumer.poll(TURN) {
            Some(Ok(message)) => Some(message.detach()),
            Some(Err(error)) if is_broken_connection(&error) => None,
            Some(Err(error)) => panic!("instead of a message: {error}"),
            None => None,
        };
        message.is_some()
    });
    message.expect("it was waited for")
}

fn is_broken_connection(error: &KafkaError) -> bool {
    let broken = [RDKafkaErrorCode::BrokerTransportFailure, RDKafkaErrorCode::AllBrokersDown];
    error.rdkafka_error_code().is_some_and(|code| broken.contains(&code))
}

pub(crate) fn add_partitions(address: SocketAddr, topic: &str, count: usize) {
    let partitions = [NewPartitions::new(topic, count)];
    let added = block_on(admin(address).create_partitions(&partitions, &admin_options()));
    for topic in added.expect("it answers") {
        topic.unwrap_or_else(|(name, error)| panic!("cannot add partitions to {name}: {error}"));
    }
}
