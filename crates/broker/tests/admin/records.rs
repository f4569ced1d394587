//! Records that are written, counted in bytes, and deleted.

use bytes::Bytes;
use ottla_records::{BatchBuilder, BatchOptions};
use ottla_wire::{
    ErrorCode, Records,
    messages::{
        DeleteRecordsRequest, DescribeLogDirsRequest, ListOffsetsRequest, ProduceRequest,
        delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic},
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
        produce_request::{PartitionProduceData, TopicProduceData},
    },
};

use crate::node::{Client, Node};

const EARLIEST: i64 = -2;
const LATEST: i64 = -1;

/// One that does not compress.
pub(crate) fn value_of(bytes: usize) -> Bytes {
    (0..bytes).map(|n| u8::try_from(n * n % 251).expect("less than 256")).collect()
}

/// Produces one record and returns the error code.
pub(crate) async fn produce(client: &mut Client, topic: &str, index: i32, value: &[u8]) -> i16 {
    let mut batch = BatchBuilder::new(BatchOptions::default());
    batch.append(1_700_000_000_000, Some(b"key"), Some(value), &[]).expect("it fits");
    let records = Records::from(batch.build().expect("a batch").bytes().clone());
    let partition = PartitionProduceData { index, records: Some(records) };
    let topic =
        TopicProduceData { name: topic.into(), partition_data: vec![partition], ..Default::default() };
    let request =
        ProduceRequest { acks: -1, timeout_ms: 5000, topic_data: vec![topic], ..Default::default() };
    client.call(11, &request).await.responses[0].partition_responses[0].error_code
}

async fn offset(client: &mut Client, topic: &str, timestamp: i64) -> i64 {
    let partition = ListOffsetsPartition { timestamp, current_leader_epoch: -1, ..Default::default() };
    let topic = ListOffsetsTopic { name: topic.into(), partitions: vec![partition] };
    let request = ListOffsetsRequest { replica_id: -1, topics: vec![topic], ..Default::default() };
    client.call(7, &request).await.topics[0].partitions[0].offset
}

/// The new beginning, or the error code.
async fn delete_before(client: &mut Client, topic: &str, offset: i64) -> Result<i64, i16> {
    let partition = DeleteRecordsPartition { partition_index: 0, offset };
    let topic = DeleteRecordsTopic { name: topic.into(), partitions: vec![partition] };
    let request = DeleteRecordsRequest { topics: vec![topic], timeout_ms: 5000 };
    let result = client.call(2, &request).await.topics.remove(0).partitions.remove(0);
    if result.error_code == 0 { Ok(result.low_watermark) } else { Err(result.error_code) }
}

#[tokio::test]
async fn deleted_records_are_gone_also_after_a_restart() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic("t", 1).await;
    for _ in 0..10 {
        assert_eq!(produce(&mut client, "t", 0, b"value").await, 0);
    }
    assert_eq!(delete_before(&mut client, "t", 4).await, Ok(4));
    assert_eq!(delete_before(&mut client, "t", 2).await, Ok(4), "nothing comes back");
    assert_eq!(delete_before(&mut client, "t", 11).await, Err(ErrorCode::OffsetOutOfRange.code()));
    let node = node.restart().await;
    let mut client = node.client().await;
    assert_eq!((offset(&mut client, "t", EARLIEST).await, offset(&mut client, "t", LATEST).await), (4, 10));
    assert_eq!(delete_before(&mut client, "t", -1).await, Ok(10), "all of them");
    node.stop().await;
}

#[tokio::test]
async fn a_directory_tells_how_much_each_partition_takes() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic("t", 2).await;
    assert_eq!(produce(&mut client, "t", 1, &value_of(3000)).await, 0);
    let described = client.call(5, &DescribeLogDirsRequest { topics: None }).await;
    let [dir] = &described.results[..] else { panic!("{described:?}") };
    let sizes: Vec<i64> = dir.topics[0].partitions.iter().map(|partition| partition.partition_size).collect();
    assert!(matches!(sizes[..], [0, size] if size > 3000), "{sizes:?}");
    assert!(0 < dir.usable_bytes && dir.usable_bytes <= dir.total_bytes, "{dir:?}");
    node.stop().await;
}

#[tokio::test]
async fn what_was_flushed_and_acknowledged_can_be_read() {
    let node = Node::start_with(&["ottla.log.durability=os", "log.flush.interval.messages=1"]).await;
    let mut client = node.client().await;
    client.create_topic("t", 1).await;
    for end in 1..10 {
        assert_eq!(produce(&mut client, "t", 0, b"value").await, 0);
        assert_eq!(offset(&mut client, "t", LATEST).await, end);
    }
    node.stop().await;
}
