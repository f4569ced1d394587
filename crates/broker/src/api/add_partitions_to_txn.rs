//! AddPartitionsToTxn: of a producer, one transaction's; from version 4 on of other brokers, several, which may also only
//! ask whether partitions were added (KIP-890).

use bytestring::ByteString;
use ottla_coordinator::{AddPartitions, ProducerIdentity, TopicPartition};
use ottla_metadata::names;
use ottla_wire::{
    ErrorCode,
    messages::{
        AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
        add_partitions_to_txn_request::{AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction},
        add_partitions_to_txn_response::{
            AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
        },
    },
};

use super::{Context, fenced_before};

/// The first version whose clients know PRODUCER_FENCED.
const FENCED_FROM: i16 = 2;
/// The first version that is for several transactions.
const SEVERAL_FROM: i16 = 4;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: AddPartitionsToTxnRequest,
) -> AddPartitionsToTxnResponse {
    if context.version < SEVERAL_FROM {
        let transaction = AddPartitionsToTxnTransaction {
            transactional_id: request.v3_and_below_transactional_id,
            producer_id: request.v3_and_below_producer_id,
            producer_epoch: request.v3_and_below_producer_epoch,
            verify_only: false,
            topics: request.v3_and_below_topics,
        };
        let results_by_topic_v3_and_below = add(context, &transaction).await;
        return AddPartitionsToTxnResponse { results_by_topic_v3_and_below, ..Default::default() };
    }
    let mut results_by_transaction = Vec::with_capacity(request.transactions.len());
    for transaction in &request.transactions {
        results_by_transaction.push(AddPartitionsToTxnResult {
            topic_results: add(context, transaction).await,
            transactional_id: transaction.transactional_id.clone(),
        });
    }
    AddPartitionsToTxnResponse { results_by_transaction, ..Default::default() }
}

/// All of a transaction's partitions are added, or none.
async fn add(
    context: &Context<'_>,
    transaction: &AddPartitionsToTxnTransaction,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let partitions = partitions(&transaction.topics);
    let mut codes: Vec<ErrorCode> =
        partitions.iter().map(|partition| refusal(context, partition)).collect();
    if codes.iter().all(|code| *code == ErrorCode::OperationNotAttempted) {
        codes = ask(context, transaction, &partitions).await;
    }
    results(context, &transaction.topics, &codes)
}

async fn ask(
    context: &Context<'_>,
    transaction: &AddPartitionsToTxnTransaction,
    partitions: &[TopicPartition],
) -> Vec<ErrorCode> {
    let asked = AddPartitions {
        transactional_id: &transaction.transactional_id,
        producer: ProducerIdentity { id: transaction.producer_id, epoch: transaction.producer_epoch },
        partitions,
        client_version: if context.version >= SEVERAL_FROM { 2 } else { 0 },
    };
    match transaction.verify_only {
        true => context.broker.transactions.verify(&asked).await,
        false => context.broker.transactions.add(&asked).await,
    }
}

fn partitions(topics: &[AddPartitionsToTxnTopic]) -> Vec<TopicPartition> {
    let of_topic = |topic: &AddPartitionsToTxnTopic| {
        let name = topic.name.clone();
        let ids = topic.partitions.clone().into_iter();
        ids.map(move |partition| TopicPartition { topic: name.clone(), partition })
    };
    topics.iter().flat_map(of_topic).collect()
}

/// What Kafka answers for a partition if none is added because of another.
fn refusal(context: &Context<'_>, partition: &TopicPartition) -> ErrorCode {
    if names::is_internal(&partition.topic) && context.version < SEVERAL_FROM {
        return ErrorCode::TopicAuthorizationFailed;
    }
    let image = context.broker.metadata.image();
    let topic = image.topics().by_name(&partition.topic);
    match topic.is_some_and(|topic| topic.partition(partition.partition).is_some()) {
        true => ErrorCode::OperationNotAttempted,
        false => ErrorCode::UnknownTopicOrPartition,
    }
}

fn results(
    context: &Context<'_>,
    topics: &[AddPartitionsToTxnTopic],
    codes: &[ErrorCode],
) -> Vec<AddPartitionsToTxnTopicResult> {
    let mut codes = codes.iter().map(|code| fenced_before(FENCED_FROM, context.version, *code).code());
    let mut of_topic = |name: &ByteString, partitions: &[i32]| AddPartitionsToTxnTopicResult {
        name: name.clone(),
        results_by_partition: partitions
            .iter()
            .zip(&mut codes)
            .map(|(partition_index, partition_error_code)| AddPartitionsToTxnPartitionResult {
                partition_index: *partition_index,
                partition_error_code,
            })
            .collect(),
    };
    topics.iter().map(|topic| of_topic(&topic.name, &topic.partitions)).collect()
}
