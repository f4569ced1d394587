//! OffsetDelete: offsets of partitions that exist go to the group's shard; the others are refused here.

use std::collections::hash_map::Entry;

use bytestring::ByteString;
use ottla_coordinator::Response;
use ottla_wire::{
    ErrorCode,
    messages::{
        OffsetDeleteRequest, OffsetDeleteResponse,
        offset_delete_request::OffsetDeleteRequestPartition,
        offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic},
    },
};
use rustc_hash::FxHashMap;

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, mut request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let mut answers = Answers::default();
    refuse_unknown(context, &mut request, &mut answers);
    if !request.topics.is_empty() {
        match delete(context, &request).await {
            Ok(topics) => topics.into_iter().for_each(|topic| answers.add(topic)),
            Err(error_code) => return OffsetDeleteResponse { error_code, ..Default::default() },
        }
    }
    OffsetDeleteResponse { topics: answers.topics, ..Default::default() }
}

/// What became of each partition, or the error of all.
async fn delete(
    context: &Context<'_>,
    request: &OffsetDeleteRequest,
) -> Result<Vec<OffsetDeleteResponseTopic>, i16> {
    let asked = context.ask_group(&request.group_id, |shard, asked| {
        shard.delete_offsets(request, asked.ticket, asked.out);
    });
    match asked.await {
        Ok(Response::OffsetDelete(response)) if response.error_code != ErrorCode::None.code() => {
            Err(response.error_code)
        }
        Ok(Response::OffsetDelete(response)) => Ok(response.topics),
        Ok(other) => unreachable!("an OffsetDelete was answered with {other:?}"),
        Err(error) => Err(error.code()),
    }
}

/// Takes what does not exist out of the request, and answers it.
fn refuse_unknown(context: &Context<'_>, request: &mut OffsetDeleteRequest, answers: &mut Answers) {
    let image = context.broker.metadata.image();
    request.topics.retain_mut(|topic| {
        let found = image.topics().by_name(&topic.name);
        let exists = |p: &OffsetDeleteRequestPartition| {
            found.is_some_and(|found| found.partition(p.partition_index).is_some())
        };
        let (known, unknown): (Vec<_>, Vec<_>) = topic.partitions.drain(..).partition(exists);
        if !unknown.is_empty() {
            let partitions = unknown.iter().map(refuse).collect();
            answers.add(OffsetDeleteResponseTopic { name: topic.name.clone(), partitions });
        }
        topic.partitions = known;
        !topic.partitions.is_empty()
    });
}

fn refuse(partition: &OffsetDeleteRequestPartition) -> OffsetDeleteResponsePartition {
    OffsetDeleteResponsePartition {
        partition_index: partition.partition_index,
        error_code: ErrorCode::UnknownTopicOrPartition.code(),
    }
}

/// The topics of the response: one entry for each, however often it was named.
#[derive(Debug, Default)]
struct Answers {
    topics: Vec<OffsetDeleteResponseTopic>,
    places: FxHashMap<ByteString, usize>,
}

impl Answers {
    fn add(&mut self, topic: OffsetDeleteResponseTopic) {
        match self.places.entry(topic.name.clone()) {
            Entry::Occupied(place) => self.topics[*place.get()].partitions.extend(topic.partitions),
            Entry::Vacant(place) => {
                place.insert(self.topics.len());
                self.topics.push(topic);
            }
        }
    }
}
