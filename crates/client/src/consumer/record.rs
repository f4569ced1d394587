//! A record as a consumer gets it.

use bytes::Bytes;
use ottla_records::{
    Attributes, EntryHeader, Headers, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, ProducerEpoch, ProducerId, Record,
    TimestampType,
};

use crate::{Epoch, Offset, TopicPartition};

/// A record, and where it stands.
///
/// Key, value and headers are slices of the answer that they came in, or of what a compressed batch unpacked to: nothing is copied,
/// and one record that is kept keeps all of that. Copy what is to live long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerRecord {
    /// The partition that it is in.
    pub partition: TopicPartition,
    /// Its place there.
    pub offset: Offset,
    /// The term of the leader that appended it, if the record was written since Kafka 0.11.
    pub leader_epoch: Option<Epoch>,
    /// Milliseconds since 1970-01-01T00:00:00Z; -1 if it has none.
    pub timestamp: i64,
    /// Whose clock that is from.
    pub timestamp_type: TimestampType,
    /// Null and empty are not the same.
    pub key: Option<Bytes>,
    /// Null deletes the key from a compacted topic.
    pub value: Option<Bytes>,
    /// In their order; names may repeat.
    pub headers: Headers,
    /// How the batch was stored that it came in: its compression, and whether it is of a transaction.
    pub attributes: Attributes,
    /// The idempotent producer that wrote it; -1 if that was none.
    pub producer_id: ProducerId,
    /// The incarnation of that producer; -1 if it was none.
    pub producer_epoch: ProducerEpoch,
    /// Where the partition began when the answer was given that this record came in; -1 if the broker did not say.
    pub log_start_offset: Offset,
    /// Where it ended then for consumers of committed records; -1 if the broker did not say.
    pub last_stable_offset: Offset,
    /// Where it ended then for all other consumers.
    pub high_watermark: Offset,
}

/// What the records of a batch have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordsOf {
    pub(super) leader_epoch: Option<Epoch>,
    pub(super) timestamp_type: TimestampType,
    pub(super) attributes: Attributes,
    pub(super) producer_id: ProducerId,
    pub(super) producer_epoch: ProducerEpoch,
    pub(super) bounds: Bounds,
}

/// Where a partition began and ended when an answer was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) log_start_offset: Offset,
    pub(super) last_stable_offset: Offset,
    pub(super) high_watermark: Offset,
}

impl RecordsOf {
    /// Of the entry with this header.
    pub(super) fn new(header: &EntryHeader, leader_epoch: Option<Epoch>, bounds: Bounds) -> RecordsOf {
        let (attributes, producer_id, producer_epoch) = match header {
            EntryHeader::Batch(header) => (header.attributes, header.producer_id, header.producer_epoch),
            EntryHeader::Message(header) => (header.attributes, NO_PRODUCER_ID, NO_PRODUCER_EPOCH),
        };
        let timestamp_type = attributes.timestamp_type();
        RecordsOf { leader_epoch, timestamp_type, attributes, producer_id, producer_epoch, bounds }
    }
}

impl ConsumerRecord {
    pub(super) fn new(partition: TopicPartition, common: RecordsOf, record: Record) -> ConsumerRecord {
        ConsumerRecord {
            partition,
            offset: record.offset,
            leader_epoch: common.leader_epoch,
            timestamp: record.timestamp,
            timestamp_type: common.timestamp_type,
            key: record.key,
            value: record.value,
            headers: record.headers,
            attributes: common.attributes,
            producer_id: common.producer_id,
            producer_epoch: common.producer_epoch,
            log_start_offset: common.bounds.log_start_offset,
            last_stable_offset: common.bounds.last_stable_offset,
            high_watermark: common.bounds.high_watermark,
        }
    }

    /// How many offsets lie between this record and the end of the partition, as it was when the record was fetched.
    pub fn lag(&self) -> i64 {
        self.high_watermark.saturating_sub(self.offset).saturating_sub(1).max(0)
    }
}
