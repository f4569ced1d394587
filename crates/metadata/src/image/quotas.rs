//! Client quotas: kept for the day they are enforced.

use std::collections::BTreeMap;

use bytestring::ByteString;
use ottla_wire::messages::{ClientQuotaRecord, client_quota_record::EntityData};

use super::owned;
use crate::Change;

/// Whom a quota binds: values by type (`user`, `client-id`, `ip`); `None` is the default of its type.
pub type Entity = BTreeMap<ByteString, Option<ByteString>>;

/// Limits by entity and key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quotas {
    by_entity: BTreeMap<Entity, BTreeMap<ByteString, f64>>,
}

impl Quotas {
    pub fn iter(&self) -> impl Iterator<Item = (&Entity, &BTreeMap<ByteString, f64>)> {
        self.by_entity.iter()
    }

    pub(super) fn replay(&mut self, record: ClientQuotaRecord) -> Change {
        let entity: Entity = record
            .entity
            .iter()
            .map(|part| (owned(&part.entity_type), part.entity_name.as_ref().map(owned)))
            .collect();
        if record.remove {
            self.remove(&entity, &record.key);
        } else {
            self.by_entity.entry(entity).or_default().insert(owned(&record.key), record.value);
        }
        Change::QuotasChanged
    }

    fn remove(&mut self, entity: &Entity, key: &str) {
        let Some(limits) = self.by_entity.get_mut(entity) else { return };
        limits.remove(key);
        if limits.is_empty() {
            self.by_entity.remove(entity);
        }
    }

    pub(super) fn records(&self) -> impl Iterator<Item = ClientQuotaRecord> {
        self.iter().flat_map(|(entity, limits)| limits.iter().map(|(key, value)| record(entity, key, *value)))
    }
}

fn record(entity: &Entity, key: &ByteString, value: f64) -> ClientQuotaRecord {
    let part = |(entity_type, name): (&ByteString, &Option<ByteString>)| EntityData {
        entity_type: entity_type.clone(),
        entity_name: name.clone(),
    };
    ClientQuotaRecord { entity: entity.iter().map(part).collect(), key: key.clone(), value, remove: false }
}
