//! What the configuration and the cluster's features say about transactions.

use std::time::Duration;

use ottla_config::TransactionsConfig;
use ottla_coordinator::TransactionConfig;
use ottla_metadata::Image;

const FEATURE: &str = "transaction.version";

pub(super) fn settings(config: &TransactionsConfig, image: &Image) -> TransactionConfig {
    let millis = |ms: u32| Duration::from_millis(ms.into());
    let mut features = image.features().iter();
    TransactionConfig {
        timeout_max_ms: config.timeout_max_ms,
        id_expiration: millis(config.id_expiration_ms),
        timeout_check_interval: millis(config.timeout_check_interval_ms),
        expiry_check_interval: millis(config.expiry_check_interval_ms),
        transaction_version: features.find(|(name, _)| **name == *FEATURE).map_or(0, |(_, level)| *level),
    }
}
