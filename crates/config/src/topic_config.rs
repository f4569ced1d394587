//! A topic's configuration as the log and the replica act on it.

use crate::{
    options::Scope,
    reader::Reader,
    settings::{Overrides, Settings},
};

/// When an acknowledged record is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// On stable storage.
    Journal,
    /// In the page cache.
    Os,
}

/// `cleanup.policy`: either, both, or none, which keeps everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CleanupPolicy {
    pub delete: bool,
    pub compact: bool,
}

/// `message.timestamp.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimestampType {
    CreateTime,
    LogAppendTime,
}

/// `compression.type` with the level that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TopicCompression {
    /// As the producer sent it.
    Producer,
    Uncompressed,
    Gzip {
        /// 1 to 9, or -1 for the library's own default.
        level: i32,
    },
    Snappy,
    Lz4 {
        level: i32,
    },
    Zstd {
        level: i32,
    },
}

/// Every setting that something acts on, resolved through all layers. Made once for each change.
///
/// Times are in milliseconds, as in Kafka; `i64::MAX` means never. A negative retention means for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicConfig {
    pub cleanup_policy: CleanupPolicy,
    pub compression: TopicCompression,
    pub delete_retention_ms: i64,
    pub durability: Durability,
    pub file_delete_delay_ms: i64,
    pub flush_messages: i64,
    pub flush_ms: i64,
    pub index_interval_bytes: u32,
    pub max_compaction_lag_ms: i64,
    pub max_message_bytes: u32,
    pub message_timestamp_after_max_ms: i64,
    pub message_timestamp_before_max_ms: i64,
    pub message_timestamp_type: TimestampType,
    pub min_cleanable_dirty_ratio: f64,
    pub min_compaction_lag_ms: i64,
    pub min_insync_replicas: u32,
    pub preallocate: bool,
    pub retention_bytes: i64,
    pub retention_ms: i64,
    pub segment_bytes: u32,
    pub segment_index_bytes: u32,
    pub segment_jitter_ms: i64,
    pub segment_ms: i64,
}

impl TopicConfig {
    fn read(reader: &Reader<'_>) -> TopicConfig {
        TopicConfig {
            cleanup_policy: CleanupPolicy::read(reader),
            compression: TopicCompression::read(reader),
            delete_retention_ms: reader.long("delete.retention.ms"),
            durability: Durability::named(&reader.string("ottla.durability")),
            file_delete_delay_ms: reader.long("file.delete.delay.ms"),
            flush_messages: reader.long("flush.messages"),
            flush_ms: reader.long("flush.ms"),
            index_interval_bytes: reader.size("index.interval.bytes"),
            max_compaction_lag_ms: reader.long("max.compaction.lag.ms"),
            max_message_bytes: reader.size("max.message.bytes"),
            message_timestamp_after_max_ms: reader.long("message.timestamp.after.max.ms"),
            message_timestamp_before_max_ms: reader.long("message.timestamp.before.max.ms"),
            message_timestamp_type: TimestampType::named(&reader.string("message.timestamp.type")),
            min_cleanable_dirty_ratio: reader.double("min.cleanable.dirty.ratio"),
            min_compaction_lag_ms: reader.long("min.compaction.lag.ms"),
            min_insync_replicas: reader.size("min.insync.replicas"),
            preallocate: reader.boolean("preallocate"),
            retention_bytes: reader.long("retention.bytes"),
            retention_ms: reader.long("retention.ms"),
            segment_bytes: segment_bytes(reader),
            segment_index_bytes: reader.size("segment.index.bytes"),
            segment_jitter_ms: reader.long("segment.jitter.ms"),
            segment_ms: reader.long("segment.ms"),
        }
    }
}

impl Default for TopicConfig {
    /// Of a broker without any configuration.
    fn default() -> TopicConfig {
        Settings::default().topic(&Overrides::new())
    }
}

impl Settings {
    /// A topic's configuration. Topics without overrides share one: ask with an empty map.
    pub fn topic(&self, overrides: &Overrides) -> TopicConfig {
        TopicConfig::read(&Reader::new(&|name| {
            let option = Scope::Topic.find(name).expect("the snapshot reads declared options");
            self.resource_value(option, overrides)
        }))
    }
}

/// The one without a lower bound wins, as in Kafka.
fn segment_bytes(reader: &Reader<'_>) -> u32 {
    let internal = reader.optional_int("internal.segment.bytes").and_then(|bytes| u32::try_from(bytes).ok());
    internal.unwrap_or_else(|| reader.size("segment.bytes"))
}

impl CleanupPolicy {
    fn read(reader: &Reader<'_>) -> CleanupPolicy {
        let policies = reader.list("cleanup.policy");
        let has = |policy: &str| policies.iter().any(|one| one == policy);
        CleanupPolicy { delete: has("delete"), compact: has("compact") }
    }
}

impl Durability {
    pub(crate) fn named(name: &str) -> Durability {
        match name {
            "os" => Durability::Os,
            _ => Durability::Journal,
        }
    }
}

impl TimestampType {
    fn named(name: &str) -> TimestampType {
        match name {
            "LogAppendTime" => TimestampType::LogAppendTime,
            _ => TimestampType::CreateTime,
        }
    }
}

impl TopicCompression {
    fn read(reader: &Reader<'_>) -> TopicCompression {
        match reader.string("compression.type").as_str() {
            "uncompressed" => TopicCompression::Uncompressed,
            "gzip" => TopicCompression::Gzip { level: reader.int("compression.gzip.level") },
            "snappy" => TopicCompression::Snappy,
            "lz4" => TopicCompression::Lz4 { level: reader.int("compression.lz4.level") },
            "zstd" => TopicCompression::Zstd { level: reader.int("compression.zstd.level") },
            _ => TopicCompression::Producer,
        }
    }
}
