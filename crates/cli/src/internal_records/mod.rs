//! What keys and values say in the topics that brokers keep for themselves: for `ottla log dump`, `ottla consume --decode`, and Kafka's scripts
//! that print such records.
//!
//! ```text
//! __cluster_metadata     {"type":"TOPIC_RECORD","version":0,"data":{…}}
//! __consumer_offsets ..  {"type":"OFFSET_COMMIT","key":{…},"valueVersion":4,"value":{…}}    value null: a tombstone
//! control records        {"type":"COMMIT","coordinatorEpoch":0}, {"type":"LEADER_CHANGE","data":{…}}
//! ```

mod coordinator;

use bytes::Bytes;
use clap::ValueEnum;
use ottla_records::{BatchError, ControlKey, ControlType, EndTransactionMarker};
use ottla_wire::messages::*;
use ottla_wire::{DecodeError, Message, ToJson, from_bytes, value_version};
use serde_json::{Value, json};

pub(crate) use coordinator::CoordinatorRecord;
use coordinator::{OFFSETS, SHARE_STATE, TRANSACTIONS};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schema {
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
    /// Records that brokers write into all partitions.
    #[value(skip)]
    Control,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Undecodable {
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
    /// By the topic that a record is of.
    pub(crate) fn of_topic(topic: &str) -> Schema {
        match topic {
            "__cluster_metadata" => Schema::Metadata,
            "__consumer_offsets" => Schema::Offsets,
            "__transaction_state" => Schema::Transactions,
            "__share_group_state" => Schema::ShareState,
            _ => Schema::Opaque,
        }
    }

    /// `None` if there is nothing to decode.
    pub(crate) fn decode(
        self,
        key: Option<&Bytes>,
        value: Option<&Bytes>,
    ) -> Result<Option<Value>, Undecodable> {
        match self {
            Schema::Opaque => Ok(None),
            Schema::Metadata => metadata(value).map(Some),
            Schema::Control => control(key, value).map(Some),
            Schema::Offsets | Schema::Transactions | Schema::ShareState => {
                Ok(self.coordinator_record(key, value)?.map(CoordinatorRecord::into_json))
            }
        }
    }

    /// The same in its parts, of a coordinator's topic; `None` of others.
    pub(crate) fn coordinator_record(
        self,
        key: Option<&Bytes>,
        value: Option<&Bytes>,
    ) -> Result<Option<CoordinatorRecord>, Undecodable> {
        let types = match self {
            Schema::Offsets => OFFSETS,
            Schema::Transactions => TRANSACTIONS,
            Schema::ShareState => SHARE_STATE,
            Schema::Opaque | Schema::Metadata | Schema::Control => return Ok(None),
        };
        CoordinatorRecord::decode(types, key, value).map(Some)
    }
}

fn metadata(value: Option<&Bytes>) -> Result<Value, Undecodable> {
    let value = value.ok_or(Undecodable::Missing("value"))?;
    let (decoded, version) = MetadataRecord::decode_framed_with_version(value).map_err(Undecodable::Value)?;
    let data = decoded.to_json(version);
    Ok(json!({ "type": upper_snake(decoded.name()), "version": version, "data": data }))
}

fn control(key: Option<&Bytes>, value: Option<&Bytes>) -> Result<Value, Undecodable> {
    let key = key.ok_or(Undecodable::Missing("key"))?;
    let value = value.ok_or(Undecodable::Missing("value"))?;
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
    fn types_are_spelled_as_kafkas_tools_do() {
        assert_eq!(upper_snake("NoOpRecord"), "NO_OP_RECORD");
        assert_eq!(upper_snake("OffsetCommit"), "OFFSET_COMMIT");
    }

    #[test]
    fn no_type_of_key_is_listed_twice() {
        for types in [OFFSETS, TRANSACTIONS, SHARE_STATE] {
            let mut ids: Vec<i16> = types.iter().map(|it| it.id).collect();
            ids.dedup();
            assert_eq!(ids.len(), types.len());
            assert!(ids.is_sorted());
        }
    }
}
