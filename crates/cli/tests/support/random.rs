//! Random choices that can be repeated: a test prints its seed.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

/// SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The seed that the variable `OTTLA_SEED` gives, else a new one. Printed, so that a failure tells it.
    pub(crate) fn seed() -> u64 {
        let given = std::env::var("OTTLA_SEED").ok();
        let seed = given.map_or_else(fresh, |text| text.parse().expect("OTTLA_SEED is a number"));
        eprintln!("OTTLA_SEED={seed}");
        seed
    }

    pub(crate) fn u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a usize is at most 64 bits");
        usize::try_from(self.u64() % end).expect("less than a usize")
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// True once in so many times.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.u64().to_be_bytes()[0]).collect()
    }
}

/// The system's random numbers, as the standard library gives them away.
pub(crate) fn fresh() -> u64 {
    RandomState::new().hash_one(())
}
