//! WriteTxnMarkers: ends transactions in partitions, for their coordinator, and for operators who abort those that hang.

use ottla_coordinator::TopicPartition;
use ottla_wire::{
    ErrorCode,
    messages::{
        WriteTxnMarkersRequest, WriteTxnMarkersResponse,
        write_txn_markers_request::WritableTxnMarker,
        write_txn_markers_response::{
            WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
        },
    },
};

use super::Context;
use crate::transactions::markers::{self, Marker};

pub(crate) async fn handle(context: &Context<'_>, request: WriteTxnMarkersRequest) -> WriteTxnMarkersResponse {
    let markers: Vec<Marker> = request.markers.iter().map(marker).collect();
    let codes = markers::write(context.broker, &markers).await;
    let answered = request.markers.into_iter().zip(codes);
    WriteTxnMarkersResponse { markers: answered.map(|(marker, codes)| answer(marker, codes)).collect() }
}

fn marker(asked: &WritableTxnMarker) -> Marker {
    let partitions = asked.topics.iter().flat_map(|topic| {
        let at = |partition: &i32| TopicPartition { topic: topic.name.clone(), partition: *partition };
        topic.partition_indexes.iter().map(at)
    });
    Marker {
        producer_id: asked.producer_id,
        producer_epoch: asked.producer_epoch,
        coordinator_epoch: asked.coordinator_epoch,
        commit: asked.transaction_result,
        transaction_version: asked.transaction_version,
        partitions: partitions.collect(),
    }
}

fn answer(asked: WritableTxnMarker, codes: Vec<ErrorCode>) -> WritableTxnMarkerResult {
    let mut codes = codes.into_iter();
    let topics = asked.topics.into_iter().map(|topic| WritableTxnMarkerTopicResult {
        partitions: topic
            .partition_indexes
            .iter()
            .zip(codes.by_ref())
            .map(|(&partition_index, code)| WritableTxnMarkerPartitionResult {
                partition_index,
                error_code: code.code(),
            })
            .collect(),
        name: topic.name,
    });
    WritableTxnMarkerResult { producer_id: asked.producer_id, topics: topics.collect() }
}
