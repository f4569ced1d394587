//! What all clients have in common.

use std::time::Duration;

use super::declare::{Options, options};
use super::parse::{boolean, buffer, list, millis, named, number, optional, string};
use super::{SecurityConfig, properties};
use crate::address::Address;
use crate::{Error, Result};

/// How names become addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DnsLookup {
    /// Every address of a name is tried.
    UseAllDnsIps,
    /// As that: names are not resolved to canonical ones, which only Kerberos wants.
    ResolveCanonicalBootstrapServersOnly,
}

/// What is done when no broker that is known answers any more (KIP-899).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoveryStrategy {
    /// Begin again with `bootstrap.servers`.
    Rebootstrap,
    /// Go on trying those that are known.
    None,
}

options! {
    /// Options of connections and metadata.
    pub struct ClientConfig {
        /// Brokers to begin with, as `host:port`. One that answers is enough: it tells the others.
        bootstrap_servers: Vec<String> = Vec::new(), "bootstrap.servers", list;
        /// What brokers call this client in their logs, metrics and quotas.
        client_id: String = String::new(), "client.id", string;
        /// Where this client is, so that it can read from a replica nearby.
        client_rack: Option<String> = None, "client.rack", optional(string);
        /// How names become addresses.
        client_dns_lookup: DnsLookup = DnsLookup::UseAllDnsIps, "client.dns.lookup", named;
        /// A connection that was not used for so long is closed.
        connections_max_idle: Duration = Duration::from_secs(540), "connections.max.idle.ms", millis;
        /// How long connecting to an address may take, the exchanges that follow included.
        socket_connection_setup_timeout: Duration = Duration::from_secs(10), "socket.connection.setup.timeout.ms", millis;
        /// What that grows to while connecting fails.
        socket_connection_setup_timeout_max: Duration = Duration::from_secs(30), "socket.connection.setup.timeout.max.ms", millis;
        /// The pause before a broker is connected to again.
        reconnect_backoff: Duration = Duration::from_millis(50), "reconnect.backoff.ms", millis;
        /// What that pause grows to while connecting fails.
        reconnect_backoff_max: Duration = Duration::from_secs(1), "reconnect.backoff.max.ms", millis;
        /// The pause before a request is tried again.
        retry_backoff: Duration = Duration::from_millis(100), "retry.backoff.ms", millis;
        /// What that pause grows to.
        retry_backoff_max: Duration = Duration::from_secs(1), "retry.backoff.max.ms", millis;
        /// How long a broker may take to answer one request.
        request_timeout: Duration = Duration::from_secs(30), "request.timeout.ms", millis;
        /// How long a call that tries again may take in all, where it has no option of its own.
        default_api_timeout: Duration = Duration::from_secs(60), "default.api.timeout.ms", millis;
        /// What is known of brokers, topics and partitions is asked for again after this time at the latest.
        metadata_max_age: Duration = Duration::from_secs(300), "metadata.max.age.ms", millis;
        /// What is done when no broker that is known answers.
        metadata_recovery_strategy: RecoveryStrategy = RecoveryStrategy::Rebootstrap, "metadata.recovery.strategy", named;
        /// How long brokers may be silent before that is done.
        metadata_recovery_rebootstrap_trigger: Duration = Duration::from_secs(300), "metadata.recovery.rebootstrap.trigger.ms", millis;
        /// The system's send buffer of a connection; none leaves it to the system.
        send_buffer_bytes: Option<u32> = Some(128 * 1024), "send.buffer.bytes", buffer;
        /// The system's receive buffer of a connection; none leaves it to the system.
        receive_buffer_bytes: Option<u32> = None, "receive.buffer.bytes", buffer;
        /// The largest response that is accepted. (librdkafka's option: Java has no bound.)
        receive_message_max_bytes: usize = 100_000_000, "receive.message.max.bytes", number;
        /// Whether a broker that asks for metrics of this client gets them (KIP-714).
        enable_metrics_push: bool = true, "enable.metrics.push", boolean;
        ..security: SecurityConfig = "How connections are secured.";
    }
}

impl ClientConfig {
    /// Kafka's defaults, for the cluster of these brokers: `a:9092,b:9092`.
    pub fn new(bootstrap_servers: &str) -> ClientConfig {
        let servers = list(bootstrap_servers).expect("any text is a list");
        ClientConfig { bootstrap_servers: servers, ..ClientConfig::default() }
    }

    /// Reads properties. Those that are a producer's, a consumer's or an admin's alone are passed over.
    ///
    /// [`Error::Config`] names the property that is unknown, or whose text is not of its type.
    pub fn from_properties<K: AsRef<str>, V: AsRef<str>>(
        properties: impl IntoIterator<Item = (K, V)>,
    ) -> Result<ClientConfig> {
        let mut client = ClientConfig::default();
        properties::read(properties, &mut |key, text| client.set(key, text))?;
        client.check()?;
        Ok(client)
    }

    /// Whether the options go together.
    pub(crate) fn check(&self) -> Result<()> {
        if self.bootstrap_servers.is_empty() {
            return Err(Error::Config("bootstrap.servers: name at least one broker, as host:port".into()));
        }
        for server in &self.bootstrap_servers {
            Address::parse(server)
                .map_err(|reason| Error::Config(format!("bootstrap.servers: {server}: {reason}")))?;
        }
        self.security.check()
    }
}
