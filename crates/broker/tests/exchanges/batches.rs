//! Produced batches, good and damaged: what the client is told, and what is stored.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_wire::{
    Records,
    messages::{
        FetchRequest, ProduceRequest,
        fetch_request::{FetchPartition, FetchTopic},
        produce_request::{PartitionProduceData, TopicProduceData},
        produce_response::PartitionProduceResponse,
    },
};
use serde_json::{Value, json};

use crate::{
    node::{Client, Node},
    vectors::{hex, lines},
};

const TOPIC: &str = "vectors-produce";

const UNKNOWN_SERVER_ERROR: i64 = -1;
/// Where Kafka answers UNKNOWN_SERVER_ERROR, this is better: the code tells the client what is wrong, and not to try
/// again.
const UNSUPPORTED_COMPRESSION_TYPE: i64 = 76;
const INVALID_RECORD: i64 = 87;
const BETTER_ANSWERS: [(&str, i64); 18] = [
    ("bad/codec-5", UNSUPPORTED_COMPRESSION_TYPE),
    ("bad/codec-6", UNSUPPORTED_COMPRESSION_TYPE),
    ("bad/codec-7", UNSUPPORTED_COMPRESSION_TYPE),
    ("bad/gzip/not-compressed", INVALID_RECORD),
    ("bad/gzip/truncated-payload", INVALID_RECORD),
    ("bad/lz4/block-checksum", INVALID_RECORD),
    ("bad/lz4/frame-checksum", INVALID_RECORD),
    ("bad/lz4/frame-magic", INVALID_RECORD),
    ("bad/lz4/frame-version", INVALID_RECORD),
    ("bad/lz4/linked-blocks", INVALID_RECORD),
    ("bad/lz4/not-compressed", INVALID_RECORD),
    ("bad/lz4/truncated-payload", INVALID_RECORD),
    ("bad/record/length-overlong-varint", INVALID_RECORD),
    ("bad/record/length-varint-unended", INVALID_RECORD),
    ("bad/snappy/not-compressed", INVALID_RECORD),
    ("bad/snappy/truncated-payload", INVALID_RECORD),
    ("bad/zstd/not-compressed", INVALID_RECORD),
    ("bad/zstd/truncated-payload", INVALID_RECORD),
];

#[tokio::test]
async fn every_batch_is_answered_and_stored_as_by_kafka() {
    let vectors = lines("produce.jsonl.gz");
    assert_eq!(vectors.len(), 180);
    let batches = batches();
    let better = BTreeMap::from(BETTER_ANSWERS);
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic(TOPIC, 180).await;
    for (partition, vector) in (0..).zip(&vectors) {
        let name = vector["name"].as_str().expect("a name");
        let answer = produce(&mut client, partition, batches[name].clone()).await;
        let mut expected = kafkas_answer(vector);
        if expected["errorCode"] == UNKNOWN_SERVER_ERROR {
            expected["errorCode"] = json!(better[name]);
        }
        assert_eq!(described(&answer), expected, "{name}");
        if answer.error_code == 0 {
            assert_eq!(fetch(&mut client, partition).await, hex(&vector["stored"]), "{name}");
        }
    }
    node.stop().await;
}

fn batches() -> BTreeMap<String, Bytes> {
    let entry = |line: &Value| (line["name"].as_str().expect("a name").to_owned(), hex(&line["hex"]));
    lines("batches.jsonl.gz").iter().map(entry).collect()
}

fn kafkas_answer(vector: &Value) -> Value {
    json!({
        "errorCode": vector["errorCode"],
        "errorMessage": vector["errorMessage"],
        "baseOffset": vector["baseOffset"],
        "logAppendTimeMs": vector["logAppendTimeMs"],
        "logStartOffset": vector["logStartOffset"],
        "recordErrors": vector["recordErrors"],
    })
}

fn described(answer: &PartitionProduceResponse) -> Value {
    let record_errors = answer.record_errors.iter().map(|error| {
        json!({"batchIndex": error.batch_index, "batchIndexErrorMessage": error.batch_index_error_message.as_deref()})
    });
    json!({
        "errorCode": answer.error_code,
        "errorMessage": answer.error_message.as_deref(),
        "baseOffset": answer.base_offset,
        "logAppendTimeMs": answer.log_append_time_ms,
        "logStartOffset": answer.log_start_offset,
        "recordErrors": record_errors.collect::<Vec<_>>(),
    })
}

async fn produce(client: &mut Client, index: i32, records: Bytes) -> PartitionProduceResponse {
    let partition = PartitionProduceData { index, records: Some(Records::from(records)) };
    let topic =
        TopicProduceData { name: TOPIC.into(), partition_data: vec![partition], ..Default::default() };
    let request =
        ProduceRequest { acks: -1, timeout_ms: 5000, topic_data: vec![topic], ..Default::default() };
    let mut response = client.call(11, &request).await;
    response.responses.remove(0).partition_responses.remove(0)
}

async fn fetch(client: &mut Client, partition: i32) -> Bytes {
    let partition = FetchPartition { partition, partition_max_bytes: 1 << 20, ..Default::default() };
    let topic = FetchTopic { topic: TOPIC.into(), partitions: vec![partition], ..Default::default() };
    let request = FetchRequest { topics: vec![topic], ..Default::default() };
    let mut response = client.call(12, &request).await;
    let fetched = response.responses.remove(0).partitions.remove(0);
    assert_eq!(fetched.error_code, 0);
    fetched.records.and_then(|records| records.as_bytes()).expect("records")
}
