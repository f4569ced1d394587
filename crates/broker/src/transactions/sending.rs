//! Sends markers until every partition has its own, and tells the coordinator.

use std::{sync::Arc, time::Duration};

use ottla_coordinator::{Markers, TopicPartition};
use ottla_metadata::Image;
use ottla_wire::ErrorCode;
use tokio::{sync::watch, task::JoinHandle};
use tracing::{error, warn};

use super::markers::{self, Marker};
use crate::Broker;

/// The pause before markers that a partition could not take are sent again.
const RETRY: Duration = Duration::from_millis(100);

/// The task that sends. While it waits for markers to be durable others gather, and go together.
#[derive(Debug)]
pub(crate) struct Sender {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Sender {
    /// Starts the task on the runtime of the caller.
    pub(crate) fn start(broker: &Arc<Broker>) -> Sender {
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(send_all(Arc::clone(broker), stopping));
        Sender { stop, task }
    }

    /// What is not written is sent again after the next start.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            error!(%error, "the task that sends markers failed");
        }
    }
}

async fn send_all(broker: Arc<Broker>, mut stopping: watch::Receiver<bool>) {
    let mut unwritten: Vec<Markers> = Vec::new();
    while !*stopping.borrow_and_update() {
        tokio::select! {
            more = broker.transactions.outbox().take() => unwritten.extend(more),
            () = tokio::time::sleep(RETRY), if !unwritten.is_empty() => {}
            _ = stopping.changed() => continue,
        }
        let sent: Vec<Marker> = unwritten.iter().map(marker).collect();
        let codes = tokio::select! {
            codes = markers::write(&broker, &sent) => codes,
            _ = stopping.changed() => return,
        };
        let answered = std::mem::take(&mut unwritten).into_iter().zip(codes);
        unwritten.extend(answered.filter_map(|(markers, codes)| answered_with(&broker, markers, &codes)));
    }
}

fn marker(markers: &Markers) -> Marker {
    Marker {
        producer_id: markers.producer.id,
        producer_epoch: markers.producer.epoch,
        coordinator_epoch: markers.coordinator_epoch,
        commit: markers.commit,
        transaction_version: i8::try_from(markers.transaction_version).unwrap_or(i8::MAX),
        partitions: markers.partitions.clone(),
    }
}

/// Tells the coordinator of the partitions that are done with; what is left is to be sent again.
fn answered_with(broker: &Broker, markers: Markers, codes: &[ErrorCode]) -> Option<Markers> {
    let (mut done, mut left) = (Vec::new(), Vec::new());
    let answers = markers.partitions.iter().zip(codes);
    for (partition, code) in answers {
        match judge(&broker.metadata.image(), partition, *code) {
            Answer::Done => done.push(partition.clone()),
            Answer::TryAgain => left.push(partition.clone()),
            Answer::Superseded => {
                warn!(id = %markers.transactional_id, epoch = markers.coordinator_epoch,
                      "another coordinator ends this transaction");
                return None;
            }
            Answer::Refused => {
                warn!(id = %markers.transactional_id, topic = %partition.topic, partition = partition.partition,
                      reason = code.name(), "a partition takes no end of this transaction, in which it has no part");
                done.push(partition.clone());
            }
        }
    }
    let told = broker.transactions.tell(&markers.transactional_id, |shard, now, out| {
        shard.markers_written(&markers.transactional_id, markers.producer, &done, now, out);
    });
    // A shard that was unloaded sends its markers again when it is loaded.
    (told.is_ok() && !left.is_empty()).then_some(Markers { partitions: left, ..markers })
}

/// What a partition's answer to a marker comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    TryAgain,
    /// It will not be taken, at no time.
    Refused,
    Superseded,
}

#[allow(clippy::wildcard_enum_match_arm, reason = "whatever else there is may pass")]
fn judge(image: &Image, partition: &TopicPartition, code: ErrorCode) -> Answer {
    match code {
        ErrorCode::None | ErrorCode::UnsupportedForMessageFormat | ErrorCode::UnsupportedVersion => {
            Answer::Done
        }
        ErrorCode::UnknownTopicOrPartition => {
            let exists = image.topics().by_name(&partition.topic);
            match exists.is_some_and(|topic| topic.partition(partition.partition).is_some()) {
                true => Answer::TryAgain,
                false => Answer::Done,
            }
        }
        ErrorCode::InvalidProducerEpoch | ErrorCode::ProducerFenced => Answer::Refused,
        ErrorCode::TransactionCoordinatorFenced => Answer::Superseded,
        _ => Answer::TryAgain,
    }
}
