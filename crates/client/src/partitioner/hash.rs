//! From the bytes of a key to a partition: the hashes, and the ways in which a hash becomes one of n.

use std::fmt;

/// FNV-1a with 32 bits: sarama's and kafka-go's.
pub fn fnv1a(key: &[u8]) -> u32 {
    key.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// CRC-32 as in zlib: librdkafka's.
pub fn crc32(key: &[u8]) -> u32 {
    crc_fast::crc32_iso_hdlc(key)
}

/// Murmur2 as Java's client has it: with its seed, little-endian.
pub fn murmur2(key: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    // A key of 4 GiB is no record's; its length wraps as Java's would.
    let mut hash = SEED ^ u32::try_from(key.len() & 0xffff_ffff).expect("32 bits");
    let (words, rest) = key.as_chunks::<4>();
    for word in words {
        let mut mixed = u32::from_le_bytes(*word).wrapping_mul(M);
        mixed ^= mixed >> 24;
        hash = hash.wrapping_mul(M) ^ mixed.wrapping_mul(M);
    }
    if !rest.is_empty() {
        let last = rest.iter().rev().fold(0, |word, byte| (word << 8) | u32::from(*byte));
        hash = (hash ^ last).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// How 32 bits become a partition. Clients differ in what they take the uppermost bit for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignRule {
    /// The remainder of a signed number, without its sign.
    AbsoluteRemainder,
    /// The remainder after the sign bit is cleared: Java's.
    Masked,
    /// The remainder of an unsigned number.
    Unsigned,
}

impl SignRule {
    /// The partition, of `partitions`, which is not 0.
    fn partition(self, hash: u32, partitions: u32) -> i32 {
        let index = match self {
            SignRule::AbsoluteRemainder => (hash.cast_signed() % partitions.cast_signed()).unsigned_abs(),
            SignRule::Masked => (hash & 0x7fff_ffff) % partitions,
            SignRule::Unsigned => hash % partitions,
        };
        index.cast_signed()
    }
}

type Function = dyn Fn(&[u8]) -> u32 + Send + Sync;

/// A hash of keys and its sign rule.
pub struct KeyHash {
    function: Box<Function>,
    rule: SignRule,
}

impl KeyHash {
    /// Any function with any rule.
    pub fn new(function: impl Fn(&[u8]) -> u32 + Send + Sync + 'static, rule: SignRule) -> KeyHash {
        KeyHash { function: Box::new(function), rule }
    }

    /// sarama's and kafka-go's `Hash`, librdkafka's `fnv1a`.
    pub fn fnv1a() -> KeyHash {
        KeyHash::new(fnv1a, SignRule::AbsoluteRemainder)
    }

    /// sarama's and kafka-go's `ReferenceHash`.
    pub fn reference() -> KeyHash {
        KeyHash::new(fnv1a, SignRule::Masked)
    }

    /// sarama's `ConsistentCRC`, kafka-go's `CRC32Balancer`, librdkafka's `consistent`.
    pub fn crc32() -> KeyHash {
        KeyHash::new(crc32, SignRule::Unsigned)
    }

    /// Java's, and everybody's `murmur2`.
    pub fn murmur2() -> KeyHash {
        KeyHash::new(murmur2, SignRule::Masked)
    }

    /// The partition of a key, of `partitions`, which is neither 0 nor above `i32::MAX`.
    pub fn partition(&self, key: &[u8], partitions: u32) -> i32 {
        self.rule.partition((self.function)(key), partitions)
    }

    /// The same with another function.
    #[must_use]
    pub(super) fn with_function(self, function: impl Fn(&[u8]) -> u32 + Send + Sync + 'static) -> KeyHash {
        KeyHash { function: Box::new(function), ..self }
    }

    /// The same with another rule.
    #[must_use]
    pub(super) fn with_rule(self, rule: SignRule) -> KeyHash {
        KeyHash { rule, ..self }
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyHash").field("rule", &self.rule).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key; FNV-1a, CRC-32, Murmur2; and of ten partitions the one by `Hash`, `ReferenceHash`, CRC and Murmur2.
    const KEYS: &[(&[u8], [u32; 3], [i32; 4])] = &[
        (b"", [0x811c_9dc5, 0, 0x106e_08d9], [5, 3, 0, 1]),
        (b"a", [0xe40c_292c, 0xe8b7_be43, 0xa2d0_b27c], [6, 2, 7, 4]),
        (b"kafka", [0x0d33_c4e1, 0x5bbc_7517, 0xd067_cf64], [5, 5, 9, 0]),
        (b"user_123", [0x13ad_fb29, 0x635e_0259, 0xbaea_4ccf], [9, 9, 9, 5]),
        (b"Key-A", [0x1b17_d236, 0x9f28_e142, 0x815c_90d0], [4, 4, 0, 0]),
        (b"\x00\xff\x80", [0x728e_7760, 0x81dd_a740, 0x9562_0f7b], [6, 6, 6, 7]),
        ("订单".as_bytes(), [0x0553_38a0, 0xc2c1_5bb3, 0x1c63_8b56], [4, 4, 7, 2]),
    ];

    #[test]
    fn hashes_and_partitions_are_those_of_the_clients() {
        let rules = [KeyHash::fnv1a(), KeyHash::reference(), KeyHash::crc32(), KeyHash::murmur2()];
        for (key, hashes, partitions) in KEYS {
            assert_eq!([fnv1a(key), crc32(key), murmur2(key)], *hashes, "{key:?}");
            let chosen = rules.each_ref().map(|rule| rule.partition(key, 10));
            assert_eq!(chosen, *partitions, "{key:?}");
        }
    }

    #[test]
    fn crc_and_murmur2_disagree_about_a_key_that_made_people_wonder() {
        assert_eq!(KeyHash::crc32().partition(b"TT0124", 15), 9);
        assert_eq!(KeyHash::murmur2().partition(b"TT0124", 15), 10);
    }

    #[test]
    fn the_least_number_has_a_partition_by_every_rule() {
        let least = |_: &[u8]| 0x8000_0000;
        for (rule, partition) in
            [(SignRule::AbsoluteRemainder, 8), (SignRule::Masked, 0), (SignRule::Unsigned, 8)]
        {
            assert_eq!(KeyHash::new(least, rule).partition(b"", 10), partition, "{rule:?}");
        }
    }
}
