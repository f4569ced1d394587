//! What `DescribeConfigs` says about a resource: its options with values, sources and synonyms.

use crate::{
    alter::Resource,
    option::{Change, ConfigOption, Kind},
    options::{self, Scope},
    origin::Source,
    settings::{Layer, Overrides, Settings},
    value::Value,
};

/// One option of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedConfig {
    pub name: String,
    /// `None` is null: no value, or one that must not be seen.
    pub value: Option<String>,
    pub source: Source,
    pub is_read_only: bool,
    pub is_sensitive: bool,
    /// `None` for an option that nobody declared; the protocol's number for it is 0.
    pub kind: Option<Kind>,
    /// Every layer that says something about the option, the strongest first, so that the first is where the value
    /// comes from.
    pub synonyms: Vec<ConfigSynonym>,
    pub documentation: &'static str,
}

/// An option, perhaps another one, that the value is or would be taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSynonym {
    pub name: String,
    pub value: Option<String>,
    pub source: Source,
}

impl Settings {
    /// Describes the options with the given names, or all if none are given. `overrides` are the resource's config
    /// records; for a broker they are not needed, because the settings have them.
    ///
    /// Topics do not show those of our options that are at their default unless they are asked for by name: a client
    /// gets the options that Kafka has.
    pub fn describe(
        &self,
        resource: Resource<'_>,
        overrides: &Overrides,
        names: Option<&[&str]>,
    ) -> Vec<DescribedConfig> {
        let names = names.filter(|names| !names.is_empty());
        let mut described = match resource {
            Resource::Topic(_) => self.describe_topic(overrides, names),
            Resource::Broker(_) => self.describe_broker(names),
            Resource::AllBrokers => self.describe_all_brokers(),
            Resource::Group(_) => self.describe_group(overrides),
            Resource::ClientMetrics(_) => describe_client_metrics(overrides),
        };
        if let Some(names) = names {
            described.retain(|one| names.contains(&one.name.as_str()));
        }
        described
    }

    fn describe_topic(&self, overrides: &Overrides, names: Option<&[&str]>) -> Vec<DescribedConfig> {
        let is_asked_for = |option: &ConfigOption| names.is_some_and(|names| names.contains(&option.name));
        Scope::Topic
            .options()
            .map(|option| (option, self.describe_own(option, overrides, Source::DynamicTopic)))
            .filter(|(option, described)| {
                let is_shown = option.listed && !(option.is_own() && described.source == Source::Default);
                is_shown || is_asked_for(option) || overrides.contains_key(option.name)
            })
            .map(|(_, described)| described)
            .collect()
    }

    fn describe_group(&self, overrides: &Overrides) -> Vec<DescribedConfig> {
        Scope::Group
            .options()
            .map(|option| self.describe_own(option, overrides, Source::DynamicGroup))
            .collect()
    }

    /// An option of a topic or group: its own value, then what the broker says.
    fn describe_own(
        &self,
        option: &'static ConfigOption,
        overrides: &Overrides,
        source: Source,
    ) -> DescribedConfig {
        let value = self.resource_value(option, overrides);
        let mut synonyms = Vec::new();
        if overrides.contains_key(option.name) {
            synonyms.push(ConfigSynonym {
                name: option.name.into(),
                value: shown(option, value.as_ref()),
                source,
            });
        }
        match option.fallback {
            Some(broker_option) => synonyms.extend(self.fallback_synonyms(broker_option)),
            None if source == Source::DynamicGroup => synonyms.extend(default_synonym(option)),
            None => {}
        }
        describe(option, option.name, value.as_ref(), false, synonyms)
    }

    /// Of a family, those members that were given; of its defaults only the first member's. So a retention of a week
    /// that nobody asked for has no synonym, as in Kafka.
    fn fallback_synonyms(&self, broker_option: &'static str) -> Vec<ConfigSynonym> {
        let mut layers = self.family_layers(broker_option);
        let leading = layers
            .iter()
            .take_while(|one| one.source == Source::Default && one.name != broker_option)
            .count();
        layers.drain(..leading);
        layers.iter().map(synonym).collect()
    }

    /// What the layers say about an option and the others of its family, layer by layer.
    fn family_layers<'a>(&'a self, name: &'a str) -> Vec<Layer<'a>> {
        let members: Vec<&str> = match options::family(name) {
            Some(family) => family.iter().map(|(member, _)| *member).collect(),
            None => vec![name],
        };
        let mut layers: Vec<Layer<'_>> = members.into_iter().flat_map(|member| self.layers(member)).collect();
        layers.sort_by_key(|layer| layer.source.code());
        layers
    }

    fn describe_broker(&self, names: Option<&[&str]>) -> Vec<DescribedConfig> {
        let is_asked_for = |option: &ConfigOption| names.is_some_and(|names| names.contains(&option.name));
        let given = |name: &str| self.layers(name).any(|layer| layer.source != Source::Default);
        let declared = Scope::Broker
            .options()
            .filter(|option| option.listed || is_asked_for(option) || given(option.name))
            .map(|option| self.describe_broker_option(option.name));
        declared
            .chain(self.undeclared_names().into_iter().map(|name| self.describe_broker_option(name)))
            .collect()
    }

    fn describe_broker_option(&self, name: &str) -> DescribedConfig {
        let mut layers = self.family_layers(name);
        let leading = layers.iter().take_while(|layer| layer.name != name).count();
        layers.drain(..leading);
        if let Some(default) = self.listener_default(name) {
            layers.push(default);
        }
        let synonyms = layers.iter().map(synonym).collect();
        match Scope::Broker.find(name) {
            Some(option) => {
                let is_read_only = option.change == Change::ReadOnly || option.name != name;
                describe(option, name, self.value(name).as_ref(), is_read_only, synonyms)
            }
            None => describe_undeclared(name, synonyms),
        }
    }

    /// Of `listener.name.NAME.OPTION` the default is that of `OPTION`.
    fn listener_default<'a>(&'a self, name: &'a str) -> Option<Layer<'a>> {
        let option = Scope::Broker.find(name).filter(|option| option.name != name)?;
        self.layers(option.name).next()
    }

    /// Names that were given and are not declared as they stand: those for one listener, and unknown ones.
    fn undeclared_names(&self) -> Vec<&str> {
        let given = self.start().assignments().map(|one| one.name.as_str());
        let altered = self.for_all_brokers().keys().chain(self.for_this_broker().keys()).map(String::as_str);
        let mut names: Vec<&str> = given
            .chain(altered)
            .filter(|name| Scope::Broker.find(name).is_none_or(|option| option.name != *name))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The defaults of all brokers are only what was altered.
    fn describe_all_brokers(&self) -> Vec<DescribedConfig> {
        let describe_one = |(name, text): (&String, &String)| {
            let layer = Layer { name, text, source: Source::DynamicDefaultBroker };
            match Scope::Broker.find(name) {
                Some(option) => {
                    let value = option.parse(text).ok();
                    describe(
                        option,
                        name,
                        value.as_ref(),
                        option.change == Change::ReadOnly,
                        vec![synonym(&layer)],
                    )
                }
                None => describe_undeclared(name, vec![synonym(&layer)]),
            }
        };
        self.for_all_brokers().iter().map(describe_one).collect()
    }
}

fn describe_client_metrics(overrides: &Overrides) -> Vec<DescribedConfig> {
    let describe_one = |option: &'static ConfigOption| {
        let altered = overrides.get(option.name).and_then(|text| option.parse(text).ok());
        let synonyms = altered.iter().map(|value| ConfigSynonym {
            name: option.name.into(),
            value: shown(option, Some(value)),
            source: Source::DynamicClientMetrics,
        });
        let value = altered.clone().or_else(|| option.default.and_then(|text| option.parse(text).ok()));
        describe(option, option.name, value.as_ref(), false, synonyms.collect())
    };
    Scope::ClientMetrics.options().map(describe_one).collect()
}

/// The source of a value is that of the first synonym.
fn describe(
    option: &ConfigOption,
    name: &str,
    value: Option<&Value>,
    is_read_only: bool,
    synonyms: Vec<ConfigSynonym>,
) -> DescribedConfig {
    DescribedConfig {
        name: name.to_owned(),
        value: shown(option, value),
        source: synonyms.first().map_or(Source::Default, |synonym| synonym.source),
        is_read_only,
        is_sensitive: option.is_sensitive(),
        kind: Some(option.kind),
        synonyms,
        documentation: option.documentation,
    }
}

/// Nobody knows what it means, so it may be a secret.
fn describe_undeclared(name: &str, synonyms: Vec<ConfigSynonym>) -> DescribedConfig {
    DescribedConfig {
        name: name.to_owned(),
        value: None,
        source: synonyms.first().map_or(Source::Default, |synonym| synonym.source),
        is_read_only: true,
        is_sensitive: true,
        kind: None,
        synonyms,
        documentation: "",
    }
}

fn shown(option: &ConfigOption, value: Option<&Value>) -> Option<String> {
    value.filter(|_| !option.is_sensitive()).map(|value| value.to_string())
}

fn synonym(layer: &Layer<'_>) -> ConfigSynonym {
    let is_hidden = Scope::Broker.find(layer.name).is_none_or(ConfigOption::is_sensitive);
    ConfigSynonym {
        name: layer.name.to_owned(),
        value: (!is_hidden).then(|| layer.text.to_owned()),
        source: layer.source,
    }
}

fn default_synonym(option: &ConfigOption) -> Option<ConfigSynonym> {
    let value = option.default?.to_owned();
    Some(ConfigSynonym { name: option.name.into(), value: Some(value), source: Source::Default })
}
