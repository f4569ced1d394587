//! A record as a share consumer gets it.

use bytes::Bytes;
use ottla_records::{Headers, Record, TimestampType};

use crate::{Epoch, Offset, TopicPartition};

/// A record that this consumer alone has until its lock ends, and how often it was delivered.
///
/// Key, value and headers are slices of the answer that they came in, or of what a compressed batch unpacked to: nothing is copied,
/// and one record that is kept keeps all of that. Copy what is to live long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShareRecord {
    /// The partition that it is in.
    pub partition: TopicPartition,
    /// Its place there.
    pub offset: Offset,
    /// The term of the leader that appended it.
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
    /// How often it was given to consumers of the group, this time included.
    pub delivery_count: u16,
}

/// What the records of a batch have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordsOf {
    pub(super) leader_epoch: Option<Epoch>,
    pub(super) timestamp_type: TimestampType,
}

impl ShareRecord {
    pub(super) fn new(
        partition: TopicPartition,
        common: RecordsOf,
        delivery_count: u16,
        record: Record,
    ) -> ShareRecord {
        ShareRecord {
            partition,
            offset: record.offset,
            leader_epoch: common.leader_epoch,
            timestamp: record.timestamp,
            timestamp_type: common.timestamp_type,
            key: record.key,
            value: record.value,
            headers: record.headers,
            delivery_count,
        }
    }
}
