//! What a client counts of records.

use ottla_client::blocking::Client;
use ottla_client::config::{ClientConfig, Compression, ConsumerConfig, OffsetReset, ProducerConfig};
use ottla_client::consumer::StartAt;
use ottla_client::producer::ProducerRecord;
use ottla_client::{ApiKey, TopicPartition};

use super::node::Node;
use super::{DEADLINE, client};

#[test]
fn records_batches_bytes_and_lag_are_counted() {
    let node = Node::start();
    client::create_topics(node.address, &[client::topic("t", 1)]);
    let client = Client::connect(ClientConfig::new(&node.address.to_string())).expect("it answers");
    let config = ProducerConfig::default().compression_type(Compression::Lz4);
    let producer = client.producer(config).expect("a producer");
    for written in producer.send_all((0..100).map(|_| ProducerRecord::new("t").value(vec![b'x'; 1_000]))) {
        written.expect("it is written");
    }
    let sent = client.asynchronous().metrics().producer;
    assert_eq!((sent.records, sent.records_failed, sent.buffered_bytes), (100, 0, 0));
    assert!(sent.batches >= 1 && sent.uncompressed_bytes > 100_000, "{sent:?}");
    assert!(sent.compression_ratio().is_some_and(|ratio| ratio < 0.1), "{sent:?}");

    let consumer = client.consumer(ConsumerConfig::default()).expect("a consumer");
    let partition = TopicPartition::new("t", 0);
    consumer.assign([(partition.clone(), StartAt::Offset(40))]).expect("it is assigned");
    for _ in 0..10 {
        consumer.recv().expect("a record");
    }
    let metrics = client.asynchronous().metrics();
    assert_eq!((metrics.consumer.records, metrics.consumer.lag[&partition]), (10, 50));
    assert!(metrics.consumer.bytes > 0 && metrics.consumer.fetches > 0);
    assert!(metrics.requests[&ApiKey::Produce].latency.count() > 0);
    consumer.close();
    assert!(client.asynchronous().metrics().consumer.lag.is_empty());
    producer.close(DEADLINE).expect("it closes");
}

#[test]
fn rebalances_and_commits_are_counted() {
    let node = Node::start();
    client::create_topics(node.address, &[client::topic("t", 1)]);
    let client = Client::connect(ClientConfig::new(&node.address.to_string())).expect("it answers");
    let producer = client.producer(ProducerConfig::default()).expect("a producer");
    producer.send_and_wait(ProducerRecord::new("t").value("v")).expect("it is written");
    let options = ConsumerConfig::default()
        .group_id("g".to_owned())
        .auto_offset_reset(OffsetReset::Earliest)
        .enable_auto_commit(false);
    let consumer = client.consumer(options).expect("a consumer");
    consumer.subscribe(["t"]).expect("it has a group");
    assert_eq!(consumer.recv().expect("a record").offset, 0);
    consumer.commit().expect("it is committed");
    let group = client.asynchronous().metrics().group;
    assert_eq!((group.rebalances.count(), group.commits.count(), group.commits_failed), (1, 1, 0));
    consumer.unsubscribe().expect("it leaves");
    consumer.close();
}
