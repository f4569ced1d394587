//! The settings that transactions obey.

use std::time::Duration;

/// Values of the broker's settings; the defaults are Kafka's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionConfig {
    /// `transaction.max.timeout.ms`
    pub timeout_max_ms: i32,
    /// `transactional.id.expiration.ms`
    pub id_expiration: Duration,
    /// `transaction.abort.timed.out.transaction.cleanup.interval.ms`
    pub timeout_check_interval: Duration,
    /// `transaction.remove.expired.transaction.cleanup.interval.ms`
    pub expiry_check_interval: Duration,
    /// The finalized level of the feature `transaction.version`.
    pub transaction_version: i16,
}

impl Default for TransactionConfig {
    fn default() -> TransactionConfig {
        TransactionConfig {
            timeout_max_ms: 900_000,
            id_expiration: Duration::from_hours(7 * 24),
            timeout_check_interval: Duration::from_secs(10),
            expiry_check_interval: Duration::from_hours(1),
            transaction_version: BUMPS_EPOCH_FROM,
        }
    }
}

/// From this transaction version on each end of a transaction bumps the producer's epoch (KIP-890).
pub(super) const BUMPS_EPOCH_FROM: i16 = 2;
