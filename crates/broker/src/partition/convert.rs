//! Between the replica's and the log's idea of the same thing: neither crate names the other.

use ottla_log::format;
use ottla_replica::{self as replica, Replica};

/// In a snapshot file: the producer has no open transaction.
const NO_TRANSACTION: i64 = -1;

/// The producers' state as a snapshot file holds it.
pub(crate) fn producer_entries(replica: &Replica) -> Vec<format::ProducerEntry> {
    replica.producers().map(|entry| log_producer_entry(&entry)).collect()
}

pub(crate) fn log_producer_entry(entry: &replica::ProducerEntry) -> format::ProducerEntry {
    format::ProducerEntry {
        producer_id: entry.producer_id,
        epoch: entry.producer_epoch,
        last_sequence: entry.last_sequence,
        last_offset: entry.last_offset,
        offset_delta: entry.offset_delta,
        timestamp: entry.timestamp,
        coordinator_epoch: entry.coordinator_epoch,
        current_txn_first_offset: entry.transaction_start.unwrap_or(NO_TRANSACTION),
    }
}

pub(crate) fn replica_producer_entry(entry: &format::ProducerEntry) -> replica::ProducerEntry {
    replica::ProducerEntry {
        producer_id: entry.producer_id,
        producer_epoch: entry.epoch,
        last_sequence: entry.last_sequence,
        last_offset: entry.last_offset,
        offset_delta: entry.offset_delta,
        timestamp: entry.timestamp,
        coordinator_epoch: entry.coordinator_epoch,
        transaction_start: Some(entry.current_txn_first_offset).filter(|first| *first != NO_TRANSACTION),
    }
}

pub(crate) fn epoch_entries(entries: &[format::EpochEntry]) -> impl Iterator<Item = replica::EpochEntry> {
    entries.iter().map(|entry| replica::EpochEntry { epoch: entry.epoch, start_offset: entry.start_offset })
}
