//! What replaying the metadata records gives.
//!
//! A record either applies at once, or, within a metadata transaction (KIP-868), when the transaction ends:
//!
//! ```text
//! state        record              next         effect
//! plain        Begin               transaction
//! plain        any other           plain        applied
//! transaction  End                 plain        what was kept is applied, in order
//! transaction  Abort               plain        what was kept is dropped
//! transaction  any other           transaction  kept
//! ```

mod cluster;
mod configs;
mod partition;
mod quotas;
mod security;
mod snapshot;
mod topics;

use std::collections::BTreeMap;

use bytestring::ByteString;
use ottla_wire::messages::{ClearElrRecord, FeatureLevelRecord, MetadataRecord, ProducerIdsRecord};
use uuid::Uuid;

use crate::{Change, features};

pub use cluster::{Broker, Cluster, Endpoint};
pub use configs::{ConfigResource, Configs, Overrides, ResourceKind};
pub use partition::{LeaderRecovery, Partition};
pub use quotas::{Entity as QuotaEntity, Quotas};
pub use security::Security;
pub use topics::{Topic, Topics};

/// The state of the cluster. Cheap to read: topics are found by name or id at once, partitions by index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    topics: Topics,
    configs: Configs,
    cluster: Cluster,
    features: BTreeMap<ByteString, i16>,
    next_producer_id: i64,
    quotas: Quotas,
    security: Security,
    /// Records of a metadata transaction that has not ended.
    transaction: Option<Vec<MetadataRecord>>,
}

/// A record that does not fit what was replayed before it: the log is not one that a controller wrote, or was written
/// by a newer one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error("{record} names topic {topic}, which there is not")]
    UnknownTopic { record: &'static str, topic: String },
    #[error("{record} names partition {partition} of topic {topic}, which there is not")]
    UnknownPartition { record: &'static str, topic: String, partition: i32 },
    #[error("topic {name} is created twice")]
    DuplicateTopic { name: ByteString },
    #[error("{record} names broker {broker}, which is not registered with epoch {epoch}")]
    UnknownBroker { record: &'static str, broker: i32, epoch: i64 },
    #[error("unknown config resource type {0}")]
    UnknownResourceKind(i8),
    #[error(
        "feature {name} is at level {level}, which this version does not support (it supports {supported})"
    )]
    UnsupportedFeature { name: ByteString, level: i16, supported: String },
    #[error("next producer id {next} is not above {current}")]
    ProducerIdsReused { next: i64, current: i64 },
    #[error("{0} outside a metadata transaction")]
    NoTransaction(&'static str),
    #[error("a metadata transaction begins within another")]
    NestedTransaction,
    #[error("{record} has {name} {value}, which is none")]
    BadValue { record: &'static str, name: &'static str, value: i64 },
}

impl Image {
    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    pub fn configs(&self) -> &Configs {
        &self.configs
    }

    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The finalised features and their levels, by name. A feature at level 0 is not among them.
    pub fn features(&self) -> &BTreeMap<ByteString, i16> {
        &self.features
    }

    /// The finalised level of a feature, 0 where it is not finalised.
    pub fn feature_level(&self, name: &str) -> i16 {
        self.features.get(name).copied().unwrap_or(0)
    }

    pub fn metadata_version(&self) -> i16 {
        self.feature_level(features::METADATA_VERSION)
    }

    /// The first producer id that no block holds.
    pub fn next_producer_id(&self) -> i64 {
        self.next_producer_id
    }

    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    pub fn security(&self) -> &Security {
        &self.security
    }

    /// Whether a metadata transaction has begun and not ended.
    pub fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    pub(crate) fn elr_enabled(&self) -> bool {
        self.feature_level(features::ELIGIBLE_LEADER_REPLICAS) > 0
    }

    /// Applies a record: the only way the image changes, live and after a restart. What changed is added to `changes`.
    pub fn replay(&mut self, record: MetadataRecord, changes: &mut Vec<Change>) -> Result<(), ReplayError> {
        match (record, self.transaction.take()) {
            (MetadataRecord::BeginTransaction(_), None) => self.transaction = Some(Vec::new()),
            (MetadataRecord::BeginTransaction(_), Some(_)) => return Err(ReplayError::NestedTransaction),
            (MetadataRecord::EndTransaction(_), Some(kept)) => {
                for record in kept {
                    self.apply(record, changes)?;
                }
            }
            (MetadataRecord::AbortTransaction(_), Some(_)) => {}
            (record @ (MetadataRecord::EndTransaction(_) | MetadataRecord::AbortTransaction(_)), None) => {
                return Err(ReplayError::NoTransaction(record.name()));
            }
            (record, Some(mut kept)) => {
                kept.push(record);
                self.transaction = Some(kept);
            }
            (record, None) => self.apply(record, changes)?,
        }
        Ok(())
    }

    fn apply(&mut self, record: MetadataRecord, changes: &mut Vec<Change>) -> Result<(), ReplayError> {
        use MetadataRecord as R;
        match record {
            R::Topic(record) => changes.push(self.topics.create(record)?),
            R::Partition(record) => changes.push(self.topics.put_partition(record)?),
            R::PartitionChange(record) => changes.push(self.topics.change_partition(record)?),
            R::RemoveTopic(record) => self.remove_topic(record.topic_id, changes)?,
            R::ClearElr(record) => self.clear_elr(&record, changes)?,
            R::Config(record) => changes.push(self.configs.set(record)?),
            R::RegisterBroker(record) => changes.push(self.cluster.register(record)),
            R::UnregisterBroker(record) => changes.push(self.cluster.unregister(&record)?),
            R::FenceBroker(record) => changes.push(self.cluster.set_fenced(record.id, record.epoch, true)?),
            R::UnfenceBroker(record) => {
                changes.push(self.cluster.set_fenced(record.id, record.epoch, false)?)
            }
            R::BrokerRegistrationChange(record) => changes.push(self.cluster.change(record)?),
            R::RegisterController(record) => self.cluster.register_controller(record),
            R::FeatureLevel(record) => changes.push(self.finalize(&record)?),
            R::ProducerIds(record) => changes.push(self.allocate(&record)?),
            R::ClientQuota(record) => changes.push(self.quotas.replay(record)),
            R::UserScramCredential(record) => changes.push(self.security.put_credential(record)),
            R::RemoveUserScramCredential(record) => changes.push(self.security.remove_credential(&record)),
            R::DelegationToken(record) => changes.push(self.security.put_token(record)),
            R::RemoveDelegationToken(record) => changes.push(self.security.remove_token(&record)),
            R::AccessControlEntry(record) => changes.push(self.security.put_acl(record)),
            R::RemoveAccessControlEntry(record) => changes.push(self.security.remove_acl(&record)),
            // The idle tick of a controller, and a migration that ended with Kafka 3.
            R::NoOp(_) | R::ZkMigrationState(_) => {}
            R::BeginTransaction(_) | R::EndTransaction(_) | R::AbortTransaction(_) => {
                unreachable!("transaction records are not kept within a transaction")
            }
        }
        Ok(())
    }

    fn remove_topic(&mut self, id: Uuid, changes: &mut Vec<Change>) -> Result<(), ReplayError> {
        let topic = self.topics.remove(id)?;
        self.configs.remove(ResourceKind::Topic, &topic.name);
        changes.push(Change::TopicDeleted(topic));
        Ok(())
    }

    /// An empty name means every topic.
    fn clear_elr(&mut self, record: &ClearElrRecord, changes: &mut Vec<Change>) -> Result<(), ReplayError> {
        if record.topic_name.is_empty() {
            self.topics.clear_every_elr(changes);
            return Ok(());
        }
        let topic = self.topics.id(&record.topic_name).ok_or_else(|| ReplayError::UnknownTopic {
            record: "ClearElrRecord",
            topic: record.topic_name.to_string(),
        })?;
        self.topics.clear_elr(topic, changes);
        Ok(())
    }

    fn finalize(&mut self, record: &FeatureLevelRecord) -> Result<Change, ReplayError> {
        let level = record.feature_level;
        let supported = features::supported(&record.name);
        if !supported.as_ref().is_some_and(|range| range.contains(&level)) {
            let supported = supported.map_or("none".to_owned(), |range| format!("{range:?}"));
            return Err(ReplayError::UnsupportedFeature { name: owned(&record.name), level, supported });
        }
        if level == 0 {
            self.features.remove(&record.name);
        } else {
            self.features.insert(owned(&record.name), level);
        }
        Ok(Change::FeatureChanged(owned(&record.name)))
    }

    fn allocate(&mut self, record: &ProducerIdsRecord) -> Result<Change, ReplayError> {
        let (next, current) = (record.next_producer_id, self.next_producer_id);
        if next <= current {
            return Err(ReplayError::ProducerIdsReused { next, current });
        }
        self.next_producer_id = next;
        Ok(Change::ProducerIdsAllocated { next })
    }
}

/// A copy of its own: a string that was sliced from a record would keep the whole batch in memory.
fn owned(name: &ByteString) -> ByteString {
    ByteString::from(&**name)
}
