//! OffsetForLeaderEpoch: where a leader epoch ends, by which a client finds out whether its position was truncated.

use ottla_replica::EpochEnd;
use ottla_wire::{
    ErrorCode,
    messages::{
        OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
        offset_for_leader_epoch_request::OffsetForLeaderPartition,
        offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult},
    },
};

use super::{Context, fetch::read_error};
use crate::topics::Topic;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request.topics.into_iter().map(|asked| {
        let topic = context.broker.topics.by_name(&asked.topic);
        let partitions = asked.partitions.iter().map(|asked| answer(asked, topic.as_deref()));
        OffsetForLeaderTopicResult { partitions: partitions.collect(), topic: asked.topic }
    });
    OffsetForLeaderEpochResponse { topics: topics.collect(), ..Default::default() }
}

fn answer(asked: &OffsetForLeaderPartition, topic: Option<&Topic>) -> EpochEndOffset {
    let nothing = EpochEndOffset { partition: asked.partition, ..Default::default() };
    match look_up(asked, topic) {
        Ok(Some(end)) => EpochEndOffset { leader_epoch: end.epoch, end_offset: end.end_offset, ..nothing },
        Ok(None) => nothing,
        Err(error) => EpochEndOffset { error_code: error.code(), ..nothing },
    }
}

fn look_up(asked: &OffsetForLeaderPartition, topic: Option<&Topic>) -> Result<Option<EpochEnd>, ErrorCode> {
    let partition = topic.and_then(|topic| topic.partition(asked.partition));
    let partition = partition.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let state = partition.lock();
    state.check_epoch(asked.current_leader_epoch).map_err(|refused| read_error(&refused))?;
    Ok(state.replica.end_offset_for(asked.leader_epoch))
}
