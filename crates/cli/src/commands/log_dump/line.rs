//! What a dump says, one value for each line of output.
//!
//! The names here are the field names of the NDJSON output: programs rely on them. Numbers are exact, times are
//! milliseconds since 1970, and `key` and `value` are as [`Payload`] has it.

use ottla_log::format::{
    EpochEntry, MetaProperties, PartitionMetadata, PartitionOffset, ProducerEntry, format_id,
};
use ottla_log::index::{AbortedTxn, OffsetEntry, TimeEntry};
use ottla_log::journal::Recovered;
use ottla_records::{BatchHeader, Epoch, Header, LegacyHeader, Offset, Record, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::find::{Content, Found};
use crate::payload::Payload;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Line {
    /// Stands before whatever the file holds.
    File(FileLine),
    Batch(BatchLine),
    /// A message of version 0 or 1, with the messages in it if it is compressed.
    Message(MessageLine),
    Record(RecordLine),
    OffsetIndexEntry {
        offset: Offset,
        position: u32,
    },
    TimeIndexEntry {
        timestamp: Timestamp,
        offset: Offset,
    },
    AbortedTransaction {
        producer_id: i64,
        first_offset: Offset,
        last_offset: Offset,
        last_stable_offset: Offset,
    },
    ProducerState(ProducerLine),
    LeaderEpoch {
        epoch: Epoch,
        start_offset: Offset,
    },
    PartitionOffset {
        topic: String,
        partition: i32,
        offset: Offset,
    },
    PartitionMetadata {
        topic_id: String,
    },
    MetaProperties {
        cluster_id: String,
        node_id: i32,
        directory_id: Option<String>,
    },
    CleanShutdown {
        broker_epoch: i64,
    },
    QuorumState {
        data: Value,
    },
    /// Entries up to here are in synced segments.
    JournalState {
        released: u64,
    },
    /// Stands before the batch of a journal's entry and its records.
    JournalEntry(JournalEntryLine),
    /// Zeros up to the end of the file, which its writer made room for and did not need.
    Padding {
        position: u64,
        size: u64,
    },
    Damage {
        position: Option<u64>,
        problem: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileLine {
    pub(super) content: Content,
    pub(super) size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) base_offset: Option<Offset>,
}

impl From<&Found> for FileLine {
    fn from(found: &Found) -> FileLine {
        FileLine { content: found.content, size: found.size_in_bytes, base_offset: found.base_offset }
    }
}

/// The header of a batch of version 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchLine {
    /// In its file; in a journal there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<u64>,
    pub(super) magic: i8,
    pub(super) size: usize,
    pub(super) crc: u32,
    pub(super) crc_valid: bool,
    pub(super) attributes: i16,
    pub(super) compression: String,
    pub(super) timestamp_type: String,
    pub(super) base_offset: Offset,
    pub(super) last_offset: Offset,
    pub(super) count: i32,
    pub(super) max_timestamp: Timestamp,
    pub(super) partition_leader_epoch: Epoch,
    pub(super) producer_id: i64,
    pub(super) producer_epoch: i16,
    pub(super) base_sequence: i32,
    pub(super) last_sequence: i32,
    pub(super) transactional: bool,
    pub(super) control: bool,
    pub(super) delete_horizon_ms: Option<Timestamp>,
}

impl BatchLine {
    pub(super) fn new(position: Option<u64>, header: &BatchHeader, crc_valid: bool) -> BatchLine {
        BatchLine {
            position,
            magic: 2,
            size: header.size_in_bytes(),
            crc: header.crc,
            crc_valid,
            attributes: header.attributes.0,
            compression: header.compression().map_or_else(|_| "unknown".into(), |known| known.to_string()),
            timestamp_type: header.timestamp_type().to_string(),
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            count: header.record_count,
            max_timestamp: header.max_timestamp,
            partition_leader_epoch: header.leader_epoch,
            producer_id: header.producer_id,
            producer_epoch: header.producer_epoch,
            base_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            transactional: header.is_transactional(),
            control: header.is_control(),
            delete_horizon_ms: header.delete_horizon(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageLine {
    pub(super) position: u64,
    pub(super) magic: i8,
    pub(super) size: usize,
    pub(super) crc: u32,
    pub(super) crc_valid: bool,
    pub(super) attributes: i16,
    pub(super) compression: String,
    /// Version 0 has no timestamps.
    pub(super) timestamp_type: Option<String>,
    /// Unknown if the message cannot be unpacked.
    pub(super) base_offset: Option<Offset>,
    pub(super) last_offset: Offset,
    pub(super) max_timestamp: Timestamp,
}

impl MessageLine {
    pub(super) fn new(
        position: u64,
        header: &LegacyHeader,
        base_offset: Option<Offset>,
        crc_valid: bool,
    ) -> MessageLine {
        MessageLine {
            position,
            magic: header.magic,
            size: header.size_in_bytes,
            crc: header.crc,
            crc_valid,
            attributes: header.attributes.0,
            compression: header.compression().map_or_else(|_| "unknown".into(), |known| known.to_string()),
            timestamp_type: header.timestamp_type().map(|known| known.to_string()),
            base_offset,
            last_offset: header.offset,
            max_timestamp: header.timestamp,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordLine {
    pub(super) offset: Offset,
    pub(super) timestamp: Timestamp,
    pub(super) key: Option<Payload>,
    pub(super) value: Option<Payload>,
    /// Pairs of name and value, in their order.
    pub(super) headers: Vec<(Payload, Option<Payload>)>,
    /// What key and value say, in topics whose format is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decoded: Option<Value>,
}

impl RecordLine {
    pub(super) fn new(record: &Record, decoded: Option<Value>) -> RecordLine {
        let pair = |header: Header| (Payload(header.key), header.value.map(Payload));
        RecordLine {
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key.clone().map(Payload),
            value: record.value.clone().map(Payload),
            headers: record.headers.iter().map(pair).collect(),
            decoded,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProducerLine {
    pub(super) producer_id: i64,
    pub(super) epoch: i16,
    pub(super) last_sequence: i32,
    pub(super) last_offset: Offset,
    pub(super) offset_delta: i32,
    pub(super) timestamp: Timestamp,
    pub(super) coordinator_epoch: i32,
    pub(super) current_txn_first_offset: Offset,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JournalEntryLine {
    pub(super) lsn: u64,
    pub(super) topic_id: String,
    pub(super) partition: i32,
}

impl JournalEntryLine {
    pub(super) fn new(entry: &Recovered) -> JournalEntryLine {
        let topic_id = format_id(entry.topic_id);
        JournalEntryLine { lsn: entry.lsn.get(), topic_id, partition: entry.partition }
    }
}

impl From<ProducerEntry> for Line {
    fn from(entry: ProducerEntry) -> Line {
        Line::ProducerState(ProducerLine {
            producer_id: entry.producer_id,
            epoch: entry.epoch,
            last_sequence: entry.last_sequence,
            last_offset: entry.last_offset,
            offset_delta: entry.offset_delta,
            timestamp: entry.timestamp,
            coordinator_epoch: entry.coordinator_epoch,
            current_txn_first_offset: entry.current_txn_first_offset,
        })
    }
}

impl From<OffsetEntry> for Line {
    fn from(entry: OffsetEntry) -> Line {
        Line::OffsetIndexEntry { offset: entry.offset, position: entry.position }
    }
}

impl From<TimeEntry> for Line {
    fn from(entry: TimeEntry) -> Line {
        Line::TimeIndexEntry { timestamp: entry.timestamp, offset: entry.offset }
    }
}

impl From<AbortedTxn> for Line {
    fn from(entry: AbortedTxn) -> Line {
        Line::AbortedTransaction {
            producer_id: entry.producer_id,
            first_offset: entry.first_offset,
            last_offset: entry.last_offset,
            last_stable_offset: entry.last_stable_offset,
        }
    }
}

impl From<EpochEntry> for Line {
    fn from(entry: EpochEntry) -> Line {
        Line::LeaderEpoch { epoch: entry.epoch, start_offset: entry.start_offset }
    }
}

impl From<PartitionOffset> for Line {
    fn from(entry: PartitionOffset) -> Line {
        Line::PartitionOffset { topic: entry.topic, partition: entry.partition, offset: entry.offset }
    }
}

impl From<PartitionMetadata> for Line {
    fn from(metadata: PartitionMetadata) -> Line {
        Line::PartitionMetadata { topic_id: format_id(metadata.topic_id) }
    }
}

impl From<MetaProperties> for Line {
    fn from(properties: MetaProperties) -> Line {
        Line::MetaProperties {
            cluster_id: properties.cluster_id,
            node_id: properties.node_id,
            directory_id: properties.directory_id.map(format_id),
        }
    }
}
