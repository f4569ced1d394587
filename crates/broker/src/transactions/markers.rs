//! Markers: the control records that end a transaction in each partition that it wrote to.

use ottla_coordinator::TopicPartition;
use ottla_wire::ErrorCode;

use crate::Broker;

/// The end of one producer's transaction, for some of its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    /// The leader epoch of the coordinator's partition of `__transaction_state`.
    pub(crate) coordinator_epoch: i32,
    pub(crate) commit: bool,
    /// From 2 on the epoch is above that of the transaction's records (KIP-890).
    pub(crate) transaction_version: i8,
    pub(crate) partitions: Vec<TopicPartition>,
}

/// Writes markers: for each of them a code for each of its partitions, in their order, once all that were written are
/// durable. The coordinator asks again for those that failed with a code that may pass.
#[allow(clippy::unused_async, reason = "the body follows")]
pub(crate) async fn write(_broker: &Broker, markers: &[Marker]) -> Vec<Vec<ErrorCode>> {
    markers.iter().map(|marker| vec![ErrorCode::CoordinatorNotAvailable; marker.partitions.len()]).collect()
}
