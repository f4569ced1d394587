//! InitProducerId: a new id for an idempotent producer.

use ottla_wire::{
    ErrorCode,
    messages::{InitProducerIdRequest, InitProducerIdResponse},
};

use super::Context;

const NO_PRODUCER_ID: i64 = -1;
const NO_PRODUCER_EPOCH: i16 = -1;

pub(crate) async fn handle(context: &Context<'_>, request: InitProducerIdRequest) -> InitProducerIdResponse {
    if let Some(error) = refusal(&request) {
        return refused(error);
    }
    match context.broker.producer_ids.next(context).await {
        Ok(producer_id) => InitProducerIdResponse { producer_id, ..Default::default() },
        // The client tries again.
        Err(_) => refused(ErrorCode::CoordinatorLoadInProgress),
    }
}

fn refusal(request: &InitProducerIdRequest) -> Option<ErrorCode> {
    let has_id = request.producer_id != NO_PRODUCER_ID;
    let has_epoch = request.producer_epoch != NO_PRODUCER_EPOCH;
    match &request.transactional_id {
        _ if has_id != has_epoch => Some(ErrorCode::InvalidRequest),
        None => None,
        Some(id) if id.is_empty() => Some(ErrorCode::InvalidRequest),
        // There are no transactions. Of the codes that say so, this is the one that every client takes for final.
        Some(_) => Some(ErrorCode::TransactionalIdAuthorizationFailed),
    }
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
    fn requests_without_sense_and_with_transactions_are_refused() {
        use ErrorCode as E;
        for (id, producer_id, producer_epoch, expected) in [
            (None, -1, -1, None),
            (None, 5, 0, None),
            (None, 5, -1, Some(E::InvalidRequest)),
            (None, -1, 5, Some(E::InvalidRequest)),
            (Some(""), -1, -1, Some(E::InvalidRequest)),
            (Some("t"), -1, -1, Some(E::TransactionalIdAuthorizationFailed)),
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
