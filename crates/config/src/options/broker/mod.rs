//! The broker's options, by what they are about.

use crate::option::ConfigOption;

mod cleaner;
mod cluster;
mod groups;
mod log;
mod metrics;
mod network;
mod oauth;
mod ottla;
mod remote;
mod replication;
mod security;
mod share;
mod topics;
mod transactions;

pub(crate) static TABLES: &[&[ConfigOption]] = &[
    cluster::OPTIONS,
    network::OPTIONS,
    topics::OPTIONS,
    log::OPTIONS,
    cleaner::OPTIONS,
    replication::OPTIONS,
    groups::OPTIONS,
    share::OPTIONS,
    transactions::OPTIONS,
    metrics::OPTIONS,
    security::OPTIONS,
    oauth::OPTIONS,
    remote::OPTIONS,
    ottla::OPTIONS,
];

/// Options whose default is ours, because Kafka's does not give a node that starts by itself: Kafka has none for the
/// first three, listens on every interface, and keeps its data in `/tmp`.
pub(crate) static NODE_DEFAULTS: &[&str] =
    &["node.id", "process.roles", "controller.listener.names", "listeners", "log.dir"];

/// Options that say the same in several units, the one that wins first, each with its unit in terms of the first.
type Family = &'static [(&'static str, i64)];

const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;

static FAMILIES: &[Family] = &[
    &[("log.retention.ms", 1), ("log.retention.minutes", MINUTE), ("log.retention.hours", HOUR)],
    &[("log.roll.ms", 1), ("log.roll.hours", HOUR)],
    &[("log.roll.jitter.ms", 1), ("log.roll.jitter.hours", HOUR)],
    &[("log.flush.interval.ms", 1), ("log.flush.scheduler.interval.ms", 1)],
];

/// The family that an option belongs to.
pub(crate) fn family(name: &str) -> Option<Family> {
    FAMILIES.iter().copied().find(|family| family.iter().any(|(member, _)| *member == name))
}
