//! Which versions of requests a broker serves.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use ottla_wire::messages::{ApiVersionsResponse, ProduceRequest};
use ottla_wire::{Message as _, Request};

use crate::{Error, Result};

/// From this version of Produce on (Kafka 2.0), brokers answer at once and let clients do the waiting.
const PRODUCE_OF_KIP_219: i16 = 6;

/// What a broker told when it was connected to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Versions {
    ranges: BTreeMap<i16, (i16, i16)>,
    features: Features,
}

/// What the cluster agreed on, as one of its brokers tells when it is connected to (KIP-584).
#[derive(Clone, Debug)]
pub(crate) struct Features {
    /// Counts what was agreed on; -1 where the broker does not know.
    epoch: i64,
    levels: BTreeMap<String, i16>,
}

impl Versions {
    pub(super) fn of(response: &ApiVersionsResponse) -> Versions {
        let ranges = response.api_keys.iter().map(|key| (key.api_key, (key.min_version, key.max_version)));
        Versions { ranges: ranges.collect(), features: Features::of(response) }
    }

    /// The newest version that the broker, this crate and the caller have in common.
    pub(crate) fn choose<R: Request>(
        &self,
        broker: &Arc<str>,
        permitted: &RangeInclusive<i16>,
    ) -> Result<i16> {
        let least = R::MIN_VERSION.max(*permitted.start());
        let most = R::MAX_VERSION.min(*permitted.end());
        let served = self.ranges.get(&R::API_KEY);
        if let Some((min, max)) = served {
            let version = most.min(*max);
            if version >= least.max(*min) {
                return Ok(version);
            }
        }
        Err(Error::UnsupportedVersion {
            broker: broker.clone(),
            api: super::api_of::<R>(),
            served: served.map(|(min, max)| format!("{min}..={max}").into()),
            needed: (least, most),
        })
    }

    /// What the broker knew of the cluster's features.
    pub(crate) fn features(&self) -> &Features {
        &self.features
    }

    /// Whether the broker answers at once when it throttles, so that the client is to wait.
    pub(super) fn lets_clients_throttle(&self) -> bool {
        self.ranges.get(&ProduceRequest::API_KEY).is_some_and(|(_, max)| *max >= PRODUCE_OF_KIP_219)
    }
}

impl Features {
    fn of(response: &ApiVersionsResponse) -> Features {
        let features = response.finalized_features.iter();
        Features {
            epoch: response.finalized_features_epoch,
            levels: features.map(|f| (f.name.to_string(), f.max_version_level)).collect(),
        }
    }

    /// Takes what a broker told, unless another one has told what was agreed on later.
    pub(crate) fn learn(&mut self, told: &Features) {
        if told.epoch >= self.epoch {
            self.clone_from(told);
        }
    }

    /// The level of a feature; 0 stands for none.
    pub(crate) fn level(&self, name: &str) -> i16 {
        self.levels.get(name).copied().unwrap_or(0)
    }
}

impl Default for Features {
    fn default() -> Features {
        Features { epoch: -1, levels: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use ottla_wire::messages::FetchRequest;
    use ottla_wire::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey};

    use super::*;

    fn fetch(served: Option<(i16, i16)>, permitted: RangeInclusive<i16>) -> Result<i16> {
        let key = |(min_version, max_version)| ApiVersion { api_key: 1, min_version, max_version };
        let response =
            ApiVersionsResponse { api_keys: served.into_iter().map(key).collect(), ..Default::default() };
        Versions::of(&response).choose::<FetchRequest>(&"a:9092".into(), &permitted)
    }

    #[test]
    fn the_newest_common_version_is_chosen() {
        let any = 0..=i16::MAX;
        for (served, permitted, expected) in [
            ((0, 11), any.clone(), 11),
            ((4, i16::MAX), any.clone(), FetchRequest::MAX_VERSION),
            ((4, 17), 0..=12, 12),
            ((12, 17), 12..=12, 12),
        ] {
            assert_eq!(fetch(Some(served), permitted.clone()).unwrap(), expected, "{served:?} {permitted:?}");
        }
    }

    #[test]
    fn without_a_common_version_both_ranges_are_told() {
        for (served, permitted, expected) in [
            (Some((0, 3)), 4..=17, "a:9092 serves Fetch in the versions 0..=3; needed is one of 4..=17"),
            (Some((13, 17)), 4..=12, "a:9092 serves Fetch in the versions 13..=17; needed is one of 4..=12"),
            (None, 4..=12, "a:9092 does not serve Fetch"),
        ] {
            assert_eq!(fetch(served, permitted).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn what_was_agreed_on_last_counts_whichever_broker_tells_it() {
        let told = |epoch, max_version_level| {
            let name = "transaction.version".into();
            let feature = FinalizedFeatureKey { name, max_version_level, min_version_level: 0 };
            let response = ApiVersionsResponse {
                finalized_features_epoch: epoch,
                finalized_features: vec![feature],
                ..Default::default()
            };
            Features::of(&response)
        };
        let mut features = Features::default();
        assert_eq!(features.level("transaction.version"), 0);
        for (epoch, level, expected) in [(-1, 1, 1), (7, 1, 1), (9, 2, 2), (8, 1, 2), (-1, 1, 2), (9, 2, 2)] {
            features.learn(&told(epoch, level));
            assert_eq!(features.level("transaction.version"), expected, "{epoch}");
        }
    }
}
