//! Clients that know messages and not batches, beside those of today, on the same partitions.

use bytes::Bytes;
use ottla_records::{Batch, BatchBuilder, BatchOptions, Codec, Compression, Entries, Limits, Record};
use ottla_wire::{
    Records,
    messages::{
        FetchRequest, ListOffsetsRequest, OffsetCommitRequest, OffsetFetchRequest, ProduceRequest,
        fetch_request::{FetchPartition, FetchTopic},
        fetch_response::PartitionData,
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_fetch_request::OffsetFetchRequestTopic,
        produce_request::{PartitionProduceData, TopicProduceData},
        produce_response::PartitionProduceResponse,
    },
};

use crate::node::{Client, Node};

const TOPIC: &str = "t";
const CODECS: [Compression; 4] =
    [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4];

fn batch(compression: Compression, values: &[&str]) -> Batch {
    let codec = Codec::from(compression);
    let mut builder = BatchBuilder::new(BatchOptions { codec, ..BatchOptions::default() });
    for value in values {
        builder.append(1_700_000_000_000, Some(b"k"), Some(value.as_bytes()), &[]).expect("it fits");
    }
    builder.build().expect("it fits")
}

async fn produce(client: &mut Client, version: i16, records: Option<Bytes>) -> PartitionProduceResponse {
    let partition = PartitionProduceData { index: 0, records: records.map(Records::from) };
    let topic =
        TopicProduceData { name: TOPIC.into(), partition_data: vec![partition], ..Default::default() };
    let request =
        ProduceRequest { acks: -1, timeout_ms: 5000, topic_data: vec![topic], ..Default::default() };
    client.call(version, &request).await.responses.remove(0).partition_responses.remove(0)
}

async fn fetch(client: &mut Client, version: i16, offset: i64, bytes_max: i32) -> PartitionData {
    let partition =
        FetchPartition { fetch_offset: offset, partition_max_bytes: bytes_max, ..Default::default() };
    let topic = FetchTopic { topic: TOPIC.into(), partitions: vec![partition], ..Default::default() };
    let request = FetchRequest { max_wait_ms: 10, min_bytes: 1, topics: vec![topic], ..Default::default() };
    client.call(version, &request).await.responses.remove(0).partitions.remove(0)
}

fn bytes(data: &PartitionData) -> Bytes {
    data.records.as_ref().and_then(Records::as_bytes).expect("decoded records are in memory")
}

/// What was fetched: the versions of the messages, and the records.
fn read(data: &PartitionData) -> (Vec<i8>, Vec<Record>) {
    let (mut versions, mut records) = (Vec::new(), Vec::new());
    for entry in Entries::new(bytes(data)).map(|entry| entry.expect("a whole entry")) {
        entry.check_crc().expect("the right checksum");
        versions.push(entry.magic());
        records.extend(
            entry.records(&Limits::default()).expect("readable").map(|record| record.expect("readable")),
        );
    }
    (versions, records)
}

fn values(records: &[Record]) -> Vec<(i64, String)> {
    let value = |record: &Record| String::from_utf8(record.value.clone().expect("a value").to_vec());
    records.iter().map(|record| (record.offset, value(record).expect("text"))).collect()
}

#[tokio::test]
async fn old_and_new_clients_read_what_the_other_wrote_with_every_codec() {
    for compression in CODECS {
        let node = Node::start().await;
        let mut client = node.client().await;
        client.create_topic(TOPIC, 1).await;
        assert_eq!(
            produce(&mut client, 9, Some(batch(compression, &["a", "b"]).into_bytes())).await.error_code,
            0
        );
        // What an old client fetches is what an old client sends.
        let old = [0, 2].map(|version| (version, if version == 0 { 0 } else { 1 }));
        for (version, magic) in old {
            let fetched = fetch(&mut client, version, 0, 1 << 20).await;
            let (versions, records) = read(&fetched);
            assert!(versions.iter().all(|version| *version == magic), "{versions:?}");
            assert_eq!(values(&records)[..2], [(0, "a".into()), (1, "b".into())]);
            let set = bytes(&fetch(&mut client, version, 0, 1).await);
            assert_eq!(produce(&mut client, version, Some(set)).await.error_code, 0, "{compression}");
        }
        let (versions, records) = read(&fetch(&mut client, 11, 0, 1 << 20).await);
        assert_eq!(versions, [2, 2, 2]);
        let timestamps: Vec<_> = records.iter().map(|record| record.timestamp).collect();
        assert!(timestamps.contains(&-1) && timestamps.contains(&1_700_000_000_000), "{timestamps:?}");
        node.stop().await;
    }
}

#[tokio::test]
async fn zstd_is_refused_to_old_consumers_with_an_error_and_no_records() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic(TOPIC, 1).await;
    produce(&mut client, 9, Some(batch(Compression::None, &["a"]).into_bytes())).await;
    produce(&mut client, 9, Some(batch(Compression::Zstd, &["b"]).into_bytes())).await;
    for version in 0..4 {
        let first = fetch(&mut client, version, 0, 1 << 20).await;
        assert_eq!((first.error_code, values(&read(&first).1)), (0, vec![(0, "a".into())]), "{version}");
        let refused = fetch(&mut client, version, 1, 1 << 20).await;
        assert_eq!((refused.error_code, refused.high_watermark), (76, -1), "{version}");
        assert!(bytes(&refused).is_empty(), "{version}");
    }
    node.stop().await;
}

#[tokio::test]
async fn an_old_consumer_makes_progress_however_little_it_takes_at_once() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic(TOPIC, 1).await;
    let long = "x".repeat(5_000);
    for compression in CODECS {
        produce(&mut client, 9, Some(batch(compression, &[&long, "y", &long]).into_bytes())).await;
    }
    for version in 0..4 {
        let mut next = 0;
        while next < 12 {
            let fetched = fetch(&mut client, version, next, 10).await;
            let last = read(&fetched).1.last().expect("a record").offset;
            assert!(last >= next, "{version}: {last} after {next}");
            next = last + 1;
        }
        assert_eq!(next, 12);
        assert!(bytes(&fetch(&mut client, version, 12, 10).await).is_empty());
    }
    node.stop().await;
}

#[tokio::test]
async fn nothing_is_no_error_to_an_old_producer() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic(TOPIC, 1).await;
    for version in 0..3 {
        for records in [None, Some(Bytes::new()), Some(Bytes::from_static(&[0; 16]))] {
            let answer = produce(&mut client, version, records).await;
            assert_eq!((answer.error_code, answer.base_offset), (0, -1), "{version}");
        }
    }
    node.stop().await;
}

#[tokio::test]
async fn the_offsets_of_segments_are_told_last_first() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic(TOPIC, 1).await;
    let ask = |timestamp, max_num_offsets| {
        let partition = ListOffsetsPartition { timestamp, max_num_offsets, ..Default::default() };
        let topic = ListOffsetsTopic { name: TOPIC.into(), partitions: vec![partition] };
        ListOffsetsRequest { replica_id: -1, topics: vec![topic], ..Default::default() }
    };
    for (records, timestamp, max, expected) in [
        (0, -1, 10, vec![0]),
        (0, -2, 1, vec![0]),
        (2, -1, 1, vec![2]),
        (0, -1, 10, vec![2, 0]),
        (0, -2, 10, vec![0]),
        (0, -1, 0, vec![]),
        (0, i64::MAX, 10, vec![2, 0]),
        (0, 1_000, 10, vec![]),
    ] {
        if records > 0 {
            produce(&mut client, 9, Some(batch(Compression::None, &["a", "b"]).into_bytes())).await;
        }
        let answer = client.call(0, &ask(timestamp, max)).await.topics.remove(0).partitions.remove(0);
        assert_eq!((answer.error_code, answer.old_style_offsets), (0, expected), "{timestamp} {max}");
    }
    node.stop().await;
}

#[tokio::test]
async fn offsets_are_committed_where_those_of_today_are() {
    let node = Node::start().await;
    let mut client = node.group_client().await;
    client.create_topic(TOPIC, 1).await;
    let fetch = OffsetFetchRequest {
        group_id: "g".into(),
        topics: Some(vec![OffsetFetchRequestTopic { name: TOPIC.into(), partition_indexes: vec![0] }]),
        ..Default::default()
    };
    for version in [0, 1, 2] {
        let offset = 10 + i64::from(version);
        let partition = OffsetCommitRequestPartition {
            committed_offset: offset,
            committed_metadata: Some("m".into()),
            ..Default::default()
        };
        let topic = OffsetCommitRequestTopic {
            name: TOPIC.into(),
            partitions: vec![partition],
            ..Default::default()
        };
        let commit = OffsetCommitRequest { group_id: "g".into(), topics: vec![topic], ..Default::default() };
        let is_done = |response: &ottla_wire::messages::OffsetCommitResponse| {
            response.topics[0].partitions[0].error_code == 0
        };
        client.until(version, &commit, is_done).await;
        for version in [0, 1, 5] {
            let found = client.call(version, &fetch).await.topics.remove(0).partitions.remove(0);
            assert_eq!((found.error_code, found.committed_offset), (0, offset), "{version}");
        }
    }
    node.stop().await;
}
