//! EndTxn: a transaction is committed or aborted. The answer does not wait for its markers.

use ottla_coordinator::{EndTransaction, ProducerIdentity, TransactionResponse};
use ottla_wire::{
    ErrorCode,
    messages::{EndTxnRequest, EndTxnResponse},
};

use super::{Context, fenced_before};

/// The first version whose clients know PRODUCER_FENCED.
const FENCED_FROM: i16 = 2;
/// The first version that gives the producer the next epoch (KIP-890): clients of transaction version 2 alone send it.
const BUMPS_EPOCH_FROM: i16 = 5;
/// Epochs of which another producer id may be needed.
const LAST_EPOCHS_FROM: i16 = i16::MAX - 1;

pub(crate) async fn handle(context: &Context<'_>, request: EndTxnRequest) -> EndTxnResponse {
    match end(context, &request).await {
        Ok(producer) => EndTxnResponse {
            producer_id: producer.id,
            producer_epoch: producer.epoch,
            ..Default::default()
        },
        Err(error) => EndTxnResponse {
            error_code: fenced_before(FENCED_FROM, context.version, error).code(),
            ..Default::default()
        },
    }
}

async fn end(context: &Context<'_>, request: &EndTxnRequest) -> Result<ProducerIdentity, ErrorCode> {
    let (transactions, ids) = (&context.broker.transactions, &context.broker.producer_ids);
    if request.producer_epoch >= LAST_EPOCHS_FROM {
        ids.provide(context).await.map_err(|_no_block| ErrorCode::CoordinatorLoadInProgress)?;
    }
    transactions.room_to_write().await;
    let end = EndTransaction {
        transactional_id: &request.transactional_id,
        producer: ProducerIdentity { id: request.producer_id, epoch: request.producer_epoch },
        commit: request.committed,
        client_version: if context.version >= BUMPS_EPOCH_FROM { 2 } else { 0 },
    };
    let answer = transactions.ask(&request.transactional_id, |shard, now, ticket, out| {
        shard.end(&end, now, &mut || ids.take(), ticket, out);
    });
    match answer.await? {
        TransactionResponse::Producer(producer) => producer,
        other @ TransactionResponse::Partitions(_) => unreachable!("an EndTxn was answered with {other:?}"),
    }
}
