//! Requests by kind: how many, of which versions, how long they took, and which errors they were answered with.
//!
//! A kind takes memory once it was served, its errors once there were any.

use std::{
    array,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use ottla_wire::{ApiKey, ErrorCode};

use super::distribution::{Counts, Distribution};

/// More than there are kinds.
const KINDS: usize = 128;
/// More than any kind has.
const VERSIONS: usize = 32;
/// More than there are error codes. The first one is that of -1, the unknown server error.
const ERRORS: usize = 192;

#[derive(Debug)]
pub(crate) struct Requests {
    /// By API key.
    kinds: [OnceLock<Box<Kind>>; KINDS],
}

#[derive(Debug, Default)]
struct Kind {
    times: Distribution,
    versions: [AtomicU64; VERSIONS],
    errors: OnceLock<Box<[AtomicU64; ERRORS]>>,
}

/// One kind, as a scrape finds it.
#[derive(Clone, Debug)]
pub(crate) struct KindCounts {
    pub(crate) api: ApiKey,
    /// In microseconds.
    pub(crate) times: Counts,
    /// Those that were asked for.
    pub(crate) versions: Vec<(usize, u64)>,
    /// Those that were answered.
    pub(crate) errors: Vec<(ErrorCode, u64)>,
}

impl Default for Requests {
    fn default() -> Requests {
        Requests { kinds: array::from_fn(|_| OnceLock::new()) }
    }
}

impl Requests {
    pub(crate) fn served(&self, api: ApiKey, version: i16, time: Duration) {
        let kind = self.kind(api);
        kind.times.record_time(time);
        let version = usize::try_from(version).unwrap_or(0).min(VERSIONS - 1);
        kind.versions[version].fetch_add(1, Relaxed);
    }

    /// Once for each error in an answer.
    pub(crate) fn failed(&self, api: ApiKey, error: ErrorCode) {
        let errors = self.kind(api).errors.get_or_init(|| Box::new([const { AtomicU64::new(0) }; ERRORS]));
        let place = usize::try_from(error.code() + 1).expect("codes begin at -1");
        errors[place].fetch_add(1, Relaxed);
    }

    fn kind(&self, api: ApiKey) -> &Kind {
        let place = usize::try_from(api.code()).expect("keys count from zero");
        self.kinds[place].get_or_init(Box::default)
    }

    /// The kinds that were served, in the order of their keys.
    pub(crate) fn counts(&self) -> Vec<KindCounts> {
        let served = |api: &ApiKey| {
            let place = usize::try_from(api.code()).expect("keys count from zero");
            self.kinds[place].get().map(|kind| kind.counts(*api))
        };
        ApiKey::ALL.iter().filter_map(served).collect()
    }
}

impl Kind {
    fn counts(&self, api: ApiKey) -> KindCounts {
        let versions = self.versions.iter().map(|count| count.load(Relaxed)).enumerate();
        let errors = self.errors.get().into_iter().flat_map(|errors| errors.iter().enumerate());
        let error = |(place, count): (usize, &AtomicU64)| {
            let code = i16::try_from(place).ok()? - 1;
            Some((ErrorCode::from_code(code)?, count.load(Relaxed)))
        };
        KindCounts {
            api,
            times: self.times.counts(),
            versions: versions.filter(|(_, count)| *count > 0).collect(),
            errors: errors.filter_map(error).filter(|(_, count)| *count > 0).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_place_for_every_kind_version_and_error() {
        let requests = Requests::default();
        for api in ApiKey::ALL {
            requests.served(*api, *api.versions().end(), Duration::from_millis(1));
            for code in i16::MIN..=i16::MAX {
                if let Some(error) = ErrorCode::from_code(code) {
                    requests.failed(*api, error);
                }
            }
        }
        let counts = requests.counts();
        assert_eq!(counts.len(), ApiKey::ALL.len());
        for kind in counts {
            let last = usize::try_from(*kind.api.versions().end()).unwrap();
            assert_eq!(kind.versions, [(last, 1)], "{}", kind.api.name());
            assert!(kind.errors.len() > 100 && kind.errors.iter().all(|(_, count)| *count == 1));
        }
    }

    #[test]
    fn kinds_that_were_never_asked_for_are_left_out() {
        let requests = Requests::default();
        requests.served(ApiKey::Fetch, 12, Duration::from_millis(3));
        requests.served(ApiKey::Fetch, 17, Duration::from_millis(3));
        let counts = requests.counts();
        let [fetch] = counts.as_slice() else { panic!("{counts:?}") };
        assert_eq!((fetch.api, fetch.times.total(), fetch.times.sum), (ApiKey::Fetch, 2, 6000));
        assert_eq!(fetch.versions, [(12, 1), (17, 1)]);
        assert!(fetch.errors.is_empty());
    }
}
