//! The declarations, a table for each scope, and how they are found.
//!
//! Names, types, defaults, ranges, importance and whether an option is dynamic are Kafka 4.3's. Where a default
//! differs, so that a node starts without any configuration, `NODE_DEFAULTS` says so.

use std::{collections::HashMap, sync::LazyLock};

use crate::option::ConfigOption;

mod broker;
mod client_metrics;
mod group;
mod removed;
mod topic;

pub(crate) use broker::{NODE_DEFAULTS, family};
pub(crate) use removed::was_removed;

/// Names that begin so are ours; all others are Kafka's.
pub(crate) const OWN_PREFIX: &str = "ottla.";

static TOPIC_TABLES: &[&[ConfigOption]] = &[topic::OPTIONS];
static GROUP_TABLES: &[&[ConfigOption]] = &[group::OPTIONS];
static CLIENT_METRICS_TABLES: &[&[ConfigOption]] = &[client_metrics::OPTIONS];

/// What an option is an option of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    Topic,
    Broker,
    Group,
    ClientMetrics,
}

impl Scope {
    /// Every declared option, Kafka's first, in an order that groups what belongs together.
    pub fn options(self) -> impl Iterator<Item = &'static ConfigOption> {
        self.tables().iter().copied().flatten()
    }

    /// The declaration of a name. For a broker also of `listener.name.NAME.OPTION`, which is `OPTION`'s.
    pub fn find(self, name: &str) -> Option<&'static ConfigOption> {
        static INDEX: LazyLock<HashMap<(Scope, &'static str), &'static ConfigOption>> = LazyLock::new(index);
        let plain = if self == Scope::Broker { without_listener(name) } else { name };
        INDEX.get(&(self, plain)).copied()
    }

    fn tables(self) -> &'static [&'static [ConfigOption]] {
        match self {
            Scope::Topic => TOPIC_TABLES,
            Scope::Broker => broker::TABLES,
            Scope::Group => GROUP_TABLES,
            Scope::ClientMetrics => CLIENT_METRICS_TABLES,
        }
    }
}

fn index() -> HashMap<(Scope, &'static str), &'static ConfigOption> {
    [Scope::Topic, Scope::Broker, Scope::Group, Scope::ClientMetrics]
        .into_iter()
        .flat_map(|scope| scope.options().map(move |option| ((scope, option.name), option)))
        .collect()
}

/// `ssl.keystore.type` for `listener.name.internal.ssl.keystore.type`; other names as they are.
pub(crate) fn without_listener(name: &str) -> &str {
    name.strip_prefix("listener.name.")
        .and_then(|rest| rest.split_once('.'))
        .map_or(name, |(_listener, option)| option)
}

/// The declared name that is nearest to a misspelt one, if one is near.
pub(crate) fn nearest(scope: Scope, name: &str) -> Option<&'static str> {
    const NEAR: f64 = 0.85;
    let likeness = |option: &ConfigOption| strsim::jaro_winkler(option.name, name);
    scope
        .options()
        .filter(|option| option.name.starts_with(OWN_PREFIX) == name.starts_with(OWN_PREFIX))
        .map(|option| (option.name, likeness(option)))
        .filter(|(_, likeness)| *likeness >= NEAR)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(name, _)| name)
}
