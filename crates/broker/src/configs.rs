//! The configuration at work: the broker's layers, and each topic's settings resolved from them.

use std::{sync::Arc, time::Duration};

use ottla_config::{self as config, BrokerConfig, Overrides, Resource, TopicConfig};
use ottla_log::{CleanupPolicy, LogConfig};
use ottla_metadata::{ApiError, ConfigResource, ConfigRules, Image, ResourceKind};
use ottla_records::{Codec, Compression, Limits, TimestampType};
use ottla_replica::{Rules, Target};
use ottla_wire::{ErrorCode, messages::create_topics_response::CreatableTopicConfigs};

use crate::topics::{Durability, FlushSettings, TopicSettings};

/// What the broker was started with, what was altered since, and what follows from both.
#[derive(Debug)]
pub(crate) struct Configs {
    settings: config::Settings,
    broker: Arc<BrokerConfig>,
    /// Of topics without configs of their own.
    topic_defaults: Arc<TopicSettings>,
    node_id: i32,
}

impl Configs {
    pub(crate) fn new(settings: config::Settings) -> Configs {
        let broker = Arc::new(settings.broker());
        let node_id = broker.node.node_id;
        let topic_defaults = Arc::new(resolve(&settings, &broker, &Overrides::new()));
        Configs { settings, broker, topic_defaults, node_id }
    }

    /// Takes what the image has for this broker.
    pub(crate) fn reload(&mut self, image: &Image) {
        self.settings.set_for_all_brokers(overrides(image, ResourceKind::Broker, ""));
        let own = overrides(image, ResourceKind::Broker, &self.node_id.to_string());
        self.settings.set_for_this_broker(own);
        self.broker = Arc::new(self.settings.broker());
        self.topic_defaults = Arc::new(resolve(&self.settings, &self.broker, &Overrides::new()));
    }

    pub(crate) fn settings(&self) -> &config::Settings {
        &self.settings
    }

    pub(crate) fn broker(&self) -> &Arc<BrokerConfig> {
        &self.broker
    }

    pub(crate) fn topic_defaults(&self) -> &Arc<TopicSettings> {
        &self.topic_defaults
    }

    pub(crate) fn topic_settings(&self, image: &Image, topic: &str) -> Arc<TopicSettings> {
        let overrides = overrides(image, ResourceKind::Topic, topic);
        if overrides.is_empty() {
            return Arc::clone(&self.topic_defaults);
        }
        Arc::new(resolve(&self.settings, &self.broker, &overrides))
    }
}

/// The overrides of a resource as the config crate has them.
pub(crate) fn overrides(image: &Image, kind: ResourceKind, name: &str) -> Overrides {
    let found = image.configs().get(kind, name);
    found
        .into_iter()
        .flat_map(|o| o.iter())
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

fn resolve(settings: &config::Settings, broker: &BrokerConfig, overrides: &Overrides) -> TopicSettings {
    let topic = settings.topic(overrides);
    TopicSettings {
        log: Arc::new(log_config(&topic)),
        rules: rules(&topic),
        replica: ottla_replica::Settings {
            min_in_sync_replicas: usize::try_from(topic.min_insync_replicas).unwrap_or(usize::MAX),
            producer_id_expiration_ms: broker.producers.expiration_ms.into(),
        },
        durability: match topic.durability {
            config::Durability::Journal => Durability::Journal,
            config::Durability::Os => Durability::Os,
        },
        flush: FlushSettings {
            messages: topic.flush_messages,
            interval: u64::try_from(topic.flush_ms)
                .ok()
                .filter(|_| topic.flush_ms < i64::MAX)
                .map(Duration::from_millis),
        },
    }
}

fn log_config(topic: &TopicConfig) -> LogConfig {
    LogConfig {
        segment_bytes: topic.segment_bytes,
        segment_ms: topic.segment_ms,
        segment_jitter_ms: topic.segment_jitter_ms,
        segment_index_bytes: topic.segment_index_bytes,
        index_interval_bytes: topic.index_interval_bytes,
        preallocate: topic.preallocate,
        retention_ms: topic.retention_ms,
        retention_bytes: topic.retention_bytes,
        cleanup_policy: CleanupPolicy {
            delete: topic.cleanup_policy.delete,
            compact: topic.cleanup_policy.compact,
        },
        file_delete_delay: Duration::from_millis(u64::try_from(topic.file_delete_delay_ms).unwrap_or(0)),
        delete_retention_ms: topic.delete_retention_ms,
        min_compaction_lag_ms: topic.min_compaction_lag_ms,
        max_compaction_lag_ms: topic.max_compaction_lag_ms,
        min_cleanable_dirty_ratio: topic.min_cleanable_dirty_ratio,
    }
}

fn rules(topic: &TopicConfig) -> Rules {
    Rules {
        message_bytes_max: topic.max_message_bytes as usize,
        segment_bytes_max: topic.segment_bytes as usize,
        timestamp_type: match topic.message_timestamp_type {
            config::TimestampType::CreateTime => TimestampType::CreateTime,
            config::TimestampType::LogAppendTime => TimestampType::LogAppendTime,
        },
        timestamp_before_max_ms: topic.message_timestamp_before_max_ms,
        timestamp_after_max_ms: topic.message_timestamp_after_max_ms,
        compacted: topic.cleanup_policy.compact,
        target: target(topic.compression),
        limits: Limits::default(),
        ..Rules::default()
    }
}

fn target(compression: config::TopicCompression) -> Target {
    use config::TopicCompression as C;
    match compression {
        C::Producer => Target::Producer,
        C::Uncompressed => Target::Codec(Compression::None.into()),
        C::Gzip { level } => with_level(Compression::Gzip, level),
        C::Snappy => Target::Codec(Compression::Snappy.into()),
        C::Lz4 { level } => with_level(Compression::Lz4, level),
        C::Zstd { level } => with_level(Compression::Zstd, level),
    }
}

fn with_level(compression: Compression, level: i32) -> Target {
    Target::Codec(Codec { compression, level: Some(level) })
}

/// What configs may hold, for the controller's decisions.
pub(crate) struct DeclaredOptions {
    pub(crate) configs: Arc<std::sync::RwLock<Configs>>,
}

impl DeclaredOptions {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Configs> {
        self.configs.read().expect("nobody panics with the lock held")
    }
}

impl ConfigRules for DeclaredOptions {
    fn check(
        &self,
        resource: &ConfigResource,
        overrides: &ottla_metadata::Overrides,
    ) -> Result<(), ApiError> {
        let configs = self.read();
        let resource = resource_of(resource)?;
        let all = overrides.iter().map(|(name, value)| (&**name, Some(&**value)));
        let checked = configs.settings.replace(resource, &Overrides::new(), all);
        checked.map(drop).map_err(refusal)
    }

    fn list_default(&self, kind: ResourceKind, key: &str) -> Option<String> {
        let configs = self.read();
        let resource = match kind {
            ResourceKind::Topic => Resource::Topic("any"),
            ResourceKind::Broker => Resource::Broker(configs.node_id),
            ResourceKind::Group => Resource::Group("any"),
            // Kafka does not know their lists for what they are.
            ResourceKind::ClientMetrics | ResourceKind::BrokerLogger => return None,
        };
        resource.scope().find(key).filter(|option| option.kind == config::Kind::List)?;
        let described = configs.settings.describe(resource, &Overrides::new(), Some(&[key]));
        Some(described.into_iter().next().and_then(|one| one.value).unwrap_or_default())
    }

    fn describe_topic(&self, overrides: &ottla_metadata::Overrides) -> Vec<CreatableTopicConfigs> {
        let overrides: Overrides = overrides.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let mut described = self.read().settings.describe(Resource::Topic("created"), &overrides, None);
        described.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        described
            .into_iter()
            .map(|one| CreatableTopicConfigs {
                name: one.name.into(),
                value: one.value.map(Into::into),
                read_only: one.is_read_only,
                config_source: one.source.code(),
                is_sensitive: one.is_sensitive,
            })
            .collect()
    }
}

fn resource_of(resource: &ConfigResource) -> Result<Resource<'_>, ApiError> {
    Ok(match resource.kind {
        ResourceKind::Topic => Resource::Topic(&resource.name),
        ResourceKind::Broker if resource.name.is_empty() => Resource::AllBrokers,
        ResourceKind::Broker => Resource::Broker(resource.name.parse().map_err(|_not_a_number| {
            let message = format!("Unable to parse broker name as a base 10 number: {}", resource.name);
            ApiError::new(ErrorCode::InvalidRequest, message)
        })?),
        ResourceKind::Group => Resource::Group(&resource.name),
        ResourceKind::ClientMetrics => Resource::ClientMetrics(&resource.name),
        ResourceKind::BrokerLogger => {
            return Err(ApiError::new(ErrorCode::InvalidRequest, "Broker loggers are not stored."));
        }
    })
}

fn refusal(refusal: config::Refusal) -> ApiError {
    let code = match refusal.code {
        config::RefusalCode::InvalidConfig => ErrorCode::InvalidConfig,
        config::RefusalCode::InvalidRequest => ErrorCode::InvalidRequest,
    };
    ApiError::new(code, refusal.message)
}
