//! The records of a coordinator: of groups in `__consumer_offsets`, of transactions in `__transaction_state`, of share groups in
//! `__share_group_state`. The first two bytes of a key say of which type it is, those of a value of which version.

use bytes::Bytes;
use ottla_wire::messages::*;
use ottla_wire::{DecodeError, Message, ToJson, decode_key, decode_value, from_bytes, value_version};
use serde_json::{Value, json};

use super::{Undecodable, upper_snake};

/// A record of a coordinator, as JSON in Kafka's field names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CoordinatorRecord {
    /// The number of the key's type.
    pub(crate) kind: i16,
    /// Nothing of a type that is not known, of a later version of Kafka: older coordinators pass over it as well.
    pub(crate) known: Option<Known>,
}

/// What a record of a type that is known says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    /// As `OFFSET_COMMIT`.
    pub(crate) name: String,
    pub(crate) key: Value,
    /// With its version; none is a tombstone.
    pub(crate) value: Option<(i16, Value)>,
}

impl CoordinatorRecord {
    pub(super) fn decode(
        types: &[Type],
        key: Option<&Bytes>,
        value: Option<&Bytes>,
    ) -> Result<CoordinatorRecord, Undecodable> {
        let key = decode_key(key.ok_or(Undecodable::Missing("key"))?).map_err(Undecodable::Key)?;
        let Some(known) = types.iter().find(|it| it.id == key.kind) else {
            return Ok(CoordinatorRecord { kind: key.kind, known: None });
        };
        let known = Known {
            name: upper_snake(known.key_name.trim_end_matches("Key")),
            key: (known.key)(&key.body).map_err(Undecodable::Key)?,
            value: value.map(|value| known.decode_value(value)).transpose().map_err(Undecodable::Value)?,
        };
        Ok(CoordinatorRecord { kind: key.kind, known: Some(known) })
    }

    /// On one line for people and programs alike.
    pub(super) fn into_json(self) -> Value {
        match self.known {
            None => json!({ "type": "UNKNOWN", "keyType": self.kind }),
            Some(Known { name, key, value: None }) => json!({ "type": name, "key": key, "value": null }),
            Some(Known { name, key, value: Some((version, value)) }) => {
                json!({ "type": name, "key": key, "valueVersion": version, "value": value })
            }
        }
    }
}

/// The records that have one type of key.
pub(super) struct Type {
    pub(super) id: i16,
    /// As `OffsetCommitKey`.
    key_name: &'static str,
    key: fn(&Bytes) -> Result<Value, DecodeError>,
    value: fn(&Bytes, i16) -> Result<Value, DecodeError>,
}

impl Type {
    const fn of<K: Message + ToJson, V: Message + ToJson>() -> Type {
        Type {
            id: K::API_KEY,
            key_name: K::NAME,
            key: |body| Ok(from_bytes::<K>(body, 0)?.to_json(0)),
            value: |value, version| Ok(decode_value::<V>(value)?.to_json(version)),
        }
    }

    fn decode_value(&self, value: &Bytes) -> Result<(i16, Value), DecodeError> {
        let version = value_version(value)?;
        Ok((version, (self.value)(value, version)?))
    }
}

pub(super) const OFFSETS: &[Type] = &[
    Type::of::<LegacyOffsetCommitKey, LegacyOffsetCommitValue>(),
    Type::of::<OffsetCommitKey, OffsetCommitValue>(),
    Type::of::<GroupMetadataKey, GroupMetadataValue>(),
    Type::of::<ConsumerGroupMetadataKey, ConsumerGroupMetadataValue>(),
    Type::of::<ConsumerGroupPartitionMetadataKey, ConsumerGroupPartitionMetadataValue>(),
    Type::of::<ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue>(),
    Type::of::<ConsumerGroupTargetAssignmentMetadataKey, ConsumerGroupTargetAssignmentMetadataValue>(),
    Type::of::<ConsumerGroupTargetAssignmentMemberKey, ConsumerGroupTargetAssignmentMemberValue>(),
    Type::of::<ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue>(),
    Type::of::<ShareGroupMemberMetadataKey, ShareGroupMemberMetadataValue>(),
    Type::of::<ShareGroupMetadataKey, ShareGroupMetadataValue>(),
    Type::of::<ShareGroupTargetAssignmentMetadataKey, ShareGroupTargetAssignmentMetadataValue>(),
    Type::of::<ShareGroupTargetAssignmentMemberKey, ShareGroupTargetAssignmentMemberValue>(),
    Type::of::<ShareGroupCurrentMemberAssignmentKey, ShareGroupCurrentMemberAssignmentValue>(),
    Type::of::<ShareGroupStatePartitionMetadataKey, ShareGroupStatePartitionMetadataValue>(),
    Type::of::<ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue>(),
    Type::of::<StreamsGroupMetadataKey, StreamsGroupMetadataValue>(),
    Type::of::<StreamsGroupMemberMetadataKey, StreamsGroupMemberMetadataValue>(),
    Type::of::<StreamsGroupTargetAssignmentMetadataKey, StreamsGroupTargetAssignmentMetadataValue>(),
    Type::of::<StreamsGroupTargetAssignmentMemberKey, StreamsGroupTargetAssignmentMemberValue>(),
    Type::of::<StreamsGroupCurrentMemberAssignmentKey, StreamsGroupCurrentMemberAssignmentValue>(),
    Type::of::<StreamsGroupTopologyKey, StreamsGroupTopologyValue>(),
];

pub(super) const TRANSACTIONS: &[Type] = &[Type::of::<TransactionLogKey, TransactionLogValue>()];

pub(super) const SHARE_STATE: &[Type] =
    &[Type::of::<ShareSnapshotKey, ShareSnapshotValue>(), Type::of::<ShareUpdateKey, ShareUpdateValue>()];
