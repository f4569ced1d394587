//! What keys and values say in the topics that brokers keep for themselves.
//!
//! ```text
//! __cluster_metadata     {"type":"TOPIC_RECORD","version":0,"data":{…}}
//! __consumer_offsets ..  {"type":"OFFSET_COMMIT","key":{…},"valueVersion":4,"value":{…}}    value null: a tombstone
//! control records        {"type":"COMMIT","coordinatorEpoch":0}, {"type":"LEADER_CHANGE","data":{…}}
//! ```

use std::path::Path;

use bytes::Bytes;
use clap::ValueEnum;
use ottla_log::FolderName;
use ottla_records::{BatchError, ControlKey, ControlType, EndTransactionMarker, Record};
use ottla_wire::messages::*;
use ottla_wire::{DecodeError, Message, ToJson, decode_key, decode_value, from_bytes, value_version};
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Schema {
    /// Nobody's but the application's.
    #[value(name = "none")]
    Opaque,
    /// As in __cluster_metadata
    Metadata,
    /// As in __consumer_offsets
    Offsets,
    /// As in __transaction_state
    Transactions,
    /// As in __share_group_state
    ShareState,
    #[value(skip)]
    Control,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Undecodable {
    #[error("it has no {0}")]
    Missing(&'static str),
    #[error("key: {0}")]
    Key(DecodeError),
    #[error("value: {0}")]
    Value(DecodeError),
    #[error(transparent)]
    Control(#[from] BatchError),
}

impl Schema {
    /// By the topic that the file's folder is named after.
    pub(super) fn of_file(path: &Path) -> Schema {
        let folder = std::path::absolute(path).ok();
        let name = folder.as_deref().and_then(Path::parent).and_then(Path::file_name);
        let topic = name.and_then(|name| FolderName::parse(name.to_str()?)).map(|folder| folder.topic);
        match topic.as_deref() {
            Some("__cluster_metadata") => Schema::Metadata,
            Some("__consumer_offsets") => Schema::Offsets,
            Some("__transaction_state") => Schema::Transactions,
            Some("__share_group_state") => Schema::ShareState,
            _ => Schema::Opaque,
        }
    }

    /// `None` if there is nothing to decode.
    pub(super) fn decode(self, record: &Record) -> Result<Option<Value>, Undecodable> {
        match self {
            Schema::Opaque => Ok(None),
            Schema::Metadata => metadata(record).map(Some),
            Schema::Offsets => coordinator(OFFSETS, record).map(Some),
            Schema::Transactions => coordinator(TRANSACTIONS, record).map(Some),
            Schema::ShareState => coordinator(SHARE_STATE, record).map(Some),
            Schema::Control => control(record).map(Some),
        }
    }
}

fn metadata(record: &Record) -> Result<Value, Undecodable> {
    let value = record.value.as_ref().ok_or(Undecodable::Missing("value"))?;
    let (decoded, version) = MetadataRecord::decode_framed_with_version(value).map_err(Undecodable::Value)?;
    let data = decoded.to_json(version);
    Ok(json!({ "type": upper_snake(decoded.name()), "version": version, "data": data }))
}

/// The records of a coordinator's topic that have one type of key.
struct Kind {
    id: i16,
    /// `OffsetCommitKey`
    key_name: &'static str,
    key: fn(&Bytes) -> Result<Value, DecodeError>,
    value: fn(&Bytes, i16) -> Result<Value, DecodeError>,
}

impl Kind {
    const fn of<K: Message + ToJson, V: Message + ToJson>() -> Kind {
        Kind {
            id: K::API_KEY,
            key_name: K::NAME,
            key: |body| Ok(from_bytes::<K>(body, 0)?.to_json(0)),
            value: |value, version| Ok(decode_value::<V>(value)?.to_json(version)),
        }
    }
}

const OFFSETS: &[Kind] = &[
    Kind::of::<LegacyOffsetCommitKey, LegacyOffsetCommitValue>(),
    Kind::of::<OffsetCommitKey, OffsetCommitValue>(),
    Kind::of::<GroupMetadataKey, GroupMetadataValue>(),
    Kind::of::<ConsumerGroupMetadataKey, ConsumerGroupMetadataValue>(),
    Kind::of::<ConsumerGroupPartitionMetadataKey, ConsumerGroupPartitionMetadataValue>(),
    Kind::of::<ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue>(),
    Kind::of::<ConsumerGroupTargetAssignmentMetadataKey, ConsumerGroupTargetAssignmentMetadataValue>(),
    Kind::of::<ConsumerGroupTargetAssignmentMemberKey, ConsumerGroupTargetAssignmentMemberValue>(),
    Kind::of::<ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue>(),
    Kind::of::<ShareGroupMemberMetadataKey, ShareGroupMemberMetadataValue>(),
    Kind::of::<ShareGroupMetadataKey, ShareGroupMetadataValue>(),
    Kind::of::<ShareGroupTargetAssignmentMetadataKey, ShareGroupTargetAssignmentMetadataValue>(),
    Kind::of::<ShareGroupTargetAssignmentMemberKey, ShareGroupTargetAssignmentMemberValue>(),
    Kind::of::<ShareGroupCurrentMemberAssignmentKey, ShareGroupCurrentMemberAssignmentValue>(),
    Kind::of::<ShareGroupStatePartitionMetadataKey, ShareGroupStatePartitionMetadataValue>(),
    Kind::of::<ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue>(),
    Kind::of::<StreamsGroupMetadataKey, StreamsGroupMetadataValue>(),
    Kind::of::<StreamsGroupMemberMetadataKey, StreamsGroupMemberMetadataValue>(),
    Kind::of::<StreamsGroupTargetAssignmentMetadataKey, StreamsGroupTargetAssignmentMetadataValue>(),
    Kind::of::<StreamsGroupTargetAssignmentMemberKey, StreamsGroupTargetAssignmentMemberValue>(),
    Kind::of::<StreamsGroupCurrentMemberAssignmentKey, StreamsGroupCurrentMemberAssignmentValue>(),
    Kind::of::<StreamsGroupTopologyKey, StreamsGroupTopologyValue>(),
];

const TRANSACTIONS: &[Kind] = &[Kind::of::<TransactionLogKey, TransactionLogValue>()];

const SHARE_STATE: &[Kind] =
    &[Kind::of::<ShareSnapshotKey, ShareSnapshotValue>(), Kind::of::<ShareUpdateKey, ShareUpdateValue>()];

fn coordinator(kinds: &[Kind], record: &Record) -> Result<Value, Undecodable> {
    let key = record.key.as_ref().ok_or(Undecodable::Missing("key"))?;
    let key = decode_key(key).map_err(Undecodable::Key)?;
    let Some(kind) = kinds.iter().find(|kind| kind.id == key.kind) else {
        // Of a later version of Kafka, whose older coordinators pass over it as well.
        return Ok(json!({ "type": "UNKNOWN", "keyType": key.kind }));
    };
    let name = upper_snake(kind.key_name.trim_end_matches("Key"));
    let key = (kind.key)(&key.body).map_err(Undecodable::Key)?;
    let Some(value) = &record.value else {
        return Ok(json!({ "type": name, "key": key, "value": null }));
    };
    let version = value_version(value).map_err(Undecodable::Value)?;
    let value = (kind.value)(value, version).map_err(Undecodable::Value)?;
    Ok(json!({ "type": name, "key": key, "valueVersion": version, "value": value }))
}

fn control(record: &Record) -> Result<Value, Undecodable> {
    let key = record.key.as_ref().ok_or(Undecodable::Missing("key"))?;
    let value = record.value.as_ref().ok_or(Undecodable::Missing("value"))?;
    let control_type = ControlKey::parse(key)?.control_type;
    let name = control_name(control_type);
    let data = match control_type {
        ControlType::Abort | ControlType::Commit => {
            let marker = EndTransactionMarker::parse(value)?;
            return Ok(json!({ "type": name, "coordinatorEpoch": marker.coordinator_epoch }));
        }
        ControlType::LeaderChange => quorum::<LeaderChangeMessage>(value),
        ControlType::SnapshotHeader => quorum::<SnapshotHeaderRecord>(value),
        ControlType::SnapshotFooter => quorum::<SnapshotFooterRecord>(value),
        ControlType::KRaftVersion => quorum::<KRaftVersionRecord>(value),
        ControlType::KRaftVoters => quorum::<VotersRecord>(value),
        ControlType::Unknown(id) => return Ok(json!({ "type": name, "keyType": id })),
    };
    Ok(json!({ "type": name, "data": data.map_err(Undecodable::Value)? }))
}

fn control_name(control_type: ControlType) -> &'static str {
    match control_type {
        ControlType::Abort => "ABORT",
        ControlType::Commit => "COMMIT",
        ControlType::LeaderChange => "LEADER_CHANGE",
        ControlType::SnapshotHeader => "SNAPSHOT_HEADER",
        ControlType::SnapshotFooter => "SNAPSHOT_FOOTER",
        ControlType::KRaftVersion => "KRAFT_VERSION",
        ControlType::KRaftVoters => "KRAFT_VOTERS",
        ControlType::Unknown(_) => "UNKNOWN",
    }
}

/// A message that KRaft writes as a control record: its first field is its own version.
fn quorum<M: Message + ToJson>(value: &Bytes) -> Result<Value, DecodeError> {
    let version = value_version(value)?;
    Ok(from_bytes::<M>(value, version)?.to_json(version))
}

/// `FeatureLevelRecord` to `FEATURE_LEVEL_RECORD`, as Kafka's tools spell it.
fn upper_snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_says_how_to_decode() {
        for (path, schema) in [
            ("data/__cluster_metadata-0/00000000000000000000.log", Schema::Metadata),
            ("__consumer_offsets-49/00000000000000000000.log", Schema::Offsets),
            ("/x/__transaction_state-1/00000000000000000000.log", Schema::Transactions),
            ("__share_group_state-0/00000000000000000000.log.deleted", Schema::ShareState),
            ("orders-0/00000000000000000000.log", Schema::Opaque),
            ("/00000000000000000000.log", Schema::Opaque),
        ] {
            assert_eq!(Schema::of_file(Path::new(path)), schema, "{path}");
        }
    }

    #[test]
    fn types_are_spelled_as_kafkas_tools_do() {
        assert_eq!(upper_snake("NoOpRecord"), "NO_OP_RECORD");
        assert_eq!(upper_snake("OffsetCommit"), "OFFSET_COMMIT");
    }

    #[test]
    fn no_type_of_key_is_listed_twice() {
        for kinds in [OFFSETS, TRANSACTIONS, SHARE_STATE] {
            let mut ids: Vec<i16> = kinds.iter().map(|kind| kind.id).collect();
            ids.dedup();
            assert_eq!(ids.len(), kinds.len());
            assert!(ids.is_sorted());
        }
    }
}
