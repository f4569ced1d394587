//! A broker's configuration as its parts act on it: a snapshot for each part.

use std::collections::BTreeMap;

use crate::{
    error::InvalidConfig,
    listener::{Listener, ListenerOptions, Listeners, parse_address},
    origin::Origin,
    reader::Reader,
    settings::Settings,
    value::Value,
};

/// Everything that something in a broker acts on, resolved through all layers. Made once for each change; what is
/// about a topic is in [`TopicConfig`](crate::TopicConfig).
///
/// Times are in milliseconds, as in Kafka, unless the name says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerConfig {
    pub node: NodeConfig,
    pub network: NetworkConfig,
    pub fetch: FetchConfig,
    pub creation: CreationConfig,
    pub logs: LogsConfig,
    pub cleaner: CleanerConfig,
    pub metadata: MetadataConfig,
    pub groups: GroupsConfig,
    pub offsets: OffsetsConfig,
    pub producers: ProducersConfig,
    pub transactions: TransactionsConfig,
    pub metrics: MetricsConfig,
    pub legacy: LegacyConfig,
}

/// Does not change while the process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeConfig {
    pub node_id: i32,
    pub rack: Option<String>,
    /// For a data directory that is formatted now.
    pub cluster_id: Option<String>,
    /// At least one.
    pub log_dirs: Vec<String>,
    pub journal_dir: Option<String>,
    /// Where metrics and health checks are served.
    pub metrics_listener: Option<(String, u16)>,
    pub log_format: LogFormat,
}

/// `ottla.logs.format`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    Text,
    Json,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkConfig {
    pub listeners: Listeners,
    pub request_bytes_max: u32,
    pub connections_max: u32,
    /// The same of single listeners, by their names.
    pub connections_max_of: BTreeMap<String, u32>,
    pub connections_per_ip_max: u32,
    /// Hosts or addresses with a limit of their own.
    pub connections_per_ip_overrides: Vec<(String, u32)>,
    /// Connections that are accepted in a second.
    pub connection_rate_max: u32,
    /// The same of single listeners, by their names.
    pub connection_rate_max_of: BTreeMap<String, u32>,
    /// As it is configured; there may be no such listener.
    pub inter_broker_listener: String,
    /// Of each connection's socket; None: the system sizes it by what the connection needs.
    pub send_buffer_bytes: Option<u32>,
    /// As the send buffer.
    pub receive_buffer_bytes: Option<u32>,
    /// Connections that wait to be accepted; None: as many as the broker thinks fit.
    pub backlog: Option<u32>,
    /// Negative for never.
    pub idle_max_ms: i64,
    pub queued_request_bytes_max: Option<u64>,
    pub unsent_response_bytes_max: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchConfig {
    pub bytes_max: u32,
    pub session_slots_max: u32,
    pub describe_partitions_max: u32,
}

/// How topics come into being and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreationConfig {
    pub auto_create: bool,
    pub can_delete: bool,
    pub partitions: u32,
    pub replication_factor: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogsConfig {
    pub retention_check_interval_ms: i64,
    pub flush_scheduler_interval_ms: i64,
    pub recovery_point_interval_ms: u32,
    /// Of deleted topics; segments of living ones have their topic's.
    pub delete_delay_ms: i64,
    pub open_files_max: u32,
    pub journal_file_bytes: u64,
    pub disk_reserve_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanerConfig {
    pub is_on: bool,
    pub dedupe_buffer_bytes: u64,
    pub backoff_ms: i64,
}

/// The metadata log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetadataConfig {
    pub segment_bytes: u32,
    pub segment_ms: i64,
    pub bytes_between_snapshots: i64,
    pub retention_bytes: i64,
    pub retention_ms: i64,
}

/// Classic groups. What single groups may set is in [`GroupConfig`](crate::GroupConfig).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupsConfig {
    pub session_timeout_min_ms: i32,
    pub session_timeout_max_ms: i32,
    pub initial_rebalance_delay_ms: i32,
    pub members_max: u32,
    pub protocols: Vec<String>,
}

/// Committed offsets and the topic that keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetsConfig {
    pub metadata_bytes_max: i32,
    pub retention_minutes: u32,
    pub retention_check_interval_ms: i64,
    pub topic_partitions: u32,
    /// As it is configured; there may be fewer nodes.
    pub topic_replication_factor: i32,
    pub topic_segment_bytes: u32,
    /// Kafka's number of the codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
    pub topic_compression_codec: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducersConfig {
    pub expiration_ms: u32,
    pub expiration_check_interval_ms: u32,
}

/// Transactions and the topic that keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionsConfig {
    pub timeout_max_ms: i32,
    pub id_expiration_ms: u32,
    pub timeout_check_interval_ms: u32,
    pub expiry_check_interval_ms: u32,
    pub topic_partitions: u32,
    /// As it is configured; there may be fewer nodes.
    pub topic_replication_factor: i32,
    pub topic_min_in_sync_replicas: u32,
    pub topic_segment_bytes: u32,
    /// Between two tries to add a partition while the transaction before is being ended, and for all of them.
    pub add_retry_backoff_ms: u32,
    pub add_retry_backoff_max_ms: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsConfig {
    /// Whether there are series for each partition.
    pub of_partitions: bool,
}

/// `ottla.legacy.versions`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyConfig {
    is_on: bool,
    /// Of listeners with a say of their own, by name in upper case.
    of_listeners: Vec<(String, bool)>,
}

impl LegacyConfig {
    /// Whether the versions that Kafka 4.0 removed are served on a listener.
    pub fn is_on(&self, listener: &str) -> bool {
        let own = self.of_listeners.iter().find(|(name, _)| name == listener);
        own.map_or(self.is_on, |(_, is_on)| *is_on)
    }
}

impl Default for BrokerConfig {
    /// Of a broker without any configuration.
    fn default() -> BrokerConfig {
        Settings::default().broker()
    }
}

impl Settings {
    pub fn broker(&self) -> BrokerConfig {
        let value = |name: &'static str| self.value(name);
        let reader = Reader::new(&value);
        let listeners = self.listeners().expect("listeners do not change, and were checked at the start");
        let legacy = self.legacy(&reader, &listeners);
        BrokerConfig {
            node: NodeConfig::read(&reader),
            network: NetworkConfig::read(&reader, self, listeners),
            fetch: FetchConfig::read(&reader),
            creation: CreationConfig::read(&reader),
            logs: LogsConfig::read(&reader),
            cleaner: CleanerConfig::read(&reader),
            metadata: MetadataConfig::read(&reader),
            groups: GroupsConfig::read(&reader),
            offsets: OffsetsConfig::read(&reader),
            producers: ProducersConfig::read(&reader),
            transactions: TransactionsConfig::read(&reader),
            metrics: MetricsConfig { of_partitions: reader.boolean("ottla.metrics.partitions") },
            legacy,
        }
    }

    fn legacy(&self, reader: &Reader<'_>, listeners: &Listeners) -> LegacyConfig {
        const OPTION: &str = "ottla.legacy.versions";
        let own = |listener: &Listener| {
            let name = format!("listener.name.{}.{OPTION}", listener.name.to_ascii_lowercase());
            match self.value(&name) {
                Some(Value::Boolean(is_on)) => Some((listener.name.clone(), is_on)),
                _ => None,
            }
        };
        let of_listeners = listeners.broker.iter().filter_map(own).collect();
        LegacyConfig { is_on: reader.boolean(OPTION), of_listeners }
    }

    pub(crate) fn listeners(&self) -> Result<Listeners, InvalidConfig> {
        let value = |name: &'static str| self.value(name);
        let reader = Reader::new(&value);
        Listeners::resolve(&ListenerOptions {
            listeners: &reader.list("listeners"),
            advertised: reader.optional_list("advertised.listeners").as_deref(),
            protocols: &reader.string("listener.security.protocol.map"),
            controllers: &reader.list("controller.listener.names"),
        })
    }
}

impl NodeConfig {
    fn read(reader: &Reader<'_>) -> NodeConfig {
        NodeConfig {
            node_id: reader.int("node.id"),
            rack: reader.optional_string("broker.rack"),
            cluster_id: reader.optional_string("ottla.cluster.id"),
            log_dirs: reader.optional_list("log.dirs").unwrap_or_else(|| reader.list("log.dir")),
            journal_dir: reader.optional_string("ottla.journal.dir"),
            metrics_listener: metrics_listener(reader).expect("the address was checked at the start"),
            log_format: LogFormat::named(&reader.string("ottla.logs.format")),
        }
    }
}

pub(crate) fn metrics_listener(reader: &Reader<'_>) -> Result<Option<(String, u16)>, InvalidConfig> {
    const OPTION: &str = "ottla.metrics.listener";
    parse_address(OPTION, &reader.string(OPTION))
}

impl LogFormat {
    fn named(name: &str) -> LogFormat {
        match name {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            _ => LogFormat::Auto,
        }
    }
}

impl NetworkConfig {
    fn read(reader: &Reader<'_>, settings: &Settings, listeners: Listeners) -> NetworkConfig {
        let is_given = |name: &'static str| settings.origin(name) != Origin::Default;
        // -1 stands for the system's own.
        let given =
            |name| Some(reader.int(name)).filter(|_| is_given(name)).and_then(|n| u32::try_from(n).ok());
        let overrides = reader.string("max.connections.per.ip.overrides");
        NetworkConfig {
            connections_max_of: of_listeners(settings, &listeners, CONNECTIONS),
            connection_rate_max: reader.size(CONNECTION_RATE),
            connection_rate_max_of: of_listeners(settings, &listeners, CONNECTION_RATE),
            inter_broker_listener: reader
                .optional_string("inter.broker.listener.name")
                .unwrap_or_else(|| reader.string("security.inter.broker.protocol")),
            send_buffer_bytes: given("socket.send.buffer.bytes"),
            receive_buffer_bytes: given("socket.receive.buffer.bytes"),
            backlog: given("socket.listen.backlog.size"),
            listeners,
            request_bytes_max: reader.size("socket.request.max.bytes"),
            connections_max: reader.size(CONNECTIONS),
            connections_per_ip_max: reader.size("max.connections.per.ip"),
            connections_per_ip_overrides: connection_limits(&overrides).unwrap_or_default(),
            idle_max_ms: reader.long("connections.max.idle.ms"),
            queued_request_bytes_max: u64::try_from(reader.long("queued.max.request.bytes")).ok(),
            unsent_response_bytes_max: reader.size("ottla.unsent.response.bytes"),
        }
    }
}

const CONNECTIONS: &str = "max.connections";
const CONNECTION_RATE: &str = "max.connection.creation.rate";

/// What single listeners are given, as `listener.name.NAME.OPTION` with the name in lower case.
fn of_listeners(settings: &Settings, listeners: &Listeners, option: &str) -> BTreeMap<String, u32> {
    let given = |name: &str| {
        let value = settings.value(&format!("listener.name.{}.{option}", name.to_lowercase()))?;
        u32::try_from(value.integer()?).ok()
    };
    let names = listeners.broker.iter().map(|listener| &listener.name);
    names.filter_map(|name| Some((name.clone(), given(name)?))).collect()
}

impl NetworkConfig {
    /// Whether limits for the whole broker do not count for a listener: brokers must reach each other even while clients
    /// come in numbers. Not where it is the only one.
    pub fn is_protected(&self, listener: &str) -> bool {
        self.listeners.broker.len() > 1 && self.inter_broker_listener.eq_ignore_ascii_case(listener)
    }
}

/// `host:number,host:number`; `None` if it is anything else.
pub(crate) fn connection_limits(text: &str) -> Option<Vec<(String, u32)>> {
    let limit = |entry: &str| {
        let (host, limit) = entry.trim().rsplit_once(':')?;
        Some((host.to_owned(), limit.trim().parse().ok()?))
    };
    text.split(',').filter(|entry| !entry.trim().is_empty()).map(limit).collect()
}

impl FetchConfig {
    fn read(reader: &Reader<'_>) -> FetchConfig {
        FetchConfig {
            bytes_max: reader.size("fetch.max.bytes"),
            session_slots_max: reader.size("max.incremental.fetch.session.cache.slots"),
            describe_partitions_max: reader.size("max.request.partition.size.limit"),
        }
    }
}

impl CreationConfig {
    fn read(reader: &Reader<'_>) -> CreationConfig {
        CreationConfig {
            auto_create: reader.boolean("auto.create.topics.enable"),
            can_delete: reader.boolean("delete.topic.enable"),
            partitions: reader.size("num.partitions"),
            replication_factor: reader.int("default.replication.factor"),
        }
    }
}

impl LogsConfig {
    fn read(reader: &Reader<'_>) -> LogsConfig {
        LogsConfig {
            retention_check_interval_ms: reader.long("log.retention.check.interval.ms"),
            flush_scheduler_interval_ms: reader.long("log.flush.scheduler.interval.ms"),
            recovery_point_interval_ms: reader.size("log.flush.offset.checkpoint.interval.ms"),
            delete_delay_ms: reader.long("log.segment.delete.delay.ms"),
            open_files_max: reader.size("ottla.open.files.max"),
            journal_file_bytes: unsigned(reader.long("ottla.journal.file.bytes")),
            disk_reserve_bytes: unsigned(reader.long("ottla.disk.reserve.bytes")),
        }
    }
}

impl CleanerConfig {
    fn read(reader: &Reader<'_>) -> CleanerConfig {
        CleanerConfig {
            is_on: reader.boolean("log.cleaner.enable"),
            dedupe_buffer_bytes: unsigned(reader.long("log.cleaner.dedupe.buffer.size")),
            backoff_ms: reader.long("log.cleaner.backoff.ms"),
        }
    }
}

/// Zero for what is below it.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl MetadataConfig {
    fn read(reader: &Reader<'_>) -> MetadataConfig {
        MetadataConfig {
            segment_bytes: reader.size("metadata.log.segment.bytes"),
            segment_ms: reader.long("metadata.log.segment.ms"),
            bytes_between_snapshots: reader.long("metadata.log.max.record.bytes.between.snapshots"),
            retention_bytes: reader.long("metadata.max.retention.bytes"),
            retention_ms: reader.long("metadata.max.retention.ms"),
        }
    }
}

impl GroupsConfig {
    fn read(reader: &Reader<'_>) -> GroupsConfig {
        GroupsConfig {
            session_timeout_min_ms: reader.int("group.min.session.timeout.ms"),
            session_timeout_max_ms: reader.int("group.max.session.timeout.ms"),
            initial_rebalance_delay_ms: reader.int("group.initial.rebalance.delay.ms"),
            members_max: reader.size("group.max.size"),
            protocols: reader.list("group.coordinator.rebalance.protocols"),
        }
    }
}

impl OffsetsConfig {
    fn read(reader: &Reader<'_>) -> OffsetsConfig {
        OffsetsConfig {
            metadata_bytes_max: reader.int("offset.metadata.max.bytes"),
            retention_minutes: reader.size("offsets.retention.minutes"),
            retention_check_interval_ms: reader.long("offsets.retention.check.interval.ms"),
            topic_partitions: reader.size("offsets.topic.num.partitions"),
            topic_replication_factor: reader.int("offsets.topic.replication.factor"),
            topic_segment_bytes: reader.size("offsets.topic.segment.bytes"),
            topic_compression_codec: reader.int("offsets.topic.compression.codec"),
        }
    }
}

impl TransactionsConfig {
    fn read(reader: &Reader<'_>) -> TransactionsConfig {
        TransactionsConfig {
            timeout_max_ms: reader.int("transaction.max.timeout.ms"),
            id_expiration_ms: reader.size("transactional.id.expiration.ms"),
            timeout_check_interval_ms: reader
                .size("transaction.abort.timed.out.transaction.cleanup.interval.ms"),
            expiry_check_interval_ms: reader
                .size("transaction.remove.expired.transaction.cleanup.interval.ms"),
            topic_partitions: reader.size("transaction.state.log.num.partitions"),
            topic_replication_factor: reader.int("transaction.state.log.replication.factor"),
            topic_min_in_sync_replicas: reader.size("transaction.state.log.min.isr"),
            topic_segment_bytes: reader.size("transaction.state.log.segment.bytes"),
            add_retry_backoff_ms: reader.size("add.partitions.to.txn.retry.backoff.ms"),
            add_retry_backoff_max_ms: reader.size("add.partitions.to.txn.retry.backoff.max.ms"),
        }
    }
}

impl ProducersConfig {
    fn read(reader: &Reader<'_>) -> ProducersConfig {
        ProducersConfig {
            expiration_ms: reader.size("producer.id.expiration.ms"),
            expiration_check_interval_ms: reader.size("producer.id.expiration.check.interval.ms"),
        }
    }
}
