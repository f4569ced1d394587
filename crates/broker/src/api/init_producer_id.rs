//! InitProducerId: a new id for an idempotent producer; id and epoch of a transactional one.

use ottla_coordinator::{ProducerIdentity, TransactionResponse};
use ottla_wire::{
    ErrorCode,
    messages::{InitProducerIdRequest, InitProducerIdResponse},
};

use super::{Context, fenced_before};

const NO_PRODUCER_ID: i64 = -1;
const NO_PRODUCER_EPOCH: i16 = -1;
/// The first version whose clients know PRODUCER_FENCED.
const FENCED_FROM: i16 = 4;

pub(crate) async fn handle(context: &Context<'_>, request: InitProducerIdRequest) -> InitProducerIdResponse {
    if let Some(error) = refusal(&request) {
        return refused(error);
    }
    let answer = match request.transactional_id {
        None => idempotent(context).await,
        Some(_) => transactional(context, &request).await,
    };
    match answer {
        Ok(producer) => InitProducerIdResponse {
            producer_id: producer.id,
            producer_epoch: producer.epoch,
            ..Default::default()
        },
        Err(error) => refused(fenced_before(FENCED_FROM, context.version, error)),
    }
}

async fn idempotent(context: &Context<'_>) -> Result<ProducerIdentity, ErrorCode> {
    match context.broker.producer_ids.next(context).await {
        Ok(id) => Ok(ProducerIdentity { id, epoch: 0 }),
        // The client tries again.
        Err(_no_block) => Err(ErrorCode::CoordinatorLoadInProgress),
    }
}

async fn transactional(
    context: &Context<'_>,
    request: &InitProducerIdRequest,
) -> Result<ProducerIdentity, ErrorCode> {
    let (transactions, ids) = (&context.broker.transactions, &context.broker.producer_ids);
    ids.provide(context).await.map_err(|_no_block| ErrorCode::CoordinatorLoadInProgress)?;
    transactions.room_to_write().await;
    let transactional_id = request.transactional_id.as_deref().unwrap_or_default();
    let answer = transactions.ask(transactional_id, |shard, now, ticket, out| {
        shard.init_producer_id(request, now, &mut || ids.take(), ticket, out);
    });
    match answer.await? {
        TransactionResponse::Producer(producer) => producer,
        other @ TransactionResponse::Partitions(_) => {
            unreachable!("an InitProducerId was answered with {other:?}")
        }
    }
}

fn refusal(request: &InitProducerIdRequest) -> Option<ErrorCode> {
    let has_id = request.producer_id != NO_PRODUCER_ID;
    let has_epoch = request.producer_epoch != NO_PRODUCER_EPOCH;
    let is_nameless = request.transactional_id.as_ref().is_some_and(|id| id.is_empty());
    (has_id != has_epoch || is_nameless).then_some(ErrorCode::InvalidRequest)
}

fn refused(error: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse {
        error_code: error.code(),
        producer_epoch: NO_PRODUCER_EPOCH,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_without_sense_are_refused() {
        use ErrorCode as E;
        for (id, producer_id, producer_epoch, expected) in [
            (None, -1, -1, None),
            (None, 5, 0, None),
            (None, 5, -1, Some(E::InvalidRequest)),
            (None, -1, 5, Some(E::InvalidRequest)),
            (Some(""), -1, -1, Some(E::InvalidRequest)),
            (Some("t"), -1, -1, None),
            (Some("t"), 5, 0, None),
            (Some("t"), 5, -1, Some(E::InvalidRequest)),
        ] {
            let request = InitProducerIdRequest {
                transactional_id: id.map(Into::into),
                producer_id,
                producer_epoch,
                ..Default::default()
            };
            assert_eq!(refusal(&request), expected, "{request:?}");
        }
    }
}
