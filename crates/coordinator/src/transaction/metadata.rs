//! What is stored of a transactional id, and what it becomes.

use std::collections::BTreeSet;

use bytestring::ByteString;
use ottla_wire::ErrorCode;

use super::{ProducerIdentity, TopicPartition, TransactionState, config::BUMPS_EPOCH_FROM};
use crate::own;

const NO_PRODUCER_ID: i64 = -1;
const NO_EPOCH: i16 = -1;
const NO_TIME: i64 = -1;

/// A transactional id: its producer, and the transaction that it is in or was in last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub(crate) state: TransactionState,
    pub(crate) producer_id: i64,
    /// The producer's id before the last change: a request that is sent again may still name it.
    pub(crate) previous_producer_id: i64,
    /// The id that the producer goes on with once its markers are written, because its epochs are exhausted.
    pub(crate) next_producer_id: i64,
    pub(crate) epoch: i16,
    /// The epoch before the last bump that the producer asked for. It is not stored, as with Kafka.
    pub(crate) last_epoch: i16,
    pub(crate) timeout_ms: i32,
    /// Those that have no marker yet, once the transaction is being ended.
    pub(crate) partitions: BTreeSet<TopicPartition>,
    pub(crate) start_ms: i64,
    pub(crate) update_ms: i64,
    /// The transaction version of the client that last changed it.
    pub(crate) client_version: i16,
}

impl Transaction {
    /// Of a producer that is not initialized yet.
    pub(super) fn new(producer_id: i64) -> Transaction {
        Transaction {
            state: TransactionState::Empty,
            producer_id,
            previous_producer_id: NO_PRODUCER_ID,
            next_producer_id: NO_PRODUCER_ID,
            epoch: NO_EPOCH,
            last_epoch: NO_EPOCH,
            timeout_ms: 0,
            partitions: BTreeSet::new(),
            start_ms: NO_TIME,
            update_ms: NO_TIME,
            client_version: 0,
        }
    }

    pub(super) fn producer(&self) -> ProducerIdentity {
        ProducerIdentity { id: self.producer_id, epoch: self.epoch }
    }

    pub(super) fn is_new(&self) -> bool {
        self.epoch == NO_EPOCH
    }

    /// The greatest epoch is kept for the coordinator, so that a producer can always be fenced.
    pub(super) fn is_epoch_exhausted(&self) -> bool {
        is_exhausted(self.epoch)
    }

    /// Whether a producer that had that identity has been given this one by an EndTxn that it sends again.
    pub(super) fn was_bumped_from(&self, producer: ProducerIdentity) -> bool {
        self.producer_id == producer.id
            && self.client_version >= BUMPS_EPOCH_FROM
            && producer.epoch.checked_add(1) == Some(self.epoch)
    }

    /// The same where the end exhausted the epochs: it goes on with another id.
    pub(super) fn was_rotated_from(&self, producer: ProducerIdentity) -> bool {
        self.previous_producer_id == producer.id && producer.epoch == i16::MAX - 1 && self.epoch == 0
    }

    /// InitProducerId with the producer's id and epoch as it knows them, if it knows them (KIP-360): whether it is one
    /// that may go on.
    pub(super) fn may_be(&self, expected: ProducerIdentity) -> bool {
        self.is_new()
            || expected.id == self.producer_id
            || (expected.id == self.previous_producer_id && is_exhausted(expected.epoch))
    }

    /// The producer begins anew, in the next epoch. If it names its epoch, that is the current one, or that before: then
    /// it sends the request again whose answer it has not got.
    pub(super) fn initialized(
        &self,
        timeout_ms: i32,
        expected_epoch: Option<i16>,
        now_ms: i64,
    ) -> Result<Transaction, ErrorCode> {
        let bumped = |last_epoch| (self.epoch + 1, last_epoch);
        let (epoch, last_epoch) = match expected_epoch {
            None => bumped(NO_EPOCH),
            Some(expected) if self.is_new() || expected == self.epoch => bumped(self.epoch),
            Some(expected) if expected == self.last_epoch => (self.epoch, self.last_epoch),
            Some(_) => return Err(ErrorCode::ProducerFenced),
        };
        Ok(Transaction { epoch, last_epoch, ..self.emptied(timeout_ms, now_ms) })
    }

    /// The producer begins anew with another id, because its epochs are exhausted.
    pub(super) fn rotated(
        &self,
        producer_id: i64,
        timeout_ms: i32,
        keep_epoch: bool,
        now_ms: i64,
    ) -> Transaction {
        let last_epoch = if keep_epoch { self.epoch } else { NO_EPOCH };
        Transaction { producer_id, epoch: 0, last_epoch, ..self.emptied(timeout_ms, now_ms) }
    }

    fn emptied(&self, timeout_ms: i32, now_ms: i64) -> Transaction {
        Transaction {
            timeout_ms,
            partitions: BTreeSet::new(),
            start_ms: NO_TIME,
            ..self.changed(TransactionState::Empty, now_ms)
        }
    }

    /// The transaction, which begins with it if there is none, writes to these partitions too.
    pub(super) fn with_partitions(
        &self,
        added: &[TopicPartition],
        client_version: i16,
        now_ms: i64,
    ) -> Transaction {
        let begins = self.state != TransactionState::Ongoing;
        let mut next = self.changed(TransactionState::Ongoing, now_ms);
        next.start_ms = if begins { now_ms } else { self.start_ms };
        next.client_version = client_version;
        let new = added.iter().filter(|added| !self.partitions.contains(added));
        next.partitions.extend(new.map(|added| TopicPartition { topic: own::text(&added.topic), ..*added }));
        next
    }

    /// The same in an epoch that no producer has: whoever writes with the old one is refused.
    pub(super) fn fenced(&self) -> Transaction {
        Transaction { epoch: self.epoch.saturating_add(1), last_epoch: NO_EPOCH, ..self.clone() }
    }

    /// How the transaction ends is decided. From version 2 on its markers have the next epoch, in which the producer goes
    /// on; if that is the last one, with another id, which is to be given here.
    pub(super) fn prepared(
        &self,
        commit: bool,
        client_version: i16,
        next_producer_id: Option<i64>,
        now_ms: i64,
    ) -> Transaction {
        let state = if commit { TransactionState::PrepareCommit } else { TransactionState::PrepareAbort };
        let mut next = self.changed(state, now_ms);
        if client_version >= BUMPS_EPOCH_FROM {
            // Fenced at the last epoch it stays there; InitProducerId gives another id then.
            next.epoch = self.epoch.saturating_add(1);
            next.last_epoch = self.epoch;
        }
        if self.state != TransactionState::Ongoing {
            next.start_ms = now_ms;
        }
        next.next_producer_id = next_producer_id.unwrap_or(NO_PRODUCER_ID);
        next.client_version = client_version;
        next
    }

    /// Every partition has its marker.
    pub(super) fn completed(&self, now_ms: i64) -> Transaction {
        let state = if self.state == TransactionState::PrepareCommit {
            TransactionState::CompleteCommit
        } else {
            TransactionState::CompleteAbort
        };
        let mut next = self.changed(state, now_ms);
        if self.next_producer_id != NO_PRODUCER_ID {
            next.producer_id = self.next_producer_id;
            next.epoch = 0;
        }
        next.next_producer_id = NO_PRODUCER_ID;
        next.partitions = BTreeSet::new();
        next
    }

    fn changed(&self, state: TransactionState, now_ms: i64) -> Transaction {
        Transaction { state, previous_producer_id: self.producer_id, update_ms: now_ms, ..self.clone() }
    }

    /// The partitions by their topics, in order.
    pub(super) fn topics(&self) -> Vec<(ByteString, Vec<i32>)> {
        let mut topics: Vec<(ByteString, Vec<i32>)> = Vec::new();
        for TopicPartition { topic, partition } in &self.partitions {
            match topics.last_mut() {
                Some((last, partitions)) if last == topic => partitions.push(*partition),
                _ => topics.push((topic.clone(), vec![*partition])),
            }
        }
        topics
    }
}

fn is_exhausted(epoch: i16) -> bool {
    epoch >= i16::MAX - 1
}
