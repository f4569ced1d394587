//! The records of `__consumer_offsets`, from and to their bytes.
//!
//! ```text
//! key      i16 type, body                    value    i16 version, body; absent: the record deletes
//!  0, 1    offset of a group (0: long ago)    0-4     written: 1 with an expiry of its own, else 4
//!  2       classic group                      0-4     written: 3
//!  3-8,16  consumer group (KIP-848)            \
//!  9-15    share group (KIP-932)                >     kept as they are: see `group::other`
//!  17-23   streams group (KIP-1071)            /
//! ```

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::{
    DecodeError, Message, Reader, Writer, decode_key, decode_value,
    messages::{
        ConsumerGroupMetadataKey, GroupMetadataKey, GroupMetadataValue, OffsetCommitKey, OffsetCommitValue,
    },
};

use crate::{CommittedOffset, CoordinatorRecord, appends::Stored, group::other::OtherType, own};

const OFFSET_VERSION: i16 = 4;
const OFFSET_VERSION_WITH_EXPIRY: i16 = 1;
const GROUP_VERSION: i16 = 3;

/// The longest text that all records can hold.
pub(crate) const TEXT_MAX: usize = 0x7fff;

/// A stored record that cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error("the key of the record at offset {offset} cannot be read: {source}")]
    Key { offset: i64, source: DecodeError },
    #[error("the value of the record at offset {offset} cannot be read: {source}")]
    Value { offset: i64, source: DecodeError },
    #[error("the record at offset {offset} has the unknown transaction status {status}")]
    Status { offset: i64, status: i8 },
}

/// One change to what is stored. Its names are slices of a request or of the log: who keeps them copies them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Record {
    Offset {
        group: ByteString,
        topic: ByteString,
        partition: i32,
        value: Option<CommittedOffset>,
    },
    Classic {
        group: ByteString,
        value: Option<Box<GroupMetadataValue>>,
    },
    Other {
        group: ByteString,
        kind: OtherType,
        key: Bytes,
        deletes: bool,
    },
    /// Of a type that is not known: of a later version of Kafka.
    Unknown,
}

impl Record {
    pub(crate) fn decode(offset: i64, key: &Bytes, value: Option<&Bytes>) -> Result<Record, ReplayError> {
        let bad_key = |source| ReplayError::Key { offset, source };
        let bad_value = |source| ReplayError::Value { offset, source };
        let split = decode_key(key).map_err(bad_key)?;
        let mut body = Reader::new(split.body);
        match split.kind {
            0 | 1 => {
                let key = OffsetCommitKey::decode(&mut body, 0).map_err(bad_key)?;
                let value = value.map(decode_value::<OffsetCommitValue>).transpose().map_err(bad_value)?;
                let value = value.map(|value| CommittedOffset::from_value(offset, &value));
                Ok(Record::Offset { group: key.group, topic: key.topic, partition: key.partition, value })
            }
            2 => {
                let key = GroupMetadataKey::decode(&mut body, 0).map_err(bad_key)?;
                let value = value.map(decode_value).transpose().map_err(bad_value)?.map(Box::new);
                Ok(Record::Classic { group: key.group, value })
            }
            kind => {
                let Some(kind) = OtherType::of(kind) else { return Ok(Record::Unknown) };
                // The keys of all these types begin with the group.
                let group = ConsumerGroupMetadataKey::decode(&mut body, 0).map_err(bad_key)?.group_id;
                Ok(Record::Other { group, kind, key: own::bytes(key), deletes: value.is_none() })
            }
        }
    }

    fn write_key(&self, w: &mut Writer) {
        match self {
            Record::Offset { group, topic, partition, .. } => {
                w.i16(OffsetCommitKey::API_KEY);
                let key =
                    OffsetCommitKey { group: group.clone(), topic: topic.clone(), partition: *partition };
                key.encode(w, 0);
            }
            Record::Classic { group, .. } => {
                w.i16(GroupMetadataKey::API_KEY);
                GroupMetadataKey { group: group.clone() }.encode(w, 0);
            }
            Record::Other { key, .. } => w.raw(key),
            Record::Unknown => unreachable!("records of unknown types are never written"),
        }
    }

    /// Tells whether there is a value.
    fn write_value(&self, w: &mut Writer) -> bool {
        match self {
            Record::Offset { value: Some(value), .. } => {
                let version =
                    if value.expire_timestamp < 0 { OFFSET_VERSION } else { OFFSET_VERSION_WITH_EXPIRY };
                w.i16(version);
                value.to_value().encode(w, version);
                true
            }
            Record::Classic { value: Some(value), .. } => {
                w.i16(GROUP_VERSION);
                value.encode(w, GROUP_VERSION);
                true
            }
            Record::Other { deletes, .. } => {
                assert!(deletes, "records of other protocols are only deleted here");
                false
            }
            Record::Offset { value: None, .. } | Record::Classic { value: None, .. } | Record::Unknown => {
                false
            }
        }
    }
}

impl Stored for Record {
    fn encode(records: &[Record]) -> Vec<CoordinatorRecord> {
        encode(records, Record::write_key, Record::write_value)
    }
}

/// The records as they are stored; all of them share one piece of memory. Writing a value tells whether there is one.
pub(crate) fn encode<R>(
    records: &[R],
    write_key: impl Fn(&R, &mut Writer),
    write_value: impl Fn(&R, &mut Writer) -> bool,
) -> Vec<CoordinatorRecord> {
    let mut w = Writer::new();
    let mut ends = Vec::with_capacity(records.len());
    for record in records {
        write_key(record, &mut w);
        let key = w.len();
        let has_value = write_value(record, &mut w);
        ends.push((key, has_value.then_some(w.len())));
    }
    let mut bytes = w.into_bytes();
    let mut at = 0;
    let mut take = |end: usize| {
        let piece = bytes.split_to(end - at);
        at = end;
        piece
    };
    let record = |(key, value): (usize, Option<usize>)| CoordinatorRecord {
        key: take(key),
        value: value.map(&mut take),
    };
    ends.into_iter().map(record).collect()
}
