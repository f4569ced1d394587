//! The layers of a broker's configuration, and which of them a value is taken from.
//!
//! From the weakest: defaults, what was given at the start, what was altered for all brokers, what was altered for
//! this one. Topics and groups have a layer of their own above these. A layer that holds something unusable (a
//! metadata log may, if another version wrote it) is passed over, so resolving never fails.

use std::collections::BTreeMap;

use crate::{
    error::InvalidConfig,
    option::{Change, ConfigOption},
    options::{self, Scope},
    origin::{Origin, Source},
    start::StartConfig,
    value::Value,
};

/// The altered options of one resource, as its config records have them.
pub type Overrides = BTreeMap<String, String>;

/// A broker's configuration with all its layers. Cheap to read, replaced layer by layer.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    start: StartConfig,
    for_all_brokers: Overrides,
    for_this_broker: Overrides,
}

/// One layer's say about an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layer<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
    pub(crate) source: Source,
}

impl Settings {
    pub fn new(start: StartConfig) -> Settings {
        Settings { start, ..Settings::default() }
    }

    /// Takes the config records of the broker resource without a name.
    pub fn set_for_all_brokers(&mut self, overrides: Overrides) {
        self.for_all_brokers = overrides;
    }

    /// Takes the config records of this broker.
    pub fn set_for_this_broker(&mut self, overrides: Overrides) {
        self.for_this_broker = overrides;
    }

    pub fn start(&self) -> &StartConfig {
        &self.start
    }

    pub fn for_all_brokers(&self) -> &Overrides {
        &self.for_all_brokers
    }

    pub fn for_this_broker(&self) -> &Overrides {
        &self.for_this_broker
    }

    /// What the layers say about a name, the strongest first.
    pub(crate) fn layers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Layer<'a>> {
        let option = Scope::Broker.find(name);
        let change = option.map_or(Change::ClusterWide, |option| option.change);
        let of = |overrides: &'a Overrides, source, applies: bool| {
            let text = overrides.get(name).filter(|_| applies);
            text.map(|text| Layer { name, text, source })
        };
        let own = of(&self.for_this_broker, Source::DynamicBroker, change != Change::ReadOnly);
        let all = of(&self.for_all_brokers, Source::DynamicDefaultBroker, change == Change::ClusterWide);
        let start =
            self.start.get(name).map(|one| Layer { name, text: &one.value, source: Source::StaticBroker });
        let default = option
            .filter(|option| option.name == name)
            .and_then(|option| option.default)
            .map(|text| Layer { name, text, source: Source::Default });
        [own, all, start, default].into_iter().flatten()
    }

    /// The value of a broker's option; `None` is null.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        let option = Scope::Broker.find(name)?;
        self.layers(name).find_map(|layer| option.parse(layer.text).ok())
    }

    /// Where the value of a broker's option comes from.
    pub(crate) fn origin(&self, name: &str) -> Origin {
        let parses = |layer: &Layer<'_>| {
            Scope::Broker.find(name).is_none_or(|option| option.parse(layer.text).is_ok())
        };
        match self.layers(name).find(parses).map(|layer| layer.source) {
            Some(Source::DynamicBroker) => Origin::DynamicBroker,
            Some(Source::DynamicDefaultBroker) => Origin::DynamicDefault,
            Some(Source::StaticBroker) => self.start.origin(name).cloned().unwrap_or(Origin::Default),
            _ => Origin::Default,
        }
    }

    /// The value of a topic's or group's option: its own, else the broker's for it, else the default.
    pub(crate) fn resource_value(&self, option: &ConfigOption, overrides: &Overrides) -> Option<Value> {
        let own = overrides.get(option.name).and_then(|text| option.parse(text).ok());
        own.or_else(|| option.fallback.and_then(|name| self.fallback_value(option, name)))
            .or_else(|| option.default.and_then(|text| option.parse(text).ok()))
    }

    /// The broker's value in the units of the option that falls back to it: of a family the first that is given, a
    /// number below the option's range as the least that it takes.
    fn fallback_value(&self, option: &ConfigOption, broker_option: &str) -> Option<Value> {
        let Some(family) = options::family(broker_option) else {
            return self.value(broker_option).and_then(|value| option.parse(&value.to_string()).ok());
        };
        let (given, unit) = family.iter().find_map(|(name, unit)| Some((self.value(name)?, unit)))?;
        let number = given.integer()?.saturating_mul(*unit);
        Some(Value::Long(option.check.least().map_or(number, |least| number.max(least))))
    }

    /// What of a resource's overrides is passed over when it is resolved, for a line in the log.
    pub fn unusable(scope: Scope, overrides: &Overrides) -> Vec<InvalidConfig> {
        overrides.iter().filter_map(|(name, text)| scope.find(name)?.parse(text).err()).collect()
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
