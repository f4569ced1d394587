//! Properties: names and texts, and what becomes of each.

use super::declare::Options;
use super::{AdminConfig, ClientConfig, ConsumerConfig, ProducerConfig, aliases};
use crate::{Error, Result};

/// Reads each property by `set`, which says whether it has an option of that name.
pub(super) fn read<K: AsRef<str>, V: AsRef<str>>(
    properties: impl IntoIterator<Item = (K, V)>,
    set: &mut dyn FnMut(&str, &str) -> Result<bool, String>,
) -> Result<()> {
    for (name, text) in properties {
        read_one(name.as_ref(), text.as_ref().trim(), set)?;
    }
    Ok(())
}

fn read_one(name: &str, text: &str, set: &mut dyn FnMut(&str, &str) -> Result<bool, String>) -> Result<()> {
    let key = aliases::kafkas(name);
    let is_read = set(key, text).map_err(|reason| Error::Config(format!("{name}: {reason}")))?;
    if is_read || is_of_another_kind(key) {
        return Ok(());
    }
    if is_javas(key) {
        tracing::debug!(target: "ottla_client::config", name, "an option of Java's own has no effect");
        return Ok(());
    }
    if let Some(reason) = why_not(key) {
        return Err(Error::Config(format!("{name}: {reason}")));
    }
    let hint = nearest(name).map(|near| format!(", did you mean {near}?")).unwrap_or_default();
    Err(Error::Config(format!("there is no option {name}{hint}")))
}

/// An option of another kind of client: files are often shared.
fn is_of_another_kind(key: &str) -> bool {
    all().contains(&key)
}

/// What is about Java's classes, its runtime and its metrics, and has no meaning here.
pub(super) fn is_javas(key: &str) -> bool {
    JAVAS.contains(&key) || key.starts_with("sasl.kerberos.") || key.starts_with("sasl.login.")
}

/// Why an option that Kafka's clients have cannot be had here.
pub(super) fn why_not(key: &str) -> Option<&'static str> {
    if key.starts_with("sasl.oauthbearer.") {
        return Some(
            "of OAUTHBEARER's options there are those of client credentials: for others give a source of tokens",
        );
    }
    UNSUPPORTED.iter().find(|(unsupported, _)| *unsupported == key).map(|(_, reason)| *reason)
}

/// Every option that is read.
pub(super) fn all() -> Vec<&'static str> {
    let kinds = [ClientConfig::keys(), ProducerConfig::keys(), ConsumerConfig::keys(), AdminConfig::keys()];
    kinds.concat()
}

fn nearest(name: &str) -> Option<&'static str> {
    const NEAR: f64 = 0.85;
    let likeness = |key: &&str| strsim::jaro_winkler(key, name);
    let best = all().into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= NEAR).then_some(best)
}

const UNSUPPORTED: &[(&str, &str)] = &[
    (
        "ssl.key.password",
        "encrypted private keys are not read: decrypt it, and let nobody else read the file",
    ),
    ("ssl.keystore.password", "Java's keystores are not read: name a PEM file"),
    ("ssl.truststore.password", "Java's keystores are not read: name a PEM file"),
];

#[rustfmt::skip]
const JAVAS: &[&str] = &[
    "config.providers", "interceptor.classes", "key.deserializer", "key.serializer", "metric.reporters",
    "metrics.num.samples", "metrics.recording.level", "metrics.sample.window.ms", "sasl.client.callback.handler.class",
    "security.providers", "ssl.cipher.suites", "ssl.enabled.protocols", "ssl.engine.factory.class",
    "ssl.keymanager.algorithm", "ssl.keystore.type", "ssl.protocol", "ssl.provider", "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm", "ssl.truststore.type", "value.deserializer", "value.serializer",
];
