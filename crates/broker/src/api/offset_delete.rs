//! OffsetDelete: offsets of partitions that exist go to the group's shard; the others are refused here.

use ottla_coordinator::Response;
use ottla_wire::{
    ErrorCode,
    messages::{
        OffsetDeleteRequest, OffsetDeleteResponse,
        offset_delete_request::OffsetDeleteRequestPartition,
        offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic},
    },
};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, mut request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let refused = take_unknown(context, &mut request);
    if request.topics.is_empty() {
        return OffsetDeleteResponse { topics: refused, ..Default::default() };
    }
    let asked = context.ask_group(&request.group_id, |shard, asked| {
        shard.delete_offsets(&request, asked.ticket, asked.out);
    });
    match asked.await {
        Ok(Response::OffsetDelete(response)) if response.error_code == ErrorCode::None.code() => {
            OffsetDeleteResponse { topics: merge(refused, response.topics), ..response }
        }
        Ok(Response::OffsetDelete(response)) => response,
        Ok(other) => unreachable!("an OffsetDelete was answered with {other:?}"),
        Err(error) => OffsetDeleteResponse { error_code: error.code(), ..Default::default() },
    }
}

/// Takes what does not exist out of the request, and answers it.
fn take_unknown(context: &Context<'_>, request: &mut OffsetDeleteRequest) -> Vec<OffsetDeleteResponseTopic> {
    let mut refused = Vec::new();
    request.topics.retain_mut(|topic| {
        let found = context.broker.topics.by_name(&topic.name);
        let exists = |p: &OffsetDeleteRequestPartition| {
            found.as_ref().is_some_and(|found| found.partition(p.partition_index).is_some())
        };
        let (known, unknown): (Vec<_>, Vec<_>) = topic.partitions.drain(..).partition(exists);
        if !unknown.is_empty() {
            let partitions = unknown.iter().map(refuse).collect();
            refused.push(OffsetDeleteResponseTopic { name: topic.name.clone(), partitions });
        }
        topic.partitions = known;
        !topic.partitions.is_empty()
    });
    refused
}

fn refuse(partition: &OffsetDeleteRequestPartition) -> OffsetDeleteResponsePartition {
    OffsetDeleteResponsePartition {
        partition_index: partition.partition_index,
        error_code: ErrorCode::UnknownTopicOrPartition.code(),
    }
}

/// One entry for each topic.
fn merge(
    mut topics: Vec<OffsetDeleteResponseTopic>,
    more: Vec<OffsetDeleteResponseTopic>,
) -> Vec<OffsetDeleteResponseTopic> {
    for topic in more {
        match topics.iter_mut().find(|known| known.name == topic.name) {
            Some(known) => known.partitions.extend(topic.partitions),
            None => topics.push(topic),
        }
    }
    topics
}
