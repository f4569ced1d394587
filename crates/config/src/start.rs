//! The configuration that a process starts with: file, environment and flags, put together and judged.

use std::{collections::BTreeMap, fmt};

use crate::{
    error::ConfigError,
    option::ConfigOption,
    options::{self, OWN_PREFIX, Scope},
    origin::{Assignment, Origin},
    properties::parse_properties,
    rules,
    settings::Settings,
    toml_file::parse_toml,
};

/// TOML if the name ends so, else Java properties. `path` is only told, not read.
pub fn parse_file(path: &str, text: &str) -> Result<Vec<Assignment>, ConfigError> {
    if path.ends_with(".toml") { parse_toml(path, text) } else { parse_properties(path, text) }
}

/// The `KEY=VALUE` of a `--set`.
pub fn parse_set(text: &str) -> Result<Assignment, ConfigError> {
    let flag = format!("--set {text}");
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok(Assignment {
            name: name.trim().into(),
            value: value.into(),
            origin: Origin::Flag { flag: "--set".into() },
        }),
        _ => Err(ConfigError::Assignment { flag }),
    }
}

/// What was given at the start, each option once, with where it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartConfig {
    values: BTreeMap<String, Assignment>,
}

impl StartConfig {
    /// Flags win over the environment, that over files; within each the later wins. Every option that is known has a
    /// value of its type and range, and the whole makes sense; otherwise all that is wrong is told at once.
    pub fn new(
        assignments: impl IntoIterator<Item = Assignment>,
    ) -> Result<(StartConfig, Vec<Warning>), Vec<ConfigError>> {
        let mut config = StartConfig { values: strongest(assignments) };
        config.derive();
        let mut warnings = Vec::new();
        let mut errors = Vec::new();
        for assignment in config.values.values() {
            match judge(assignment) {
                Ok(warning) => warnings.extend(warning),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            errors = rules::broken_at_start(&Settings::new(config.clone()));
        }
        if errors.is_empty() { Ok((config, warnings)) } else { Err(errors) }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Assignment> {
        self.values.get(name)
    }

    pub(crate) fn assignments(&self) -> impl Iterator<Item = &Assignment> {
        self.values.values()
    }

    /// The origin of an option that was given.
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        self.values.get(name).map(|assignment| &assignment.origin)
    }

    /// What Kafka and its images make of some options: each of `node.id` and `broker.id` stands for the other, and
    /// who says what clients are told, but not where to listen, listens there on every interface.
    fn derive(&mut self) {
        self.derive_ids();
        if let Some(advertised) = self.values.get("advertised.listeners")
            && !self.values.contains_key("listeners")
        {
            let mut listeners = advertised.clone();
            listeners.name = "listeners".into();
            listeners.value = on_every_interface(&advertised.value);
            self.values.insert(listeners.name.clone(), listeners);
        }
    }

    fn derive_ids(&mut self) {
        let (node, broker) = (self.values.get("node.id"), self.values.get("broker.id"));
        let (from, to) = match (node, broker) {
            (Some(node), None) => (node, "broker.id"),
            (None, Some(broker)) => (broker, "node.id"),
            (Some(node), Some(broker)) if node.origin.rank() > broker.origin.rank() => (node, "broker.id"),
            (Some(node), Some(broker)) if node.origin.rank() < broker.origin.rank() => (broker, "node.id"),
            _ => return,
        };
        let derived = Assignment { name: to.into(), ..from.clone() };
        self.values.insert(to.into(), derived);
    }
}

fn strongest(assignments: impl IntoIterator<Item = Assignment>) -> BTreeMap<String, Assignment> {
    let mut values: BTreeMap<String, Assignment> = BTreeMap::new();
    for assignment in assignments {
        let wins =
            values.get(&assignment.name).is_none_or(|known| known.origin.rank() <= assignment.origin.rank());
        if wins {
            values.insert(assignment.name.clone(), assignment);
        }
    }
    values
}

/// `PLAINTEXT://0.0.0.0:9092` for `PLAINTEXT://kafka.example:9092`.
fn on_every_interface(advertised: &str) -> String {
    let open = |entry: &str| {
        let (name, address) =
            entry.trim().split_once("://").map_or(("PLAINTEXT", entry.trim()), |parts| parts);
        let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
        format!("{name}://0.0.0.0:{port}")
    };
    advertised.split(',').map(open).collect::<Vec<_>>().join(",")
}

fn judge(assignment: &Assignment) -> Result<Option<Warning>, ConfigError> {
    let Assignment { name, value, origin } = assignment;
    if let Some(option) = Scope::Broker.find(name) {
        option
            .parse(value)
            .map_err(|error| ConfigError::Invalid { origin: origin.clone(), message: error.to_string() })?;
        return Ok(warning_of(option, assignment));
    }
    if name.starts_with(OWN_PREFIX) {
        let suggestion = options::nearest(Scope::Broker, name);
        return Err(ConfigError::Misspelt { origin: origin.clone(), name: name.clone(), suggestion });
    }
    let reason = if options::was_removed(name) {
        Reason::Removed
    } else if let Some(broker_option) = Scope::Topic.find(name).and_then(|option| option.fallback) {
        Reason::OfTopics { broker_option }
    } else {
        Reason::Unknown { suggestion: options::nearest(Scope::Broker, name) }
    };
    Ok(Some(Warning { origin: origin.clone(), name: name.clone(), reason }))
}

/// Nothing is said about an option without effect that only repeats the default.
fn warning_of(option: &ConfigOption, assignment: &Assignment) -> Option<Warning> {
    let is_default =
        option.default.is_some_and(|default| option.parse(&assignment.value) == option.parse(default));
    (!option.acts && !is_default).then(|| Warning {
        origin: assignment.origin.clone(),
        name: assignment.name.clone(),
        reason: Reason::WithoutEffect,
    })
}

/// Something that was given and does nothing. The process starts all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub origin: Origin,
    pub name: String,
    pub reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// An option of Kafka 4.3 that nothing here acts on.
    WithoutEffect,
    /// An option of an earlier Kafka.
    Removed,
    /// An option of topics, where the broker's was expected.
    OfTopics {
        broker_option: &'static str,
    },
    Unknown {
        suggestion: Option<&'static str>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Warning { origin, name, reason } = self;
        match reason {
            Reason::WithoutEffect => write!(f, "{origin}: {name} has no effect here"),
            Reason::Removed => write!(f, "{origin}: {name} is no option of Kafka any more and has no effect"),
            Reason::OfTopics { broker_option } => {
                write!(f, "{origin}: {name} is an option of topics; for all of them set {broker_option}")
            }
            Reason::Unknown { suggestion: Some(suggestion) } => {
                write!(
                    f,
                    "{origin}: {name} is no option of Kafka and has no effect; did you mean {suggestion}?"
                )
            }
            Reason::Unknown { suggestion: None } => {
                write!(f, "{origin}: {name} is no option of Kafka and has no effect")
            }
        }
    }
}

#[cfg(test)]
#[path = "start_tests.rs"]
mod tests;
