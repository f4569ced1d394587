//! Where a value comes from, for the user who wonders and for the order in which values win.

use std::fmt;

/// Later variants win over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    Default,
    File {
        path: String,
        line: usize,
    },
    Environment {
        variable: String,
    },
    /// As it was given: `--listen`, `--set`.
    Flag {
        flag: String,
    },
    /// Altered while running, for all brokers.
    DynamicDefault,
    /// Altered while running, for this broker.
    DynamicBroker,
    DynamicTopic,
    DynamicGroup,
    DynamicClientMetrics,
}

impl Origin {
    pub fn source(&self) -> Source {
        match self {
            Origin::Default => Source::Default,
            Origin::File { .. } | Origin::Environment { .. } | Origin::Flag { .. } => Source::StaticBroker,
            Origin::DynamicDefault => Source::DynamicDefaultBroker,
            Origin::DynamicBroker => Source::DynamicBroker,
            Origin::DynamicTopic => Source::DynamicTopic,
            Origin::DynamicGroup => Source::DynamicGroup,
            Origin::DynamicClientMetrics => Source::DynamicClientMetrics,
        }
    }

    /// Which of two kinds of origin wins; lines of one file do not count.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Origin::Default => 0,
            Origin::File { .. } => 1,
            Origin::Environment { .. } => 2,
            Origin::Flag { .. } => 3,
            Origin::DynamicDefault => 4,
            Origin::DynamicBroker => 5,
            Origin::DynamicTopic | Origin::DynamicGroup | Origin::DynamicClientMetrics => 6,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, line } => write!(f, "{path}:{line}"),
            Origin::Environment { variable } => f.write_str(variable),
            Origin::Flag { flag } => f.write_str(flag),
            Origin::DynamicDefault => f.write_str("altered for all brokers"),
            Origin::DynamicBroker => f.write_str("altered for this broker"),
            Origin::DynamicTopic => f.write_str("altered for the topic"),
            Origin::DynamicGroup => f.write_str("altered for the group"),
            Origin::DynamicClientMetrics => f.write_str("altered for the subscription"),
        }
    }
}

/// The source of a value as `DescribeConfigs` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    DynamicTopic,
    DynamicBroker,
    DynamicDefaultBroker,
    StaticBroker,
    Default,
    DynamicBrokerLogger,
    DynamicClientMetrics,
    DynamicGroup,
}

impl Source {
    pub fn code(self) -> i8 {
        match self {
            Source::DynamicTopic => 1,
            Source::DynamicBroker => 2,
            Source::DynamicDefaultBroker => 3,
            Source::StaticBroker => 4,
            Source::Default => 5,
            Source::DynamicBrokerLogger => 6,
            Source::DynamicClientMetrics => 7,
            Source::DynamicGroup => 8,
        }
    }
}

/// A value as somebody gave it, before it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub name: String,
    pub value: String,
    pub origin: Origin,
}

impl Assignment {
    /// Of a flag that stands for an option, as `--data-dir` does for `log.dirs`.
    pub fn of_flag(flag: &str, name: &str, value: &str) -> Assignment {
        Assignment { name: name.into(), value: value.into(), origin: Origin::Flag { flag: flag.into() } }
    }
}
