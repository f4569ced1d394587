//! Options of librdkafka's own: configurations that were written for it are taken as they are.

use std::sync::Once;

use super::Property;
use crate::exit::print_warning;

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
    "enable.auto.offset.store",
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
    "topic.blacklist",
    "topic.metadata.propagation.max.ms",
    "topic.metadata.refresh.fast.cnt",
    "topic.metadata.refresh.fast.interval.ms",
    "topic.metadata.refresh.interval.ms",
    "topic.metadata.refresh.sparse",
];

/// Those that mean something here. Of the others the user is told, once.
pub(super) fn with_effect(properties: &[Property]) -> impl Iterator<Item = (&str, &str)> + Clone {
    warn_of_others(properties);
    properties.iter().filter(|property| !is_without_effect(property)).map(Property::pair)
}

fn is_without_effect(property: &Property) -> bool {
    WITHOUT_EFFECT.contains(&&*property.name)
}

/// Commands may connect several times, and have one set of options.
static WARNED: Once = Once::new();

fn warn_of_others(properties: &[Property]) {
    let others = properties.iter().filter(|property| is_without_effect(property));
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
        assert_eq!(with_effect(&said).collect::<Vec<_>>(), [("client.id", "1")]);
    }
}
