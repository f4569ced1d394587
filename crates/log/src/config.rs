//! The topic settings that a log acts on, with Kafka's names and defaults.

use std::time::Duration;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// `cleanup.policy`: either, both, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanupPolicy {
    pub delete: bool,
    pub compact: bool,
}

/// Times are in milliseconds, as in Kafka; a negative retention means for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct LogConfig {
    pub segment_bytes: u32,
    pub segment_ms: i64,
    pub segment_jitter_ms: i64,
    pub segment_index_bytes: u32,
    pub index_interval_bytes: u32,
    /// A segment file gets room for all of its bytes when it begins.
    pub preallocate: bool,
    pub retention_ms: i64,
    pub retention_bytes: i64,
    pub cleanup_policy: CleanupPolicy,
    pub file_delete_delay: Duration,
    pub delete_retention_ms: i64,
    pub min_compaction_lag_ms: i64,
    pub max_compaction_lag_ms: i64,
    pub min_cleanable_dirty_ratio: f64,
}

impl Default for LogConfig {
    fn default() -> Self {
        LogConfig {
            segment_bytes: 1 << 30,
            segment_ms: 7 * DAY,
            segment_jitter_ms: 0,
            segment_index_bytes: 10 << 20,
            index_interval_bytes: 4096,
            preallocate: false,
            retention_ms: 7 * DAY,
            retention_bytes: -1,
            cleanup_policy: CleanupPolicy { delete: true, compact: false },
            file_delete_delay: Duration::from_secs(60),
            delete_retention_ms: DAY,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            min_cleanable_dirty_ratio: 0.5,
        }
    }
}
