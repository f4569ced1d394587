//! AddOffsetsToTxn: the partition of `__consumer_offsets` that a group is kept in is added to a transaction.

use ottla_coordinator::{AddPartitions, ProducerIdentity, TopicPartition};
use ottla_metadata::names::CONSUMER_OFFSETS;
use ottla_wire::{
    ErrorCode,
    messages::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse},
};

use super::{Context, fenced_before, find_coordinator};

/// The first version whose clients know PRODUCER_FENCED.
const FENCED_FROM: i16 = 2;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: AddOffsetsToTxnRequest,
) -> AddOffsetsToTxnResponse {
    let error = add(context, &request).await.err().unwrap_or(ErrorCode::None);
    AddOffsetsToTxnResponse {
        error_code: fenced_before(FENCED_FROM, context.version, error).code(),
        ..Default::default()
    }
}

async fn add(context: &Context<'_>, request: &AddOffsetsToTxnRequest) -> Result<(), ErrorCode> {
    find_coordinator::ensure_groups_topic(context).await?;
    let place = context.broker.groups.place(&request.group_id);
    let partition = place.ok_or(ErrorCode::CoordinatorNotAvailable)?;
    let add = AddPartitions {
        transactional_id: &request.transactional_id,
        producer: ProducerIdentity { id: request.producer_id, epoch: request.producer_epoch },
        partitions: &[TopicPartition { topic: CONSUMER_OFFSETS.into(), partition }],
        client_version: 0,
    };
    match context.broker.transactions.add(&add).await[..] {
        [ErrorCode::None] => Ok(()),
        [error, ..] => Err(error),
        [] => unreachable!("each partition is answered"),
    }
}
