use std::fmt;

/// The place of an entry in the journal: 1, 2, 3, .. over the whole life of a data directory, without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lsn(u64);

impl Lsn {
    /// Before the first entry.
    pub const ZERO: Lsn = Lsn(0);
    pub(super) const MAX: Lsn = Lsn(u64::MAX);

    pub const fn new(number: u64) -> Lsn {
        Lsn(number)
    }

    pub const fn get(self) -> u64 {
        self.0
    }

    #[must_use]
    pub fn next(self) -> Lsn {
        Lsn(self.0.saturating_add(1))
    }

    /// The one before; of none, none.
    #[must_use]
    pub fn previous(self) -> Lsn {
        Lsn(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
