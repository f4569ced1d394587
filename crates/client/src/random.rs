//! The one place in the client that draws random numbers. None of them is a secret.

use std::hash::{BuildHasher as _, RandomState};

/// A number that cannot be foretold.
pub(crate) fn u64() -> u64 {
    RandomState::new().hash_one(())
}

/// At least 0 and less than 1.
pub(crate) fn fraction() -> f64 {
    f64::from(u32::try_from(u64() >> 32).expect("32 bits")) / (f64::from(u32::MAX) + 1.0)
}

/// Less than `end`, which is not 0.
pub(crate) fn below(end: usize) -> usize {
    let end = u64::try_from(end).expect("a usize has at most 64 bits");
    usize::try_from(u64() % end).expect("less than a usize")
}
