//! A transactional producer, request by request.

use ottla_records::{BatchBuilder, BatchOptions};
use ottla_wire::{
    ErrorCode,
    messages::{
        AddPartitionsToTxnRequest, DescribeTransactionsRequest, EndTxnRequest, EndTxnResponse,
        InitProducerIdRequest, InitProducerIdResponse, ListOffsetsRequest, ProduceRequest,
        add_partitions_to_txn_request::AddPartitionsToTxnTopic,
        describe_transactions_response::TransactionState,
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
        produce_request::{PartitionProduceData, TopicProduceData},
    },
};

use crate::node::Client;

pub(crate) const ID: &str = "tx";
pub(crate) const TOPIC: &str = "t";
/// The last version of clients that add partitions themselves, of Produce and of EndTxn.
const PRODUCE_V1: i16 = 11;
const END_V1: i16 = 4;

/// What is asked again: the coordinator loads, or is not there yet, or markers are being written.
const RETRIABLE: [ErrorCode; 4] = [
    ErrorCode::CoordinatorLoadInProgress,
    ErrorCode::CoordinatorNotAvailable,
    ErrorCode::NotCoordinator,
    ErrorCode::ConcurrentTransactions,
];

pub(crate) fn is_final(code: i16) -> bool {
    RETRIABLE.iter().all(|error| error.code() != code)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Writer {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
}

pub(crate) fn init_request(timeout_ms: i32) -> InitProducerIdRequest {
    InitProducerIdRequest {
        transactional_id: Some(ID.into()),
        transaction_timeout_ms: timeout_ms,
        ..Default::default()
    }
}

pub(crate) async fn init(client: &mut Client, timeout_ms: i32) -> Writer {
    let is_done = |response: &InitProducerIdResponse| is_final(response.error_code);
    let response = client.until(4, &init_request(timeout_ms), is_done).await;
    assert_eq!(response.error_code, 0);
    Writer { id: response.producer_id, epoch: response.producer_epoch }
}

impl Writer {
    pub(crate) async fn add(
        &self,
        client: &mut Client,
        version: i16,
        partitions: &[(&str, i32)],
    ) -> Vec<i16> {
        let topic = |(name, partition): &(&str, i32)| AddPartitionsToTxnTopic {
            name: (*name).into(),
            partitions: vec![*partition],
        };
        let request = AddPartitionsToTxnRequest {
            v3_and_below_transactional_id: ID.into(),
            v3_and_below_producer_id: self.id,
            v3_and_below_producer_epoch: self.epoch,
            v3_and_below_topics: partitions.iter().map(topic).collect(),
            ..Default::default()
        };
        let response = client.call(version, &request).await;
        let topics = response.results_by_topic_v3_and_below.iter();
        topics.flat_map(|topic| &topic.results_by_partition).map(|p| p.partition_error_code).collect()
    }

    /// One record, in a transaction that the client has added the partition to.
    pub(crate) async fn write(&self, client: &mut Client, partition: i32, sequence: i32) -> i16 {
        let mut batch = BatchBuilder::new(BatchOptions {
            producer_id: self.id,
            producer_epoch: self.epoch,
            base_sequence: sequence,
            transactional: true,
            ..BatchOptions::default()
        });
        batch.append(1, None, Some(b"v"), &[]).expect("a small record");
        let batch = batch.build().expect("a batch");
        let data = PartitionProduceData { index: partition, records: Some(batch.bytes().clone().into()) };
        let topic = TopicProduceData { name: TOPIC.into(), partition_data: vec![data], ..Default::default() };
        let request = ProduceRequest {
            transactional_id: Some(ID.into()),
            acks: -1,
            timeout_ms: 30_000,
            topic_data: vec![topic],
        };
        client.call(PRODUCE_V1, &request).await.responses[0].partition_responses[0].error_code
    }

    pub(crate) fn end_request(&self, committed: bool) -> EndTxnRequest {
        EndTxnRequest {
            transactional_id: ID.into(),
            producer_id: self.id,
            producer_epoch: self.epoch,
            committed,
        }
    }

    pub(crate) async fn end(&self, client: &mut Client, version: i16, committed: bool) -> EndTxnResponse {
        client.until(version, &self.end_request(committed), |response| is_final(response.error_code)).await
    }

    pub(crate) async fn end_v1(&self, client: &mut Client, committed: bool) -> i16 {
        self.end(client, END_V1, committed).await.error_code
    }

    /// A transaction with a record in each of two partitions.
    pub(crate) async fn begin(&self, client: &mut Client, sequence: i32) {
        assert_eq!(self.add(client, 3, &[(TOPIC, 0), (TOPIC, 1)]).await, [0, 0]);
        for partition in 0..2 {
            assert_eq!(self.write(client, partition, sequence).await, 0);
        }
    }
}

/// Once the coordinator has loaded.
pub(crate) async fn describe(client: &mut Client) -> TransactionState {
    let request = DescribeTransactionsRequest { transactional_ids: vec![ID.into()] };
    let described = client.until(0, &request, |response| is_final(response.transaction_states[0].error_code));
    described.await.transaction_states.remove(0)
}

/// Until it is in that state.
pub(crate) async fn until_state(client: &mut Client, state: &str) {
    let request = DescribeTransactionsRequest { transactional_ids: vec![ID.into()] };
    client.until(0, &request, |response| *response.transaction_states[0].transaction_state == *state).await;
}

/// The last stable offset and the end of a partition.
pub(crate) async fn ends(client: &mut Client, partition: i32) -> (i64, i64) {
    let mut found = [0; 2];
    for (isolation_level, offset) in [(1, 0), (0, 1)] {
        let partition =
            ListOffsetsPartition { partition_index: partition, timestamp: -1, ..Default::default() };
        let topic = ListOffsetsTopic { name: TOPIC.into(), partitions: vec![partition] };
        let request =
            ListOffsetsRequest { replica_id: -1, isolation_level, topics: vec![topic], ..Default::default() };
        found[offset] = client.call(6, &request).await.topics[0].partitions[0].offset;
    }
    (found[0], found[1])
}
