//! What a controller writes before anybody asks: into an empty log, and into one that it takes over.

use ottla_wire::messages::{
    AbortTransactionRecord, BeginTransactionRecord, ConfigRecord, EndTransactionRecord, FeatureLevelRecord,
    MetadataRecord,
};

use super::MIN_INSYNC_REPLICAS;
use crate::{Image, ResourceKind, features::FEATURES};

/// The levels at which a new cluster starts: what `bootstrap.checkpoint` holds.
pub fn bootstrap_records() -> Vec<MetadataRecord> {
    let level = |feature: &crate::features::Feature| {
        let feature_level = feature.initial?;
        Some(FeatureLevelRecord { name: feature.name.into(), feature_level }.into())
    };
    FEATURES.iter().filter_map(level).collect()
}

/// What a controller that becomes active appends. An empty log gets `bootstrap`, in one metadata transaction, and the
/// cluster's `min.insync.replicas`; any other one is relieved of a transaction that its last controller left open.
pub fn activation_records(
    image: &Image,
    bootstrap: &[MetadataRecord],
    min_insync_replicas: i32,
) -> Vec<MetadataRecord> {
    let mut records = Vec::new();
    if image.in_transaction() {
        records.push(AbortTransactionRecord { reason: Some("Controller failover".into()) }.into());
    }
    if image.metadata_version() == 0 {
        records.push(BeginTransactionRecord { name: Some("Bootstrap records".into()) }.into());
        records.extend_from_slice(bootstrap);
        records.push(min_insync_record(min_insync_replicas));
        records.push(EndTransactionRecord::default().into());
    }
    records
}

fn min_insync_record(replicas: i32) -> MetadataRecord {
    ConfigRecord {
        resource_type: ResourceKind::Broker.code(),
        resource_name: "".into(),
        name: MIN_INSYNC_REPLICAS.into(),
        value: Some(replicas.to_string().into()),
    }
    .into()
}
