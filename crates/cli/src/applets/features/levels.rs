//! What Apache Kafka 4.3 knows of its features: which release brought which level, and what a level needs.

use anyhow::{Context as _, Result, bail};

pub(in crate::applets) const METADATA_VERSION: &str = "metadata.version";

/// A level of `metadata.version`: the release that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::applets) struct MetadataVersion {
    pub(in crate::applets) level: i16,
    /// With its number within the release: `4.0-IV3`.
    pub(in crate::applets) name: &'static str,
}

/// In the order of their levels, of which the first is 7.
const RELEASES: [&str; 25] = [
    "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2", "3.7-IV0",
    "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2",
    "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0", "4.4-IV0",
];

const FIRST_LEVEL: i16 = 7;

/// The newest that is settled; what comes after it must be named in full.
const LATEST_PRODUCTION: i16 = 30;

impl MetadataVersion {
    fn all() -> impl DoubleEndedIterator<Item = MetadataVersion> {
        RELEASES.into_iter().enumerate().map(|(at, name)| {
            let at = i16::try_from(at).expect("there are few of them");
            MetadataVersion { level: FIRST_LEVEL + at, name }
        })
    }

    pub(in crate::applets) fn latest() -> MetadataVersion {
        MetadataVersion::of_level(LATEST_PRODUCTION).expect("it is among them")
    }

    pub(in crate::applets) fn of_level(level: i16) -> Option<MetadataVersion> {
        MetadataVersion::all().find(|version| version.level == level)
    }

    /// `4.0-IV3`, or the last of a release by `4.0` or `4.0.1`.
    pub(in crate::applets) fn of_release(text: &str) -> Result<MetadataVersion> {
        let release = match text.match_indices('.').nth(1) {
            Some((second_dot, _)) => &text[..second_dot],
            None => text,
        };
        let is_of = |it: &MetadataVersion| {
            it.level <= LATEST_PRODUCTION && it.name.split_once('-').is_some_and(|(name, _)| name == release)
        };
        let named = MetadataVersion::all().find(|version| version.name == release);
        named.or_else(|| MetadataVersion::all().rev().find(is_of)).with_context(|| {
            let known = RELEASES.join(", ");
            format!("Unknown metadata.version '{text}'. Supported metadata.version are: {known}")
        })
    }
}

/// A feature besides `metadata.version`.
#[derive(Debug)]
pub(in crate::applets) struct Feature {
    pub(in crate::applets) name: &'static str,
    /// The level of `metadata.version` that each level came with, beginning with 1; 0 was always there.
    since: &'static [i16],
    /// The level that needs one of `metadata.version`, and which.
    needs: Option<(i16, i16)>,
}

pub(in crate::applets) const FEATURES: [Feature; 6] = [
    Feature { name: "kraft.version", since: &[21], needs: None },
    Feature { name: "transaction.version", since: &[24, 24], needs: None },
    Feature { name: "group.version", since: &[22], needs: None },
    Feature { name: "eligible.leader.replicas.version", since: &[26], needs: Some((1, 23)) },
    Feature { name: "share.version", since: &[28], needs: None },
    Feature { name: "streams.version", since: &[29], needs: None },
];

impl Feature {
    pub(in crate::applets) fn of_name(name: &str) -> Result<&'static Feature> {
        FEATURES
            .iter()
            .find(|feature| feature.name == name)
            .with_context(|| format!("Unknown feature: {name}"))
    }

    /// The level that a cluster of this version begins with.
    pub(in crate::applets) fn default_level(&self, version: MetadataVersion) -> i16 {
        let reached = self.since.iter().take_while(|since| **since <= version.level).count();
        i16::try_from(reached).expect("there are few of them")
    }

    /// The level of `metadata.version` that a level needs, if it needs one.
    pub(in crate::applets) fn dependency(&self, level: i16) -> Result<Option<MetadataVersion>> {
        if !usize::try_from(level).is_ok_and(|level| level <= self.since.len()) {
            bail!("No feature:{} with feature level {level}", self.name);
        }
        let needed = self.needs.filter(|(needing, _)| *needing == level);
        Ok(needed.and_then(|(_, needed)| MetadataVersion::of_level(needed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_named_in_full_or_means_its_last_level() {
        for (text, expected) in [
            ("3.3", Some(7)),
            ("3.9", Some(21)),
            ("4.0", Some(25)),
            ("4.0.1", Some(25)),
            ("4.0-IV1", Some(23)),
            ("4.3", Some(30)),
            ("4.4-IV0", Some(31)),
            // Not settled yet.
            ("4.4", None),
            ("3.2", None),
            ("", None),
        ] {
            assert_eq!(MetadataVersion::of_release(text).ok().map(|it| it.level), expected, "{text}");
        }
        assert_eq!(MetadataVersion::latest().name, "4.3-IV0");
    }

    #[test]
    fn features_come_with_releases() {
        for (release, expected) in [
            ("3.8", [0, 0, 0, 0, 0, 0]),
            ("3.9", [1, 0, 0, 0, 0, 0]),
            ("4.0", [1, 2, 1, 0, 0, 0]),
            ("4.1", [1, 2, 1, 1, 0, 0]),
            ("4.2-IV0", [1, 2, 1, 1, 1, 0]),
            ("4.3", [1, 2, 1, 1, 1, 1]),
        ] {
            let version = MetadataVersion::of_release(release).expect("it is known");
            assert_eq!(FEATURES.map(|feature| feature.default_level(version)), expected, "{release}");
        }
    }
}
