//! What cumulative figures were a while ago, so that a scrape tells averages and quantiles of what is recent.
//!
//! ```text
//!  older ────── newer ────── now        told: now since older
//!    └─ one to two spans ─────┘         newer becomes older when it is a span old
//! ```
//!
//! It moves on when somebody scrapes: nobody else needs it.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use ottla_records::Offset;
use ottla_wire::ApiKey;

use super::distribution::Counts;

const SPAN: Duration = Duration::from_secs(60);

/// Cumulative figures at one time.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) at: Instant,
    /// Of all threads that serve connections.
    pub(crate) busy: Duration,
    /// Times of requests in microseconds. Kinds that are missing were never asked for.
    pub(crate) requests: Vec<(ApiKey, Counts)>,
    /// Times of commits of the metadata log in microseconds.
    pub(crate) commits: Counts,
    /// Where the metadata log ends.
    pub(crate) metadata_end: Offset,
}

#[derive(Debug)]
pub(crate) struct Recent {
    snapshots: Mutex<[Arc<Snapshot>; 2]>,
}

impl Snapshot {
    pub(crate) fn requests(&self, api: ApiKey) -> Option<&Counts> {
        self.requests.iter().find(|(kind, _)| *kind == api).map(|(_, counts)| counts)
    }
}

impl Recent {
    pub(crate) fn new(first: Snapshot) -> Recent {
        let first = Arc::new(first);
        Recent { snapshots: Mutex::new([Arc::clone(&first), first]) }
    }

    /// Takes what is now, and gives what was.
    pub(crate) fn since(&self, now: Snapshot) -> (Arc<Snapshot>, Arc<Snapshot>) {
        let now = Arc::new(now);
        let mut snapshots = self.snapshots.lock().expect("nobody panics with the lock held");
        let [older, newer] = &mut *snapshots;
        if now.at.saturating_duration_since(newer.at) >= SPAN {
            *older = std::mem::replace(newer, Arc::clone(&now));
        }
        (Arc::clone(older), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_is_one_to_two_spans_ago_if_somebody_scrapes_often() {
        let start = crate::clock::now();
        let at = |seconds: u64| Snapshot {
            at: start + Duration::from_secs(seconds),
            busy: Duration::ZERO,
            requests: Vec::new(),
            commits: Counts::default(),
            metadata_end: 0,
        };
        let recent = Recent::new(at(0));
        let check = |now: u64, expected: u64| {
            let (then, _) = recent.since(at(now));
            assert_eq!((then.at - start).as_secs(), expected, "at {now}");
        };
        check(0, 0);
        check(59, 0);
        check(61, 0);
        check(100, 0);
        check(122, 61);
        check(180, 61);
        check(500, 122);
        check(501, 122);
    }
}
