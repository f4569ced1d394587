//! The records of `__transaction_state`, from and to their bytes.
//!
//! ```text
//! key      i16 0, transactional id           value    i16 version, body; absent: the id is forgotten
//!                                                     0: transaction.version 0     1: from 1 on
//! ```

use std::collections::BTreeSet;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::{
    Message, Reader, Writer, decode_key, decode_value,
    messages::{TransactionLogKey, TransactionLogValue, transaction_log_value::PartitionsSchema},
};

use super::{TopicPartition, TransactionState, metadata::Transaction};
use crate::{CoordinatorRecord, ReplayError, appends::Stored, own, record::encode};

/// One change to what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) transactional_id: ByteString,
    /// None: it is forgotten.
    pub(crate) transaction: Option<Box<Transaction>>,
    /// Of the value.
    pub(crate) version: i16,
}

impl Record {
    /// None if it is of a type that is not known: of a later version of Kafka.
    pub(crate) fn decode(
        offset: i64,
        key: &Bytes,
        value: Option<&Bytes>,
    ) -> Result<Option<Record>, ReplayError> {
        let bad_key = |source| ReplayError::Key { offset, source };
        let split = decode_key(key).map_err(bad_key)?;
        if split.kind != TransactionLogKey::API_KEY {
            return Ok(None);
        }
        let key = TransactionLogKey::decode(&mut Reader::new(split.body), 0).map_err(bad_key)?;
        let value = value.map(decode_value::<TransactionLogValue>).transpose();
        let value = value.map_err(|source| ReplayError::Value { offset, source })?;
        let transaction = value.map(|value| transaction(offset, &value)).transpose()?;
        Ok(Some(Record {
            transactional_id: own::text(&key.transactional_id),
            transaction: transaction.map(Box::new),
            version: 1,
        }))
    }

    fn write_key(&self, w: &mut Writer) {
        w.i16(TransactionLogKey::API_KEY);
        TransactionLogKey { transactional_id: self.transactional_id.clone() }.encode(w, 0);
    }

    fn write_value(&self, w: &mut Writer) -> bool {
        let Some(transaction) = &self.transaction else { return false };
        w.i16(self.version);
        value(transaction).encode(w, self.version);
        true
    }
}

impl Stored for Record {
    fn encode(records: &[Record]) -> Vec<CoordinatorRecord> {
        encode(records, Record::write_key, Record::write_value)
    }
}

fn transaction(offset: i64, value: &TransactionLogValue) -> Result<Transaction, ReplayError> {
    let status = value.transaction_status;
    let state = TransactionState::from_code(status).ok_or(ReplayError::Status { offset, status })?;
    let topics = value.transaction_partitions.iter().flatten();
    let partitions: BTreeSet<TopicPartition> = topics
        .flat_map(|topic| {
            let name = own::text(&topic.topic);
            let ids = topic.partition_ids.iter();
            ids.map(move |partition| TopicPartition { topic: name.clone(), partition: *partition })
        })
        .collect();
    Ok(Transaction {
        state,
        producer_id: value.producer_id,
        previous_producer_id: value.previous_producer_id,
        next_producer_id: value.next_producer_id,
        epoch: value.producer_epoch,
        last_epoch: -1,
        timeout_ms: value.transaction_timeout_ms,
        partitions,
        start_ms: value.transaction_start_timestamp_ms,
        update_ms: value.transaction_last_update_timestamp_ms,
        client_version: value.client_transaction_version,
    })
}

fn value(transaction: &Transaction) -> TransactionLogValue {
    let has_partitions = transaction.state != TransactionState::Empty;
    let topics = transaction.topics().into_iter();
    let partitions = topics.map(|(topic, partition_ids)| PartitionsSchema { topic, partition_ids });
    TransactionLogValue {
        producer_id: transaction.producer_id,
        previous_producer_id: transaction.previous_producer_id,
        next_producer_id: transaction.next_producer_id,
        producer_epoch: transaction.epoch,
        transaction_timeout_ms: transaction.timeout_ms,
        transaction_status: transaction.state.code(),
        transaction_partitions: has_partitions.then(|| partitions.collect()),
        transaction_last_update_timestamp_ms: transaction.update_ms,
        transaction_start_timestamp_ms: transaction.start_ms,
        client_transaction_version: transaction.client_version,
        ..Default::default()
    }
}
