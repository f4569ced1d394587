//! Groups of protocols that are not served here: consumer groups (KIP-848), share groups and streams groups.
//!
//! A data directory of Apache Kafka holds their records. They stay where they are; this remembers which of their keys
//! are alive, so that such a group is listed, is not taken for a classic one, and can be deleted as a whole.

use std::collections::HashSet;

use bytes::Bytes;
use bytestring::ByteString;

use super::{GroupState, GroupType};
use crate::record::Record;

/// The type of a record, as its key tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OtherType {
    number: i16,
    group_type: GroupType,
}

impl OtherType {
    pub(crate) fn of(number: i16) -> Option<OtherType> {
        let group_type = match number {
            3..=8 | 16 => GroupType::Consumer,
            9..=15 => GroupType::Share,
            17..=23 => GroupType::Streams,
            _ => return None,
        };
        Some(OtherType { number, group_type })
    }

    pub(crate) fn group_type(self) -> GroupType {
        self.group_type
    }

    /// The record without which the group does not exist.
    pub(crate) fn is_group(self) -> bool {
        matches!(self.number, 3 | 11 | 17)
    }

    fn is_member(self) -> bool {
        matches!(self.number, 5 | 10 | 19)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OtherGroup {
    group_type: GroupType,
    keys: HashSet<Bytes>,
    members: usize,
}

impl OtherGroup {
    pub(crate) fn new(group_type: GroupType) -> OtherGroup {
        OtherGroup { group_type, keys: HashSet::new(), members: 0 }
    }

    pub(crate) fn group_type(&self) -> GroupType {
        self.group_type
    }

    pub(crate) fn member_count(&self) -> usize {
        self.members
    }

    /// Nobody serves its members, so nobody knows more of it than whether there are any.
    pub(crate) fn state(&self) -> GroupState {
        if self.members == 0 { GroupState::Empty } else { GroupState::Stable }
    }

    pub(crate) fn protocol_type(&self) -> &'static str {
        match self.group_type {
            GroupType::Classic => "",
            GroupType::Consumer => "consumer",
            GroupType::Share => "share",
            GroupType::Streams => "streams",
        }
    }

    pub(crate) fn replay(&mut self, kind: OtherType, key: Bytes, deletes: bool) {
        let changed = if deletes { self.keys.remove(&key) } else { self.keys.insert(key) };
        if changed && kind.is_member() {
            self.members = if deletes { self.members - 1 } else { self.members + 1 };
        }
    }

    /// Records that delete all of it: members first and the group last, as Kafka insists on when it replays them.
    pub(crate) fn tombstones(&self, group: &ByteString) -> Vec<Record> {
        let kind =
            |key: &Bytes| key.first_chunk().and_then(|number| OtherType::of(i16::from_be_bytes(*number)));
        let mut keys: Vec<_> = self.keys.iter().filter_map(|key| Some((kind(key)?, key))).collect();
        keys.sort_by_key(|(kind, key)| (kind.is_group(), -kind.number, *key));
        let record = |(kind, key): (OtherType, &Bytes)| Record::Other {
            group: group.clone(),
            kind,
            key: key.clone(),
            deletes: true,
        };
        keys.into_iter().map(record).collect()
    }
}
