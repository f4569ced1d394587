//! The configuration: every option is declared once, and everything else derives from the declaration.
//!
//! An option's declaration (see `options/`) has its name (Kafka's, verbatim), type, default, range, importance,
//! whether it is dynamic, and a sentence of documentation. From it derive parsing and checking in Kafka's words
//! ([`ConfigOption::parse`]), the answers to `DescribeConfigs` ([`Settings::describe`]), what may be altered
//! ([`Settings::alter`]), `ottla config explain` ([`Settings::explain`]) and the manual ([`manual`]).
//!
//! How values come together:
//!
//! ```text
//! server.properties, TOML   KAFKA_* variables   flags
//!               \                 |             /            parse_file, from_environment, parse_set
//!                `----------- Assignment ------'
//!                                 |                          StartConfig::new: judged, with warnings
//! config records ------------> Settings                      the layers of one broker
//!                                 |
//!         BrokerConfig, TopicConfig, GroupConfig             typed snapshots, made once for each change
//! ```
//!
//! Upstream of this crate is nothing of ours. Downstream are all that act on an option: the log, the coordinators,
//! the broker; and the command line, which reads files and variables and hands over their text. This crate opens no
//! file, reads no variable, and knows neither the protocol nor its error numbers.

#![forbid(unsafe_code)]

mod alter;
mod broker_config;
mod check;
mod client_metrics;
mod describe;
mod environment;
mod error;
mod explain;
mod group_config;
mod listener;
mod option;
mod options;
mod origin;
mod properties;
mod reader;
#[cfg(test)]
mod recorded_tests;
mod rules;
mod settings;
mod start;
mod toml_file;
mod topic_config;
mod value;

pub use alter::{Alteration, ConfigChange, Operation, Resource};
pub use broker_config::{
    BrokerConfig, CleanerConfig, CreationConfig, FetchConfig, GroupsConfig, LegacyConfig, LogFormat,
    LogsConfig, MetadataConfig, MetricsConfig, NetworkConfig, NodeConfig, OffsetsConfig, ProducersConfig,
    TransactionsConfig,
};
pub use describe::{ConfigSynonym, DescribedConfig};
pub use environment::from_environment;
pub use error::{ConfigError, InvalidConfig, Refusal, RefusalCode};
pub use explain::{Explained, manual};
pub use group_config::{GroupConfig, MemberTimes, OffsetReset};
pub use listener::{Listener, Listeners, SecurityProtocol};
pub use option::{Change, Check, ConfigOption, Importance, Kind};
pub use options::Scope;
pub use origin::{Assignment, Origin, Source};
pub use settings::{Overrides, Settings};
pub use start::{Reason, StartConfig, Warning, parse_file, parse_set};
pub use topic_config::{CleanupPolicy, Durability, TimestampType, TopicCompression, TopicConfig};
pub use value::{Secret, Value};
