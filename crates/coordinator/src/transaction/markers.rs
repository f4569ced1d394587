//! The markers that end a transaction in its partitions.

use bytestring::ByteString;

use super::{ProducerIdentity, TopicPartition, TransactionEffect, TransactionShard};
use crate::{Effect, Now};

/// To be written to each of these partitions, again and again until it is there; then
/// [`TransactionShard::markers_written`] is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markers {
    pub transactional_id: ByteString,
    pub producer: ProducerIdentity,
    pub coordinator_epoch: i32,
    pub commit: bool,
    /// From 2 on the epoch is above that of the transaction's records (KIP-890).
    pub transaction_version: i16,
    pub partitions: Vec<TopicPartition>,
}

impl TransactionShard {
    /// How the transaction ends is durable: it ends so in its partitions too.
    pub(super) fn send_markers(&mut self, id: &str, now: Now, out: &mut Vec<TransactionEffect>) {
        let Some(transaction) = self.transaction(id) else { return };
        if !transaction.state.is_ending() {
            return;
        }
        if transaction.partitions.is_empty() {
            return self.complete(id, now, out);
        }
        out.push(Effect::Send(Markers {
            transactional_id: id.into(),
            producer: transaction.producer(),
            coordinator_epoch: self.epoch(),
            commit: transaction.state.commits(),
            transaction_version: transaction.client_version,
            partitions: transaction.partitions.iter().cloned().collect(),
        }));
    }

    /// These partitions have the markers of the transaction that the producer's epoch ends, or are no more. What a
    /// restart forgets of it is sent again.
    pub fn markers_written(
        &mut self,
        transactional_id: &str,
        producer: ProducerIdentity,
        partitions: &[TopicPartition],
        now: Now,
        out: &mut Vec<TransactionEffect>,
    ) {
        let Some(entry) = self.entries.get_mut(transactional_id) else { return };
        let transaction = &mut entry.transaction;
        if !transaction.state.is_ending() || transaction.producer() != producer {
            return;
        }
        for partition in partitions {
            transaction.partitions.remove(partition);
        }
        if transaction.partitions.is_empty() {
            self.complete(transactional_id, now, out);
        }
    }

    /// Every partition has its marker.
    pub(super) fn complete(&mut self, id: &str, now: Now, out: &mut Vec<TransactionEffect>) {
        if let Some(transaction) = self.transaction(id) {
            let next = transaction.completed(now.unix_millis);
            self.change(id, next, None, out);
        }
    }
}
