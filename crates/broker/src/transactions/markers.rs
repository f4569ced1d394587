//! Markers: the control records that end a transaction in each partition that it wrote to.

use ottla_coordinator::TopicPartition;
use ottla_replica::Outcome;
use ottla_wire::ErrorCode;

use crate::{Broker, api::produce::append_error, durable::Until, partition::TransactionEnd};

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
pub(crate) async fn write(broker: &Broker, markers: &[Marker]) -> Vec<Vec<ErrorCode>> {
    broker.room_to_write().await;
    let mut until = Until::default();
    let mut append = |marker: &Marker| -> Vec<ErrorCode> {
        let end = marker.end();
        let partitions = marker.partitions.iter();
        partitions.map(|partition| write_one(broker, partition, &end, &mut until)).collect()
    };
    let codes = markers.iter().map(&mut append).collect();
    broker.durable.reached(until).await;
    codes
}

fn write_one(broker: &Broker, at: &TopicPartition, end: &TransactionEnd, until: &mut Until) -> ErrorCode {
    let partition = broker.topics.by_name(&at.topic).and_then(|topic| topic.partition(at.partition));
    let Some(partition) = partition else { return ErrorCode::UnknownTopicOrPartition };
    match partition.append_marker(&broker.storage, end) {
        Ok(written) => {
            *until = until.and(written.until);
            ErrorCode::None
        }
        Err(refused) => append_error(&refused),
    }
}

impl Marker {
    fn end(&self) -> TransactionEnd {
        TransactionEnd {
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            coordinator_epoch: self.coordinator_epoch,
            outcome: if self.commit { Outcome::Committed } else { Outcome::Aborted },
            transaction_version: self.transaction_version,
        }
    }
}
