//! The checksums: CRC-32C over batches, CRC-32 over old messages and within gzip.

use crc_fast::{CrcAlgorithm, Digest};

/// CRC-32C (Castagnoli) of the bytes, by the processor's own instructions where it has them.
///
/// Covers a batch from its attributes to its end; also Kafka's producer snapshots and our journal.
#[inline]
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

/// [`crc32c`] of the two parts as if they were one.
pub(crate) fn crc32c_of_parts(first: &[u8], second: &[u8]) -> u32 {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    digest.update(first);
    digest.update(second);
    u32::try_from(digest.finalize()).expect("a CRC-32 has 32 bits")
}

/// CRC-32 as in zip and Ethernet.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iso_hdlc(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksums_are_those_of_the_catalogue() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c_of_parts(b"1234", b"56789"), 0xe306_9283);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn the_checksum_takes_the_processors_instructions() {
        let target = crc_fast::get_calculator_target(CrcAlgorithm::Crc32Iscsi);
        let known = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
        assert!(!known || !target.contains("software"), "crc-fast chose {target}");
    }
}
