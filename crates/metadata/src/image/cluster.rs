//! The nodes: brokers and controllers.

use std::{collections::BTreeMap, ops::RangeInclusive};

use bytestring::ByteString;
use ottla_wire::messages::{
    BrokerRegistrationChangeRecord, RegisterBrokerRecord, RegisterControllerRecord, UnregisterBrokerRecord,
    register_broker_record::{BrokerEndpoint, BrokerFeature},
};
use uuid::Uuid;

use super::{ReplayError, owned};
use crate::Change;

/// Where a broker listens, by the name of its listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub name: ByteString,
    pub host: ByteString,
    pub port: u16,
    /// Kafka's number: 0 plaintext, 1 TLS, 2 SASL, 3 both.
    pub security_protocol: i16,
}

/// A broker, as it registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    pub id: i32,
    /// Which start of the broker this is.
    pub incarnation: Uuid,
    pub epoch: i64,
    pub endpoints: Vec<Endpoint>,
    pub features: BTreeMap<ByteString, RangeInclusive<i16>>,
    pub rack: Option<ByteString>,
    /// Registered, but not serving.
    pub fenced: bool,
    pub in_controlled_shutdown: bool,
    pub directories: Vec<Uuid>,
    /// Directories that get no new replicas; `None` where it never said.
    pub cordoned: Option<Vec<Uuid>>,
}

impl Broker {
    /// Whether it may lead partitions.
    pub fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }

    pub fn endpoint(&self, listener: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name == listener)
    }

    /// The directory that a new replica goes to: the only one; with several the broker chooses, and says so later.
    pub(crate) fn directory_for_new_replica(&self) -> Uuid {
        match self.directories[..] {
            [only] => only,
            _ => Uuid::nil(),
        }
    }

    fn from_record(record: RegisterBrokerRecord) -> Broker {
        Broker {
            id: record.broker_id,
            incarnation: record.incarnation_id,
            epoch: record.broker_epoch,
            endpoints: record.end_points.iter().map(Endpoint::from_record).collect(),
            features: record.features.iter().map(feature_range).collect(),
            rack: record.rack.as_ref().map(owned),
            fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            directories: record.log_dirs,
            cordoned: record.cordoned_log_dirs,
        }
    }

    pub(super) fn to_record(&self) -> RegisterBrokerRecord {
        RegisterBrokerRecord {
            broker_id: self.id,
            is_migrating_zk_broker: false,
            incarnation_id: self.incarnation,
            broker_epoch: self.epoch,
            end_points: self.endpoints.iter().map(Endpoint::to_record).collect(),
            features: self.features.iter().map(|(name, range)| feature_record(name, range)).collect(),
            rack: self.rack.clone(),
            fenced: self.fenced,
            in_controlled_shutdown: self.in_controlled_shutdown,
            log_dirs: self.directories.clone(),
            cordoned_log_dirs: self.cordoned.clone(),
        }
    }
}

impl Endpoint {
    fn from_record(record: &BrokerEndpoint) -> Endpoint {
        Endpoint {
            name: owned(&record.name),
            host: owned(&record.host),
            port: record.port,
            security_protocol: record.security_protocol,
        }
    }

    pub(crate) fn to_record(&self) -> BrokerEndpoint {
        BrokerEndpoint {
            name: self.name.clone(),
            host: self.host.clone(),
            port: self.port,
            security_protocol: self.security_protocol,
        }
    }
}

fn feature_range(feature: &BrokerFeature) -> (ByteString, RangeInclusive<i16>) {
    (owned(&feature.name), feature.min_supported_version..=feature.max_supported_version)
}

fn feature_record(name: &ByteString, range: &RangeInclusive<i16>) -> BrokerFeature {
    BrokerFeature {
        name: name.clone(),
        min_supported_version: *range.start(),
        max_supported_version: *range.end(),
    }
}

/// All nodes, by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    brokers: BTreeMap<i32, Broker>,
    controllers: BTreeMap<i32, RegisterControllerRecord>,
}

impl Cluster {
    pub fn broker(&self, id: i32) -> Option<&Broker> {
        self.brokers.get(&id)
    }

    /// Fenced ones too.
    pub fn brokers(&self) -> impl Iterator<Item = &Broker> {
        self.brokers.values()
    }

    pub fn controllers(&self) -> impl Iterator<Item = &RegisterControllerRecord> {
        self.controllers.values()
    }

    /// Whether the broker is registered and may lead partitions.
    pub fn is_active(&self, id: i32) -> bool {
        self.broker(id).is_some_and(Broker::is_active)
    }

    pub(super) fn register(&mut self, record: RegisterBrokerRecord) -> Change {
        let id = record.broker_id;
        self.brokers.insert(id, Broker::from_record(record));
        Change::BrokerChanged(id)
    }

    pub(super) fn unregister(&mut self, record: &UnregisterBrokerRecord) -> Result<Change, ReplayError> {
        self.registered("UnregisterBrokerRecord", record.broker_id, record.broker_epoch)?;
        self.brokers.remove(&record.broker_id);
        Ok(Change::BrokerRemoved(record.broker_id))
    }

    pub(super) fn set_fenced(&mut self, id: i32, epoch: i64, fenced: bool) -> Result<Change, ReplayError> {
        self.registered("FenceBrokerRecord", id, epoch)?.fenced = fenced;
        Ok(Change::BrokerChanged(id))
    }

    pub(super) fn change(&mut self, record: BrokerRegistrationChangeRecord) -> Result<Change, ReplayError> {
        let id = record.broker_id;
        let broker = self.registered("BrokerRegistrationChangeRecord", id, record.broker_epoch)?;
        broker.fenced = toggled(broker.fenced, record.fenced);
        broker.in_controlled_shutdown = toggled(broker.in_controlled_shutdown, record.in_controlled_shutdown);
        if !record.log_dirs.is_empty() {
            broker.directories = record.log_dirs;
        }
        if record.cordoned_log_dirs.is_some() {
            broker.cordoned = record.cordoned_log_dirs;
        }
        Ok(Change::BrokerChanged(id))
    }

    pub(super) fn register_controller(&mut self, mut record: RegisterControllerRecord) {
        for endpoint in &mut record.end_points {
            endpoint.name = owned(&endpoint.name);
            endpoint.host = owned(&endpoint.host);
        }
        for feature in &mut record.features {
            feature.name = owned(&feature.name);
        }
        self.controllers.insert(record.controller_id, record);
    }

    fn registered(
        &mut self,
        record: &'static str,
        broker: i32,
        epoch: i64,
    ) -> Result<&mut Broker, ReplayError> {
        self.brokers.get_mut(&broker).filter(|found| found.epoch == epoch).ok_or(ReplayError::UnknownBroker {
            record,
            broker,
            epoch,
        })
    }
}

/// A registration change says 1 for on, -1 for off and 0 for as it is.
fn toggled(now: bool, change: i8) -> bool {
    if change == 0 { now } else { change > 0 }
}
