//! Options of librdkafka's own: configurations that were written for it are taken as they are.

use std::sync::Once;

use anyhow::Result;
use ottla_client::config::ConsumerConfig;

use super::Property;
use crate::exit::{print_warning, usage};

/// What tunes librdkafka's inside, or is about what this client does anyway: taken, without effect.
pub(crate) const WITHOUT_EFFECT: &[&str] = &[
    "api.version.fallback.ms",
    "api.version.request",
    "api.version.request.timeout.ms",
    "auto.commit.enable",
    "broker.address.family",
    "broker.address.ttl",
    "broker.version.fallback",
    "builtin.features",
    "consume.callback.max.messages",
    "coordinator.query.interval.ms",
    "debug",
    "delivery.report.only.error",
    "enabled_events",
    "enable.partition.eof",
    "enable.random.seed",
    "enable.sparse.connections",
    "fetch.error.backoff.ms",
    "fetch.queue.backoff.ms",
    "group.protocol.type",
    "internal.termination.signal",
    "log.connection.close",
    "log.queue",
    "log.thread.name",
    "log_level",
    "message.copy.max.bytes",
    "metadata.request.timeout.ms",
    "offset.store.method",
    "offset.store.path",
    "offset.store.sync.interval.ms",
    "plugin.library.paths",
    "produce.offset.report",
    "queue.buffering.backpressure.threshold",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queued.max.messages.kbytes",
    "queued.min.messages",
    "queuing.strategy",
    "reconnect.backoff.jitter.ms",
    "socket.blocking.max.ms",
    "socket.keepalive.enable",
    "socket.max.fails",
    "socket.nagle.disable",
    "statistics.interval.ms",
    "sticky.partitioning.linger.ms",
    "topic.metadata.propagation.max.ms",
    "topic.metadata.refresh.fast.cnt",
    "topic.metadata.refresh.fast.interval.ms",
    "topic.metadata.refresh.interval.ms",
    "topic.metadata.refresh.sparse",
];

/// Topics that are to be left out.
const BLACKLIST: &str = "topic.blacklist";

/// Whether all that was read counts as processed.
const OFFSET_STORE: &str = "enable.auto.offset.store";

/// Why an option cannot be taken without effect, if that would do what the user wants least; and what to do.
pub(crate) fn refusal(name: &str, value: &str) -> Option<&'static str> {
    match name {
        BLACKLIST if !value.is_empty() => {
            Some("no topics can be left out here, and they would be read: name those that are meant")
        }
        OFFSET_STORE if !is_true(value) => Some(
            "no offsets can be held back here: leave it true, with enable.auto.commit=false if none are to be committed",
        ),
        _ => None,
    }
}

/// As librdkafka reads it.
fn is_true(value: &str) -> bool {
    ["true", "t", "1"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Those that mean something here; an error if one of the others must not be without effect.
pub(super) fn with_effect(properties: &[Property]) -> Result<impl Iterator<Item = (&str, &str)> + Clone> {
    check(properties, BLACKLIST)?;
    Ok(properties.iter().filter(|property| !is_without_effect(&property.name)).map(Property::pair))
}

/// That a consumer which commits what it read is not meant to hold some of it back.
pub(super) fn check_commits(properties: &[Property], consumer: &ConsumerConfig) -> Result<()> {
    let commits = consumer.enable_auto_commit && consumer.group_id.is_some();
    if commits { check(properties, OFFSET_STORE) } else { Ok(()) }
}

/// The last word on it counts.
fn check(properties: &[Property], name: &str) -> Result<()> {
    let last = properties.iter().rev().find(|property| property.name == name);
    let refused = last.and_then(|last| Some((last, refusal(&last.name, &last.value)?)));
    refused.map_or(Ok(()), |(last, reason)| Err(usage(format!("{name}: {reason} ({})", last.origin))))
}

/// Whether the client knows nothing of it.
pub(crate) fn is_without_effect(name: &str) -> bool {
    WITHOUT_EFFECT.contains(&name) || [BLACKLIST, OFFSET_STORE].contains(&name)
}

/// Whether it says something else than what is done anyway.
fn is_missed(property: &Property) -> bool {
    WITHOUT_EFFECT.contains(&&*property.name) || refusal(&property.name, &property.value).is_some()
}

/// Commands may connect several times, and have one set of options.
static WARNED: Once = Once::new();

/// Tells the user, once, of those that mean nothing here.
pub(super) fn warn_of_others(properties: &[Property]) {
    let others = properties.iter().filter(|property| is_missed(property));
    let told: Vec<String> = others.map(|it| format!("{} ({})", it.name, it.origin)).collect();
    if !told.is_empty() {
        WARNED.call_once(|| print_warning(format!("without effect here: {}", told.join(", "))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tunes_another_client_is_left_out() {
        let said = ["debug", "client.id", "queued.min.messages"].map(|name| Property::new(name, "1", "-X"));
        let left: Vec<_> = with_effect(&said).expect("they are harmless").collect();
        assert_eq!(left, [("client.id", "1")]);
    }

    #[test]
    fn what_must_not_be_without_effect_is_refused() {
        for (said, expected) in [
            (&[("topic.blacklist", "secret")][..], Some("topic.blacklist: no topics can be left out here")),
            (&[("topic.blacklist", "secret"), ("topic.blacklist", "")], None),
            (&[("group.id", "g"), ("enable.auto.offset.store", "true")], None),
            (
                &[("group.id", "g"), ("enable.auto.offset.store", "false")],
                Some("enable.auto.offset.store: no "),
            ),
            (&[("enable.auto.offset.store", "false")], None),
            (&[("group.id", "g"), ("enable.auto.offset.store", "0"), ("enable.auto.commit", "false")], None),
        ] {
            let brokers = [("bootstrap.servers", "a:1")];
            let all: Vec<Property> =
                brokers.iter().chain(said).map(|(k, v)| Property::new(k, *v, "-X")).collect();
            let outcome = with_effect(&all).and_then(|pairs| {
                let (_, consumer) = ConsumerConfig::from_properties(pairs).expect("they go together");
                check_commits(&all, &consumer)
            });
            match (expected, outcome) {
                (None, outcome) => outcome.unwrap_or_else(|error| panic!("{said:?}: {error}")),
                (Some(expected), outcome) => {
                    let error = outcome.expect_err(expected).to_string();
                    assert!(error.starts_with(expected) && error.ends_with("(-X)"), "{error}");
                }
            }
        }
    }
}
