//! Which cluster is meant, and whether it is spoken to by TLS.

use std::fs::File;
use std::io;

use super::flags::{Flag, Flags};
use super::told::{Ended, os_words};
use crate::applets::connection::Properties;

pub(super) const CLIENT_CERTIFICATE: Flag = Flag::text(
    "tls-client-cert",
    "",
    "Client cert for client authentication (use with -tls-enabled and -tls-client-key)",
);
pub(super) const CLIENT_KEY: Flag = Flag::text(
    "tls-client-key",
    "",
    "Client key for client authentication (use with tls-enabled and -tls-client-cert)",
);
pub(super) const TLS_ENABLED: Flag = Flag::switch("tls-enabled", "Whether to enable TLS");
pub(super) const SKIP_VERIFY: Flag =
    Flag::switch("tls-skip-verify", "Whether skip TLS server cert verification");

/// What those have that take these four.
pub(super) fn properties(flags: &Flags) -> Result<Properties, Ended> {
    let mut properties = brokers(flags);
    if !flags.has("tls-enabled") {
        return Ok(properties);
    }
    set_certificate(&mut properties, flags)
        .map_err(|reason| Ended::unavailable(format!("Failed to create TLS config: {reason}")))?;
    properties.set("security.protocol", "SSL");
    if flags.has("tls-skip-verify") {
        properties.set("enable.ssl.certificate.verification", "false");
    }
    Ok(properties)
}

/// What all have.
pub(super) fn brokers(flags: &Flags) -> Properties {
    let mut properties = Properties::default();
    properties.set("bootstrap.servers", flags.text("brokers"));
    properties.set("client.id", "sarama");
    properties
}

/// Who we are, if both halves of it are named; or why one of them cannot be read.
pub(super) fn set_certificate(properties: &mut Properties, flags: &Flags) -> Result<(), String> {
    let (certificate, key) = (flags.text("tls-client-cert"), flags.text("tls-client-key"));
    if certificate.is_empty() || key.is_empty() {
        return Ok(());
    }
    for path in [&certificate, &key] {
        readable(path)?;
    }
    properties.set("ssl.keystore.location", certificate);
    properties.set("ssl.key.location", key);
    Ok(())
}

/// Why a file cannot be read, as Go says it.
pub(super) fn readable(path: &str) -> Result<(), String> {
    let opened: io::Result<File> = File::open(path);
    opened.map(drop).map_err(|error| format!("open {path}: {}", os_words(&error)))
}
