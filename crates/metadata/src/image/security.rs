//! Credentials, delegation tokens and ACLs: kept for the day they are asked for.

use std::collections::BTreeMap;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::messages::{
    AccessControlEntryRecord, DelegationTokenRecord, RemoveAccessControlEntryRecord,
    RemoveDelegationTokenRecord, RemoveUserScramCredentialRecord, UserScramCredentialRecord,
};
use uuid::Uuid;

use super::owned;
use crate::Change;

/// What was recorded, as it was recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Security {
    /// By mechanism and user: one map, so that removing a mechanism's last user cannot lose the next one that is set.
    credentials: BTreeMap<(i8, ByteString), UserScramCredentialRecord>,
    tokens: BTreeMap<ByteString, DelegationTokenRecord>,
    acls: BTreeMap<Uuid, AccessControlEntryRecord>,
}

impl Security {
    pub fn credential(&self, mechanism: i8, user: &str) -> Option<&UserScramCredentialRecord> {
        self.credentials.get(&(mechanism, ByteString::from(user)))
    }

    pub fn credentials(&self) -> impl Iterator<Item = &UserScramCredentialRecord> {
        self.credentials.values()
    }

    pub fn tokens(&self) -> impl Iterator<Item = &DelegationTokenRecord> {
        self.tokens.values()
    }

    pub fn acls(&self) -> impl Iterator<Item = &AccessControlEntryRecord> {
        self.acls.values()
    }

    pub(super) fn put_credential(&mut self, mut record: UserScramCredentialRecord) -> Change {
        record.name = owned(&record.name);
        for secret in [&mut record.salt, &mut record.stored_key, &mut record.server_key] {
            *secret = Bytes::copy_from_slice(secret);
        }
        self.credentials.insert((record.mechanism, record.name.clone()), record);
        Change::SecurityChanged
    }

    pub(super) fn remove_credential(&mut self, record: &RemoveUserScramCredentialRecord) -> Change {
        self.credentials.remove(&(record.mechanism, record.name.clone()));
        Change::SecurityChanged
    }

    pub(super) fn put_token(&mut self, mut record: DelegationTokenRecord) -> Change {
        for name in [&mut record.owner, &mut record.requester, &mut record.token_id] {
            *name = owned(name);
        }
        for renewer in &mut record.renewers {
            *renewer = owned(renewer);
        }
        self.tokens.insert(record.token_id.clone(), record);
        Change::SecurityChanged
    }

    pub(super) fn remove_token(&mut self, record: &RemoveDelegationTokenRecord) -> Change {
        self.tokens.remove(&record.token_id);
        Change::SecurityChanged
    }

    pub(super) fn put_acl(&mut self, mut record: AccessControlEntryRecord) -> Change {
        for name in [&mut record.resource_name, &mut record.principal, &mut record.host] {
            *name = owned(name);
        }
        self.acls.insert(record.id, record);
        Change::SecurityChanged
    }

    pub(super) fn remove_acl(&mut self, record: &RemoveAccessControlEntryRecord) -> Change {
        self.acls.remove(&record.id);
        Change::SecurityChanged
    }
}
