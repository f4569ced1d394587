//! What clients are told of a refused batch.

use ottla_replica::Refusal;

/// The broker's mapping.
pub(crate) fn error_code(refusal: &Refusal) -> i16 {
    match refusal {
        Refusal::CorruptFrame(_) | Refusal::Corrupt(_) => 2,
        Refusal::TooLarge { .. } | Refusal::UnpackedTooLarge(_) => 10,
        Refusal::LargerThanSegment { .. } => 18,
        Refusal::InvalidTimestamps(_) => 32,
        Refusal::TransactionalIdMissing => 53,
        Refusal::UnknownCompression(_) | Refusal::ZstdTooNew => 76,
        Refusal::Invalid(_) | Refusal::InvalidRecords(_) => 87,
    }
}
