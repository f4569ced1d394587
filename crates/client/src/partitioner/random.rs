//! Where partitioners take their chances from.

/// A source of random numbers. A seeded one makes a partitioner repeat itself.
pub trait RandomSource: Send {
    /// The next number, of all 32 bits.
    fn next_u32(&mut self) -> u32;

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: u32) -> u32 {
        let scaled = (u64::from(self.next_u32()) * u64::from(bound)) >> 32;
        u32::try_from(scaled).expect("a product of 32 bits by 32 bits has 32 bits above the lower 32")
    }
}

impl<F: FnMut() -> u32 + Send> RandomSource for F {
    fn next_u32(&mut self) -> u32 {
        self()
    }
}

/// Steele, Lea and Flood's generator: a counter, scrambled. Good enough to spread records, and eight bytes of state.
#[derive(Clone, Debug)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// The generator that begins at `seed`.
    pub fn new(seed: u64) -> SplitMix64 {
        SplitMix64 { state: seed }
    }
}

impl RandomSource for SplitMix64 {
    fn next_u32(&mut self) -> u32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) >> 32).expect("the upper half has 32 bits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = SplitMix64::new(1_234_567);
        // The upper halves of the reference implementation's first numbers for this seed.
        let expected = [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        for number in expected {
            assert_eq!(u64::from(random.next_u32()), number >> 32);
        }
    }

    #[test]
    fn numbers_below_a_bound_reach_all_of_it_about_equally() {
        let mut random = SplitMix64::new(4);
        let mut seen = [0_u32; 7];
        for _ in 0..70_000 {
            seen[random.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (9_500..10_500).contains(count)), "{seen:?}");
    }
}
