//! The values that have names.

use ottla_records::Compression;

use super::{
    AcknowledgementMode, Acks, AcquireMode, DnsLookup, GroupProtocol, IsolationLevel, RecoveryStrategy,
    SaslMechanism, SecurityProtocol,
};

/// A choice between named values.
pub(super) trait Named: Copy + 'static {
    /// Kafka's names, then those of others.
    const NAMES: &'static [(&'static str, Self)];
}

impl Named for Acks {
    const NAMES: &'static [(&'static str, Acks)] =
        &[("all", Acks::All), ("-1", Acks::All), ("1", Acks::Leader), ("0", Acks::None)];
}

impl Named for Compression {
    const NAMES: &'static [(&'static str, Compression)] = &[
        ("none", Compression::None),
        ("gzip", Compression::Gzip),
        ("snappy", Compression::Snappy),
        ("lz4", Compression::Lz4),
        ("zstd", Compression::Zstd),
    ];
}

impl Named for DnsLookup {
    const NAMES: &'static [(&'static str, DnsLookup)] = &[
        ("use_all_dns_ips", DnsLookup::UseAllDnsIps),
        ("resolve_canonical_bootstrap_servers_only", DnsLookup::ResolveCanonicalBootstrapServersOnly),
    ];
}

impl Named for RecoveryStrategy {
    const NAMES: &'static [(&'static str, RecoveryStrategy)] =
        &[("rebootstrap", RecoveryStrategy::Rebootstrap), ("none", RecoveryStrategy::None)];
}

impl Named for SecurityProtocol {
    const NAMES: &'static [(&'static str, SecurityProtocol)] = &[
        ("PLAINTEXT", SecurityProtocol::Plaintext),
        ("SSL", SecurityProtocol::Ssl),
        ("SASL_PLAINTEXT", SecurityProtocol::SaslPlaintext),
        ("SASL_SSL", SecurityProtocol::SaslSsl),
    ];
}

impl Named for SaslMechanism {
    const NAMES: &'static [(&'static str, SaslMechanism)] = &[
        ("PLAIN", SaslMechanism::Plain),
        ("SCRAM-SHA-256", SaslMechanism::ScramSha256),
        ("SCRAM-SHA-512", SaslMechanism::ScramSha512),
        ("OAUTHBEARER", SaslMechanism::OAuthBearer),
    ];
}

impl Named for GroupProtocol {
    const NAMES: &'static [(&'static str, GroupProtocol)] =
        &[("classic", GroupProtocol::Classic), ("consumer", GroupProtocol::Consumer)];
}

impl Named for IsolationLevel {
    const NAMES: &'static [(&'static str, IsolationLevel)] = &[
        ("read_uncommitted", IsolationLevel::ReadUncommitted),
        ("read_committed", IsolationLevel::ReadCommitted),
        ("ReadUncommitted", IsolationLevel::ReadUncommitted),
        ("ReadCommitted", IsolationLevel::ReadCommitted),
    ];
}

impl Named for AcknowledgementMode {
    const NAMES: &'static [(&'static str, AcknowledgementMode)] =
        &[("implicit", AcknowledgementMode::Implicit), ("explicit", AcknowledgementMode::Explicit)];
}

impl Named for AcquireMode {
    const NAMES: &'static [(&'static str, AcquireMode)] =
        &[("batch_optimized", AcquireMode::BatchOptimized), ("record_limit", AcquireMode::RecordLimit)];
}
