//! The share session with one broker: what it remembers of what is wanted, so that a request names only what changed. Pure.
//!
//! | the last answer | the next request |
//! |---|---|
//! | none yet | opens a session (epoch 0), and can tell of no records |
//! | was no error of the request as a whole | names what changed since (epoch + 1, after the greatest 1 again) |
//! | was one, or did not come | opens another session |
//! | whatever | at the end closes it (epoch -1): what was acquired and not acknowledged is released |

use std::collections::BTreeSet;

use ottla_wire::Uuid;

/// The epoch of a request that opens a session.
const INITIAL_EPOCH: i32 = 0;
/// The epoch of a request that closes one.
pub(super) const FINAL_EPOCH: i32 = -1;

/// A partition as this protocol names it.
pub(super) type Numbered = (Uuid, i32);

/// What changed since the broker was asked last.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) added: BTreeSet<Numbered>,
    pub(super) forgotten: BTreeSet<Numbered>,
}

#[derive(Debug, Default)]
pub(super) struct ShareSession {
    epoch: i32,
    partitions: BTreeSet<Numbered>,
}

impl ShareSession {
    /// Whether the broker knows of none: then it cannot be told of records.
    pub(super) fn is_new(&self) -> bool {
        self.epoch == INITIAL_EPOCH
    }

    pub(super) fn epoch(&self) -> i32 {
        self.epoch
    }

    /// From here on these are wanted.
    pub(super) fn want(&mut self, wanted: &BTreeSet<Numbered>) -> Changes {
        if self.is_new() {
            self.partitions.clear();
        }
        let changes = Changes {
            added: wanted.difference(&self.partitions).copied().collect(),
            forgotten: self.partitions.difference(wanted).copied().collect(),
        };
        self.partitions.clone_from(wanted);
        changes
    }

    /// The broker did what it was asked.
    pub(super) fn succeeded(&mut self) {
        self.epoch = self.epoch.checked_add(1).unwrap_or(1);
    }

    /// It did not, or nobody knows.
    pub(super) fn failed(&mut self) {
        self.epoch = INITIAL_EPOCH;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[i32]) -> BTreeSet<Numbered> {
        numbers.iter().map(|number| (Uuid::from_u128(1), *number)).collect()
    }

    fn check(session: &mut ShareSession, wanted: &[i32], epoch: i32, added: &[i32], forgotten: &[i32]) {
        assert_eq!(session.epoch(), epoch);
        let changes = session.want(&set(wanted));
        assert_eq!(changes, Changes { added: set(added), forgotten: set(forgotten) });
    }

    #[test]
    fn only_what_changed_is_named_until_something_fails() {
        let mut session = ShareSession::default();
        check(&mut session, &[0, 1], 0, &[0, 1], &[]);
        session.succeeded();
        check(&mut session, &[0, 1], 1, &[], &[]);
        session.succeeded();
        check(&mut session, &[1, 2], 2, &[2], &[0]);
        session.failed();
        assert!(session.is_new());
        check(&mut session, &[1], 0, &[1], &[]);
    }

    #[test]
    fn after_the_greatest_epoch_comes_the_first() {
        let mut session = ShareSession { epoch: i32::MAX, partitions: BTreeSet::new() };
        session.succeeded();
        assert_eq!(session.epoch(), 1);
    }
}
