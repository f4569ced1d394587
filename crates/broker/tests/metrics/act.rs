//! What clients do, so that there is something to count.

use ottla_records::{BatchBuilder, BatchOptions};
use ottla_wire::{
    Records,
    messages::{
        FetchRequest, OffsetCommitRequest, ProduceRequest,
        fetch_request::{FetchPartition, FetchTopic},
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        produce_request::{PartitionProduceData, TopicProduceData},
    },
};

use crate::node::Client;

/// Produces a batch of records that have this timestamp and a value of so many bytes. The batch's size, and the error.
pub(crate) async fn produce(
    client: &mut Client,
    place: (&str, i32),
    records: usize,
    timestamp: i64,
    value_bytes: usize,
) -> (usize, i16) {
    let mut batch = BatchBuilder::new(BatchOptions::default());
    let value = vec![b'x'; value_bytes];
    for _ in 0..records {
        batch.append(timestamp, None, Some(&value), &[]).expect("it fits");
    }
    let batch = batch.build().expect("a batch").into_bytes();
    let size = batch.len();
    let (topic, index) = place;
    let partition = PartitionProduceData { index, records: Some(Records::from(batch)) };
    let topic =
        TopicProduceData { name: topic.into(), partition_data: vec![partition], ..Default::default() };
    let request =
        ProduceRequest { acks: -1, timeout_ms: 5000, topic_data: vec![topic], ..Default::default() };
    let response = client.call(11, &request).await;
    (size, response.responses[0].partition_responses[0].error_code)
}

/// Fetches from an offset on; the bytes, and the error.
pub(crate) async fn fetch(client: &mut Client, place: (&str, i32), fetch_offset: i64) -> (usize, i16) {
    let (topic, partition) = place;
    let partition =
        FetchPartition { partition, fetch_offset, partition_max_bytes: 1 << 20, ..Default::default() };
    let topic = FetchTopic { topic: topic.into(), partitions: vec![partition], ..Default::default() };
    let request = FetchRequest { max_bytes: 1 << 20, topics: vec![topic], ..Default::default() };
    let mut response = client.call(11, &request).await;
    let fetched = response.responses.remove(0).partitions.remove(0);
    (fetched.records.map_or(0, |records| records.len()), fetched.error_code)
}

/// Commits an offset for a group without members.
pub(crate) async fn commit(client: &mut Client, group: &str, place: (&str, i32), offset: i64) {
    let partition = OffsetCommitRequestPartition {
        partition_index: place.1,
        committed_offset: offset,
        ..Default::default()
    };
    let topic =
        OffsetCommitRequestTopic { name: place.0.into(), partitions: vec![partition], ..Default::default() };
    let request = OffsetCommitRequest { group_id: group.into(), topics: vec![topic], ..Default::default() };
    let committed = client.call(7, &request).await;
    assert_eq!(committed.topics[0].partitions[0].error_code, 0);
}
