//! What the configuration says about groups.

use std::time::Duration;

use ottla_config::BrokerConfig;
use ottla_coordinator::GroupConfig;
use ottla_records::{Codec, Compression};

/// The settings of the groups of all shards.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(super) groups: GroupConfig,
    /// `offsets.topic.compression.codec`
    pub(super) codec: Codec,
}

impl Settings {
    pub(super) fn new(config: &BrokerConfig) -> Settings {
        let (groups, offsets) = (&config.groups, &config.offsets);
        Settings {
            groups: GroupConfig {
                session_timeout_min: millis(groups.session_timeout_min_ms.into()),
                session_timeout_max: millis(groups.session_timeout_max_ms.into()),
                initial_rebalance_delay: millis(groups.initial_rebalance_delay_ms.into()),
                size_max: count(groups.members_max.into()),
                offset_metadata_max: count(offsets.metadata_bytes_max.into()),
                offsets_retention: Duration::from_secs(u64::from(offsets.retention_minutes) * 60),
                offsets_retention_check_interval: millis(offsets.retention_check_interval_ms),
            },
            codec: codec(offsets.topic_compression_codec),
        }
    }
}

/// By Kafka's number; the configuration allows no other.
fn codec(number: i32) -> Codec {
    match number {
        1 => Compression::Gzip,
        2 => Compression::Snappy,
        3 => Compression::Lz4,
        4 => Compression::Zstd,
        _ => Compression::None,
    }
    .into()
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
