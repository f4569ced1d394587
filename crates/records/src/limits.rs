/// How much a compressed batch may unpack to.
///
/// A batch of a few hundred bytes can hold gigabytes of zeros. Small batches may unpack at any ratio, since
/// honest clients send megabytes of equal bytes too; beyond `ratio_free_bytes` the ratio is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// No batch unpacks to more than this.
    pub unpacked_bytes_max: usize,
    /// Unpacked bytes for each compressed byte, beyond `ratio_free_bytes`.
    pub ratio_max: usize,
    /// Up to here the ratio does not matter.
    pub ratio_free_bytes: usize,
}

impl Limits {
    /// The most that `compressed` bytes may unpack to.
    pub fn allowed(&self, compressed: usize) -> usize {
        let by_ratio = compressed.saturating_mul(self.ratio_max).max(self.ratio_free_bytes);
        by_ratio.min(self.unpacked_bytes_max)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked_bytes_max: 128 << 20, ratio_max: 1_000, ratio_free_bytes: 16 << 20 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_counts_beyond_the_free_bytes_and_the_total_always() {
        let limits = Limits { unpacked_bytes_max: 10_000, ratio_max: 10, ratio_free_bytes: 500 };
        assert_eq!(limits.allowed(0), 500);
        assert_eq!(limits.allowed(50), 500);
        assert_eq!(limits.allowed(51), 510);
        assert_eq!(limits.allowed(usize::MAX), 10_000);
    }
}
