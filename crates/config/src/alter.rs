//! Alterations of a resource, as CreateTopics, AlterConfigs and IncrementalAlterConfigs (KIP-339) ask for them.
//!
//! What is asked becomes the changes to the resource's config records, or one refusal for the whole resource, with
//! the code and in the words of Kafka's controller.

use std::collections::BTreeSet;

use crate::{
    client_metrics,
    error::Refusal,
    option::{Change, ConfigOption, Kind},
    options::{self, OWN_PREFIX, Scope},
    rules,
    settings::{Overrides, Settings},
    value::items,
};

/// The longest value that a config record takes.
const VALUE_BYTES_MAX: usize = i16::MAX as usize;

/// What is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'a> {
    Topic(&'a str),
    /// One broker.
    Broker(i32),
    /// The defaults of all brokers: the broker resource without a name.
    AllBrokers,
    Group(&'a str),
    ClientMetrics(&'a str),
}

impl Resource<'_> {
    pub fn scope(self) -> Scope {
        match self {
            Resource::Topic(_) => Scope::Topic,
            Resource::Broker(_) | Resource::AllBrokers => Scope::Broker,
            Resource::Group(_) => Scope::Group,
            Resource::ClientMetrics(_) => Scope::ClientMetrics,
        }
    }

    fn check_name(self) -> Result<(), Refusal> {
        match self {
            Resource::Topic("") => Err(Refusal::request("Default topic resources are not allowed.")),
            Resource::Group("") => Err(Refusal::request("Default group resources are not allowed.")),
            Resource::ClientMetrics("") => Err(Refusal::request("Subscription name can't be empty")),
            Resource::Topic(_)
            | Resource::Broker(_)
            | Resource::AllBrokers
            | Resource::Group(_)
            | Resource::ClientMetrics(_) => Ok(()),
        }
    }
}

/// With the numbers of IncrementalAlterConfigs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Set,
    Delete,
    Append,
    Subtract,
}

impl Operation {
    /// `None` for a number that Kafka does not have.
    pub fn from_code(code: i8) -> Option<Operation> {
        match code {
            0 => Some(Operation::Set),
            1 => Some(Operation::Delete),
            2 => Some(Operation::Append),
            3 => Some(Operation::Subtract),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Operation::Set => "SET",
            Operation::Delete => "DELETE",
            Operation::Append => "APPEND",
            Operation::Subtract => "SUBTRACT",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alteration<'a> {
    pub name: &'a str,
    pub operation: Operation,
    pub value: Option<&'a str>,
}

/// One config record to write: the new value, or `None` to remove the option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigChange {
    pub name: String,
    pub value: Option<String>,
}

impl Settings {
    /// Judges the configs of a topic that is to be created, and gives its overrides. A value of null is refused.
    pub fn create_topic<'a>(
        &self,
        configs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<Overrides, Refusal> {
        let mut overrides = Overrides::new();
        let mut nulls = Vec::new();
        for (name, value) in configs {
            match value {
                Some(value) => drop(overrides.insert(name.to_owned(), value.to_owned())),
                None => nulls.push(name),
            }
        }
        if !nulls.is_empty() {
            let message = format!("Null value not supported for topic configs: {}", nulls.join(","));
            return Err(Refusal::config(message));
        }
        check_lengths(overrides.values())?;
        self.check_resource(Resource::Topic("created"), &overrides)?;
        Ok(overrides)
    }

    /// IncrementalAlterConfigs: each alteration on top of what the resource has now. The changes are what differs.
    pub fn alter(
        &self,
        resource: Resource<'_>,
        current: &Overrides,
        alterations: &[Alteration<'_>],
    ) -> Result<Vec<ConfigChange>, Refusal> {
        resource.check_name()?;
        check_names_and_nulls(alterations)?;
        let mut altered = current.clone();
        for alteration in alterations {
            self.apply(resource, alteration, &mut altered)?;
        }
        self.judge(resource, current, &altered)
    }

    /// AlterConfigs, the old form: what is not named goes back to its default. The changes are what differs.
    pub fn replace<'a>(
        &self,
        resource: Resource<'_>,
        current: &Overrides,
        configs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<Vec<ConfigChange>, Refusal> {
        resource.check_name()?;
        let sets: Vec<Alteration<'_>> = configs
            .into_iter()
            .map(|(name, value)| Alteration { name, operation: Operation::Set, value })
            .collect();
        check_names_and_nulls(&sets)?;
        let altered =
            sets.iter().map(|one| (one.name.to_owned(), one.value.unwrap_or_default().to_owned())).collect();
        self.judge(resource, current, &altered)
    }

    fn judge(
        &self,
        resource: Resource<'_>,
        current: &Overrides,
        altered: &Overrides,
    ) -> Result<Vec<ConfigChange>, Refusal> {
        let changes = differences(current, altered);
        check_lengths(changes.iter().filter_map(|change| change.value.as_ref()))?;
        self.check_resource(resource, altered)?;
        Ok(changes)
    }

    fn apply(
        &self,
        resource: Resource<'_>,
        alteration: &Alteration<'_>,
        to: &mut Overrides,
    ) -> Result<(), Refusal> {
        let Alteration { name, operation, value } = *alteration;
        let value = value.unwrap_or_default();
        let changed = match operation {
            Operation::Delete => {
                to.remove(name);
                return Ok(());
            }
            Operation::Set => value.to_owned(),
            Operation::Append => with(self.parts(resource, alteration, to)?, items(value)).join(","),
            Operation::Subtract => without(self.parts(resource, alteration, to)?, &items(value)).join(","),
        };
        to.insert(name.to_owned(), changed);
        Ok(())
    }

    /// What a list has now: what was altered, else what it gets from the broker or its default.
    fn parts(
        &self,
        resource: Resource<'_>,
        alteration: &Alteration<'_>,
        overrides: &Overrides,
    ) -> Result<Vec<String>, Refusal> {
        let option = list_option(resource, alteration)?;
        let now = overrides.get(option.name).cloned();
        Ok(items(&now.unwrap_or_else(|| self.inherited(resource, option))))
    }

    /// What an option has where its resource does not say.
    fn inherited(&self, resource: Resource<'_>, option: &ConfigOption) -> String {
        let value = match resource.scope() {
            Scope::Broker => self.value(option.name),
            Scope::Topic | Scope::Group | Scope::ClientMetrics => {
                self.resource_value(option, &Overrides::new())
            }
        };
        value.map(|value| value.to_string()).unwrap_or_default()
    }

    fn check_resource(&self, resource: Resource<'_>, overrides: &Overrides) -> Result<(), Refusal> {
        match resource {
            Resource::Topic(_) => self.check_topic(overrides),
            Resource::Broker(_) => self.check_broker(overrides, false),
            Resource::AllBrokers => self.check_broker(overrides, true),
            Resource::Group(_) => self.check_group_overrides(overrides),
            Resource::ClientMetrics(_) => client_metrics::check_subscription(overrides),
        }
    }

    fn check_topic(&self, overrides: &Overrides) -> Result<(), Refusal> {
        check_declared(Scope::Topic, "topic", overrides)?;
        let config = self.topic(overrides);
        let (least, most) = (config.min_compaction_lag_ms, config.max_compaction_lag_ms);
        if least > most {
            return Err(Refusal::config(format!(
                "conflict topic config setting min.compaction.lag.ms ({least}) > max.compaction.lag.ms ({most})"
            )));
        }
        if overrides.get("remote.storage.enable").is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
        {
            return Err(Refusal::config(
                "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote \
                 log storage.",
            ));
        }
        Ok(())
    }

    fn check_group_overrides(&self, overrides: &Overrides) -> Result<(), Refusal> {
        check_declared(Scope::Group, "group", overrides)?;
        Ok(self.check_group(overrides)?)
    }

    /// A broker takes names that nobody declared, for plug-ins; but not those that we would have declared.
    fn check_broker(&self, overrides: &Overrides, for_all: bool) -> Result<(), Refusal> {
        check_dynamic(overrides, for_all)?;
        for (name, text) in overrides {
            match Scope::Broker.find(name) {
                Some(option) => drop(option.parse(text).map_err(|error| Refusal::request(error.message()))?),
                None if name.starts_with(OWN_PREFIX) => return Err(misspelt(Scope::Broker, "broker", name)),
                None => {}
            }
        }
        let mut altered = self.clone();
        if for_all {
            altered.set_for_all_brokers(overrides.clone());
        } else {
            altered.set_for_this_broker(overrides.clone());
        }
        rules::check(&altered).map_err(|error| Refusal::request(error.message()))
    }
}

fn with(mut parts: Vec<String>, added: Vec<String>) -> Vec<String> {
    for item in added {
        if !parts.contains(&item) {
            parts.push(item);
        }
    }
    parts
}

fn without(mut parts: Vec<String>, taken: &[String]) -> Vec<String> {
    parts.retain(|part| !taken.contains(part));
    parts
}

fn check_names_and_nulls(alterations: &[Alteration<'_>]) -> Result<(), Refusal> {
    let mut names = BTreeSet::new();
    if !alterations.iter().all(|alteration| names.insert(alteration.name)) {
        return Err(Refusal::request("Error due to duplicate config keys"));
    }
    let nulls: Vec<&str> = alterations
        .iter()
        .filter(|one| one.value.is_none() && one.operation != Operation::Delete)
        .map(|one| one.name)
        .collect();
    if nulls.is_empty() {
        return Ok(());
    }
    Err(Refusal::request(format!("Null value not supported for : {}", nulls.join(", "))))
}

/// Kafka's controller does not know the lists of client metrics for what they are.
fn list_option(
    resource: Resource<'_>,
    alteration: &Alteration<'_>,
) -> Result<&'static ConfigOption, Refusal> {
    let scope = resource.scope();
    let can_be_appended_to =
        |option: &&ConfigOption| option.kind == Kind::List && scope != Scope::ClientMetrics;
    let option = scope.find(alteration.name).filter(can_be_appended_to);
    option.ok_or_else(|| {
        Refusal::config(format!(
            "Can't {} to key {} because its type is not LIST.",
            alteration.operation.name(),
            alteration.name
        ))
    })
}

fn differences(current: &Overrides, altered: &Overrides) -> Vec<ConfigChange> {
    let removed = current.keys().filter(|name| !altered.contains_key(*name)).map(|name| (name, None));
    let set =
        altered.iter().filter(|(name, value)| current.get(*name) != Some(value)).map(|(n, v)| (n, Some(v)));
    removed
        .chain(set)
        .map(|(name, value)| ConfigChange { name: name.clone(), value: value.cloned() })
        .collect()
}

fn check_lengths<'a>(values: impl IntoIterator<Item = &'a String>) -> Result<(), Refusal> {
    if values.into_iter().all(|value| value.len() <= VALUE_BYTES_MAX) {
        return Ok(());
    }
    Err(Refusal::config(format!(
        "The configuration value cannot be added because it exceeds the maximum value size of {VALUE_BYTES_MAX} bytes."
    )))
}

/// Every name is known, then every value is good, in the order of the declarations.
fn check_declared(scope: Scope, resource: &str, overrides: &Overrides) -> Result<(), Refusal> {
    if let Some(unknown) = overrides.keys().find(|name| scope.find(name).is_none()) {
        return Err(misspelt(scope, resource, unknown));
    }
    for option in scope.options() {
        if let Some(text) = overrides.get(option.name) {
            option.parse(text)?;
        }
    }
    Ok(())
}

fn misspelt(scope: Scope, resource: &str, name: &str) -> Refusal {
    let suggestion = options::nearest(scope, name).filter(|_| name.starts_with(OWN_PREFIX));
    let hint = suggestion.map(|near| format!(", did you mean {near}?")).unwrap_or_default();
    Refusal::config(format!("Unknown {resource} config name: {name}{hint}"))
}

/// Refuses what does not change while running, what is set for all and can only be set for one, and what needs the
/// name of a listener before it.
fn check_dynamic(overrides: &Overrides, for_all: bool) -> Result<(), Refusal> {
    let names_with = |is_bad: &dyn Fn(&str, &ConfigOption) -> bool| -> Vec<&str> {
        let declared = overrides.keys().filter_map(|name| Some((name, Scope::Broker.find(name)?)));
        declared.filter(|(name, option)| is_bad(name, option)).map(|(name, _)| name.as_str()).collect()
    };
    let plain_security = names_with(&|name, option| option.name == name && is_security(option));
    let read_only = names_with(&|_, option| option.change == Change::ReadOnly);
    let per_broker = names_with(&|_, option| for_all && option.change == Change::PerBroker);
    for (names, message) in [
        (read_only, "Cannot update these configs dynamically"),
        (
            plain_security,
            "These security configs can be dynamically updated only per-listener using the listener prefix",
        ),
        (per_broker, "Cannot update these configs at default cluster level, broker id must be specified"),
    ] {
        if !names.is_empty() {
            return Err(Refusal::request(format!("{message}: [{}]", names.join(", "))));
        }
    }
    Ok(())
}

fn is_security(option: &ConfigOption) -> bool {
    option.change == Change::PerBroker
        && ["ssl.", "sasl.", "principal."].iter().any(|begin| option.name.starts_with(begin))
}
