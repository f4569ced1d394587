//! The features that a node of ours supports and finalises, and what each level of `metadata.version` brings.

use std::ops::RangeInclusive;

pub const METADATA_VERSION: &str = "metadata.version";
pub const ELIGIBLE_LEADER_REPLICAS: &str = "eligible.leader.replicas.version";
pub const KRAFT_VERSION: &str = "kraft.version";

/// A feature, the levels that we support, and the level at which a new cluster starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    pub name: &'static str,
    pub supported: RangeInclusive<i16>,
    /// `None` for what is not finalised by a metadata record.
    pub initial: Option<i16>,
}

/// All of them, in the order in which a new cluster's bootstrap records name them. As Apache Kafka 4.3.
pub const FEATURES: [Feature; 7] = [
    feature(METADATA_VERSION, 7..=30, Some(30)),
    feature(ELIGIBLE_LEADER_REPLICAS, 0..=1, Some(1)),
    feature("group.version", 0..=1, Some(1)),
    feature("share.version", 0..=1, Some(1)),
    feature("streams.version", 0..=1, Some(1)),
    feature("transaction.version", 0..=2, Some(2)),
    feature(KRAFT_VERSION, 0..=1, None),
];

const fn feature(name: &'static str, supported: RangeInclusive<i16>, initial: Option<i16>) -> Feature {
    Feature { name, supported, initial }
}

/// The levels of a feature that we support.
pub fn supported(name: &str) -> Option<RangeInclusive<i16>> {
    FEATURES.iter().find(|feature| feature.name == name).map(|feature| feature.supported.clone())
}

/// The first level of `metadata.version` whose partition records name directories (3.7-IV2).
pub(crate) const DIRECTORY_ASSIGNMENT_FROM: i16 = 17;
/// The first level whose partition records may carry eligible leader replicas (4.0-IV1).
pub(crate) const ELR_RECORDS_FROM: i16 = 23;
/// The first level whose broker registrations may carry cordoned directories (4.3-IV0).
pub(crate) const CORDONED_DIRECTORIES_FROM: i16 = 30;
