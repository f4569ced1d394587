//! Features: what brokers can do, and what the cluster has agreed to do.

use std::collections::BTreeMap;

use ottla_wire::messages::update_features_request::FeatureUpdateKey;
use ottla_wire::messages::{ApiVersionsRequest, UpdateFeaturesRequest};

use super::{Admin, known};
use crate::{Call, Destination, Result};

/// The first and the last level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionRange {
    /// The first.
    pub min: i16,
    /// The last.
    pub max: i16,
}

/// Features of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Features {
    /// What all brokers do: those that are off are not there.
    pub finalized: BTreeMap<String, VersionRange>,
    /// Which change of `finalized` this is, if there was one.
    pub finalized_epoch: Option<i64>,
    /// What the broker that was asked can do.
    pub supported: BTreeMap<String, VersionRange>,
}

/// A change of a feature's level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureUpdate {
    /// The level that it shall have; 0 turns it off.
    pub level: i16,
    /// Whether the level may be a lower one.
    pub upgrade: UpgradeType,
}

/// Whether a feature's level may become a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpgradeType {
    /// It may not.
    Upgrade,
    /// It may, if nothing is lost by it.
    SafeDowngrade,
    /// It may, whatever is lost by it.
    UnsafeDowngrade,
}

impl Admin {
    /// What brokers can do and what the cluster does; of this broker or any.
    pub async fn describe_features(&self, broker: Option<crate::BrokerId>) -> Result<Features> {
        let request = ApiVersionsRequest {
            client_software_name: env!("CARGO_PKG_NAME").into(),
            client_software_version: env!("CARGO_PKG_VERSION").into(),
        };
        let call = Call::to(broker.map_or(Destination::Any, Destination::Broker));
        self.ask(&call.versions(3..=i16::MAX), &request, |response, answer| {
            answer.check(response.error_code, None)?;
            let finalized = response.finalized_features.iter().map(|feature| {
                let range = VersionRange { min: feature.min_version_level, max: feature.max_version_level };
                (feature.name.to_string(), range)
            });
            let supported = response.supported_features.iter().map(|feature| {
                let range = VersionRange { min: feature.min_version, max: feature.max_version };
                (feature.name.to_string(), range)
            });
            Ok(Features {
                finalized: finalized.collect(),
                finalized_epoch: known(response.finalized_features_epoch),
                supported: supported.collect(),
            })
        })
        .await
    }

    /// Changes levels of features, all or none; with `validate_only` says whether it could.
    pub async fn update_features(
        &self,
        updates: &BTreeMap<&str, FeatureUpdate>,
        validate_only: bool,
    ) -> Result<()> {
        let feature_updates = updates.iter().map(|(feature, update)| FeatureUpdateKey {
            feature: (*feature).into(),
            max_version_level: update.level,
            allow_downgrade: update.upgrade != UpgradeType::Upgrade,
            upgrade_type: match update.upgrade {
                UpgradeType::Upgrade => 1,
                UpgradeType::SafeDowngrade => 2,
                UpgradeType::UnsafeDowngrade => 3,
            },
        });
        let request = UpdateFeaturesRequest {
            timeout_ms: self.timeout_ms(),
            feature_updates: feature_updates.collect(),
            validate_only,
        };
        self.ask_controller(&request, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())?;
            // Up to version 1 each feature has its own code.
            let refused = response.results.iter().find(|result| result.error_code != 0);
            refused.map_or(Ok(()), |it| answer.check(it.error_code, it.error_message.as_deref()))
        })
        .await
    }
}
