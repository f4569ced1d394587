//! The records of the log, applied: the only way in which offsets change and groups go, live and after a restart.

use bytes::Bytes;
use bytestring::ByteString;

use super::Shard;
use crate::{
    AppendId, ReplayError,
    group::{
        Group, Membership,
        classic::ClassicGroup,
        other::{OtherGroup, OtherType},
    },
    own,
    record::Record,
};

impl Shard {
    /// Applies a record of the log, while the shard is loaded. `producer_id` is that of its batch if the batch is
    /// transactional, else -1. Control records do not come here, but to [`Shard::replay_end_of_transaction`].
    ///
    /// After an error the record is skipped; the caller decides whether to go on.
    pub fn replay(
        &mut self,
        offset: i64,
        producer_id: i64,
        key: &Bytes,
        value: Option<&Bytes>,
    ) -> Result<(), ReplayError> {
        let record = Record::decode(offset, key, value)?;
        if let Record::Classic { group: id, value: Some(value) } = record {
            let classic = ClassicGroup::from_value(own::text(&id), &value);
            self.change(&id, |group| group.membership = Membership::Classic(Box::new(classic)));
        } else {
            self.apply(record, producer_id, AppendId::default());
        }
        Ok(())
    }

    /// Applies a commit or abort marker of the log.
    pub fn replay_end_of_transaction(&mut self, producer_id: i64, committed: bool) {
        self.end_of_transaction_appended(producer_id, committed, AppendId::default());
    }

    /// Applies a marker that stands in the log.
    pub(super) fn end_of_transaction_appended(&mut self, producer_id: i64, committed: bool, id: AppendId) {
        for group_id in self.transactions.remove(&producer_id).unwrap_or_default() {
            let Some(group) = self.groups.get_mut(&group_id) else { continue };
            group.offsets.end_transaction(producer_id, committed);
            group.offsets.changed_by = group.offsets.changed_by.max(id);
            // It was made for offsets that came to nothing.
            if matches!(group.membership, Membership::Simple) && group.offsets.is_empty() {
                self.groups.remove(&group_id);
            }
        }
    }

    /// Applies a record that the shard itself has decided on. What a classic group stores of itself is no news to it.
    pub(super) fn apply_live(&mut self, mut record: Record, offset: i64, producer_id: i64, id: AppendId) {
        if let Record::Offset { value: Some(value), .. } = &mut record {
            value.record_offset = offset;
        }
        self.apply(record, producer_id, id);
    }

    fn apply(&mut self, record: Record, producer_id: i64, id: AppendId) {
        match record {
            Record::Offset { group, topic, partition, value: Some(value) } if producer_id >= 0 => {
                self.transactions.entry(producer_id).or_default().insert(own::text(&group));
                self.change(&group, |group| group.offsets.put_open(producer_id, &topic, partition, value));
            }
            Record::Offset { group, topic, partition, value: Some(value) } => self.change(&group, |group| {
                group.offsets.put(&topic, partition, value);
                group.offsets.changed_by = id;
            }),
            Record::Offset { group, topic, partition, value: None } => {
                if let Some(group) = self.groups.get_mut(&group) {
                    group.offsets.remove(&topic, partition);
                    group.offsets.changed_by = id;
                }
            }
            Record::Classic { group, value: None } => {
                self.forget(&group, |membership| !matches!(membership, Membership::Other(_)));
            }
            Record::Other { group, kind, key, deletes } => self.apply_other(&group, kind, key, deletes),
            Record::Classic { value: Some(_), .. } | Record::Unknown => {}
        }
    }

    fn apply_other(&mut self, id: &ByteString, kind: OtherType, key: Bytes, deletes: bool) {
        let same = |membership: &Membership| match membership {
            Membership::Other(other) => other.group_type() == kind.group_type(),
            Membership::Simple | Membership::Classic(_) => false,
        };
        if deletes && kind.is_group() {
            return self.forget(id, same);
        }
        if deletes && !self.groups.get(id).is_some_and(|group| same(&group.membership)) {
            return;
        }
        self.change(id, |group| {
            if !same(&group.membership) {
                group.membership = Membership::Other(Box::new(OtherGroup::new(kind.group_type())));
            }
            if let Membership::Other(other) = &mut group.membership {
                other.replay(kind, key, deletes);
            }
        });
    }

    /// Changes a group, which is made if there is none.
    fn change(&mut self, id: &ByteString, change: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.get_mut(id) {
            return change(group);
        }
        let mut group = Group::default();
        change(&mut group);
        self.groups.insert(own::text(id), group);
    }

    /// The record that made a group is deleted: offsets that are left, if any, are a simple group's.
    fn forget(&mut self, id: &ByteString, concerned: impl Fn(&Membership) -> bool) {
        if let Some(group) = self.groups.get(id)
            && concerned(&group.membership)
        {
            self.restore(id, Membership::Simple);
        }
    }

    pub(super) fn restore(&mut self, id: &ByteString, before: Membership) {
        if let Some(group) = self.groups.get_mut(id) {
            group.membership = before;
            if matches!(group.membership, Membership::Simple) && group.offsets.is_empty() {
                self.groups.remove(id);
            }
        }
    }
}
