//! TxnOffsetCommit: as OffsetCommit, but the offsets count once the producer's transaction is committed.

use std::sync::Arc;

use ottla_coordinator::{Response, TopicPartition, TransactionalProducer};
use ottla_metadata::names::CONSUMER_OFFSETS;
use ottla_records::NO_SEQUENCE;
use ottla_replica::{Unverified, VerificationGuard};
use ottla_wire::{
    ErrorCode,
    messages::{
        OffsetCommitRequest, TxnOffsetCommitRequest, TxnOffsetCommitResponse,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_commit_response::OffsetCommitResponseTopic,
        txn_offset_commit_request::TxnOffsetCommitRequestTopic,
        txn_offset_commit_response::{TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic},
    },
};

use super::{
    Context, admission,
    offset_commit::{Answers, refuse_all, refuse_unknown},
};
use crate::{clock, groups::Asker, partition::Partition, transactions::Admission};

/// The first version whose clients leave it to the broker to add the group to their transaction.
const ADDS_FROM: i16 = 5;
/// The first version whose clients know TRANSACTION_ABORTABLE.
const ABORTABLE_FROM: i16 = 4;

pub(crate) async fn handle(context: &Context<'_>, request: TxnOffsetCommitRequest) -> TxnOffsetCommitResponse {
    let mut offsets = offsets(&request);
    let mut answers = Answers::default();
    refuse_unknown(context, &mut offsets, &mut answers);
    if !offsets.topics.is_empty() {
        let committed = match commit(context, &request, &offsets).await {
            Ok(topics) => topics,
            Err(error) => refuse_all(&offsets, error),
        };
        committed.into_iter().for_each(|topic| answers.add(topic));
    }
    TxnOffsetCommitResponse {
        topics: answers.into_topics().into_iter().map(answer).collect(),
        ..Default::default()
    }
}

/// The same as a request of the kind that is not of a transaction.
fn offsets(request: &TxnOffsetCommitRequest) -> OffsetCommitRequest {
    let topic = |topic: &TxnOffsetCommitRequestTopic| OffsetCommitRequestTopic {
        name: topic.name.clone(),
        partitions: topic
            .partitions
            .iter()
            .map(|partition| OffsetCommitRequestPartition {
                partition_index: partition.partition_index,
                committed_offset: partition.committed_offset,
                committed_leader_epoch: partition.committed_leader_epoch,
                committed_metadata: partition.committed_metadata.clone(),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    };
    OffsetCommitRequest {
        group_id: request.group_id.clone(),
        generation_id_or_member_epoch: request.generation_id,
        member_id: request.member_id.clone(),
        group_instance_id: request.group_instance_id.clone(),
        topics: request.topics.iter().map(topic).collect(),
        ..Default::default()
    }
}

async fn commit(
    context: &Context<'_>,
    request: &TxnOffsetCommitRequest,
    offsets: &OffsetCommitRequest,
) -> Result<Vec<OffsetCommitResponseTopic>, ErrorCode> {
    context.broker.room_to_write().await;
    let producer = TransactionalProducer { id: request.producer_id, epoch: request.producer_epoch };
    let guard = verify(context, request, producer).await?;
    let asker = Asker::new(context);
    let commit = |shard: &mut ottla_coordinator::Shard, now, ticket, out: &mut Vec<_>| {
        let asked = asker.asks(now, ticket, out);
        shard.commit_offsets_in_transaction(&asked.context, producer, offsets, asked.ticket, asked.out);
    };
    let answered = context.broker.groups.ask_verified(&request.group_id, guard, commit).await?;
    let Response::OffsetCommit(response) = answered else {
        unreachable!("a TxnOffsetCommit was answered with {answered:?}")
    };
    Ok(response.topics)
}

/// Whether the producer may write to the group's partition; what the append of it shows.
async fn verify(
    context: &Context<'_>,
    request: &TxnOffsetCommitRequest,
    producer: TransactionalProducer,
) -> Result<Option<VerificationGuard>, ErrorCode> {
    if request.group_id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    let partition = partition_of(context, &request.group_id)?;
    let adds = context.version >= ADDS_FROM;
    let unverified = Unverified {
        producer_id: producer.id,
        producer_epoch: producer.epoch,
        base_sequence: NO_SEQUENCE,
        bumps_epoch: adds,
    };
    let begun = partition.lock().replica.begin_verification(clock::wall_ms(), &unverified);
    let Some(guard) = begun else { return Ok(None) };
    let applicant = admission::Applicant {
        transactional_id: &request.transactional_id,
        producer,
        admission: if adds { Admission::Add } else { Admission::Verify },
        knows_abortable: context.version >= ABORTABLE_FROM,
    };
    let name = TopicPartition { topic: partition.topic.name.clone(), partition: partition.index };
    let code = admission::ask(context, &applicant, &[name]).await.pop().unwrap_or(ErrorCode::None);
    if code == ErrorCode::None {
        return Ok(Some(guard));
    }
    if !admission::is_retriable(code) {
        partition.lock().replica.end_verification(producer.id, guard);
    }
    Err(code)
}

fn partition_of(context: &Context<'_>, group: &str) -> Result<Arc<Partition>, ErrorCode> {
    let index = context.broker.groups.place(group).ok_or(ErrorCode::NotCoordinator)?;
    let topic = context.broker.topics.by_name(CONSUMER_OFFSETS);
    topic.and_then(|topic| topic.partition(index)).ok_or(ErrorCode::NotCoordinator)
}

fn answer(topic: OffsetCommitResponseTopic) -> TxnOffsetCommitResponseTopic {
    TxnOffsetCommitResponseTopic {
        name: topic.name,
        partitions: topic
            .partitions
            .iter()
            .map(|partition| TxnOffsetCommitResponsePartition {
                partition_index: partition.partition_index,
                error_code: partition.error_code,
            })
            .collect(),
    }
}
