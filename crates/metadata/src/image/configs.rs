//! What was configured for topics, brokers, groups and client metrics, apart from the brokers' own files.

use std::{collections::BTreeMap, sync::Arc};

use bytestring::ByteString;
use ottla_wire::messages::ConfigRecord;
use rustc_hash::FxHashMap;

use super::{ReplayError, owned};
use crate::Change;

/// Values by key, of one resource.
pub type Overrides = BTreeMap<ByteString, ByteString>;

/// What can be configured, by Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i8)]
pub enum ResourceKind {
    Topic = 2,
    /// A node, or with an empty name all of them.
    Broker = 4,
    /// Levels of the log; never stored.
    BrokerLogger = 8,
    ClientMetrics = 16,
    Group = 32,
}

impl ResourceKind {
    pub fn from_code(code: i8) -> Option<ResourceKind> {
        [Self::Topic, Self::Broker, Self::BrokerLogger, Self::ClientMetrics, Self::Group]
            .into_iter()
            .find(|kind| kind.code() == code)
    }

    pub fn code(self) -> i8 {
        self as i8
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConfigResource {
    pub kind: ResourceKind,
    pub name: ByteString,
}

impl ConfigResource {
    pub fn new(kind: ResourceKind, name: impl Into<ByteString>) -> ConfigResource {
        ConfigResource { kind, name: name.into() }
    }
}

/// The overrides of all resources. Those of one are shared: who holds them keeps reading what they were.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configs {
    by_kind: BTreeMap<ResourceKind, FxHashMap<ByteString, Arc<Overrides>>>,
}

impl Configs {
    /// `None` where nothing is overridden.
    pub fn get(&self, kind: ResourceKind, name: &str) -> Option<&Arc<Overrides>> {
        self.by_kind.get(&kind)?.get(name)
    }

    pub fn value(&self, kind: ResourceKind, name: &str, key: &str) -> Option<&ByteString> {
        self.get(kind, name)?.get(key)
    }

    /// Resources of this kind that have overrides, in no order.
    pub fn of_kind(&self, kind: ResourceKind) -> impl Iterator<Item = (&ByteString, &Arc<Overrides>)> {
        self.by_kind.get(&kind).into_iter().flatten()
    }

    /// In the order of kind and name.
    pub(super) fn sorted(&self) -> Vec<(ResourceKind, &ByteString, &Overrides)> {
        let mut all: Vec<_> = self
            .by_kind
            .iter()
            .flat_map(|(kind, resources)| {
                resources.iter().map(|(name, overrides)| (*kind, name, &**overrides))
            })
            .collect();
        all.sort_unstable_by_key(|(kind, name, _)| (*kind, *name));
        all
    }

    pub(super) fn set(&mut self, record: ConfigRecord) -> Result<Change, ReplayError> {
        let kind = ResourceKind::from_code(record.resource_type)
            .ok_or(ReplayError::UnknownResourceKind(record.resource_type))?;
        match &record.value {
            Some(value) => self.put(kind, &record, value),
            None => self.unset(kind, &record),
        }
        Ok(Change::ConfigsChanged(ConfigResource { kind, name: owned(&record.resource_name) }))
    }

    fn put(&mut self, kind: ResourceKind, record: &ConfigRecord, value: &ByteString) {
        let resources = self.by_kind.entry(kind).or_default();
        let overrides = resources.entry(owned(&record.resource_name)).or_default();
        Arc::make_mut(overrides).insert(owned(&record.name), owned(value));
    }

    fn unset(&mut self, kind: ResourceKind, record: &ConfigRecord) {
        let Some(resources) = self.by_kind.get_mut(&kind) else { return };
        let Some(overrides) = resources.get_mut(&record.resource_name) else { return };
        let overrides = Arc::make_mut(overrides);
        overrides.remove(&record.name);
        if overrides.is_empty() {
            self.remove(kind, &record.resource_name);
        }
    }

    pub(super) fn remove(&mut self, kind: ResourceKind, name: &str) {
        let Some(resources) = self.by_kind.get_mut(&kind) else { return };
        resources.remove(name);
        if resources.is_empty() {
            self.by_kind.remove(&kind);
        }
    }
}
