//! The requests of a share session. Pure.

use std::collections::BTreeMap;

use ottla_wire::Uuid;
use ottla_wire::messages::share_acknowledge_request::{
    AcknowledgePartition, AcknowledgeTopic, AcknowledgementBatch as AcknowledgeBatch,
};
use ottla_wire::messages::share_fetch_request::{
    AcknowledgementBatch as FetchBatch, FetchPartition, FetchTopic, ForgottenTopic,
};
use ottla_wire::messages::{ShareAcknowledgeRequest, ShareFetchRequest};

use super::acknowledgement::Batch;
use super::peer::{Waiting, told};
use super::session::{Changes, Numbered};

/// What is fetched besides what changed, and what is told besides.
pub(super) fn fetch(changes: Changes, waiting: &[Waiting], options: ShareFetchRequest) -> ShareFetchRequest {
    let (told, _) = told(waiting);
    let mut partitions: BTreeMap<Numbered, Vec<Batch>> =
        changes.added.into_iter().map(|number| (number, Vec::new())).collect();
    partitions.extend(told);
    let topics = by_topic(partitions).into_iter().map(|(topic_id, partitions)| FetchTopic {
        topic_id,
        partitions: partitions
            .into_iter()
            .map(|(partition_index, batches)| FetchPartition {
                partition_index,
                acknowledgement_batches: batches.into_iter().map(fetch_batch).collect(),
                ..FetchPartition::default()
            })
            .collect(),
    });
    let forgotten = by_topic(changes.forgotten.into_iter().map(|number| (number, ())));
    let forgotten = forgotten.into_iter().map(|(topic_id, partitions)| ForgottenTopic {
        topic_id,
        partitions: partitions.into_iter().map(|(number, ())| number).collect(),
    });
    ShareFetchRequest { topics: topics.collect(), forgotten_topics_data: forgotten.collect(), ..options }
}

/// What is told alone.
pub(super) fn acknowledge(waiting: &[Waiting], options: ShareAcknowledgeRequest) -> ShareAcknowledgeRequest {
    let (told, is_renew_ack) = told(waiting);
    let topics = by_topic(told).into_iter().map(|(topic_id, partitions)| AcknowledgeTopic {
        topic_id,
        partitions: partitions
            .into_iter()
            .map(|(partition_index, batches)| AcknowledgePartition {
                partition_index,
                acknowledgement_batches: batches.into_iter().map(acknowledge_batch).collect(),
            })
            .collect(),
    });
    ShareAcknowledgeRequest { is_renew_ack, topics: topics.collect(), ..options }
}

fn by_topic<T>(partitions: impl IntoIterator<Item = (Numbered, T)>) -> BTreeMap<Uuid, Vec<(i32, T)>> {
    let mut topics = BTreeMap::<Uuid, Vec<(i32, T)>>::new();
    for ((topic_id, number), what) in partitions {
        topics.entry(topic_id).or_default().push((number, what));
    }
    topics
}

fn fetch_batch(batch: Batch) -> FetchBatch {
    FetchBatch { first_offset: batch.first, last_offset: batch.last, acknowledge_types: vec![batch.code] }
}

fn acknowledge_batch(batch: Batch) -> AcknowledgeBatch {
    AcknowledgeBatch {
        first_offset: batch.first,
        last_offset: batch.last,
        acknowledge_types: vec![batch.code],
    }
}
