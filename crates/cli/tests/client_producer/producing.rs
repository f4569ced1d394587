//! What our producer writes is what was sent.

use std::net::SocketAddr;

use ottla_client::Client;
use ottla_client::config::{Acks, Compression, ProducerConfig};
use ottla_client::producer::{Producer, ProducerRecord};

use super::record::Record;
use super::{DEADLINE, Node, client, config, create_topic};

fn record(topic: &str, partition: i32, record: &Record) -> ProducerRecord {
    let mut sent = ProducerRecord::new(topic).partition(partition).timestamp(record.timestamp);
    sent.key = record.key.clone().map(Into::into);
    sent.value = record.value.clone().map(Into::into);
    for (name, value) in &record.headers {
        sent = match value {
            Some(value) => sent.header(name.clone(), value.clone()),
            None => sent.null_header(name.clone()),
        };
    }
    sent
}

/// Records with everything that a record may have.
fn all_sorts() -> Vec<Record> {
    let mut records = Record::several(200);
    records.push(Record { key: None, value: Some(b"no key".to_vec()), timestamp: 5, ..Record::default() });
    records.push(Record { value: None, ..Record::new("tombstone", "") });
    records.push(Record::new("", ""));
    let header = |name: &str, value: Option<&[u8]>| (name.to_owned(), value.map(<[u8]>::to_vec));
    records.push(Record {
        headers: vec![
            header("h", Some(b"1")),
            header("h", None),
            header("h", Some(b"")),
            header("", Some(&[0xff])),
        ],
        ..Record::new("headers", "in their order, doubled and null")
    });
    records
}

async fn deliver(producer: &Producer, topic: &str, records: &[Record]) -> Vec<i64> {
    let sent = producer.send_all(records.iter().map(|one| record(topic, 0, one))).await;
    sent.into_iter()
        .map(|written| written.expect("it is written").offset.expect("the broker tells"))
        .collect()
}

/// Waits on a thread of its own, since librdkafka does.
async fn read_all(address: SocketAddr, topic: &'static str) -> Vec<Record> {
    let read = move || client::read_all(address, topic).iter().map(Record::of).collect();
    tokio::task::spawn_blocking(read).await.expect("it reads")
}

async fn check_codec(address: SocketAddr, topic: &'static str, producer: ProducerConfig) {
    create_topic(address, topic, 1).await;
    let client = Client::connect(config(address)).await.expect("the broker answers");
    let producer = client.producer(producer).expect("the options go together");
    let records = all_sorts();
    let offsets = deliver(&producer, topic, &records).await;
    assert_eq!(offsets, (0..i64::try_from(records.len()).expect("few")).collect::<Vec<_>>());
    producer.close(DEADLINE).await.expect("it closes");
    assert_eq!(read_all(address, topic).await, records, "{topic}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_codec_and_level_is_read_back_by_librdkafka() {
    let node = Node::start();
    let plain = ProducerConfig::default;
    for (topic, producer) in [
        ("none", plain()),
        ("gzip", plain().compression_type(Compression::Gzip)),
        ("gzip-9", plain().compression_type(Compression::Gzip).compression_gzip_level(9)),
        ("snappy", plain().compression_type(Compression::Snappy)),
        ("lz4", plain().compression_type(Compression::Lz4)),
        ("zstd", plain().compression_type(Compression::Zstd)),
        ("zstd-19", plain().compression_type(Compression::Zstd).compression_zstd_level(19)),
        ("not-idempotent", plain().enable_idempotence(false)),
        ("leader", plain().acks(Acks::Leader)),
        ("small-batches", plain().batch_size(100_usize)),
    ] {
        check_codec(node.address, topic, producer).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_acks_0_records_are_written_and_their_offsets_are_not_known() {
    let node = Node::start();
    create_topic(node.address, "t", 1).await;
    let producer =
        Producer::new(config(node.address), ProducerConfig::default().acks(Acks::None)).expect("it starts");
    let written =
        producer.send_and_wait(ProducerRecord::new("t").value("v").timestamp(7)).await.expect("sent");
    assert_eq!((written.offset, written.timestamp), (None, 7));
    producer.close(DEADLINE).await.expect("it closes");
    let address = node.address;
    client_waits_until_there(address).await;
}

async fn client_waits_until_there(address: SocketAddr) {
    let wait = move || {
        super::support::wait_until("the record is there", || client::read_all(address, "t").len() == 1)
    };
    tokio::task::spawn_blocking(wait).await.expect("it waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_not_there_is_made_by_sending_to_it() {
    let node = Node::start();
    let producer = Producer::new(config(node.address), ProducerConfig::default()).expect("it starts");
    let written = producer.send_and_wait(ProducerRecord::new("made").value("v")).await.expect("written");
    assert_eq!((&*written.topic_partition.topic, written.offset), ("made", Some(0)));
}
