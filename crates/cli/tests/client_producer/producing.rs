//! What our producer writes is what was sent.

use std::net::SocketAddr;
use std::sync::Arc;

use ottla_client::config::{Acks, Compression, ProducerConfig};
use ottla_client::producer::{Deliveries, Producer, ProducerInterceptor, ProducerRecord};
use ottla_client::{Client, Error};

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

/// Sees records, and does nothing with them.
struct Onlooker;

impl ProducerInterceptor for Onlooker {}

async fn check_many(address: SocketAddr, topic: &'static str, producer: Producer) {
    create_topic(address, topic, 1).await;
    let records = all_sorts();
    let mut deliveries = Deliveries::new();
    for some in records.chunks(50) {
        let some = some.iter().map(|one| record(topic, 0, one)).collect();
        producer.send_many(some, &mut deliveries).await.expect("they are taken");
    }
    assert_eq!(deliveries.len(), records.len());
    let mut next = 0;
    while let Some(delivered) = deliveries.next().await {
        let offset = delivered.result.expect("they are written").expect("the broker tells");
        assert_eq!((&*delivered.topic_partition.topic, offset), (topic, next));
        next += i64::try_from(delivered.count).expect("few");
    }
    producer.close(DEADLINE).await.expect("it closes");
    assert_eq!(read_all(address, topic).await, records, "{topic}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_written_in_their_order() {
    let node = Node::start();
    let client = Client::connect(config(node.address)).await.expect("the broker answers");
    let plain = ProducerConfig::default;
    let producer = |config| client.producer(config).expect("the options go together");
    check_many(node.address, "many", producer(plain())).await;
    // Some records do not fit at all, and wait for those before them.
    check_many(node.address, "in-little-memory", producer(plain().buffer_memory(2_000_usize))).await;
    check_many(node.address, "in-small-batches", producer(plain().batch_size(100_usize))).await;
    let watched = client.producer_builder(plain()).interceptor(Arc::new(Onlooker)).build();
    check_many(node.address, "watched", watched.expect("the options go together")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_those_before_one_that_is_not_taken_are_written() {
    let node = Node::start();
    create_topic(node.address, "t", 1).await;
    let producer =
        Producer::new(config(node.address), ProducerConfig::default().max_request_size(1_000_usize));
    let producer = producer.expect("it starts");
    let record = |size: usize| ProducerRecord::new("t").value(vec![7; size]);
    let mut deliveries = Deliveries::new();
    let sent =
        producer.send_many(vec![record(1), record(2), record(2_000), record(3)], &mut deliveries).await;
    assert!(matches!(sent, Err(Error::RecordTooLarge { option: "max.request.size", .. })), "{sent:?}");
    let delivered = deliveries.next().await.expect("two were taken");
    assert_eq!((delivered.count, delivered.result.expect("written")), (2, Some(0)));
    assert!(deliveries.next().await.is_none());
}
