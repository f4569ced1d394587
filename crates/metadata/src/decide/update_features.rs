//! UpdateFeatures. All of a request's updates are made, or none.

use ottla_wire::{
    ErrorCode,
    messages::{
        ConfigRecord, FeatureLevelRecord, MetadataRecord, UpdateFeaturesRequest, UpdateFeaturesResponse,
        update_features_request::FeatureUpdateKey, update_features_response::UpdatableFeatureResult,
    },
};

use super::{ApiError, Controller, Decision, MIN_INSYNC_REPLICAS};
use crate::{ResourceKind, features};

#[derive(Clone, Copy, PartialEq, Eq)]
enum UpgradeType {
    Upgrade,
    SafeDowngrade,
    UnsafeDowngrade,
}

impl Controller<'_> {
    pub fn update_features(&self, request: &UpdateFeaturesRequest) -> Decision<UpdateFeaturesResponse> {
        let mut records = Vec::new();
        for update in &request.feature_updates {
            if let Err(error) = self.update_feature(update, &mut records) {
                return Decision::none(failed(error));
            }
        }
        // Only the versions that name each feature's result hold these; the words are Kafka's.
        let result = |update: &FeatureUpdateKey| UpdatableFeatureResult {
            feature: update.feature.clone(),
            error_code: ErrorCode::None.code(),
            error_message: Some("NONE".into()),
        };
        let results = request.feature_updates.iter().map(result).collect();
        let response = UpdateFeaturesResponse { results, error_message: None, ..Default::default() };
        Decision { records, response }.unless(request.validate_only)
    }

    fn update_feature(
        &self,
        update: &FeatureUpdateKey,
        records: &mut Vec<MetadataRecord>,
    ) -> Result<(), ApiError> {
        let level = update.max_version_level;
        let current = self.image.feature_level(&update.feature);
        let upgrade_type = self.check_level(update)?;
        if level < current && upgrade_type == UpgradeType::Upgrade {
            return Err(invalid(
                update,
                "Can't downgrade the version of this feature without setting the upgrade type to either safe or \
                 unsafe downgrade.",
            ));
        }
        if level > current && upgrade_type != UpgradeType::Upgrade {
            return Err(invalid(update, "Can't downgrade to a newer version."));
        }
        if update.feature == features::METADATA_VERSION && level < current {
            return Err(metadata_downgrade(current, level, upgrade_type));
        }
        if update.feature == features::KRAFT_VERSION {
            return check_kraft_version(update);
        }
        if update.feature == features::ELIGIBLE_LEADER_REPLICAS && level > current {
            records.extend(self.min_insync_records());
        }
        records.push(FeatureLevelRecord { name: update.feature.clone(), feature_level: level }.into());
        Ok(())
    }

    fn check_level(&self, update: &FeatureUpdateKey) -> Result<UpgradeType, ApiError> {
        let level = update.max_version_level;
        let upgrade_type = upgrade_type(update)
            .ok_or_else(|| invalid(update, "The controller does not support the given upgrade type."))?;
        if level < 0 {
            return Err(invalid(update, "A feature version cannot be less than 0."));
        }
        let controller = format!("Local controller {}", self.settings.node_id);
        match features::supported(&update.feature) {
            None => Err(invalid(update, &format!("{controller} does not support this feature."))),
            Some(range) if !range.contains(&level) => {
                let (start, end) = range.into_inner();
                Err(invalid(update, &format!("{controller} only supports versions {start}-{end}")))
            }
            Some(_) => Ok(upgrade_type),
        }
    }

    /// With eligible leader replicas, `min.insync.replicas` is the cluster's: it is set there, and no broker's stays.
    fn min_insync_records(&self) -> Vec<MetadataRecord> {
        let record = |broker: &str, value| ConfigRecord {
            resource_type: ResourceKind::Broker.code(),
            resource_name: broker.into(),
            name: MIN_INSYNC_REPLICAS.into(),
            value,
        };
        let brokers = self.image.configs().of_kind(ResourceKind::Broker);
        let mut with_own: Vec<_> = brokers.filter(|(_, own)| own.contains_key(MIN_INSYNC_REPLICAS)).collect();
        with_own.sort_unstable_by_key(|(name, _)| *name);
        let mut records = Vec::new();
        if !with_own.iter().any(|(name, _)| name.is_empty()) {
            records.push(record("", Some(self.settings.min_insync_replicas.to_string().into())).into());
        }
        let own = with_own.into_iter().filter(|(name, _)| !name.is_empty());
        records.extend(own.map(|(name, _)| record(name, None).into()));
        records
    }
}

/// Version 0 of the request knows only whether a downgrade is allowed.
fn upgrade_type(update: &FeatureUpdateKey) -> Option<UpgradeType> {
    match update.upgrade_type {
        1 if update.allow_downgrade => Some(UpgradeType::SafeDowngrade),
        1 => Some(UpgradeType::Upgrade),
        2 => Some(UpgradeType::SafeDowngrade),
        3 => Some(UpgradeType::UnsafeDowngrade),
        _ => None,
    }
}

/// Voters that change (KIP-853) come with this level; our quorum is static.
fn check_kraft_version(update: &FeatureUpdateKey) -> Result<(), ApiError> {
    if update.max_version_level == 0 {
        return Ok(());
    }
    Err(invalid(update, "The voters of this quorum cannot be changed."))
}

fn metadata_downgrade(current: i16, level: i16, upgrade_type: UpgradeType) -> ApiError {
    let reason = if upgrade_type == UpgradeType::UnsafeDowngrade {
        "Unsafe metadata downgrade is not supported in this version."
    } else {
        "Refusing to perform the requested downgrade because it might delete metadata information."
    };
    let message = format!("Unsupported metadata.version downgrade from {current} to {level}. {reason}");
    ApiError::new(ErrorCode::InvalidUpdateVersion, message)
}

fn invalid(update: &FeatureUpdateKey, reason: &str) -> ApiError {
    let message = format!(
        "Invalid update version {} for feature {}. {reason}",
        update.max_version_level, update.feature
    );
    ApiError::new(ErrorCode::InvalidUpdateVersion, message)
}

fn failed(error: ApiError) -> UpdateFeaturesResponse {
    let reason = error.message.unwrap_or_default();
    let message =
        format!("The update failed for all features since the following feature had an error: {reason}");
    UpdateFeaturesResponse {
        error_code: error.code.code(),
        error_message: Some(message.into()),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::fixture::Node;

    fn request(feature: &str, max_version_level: i16, upgrade_type: i8) -> UpdateFeaturesRequest {
        let update = FeatureUpdateKey {
            feature: feature.into(),
            max_version_level,
            upgrade_type,
            ..Default::default()
        };
        UpdateFeaturesRequest { feature_updates: vec![update], ..Default::default() }
    }

    #[test]
    fn levels_that_cannot_be_are_refused_in_kafkas_words() {
        let node = Node::new();
        for (feature, level, upgrade_type, reason) in [
            (
                "group.version",
                99,
                1,
                "Invalid update version 99 for feature group.version. Local controller 1 only supports versions 0-1",
            ),
            (
                "no.such.feature",
                1,
                1,
                "Invalid update version 1 for feature no.such.feature. Local controller 1 does not support this feature.",
            ),
            (
                "metadata.version",
                7,
                1,
                "Invalid update version 7 for feature metadata.version. Can't downgrade the version of this feature \
                 without setting the upgrade type to either safe or unsafe downgrade.",
            ),
            (
                "metadata.version",
                29,
                2,
                "Unsupported metadata.version downgrade from 30 to 29. Refusing to perform the requested downgrade \
                 because it might delete metadata information.",
            ),
            (
                "metadata.version",
                21,
                3,
                "Unsupported metadata.version downgrade from 30 to 21. Unsafe metadata downgrade is not supported in \
                 this version.",
            ),
            (
                "group.version",
                -1,
                1,
                "Invalid update version -1 for feature group.version. A feature version cannot be less than 0.",
            ),
            (
                "group.version",
                1,
                9,
                "Invalid update version 1 for feature group.version. The controller does not support the given upgrade \
                 type.",
            ),
        ] {
            let Decision { records, response } =
                node.controller().update_features(&request(feature, level, upgrade_type));
            let message = format!(
                "The update failed for all features since the following feature had an error: {reason}"
            );
            assert_eq!(response.error_message.as_deref(), Some(&*message));
            assert_eq!((response.error_code, records.len()), (ErrorCode::InvalidUpdateVersion.code(), 0));
        }
    }

    #[test]
    fn a_feature_goes_down_when_that_is_asked_for_and_up_again() {
        let mut node = Node::new();
        for (level, upgrade_type) in [(1, 1), (0, 2), (1, 1)] {
            let decision = node.controller().update_features(&request("group.version", level, upgrade_type));
            let (response, _) = node.replay(decision);
            assert_eq!((response.error_code, response.error_message), (0, None));
            assert_eq!(node.image.feature_level("group.version"), level);
        }
    }

    #[test]
    fn enabling_eligible_leader_replicas_makes_min_insync_replicas_the_clusters() {
        let mut node = Node::new();
        for (level, upgrade_type) in [(0, 2), (1, 1)] {
            let decision = node.controller().update_features(&request(
                "eligible.leader.replicas.version",
                level,
                upgrade_type,
            ));
            node.replay(decision);
        }
        let value = node.image.configs().value(ResourceKind::Broker, "", MIN_INSYNC_REPLICAS);
        assert_eq!(value.map(|value| &**value), Some("1"));
    }
}
