//! A record as a consumer gets it.

use bytes::Bytes;
use ottla_records::{Headers, Record, TimestampType};

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
    /// Where the partition ended for consumers when the answer was given that this record came in.
    pub high_watermark: Offset,
}

/// What the records of a batch have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordsOf {
    pub(super) leader_epoch: Option<Epoch>,
    pub(super) timestamp_type: TimestampType,
    pub(super) high_watermark: Offset,
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
            high_watermark: common.high_watermark,
        }
    }

    /// How many offsets lie between this record and the end of the partition, as it was when the record was fetched.
    pub fn lag(&self) -> i64 {
        self.high_watermark.saturating_sub(self.offset).saturating_sub(1).max(0)
    }
}
