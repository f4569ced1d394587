//! Markers: the control records that end a transaction in each partition that it wrote to.

use ottla_coordinator::{Response, TopicPartition, TransactionEnd, TransactionalProducer};
use ottla_metadata::names::CONSUMER_OFFSETS;
use ottla_wire::ErrorCode;
use tokio::sync::oneshot;

use crate::{Broker, api::produce::append_error, durable::Until};

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
    let mut written: Vec<Vec<Written>> = Vec::with_capacity(markers.len());
    for marker in markers {
        let end = marker.end();
        let partitions = marker.partitions.iter();
        written.push(partitions.map(|partition| write_one(broker, partition, end, &mut until)).collect());
    }
    broker.durable.reached(until).await;
    let mut codes = Vec::with_capacity(written.len());
    for written in written {
        let mut of_marker = Vec::with_capacity(written.len());
        for written in written {
            of_marker.push(written.code().await);
        }
        codes.push(of_marker);
    }
    codes
}

/// What became of a marker in one partition.
enum Written {
    Now(ErrorCode),
    /// The group coordinator tells it when it is durable.
    ByGroups(oneshot::Receiver<Response>),
}

impl Written {
    async fn code(self) -> ErrorCode {
        match self {
            Written::Now(code) => code,
            Written::ByGroups(answered) => match answered.await {
                Ok(Response::TransactionEnded(code)) => by_groups(code),
                Ok(other) => unreachable!("the end of a transaction was answered with {other:?}"),
                Err(_ended) => ErrorCode::NotLeaderOrFollower,
            },
        }
    }
}

fn write_one(broker: &Broker, at: &TopicPartition, end: TransactionEnd, until: &mut Until) -> Written {
    let partition = broker.topics.by_name(&at.topic).and_then(|topic| topic.partition(at.partition));
    let Some(partition) = partition else { return Written::Now(ErrorCode::UnknownTopicOrPartition) };
    if partition.topic.name == CONSUMER_OFFSETS {
        let ended = |shard: &mut ottla_coordinator::Shard, _now, ticket, out: &mut Vec<_>| {
            shard.end_transaction(end, ticket, out);
        };
        return match broker.groups.ask_partition(at.partition, ended) {
            Ok(answered) => Written::ByGroups(answered),
            Err(error) => Written::Now(by_groups(error)),
        };
    }
    match partition.append_marker(&broker.storage, &end) {
        Ok(written) => {
            *until = until.and(written.until);
            Written::Now(ErrorCode::None)
        }
        Err(refused) => Written::Now(append_error(&refused)),
    }
}

/// What the group coordinator says, as the leader of its partition would: who sends markers knows leaders alone.
fn by_groups(code: ErrorCode) -> ErrorCode {
    use ErrorCode as E;
    let is_passing =
        [E::CoordinatorLoadInProgress, E::CoordinatorNotAvailable, E::NotCoordinator].contains(&code);
    if is_passing { E::NotLeaderOrFollower } else { code }
}

impl Marker {
    fn end(&self) -> TransactionEnd {
        TransactionEnd {
            producer: TransactionalProducer { id: self.producer_id, epoch: self.producer_epoch },
            coordinator_epoch: self.coordinator_epoch,
            committed: self.commit,
            transaction_version: self.transaction_version,
        }
    }
}
