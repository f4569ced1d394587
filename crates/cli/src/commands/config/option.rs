//! An option with its value, and where that comes from.

use ottla_client::admin::{ConfigEntry, ConfigSource, ConfigSynonym, ConfigType};
use serde::Serialize;

use crate::output::{Answer, Column, Layout};
use crate::word::Word as _;

/// The names of types and sources are Kafka's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OptionRow {
    name: String,
    value: Option<String>,
    source: &'static str,
    #[serde(rename = "type")]
    config_type: &'static str,
    is_sensitive: bool,
    is_read_only: bool,
    /// Where it has values, the one that counts first.
    synonyms: Vec<SynonymRow>,
}

#[derive(Debug, Serialize)]
struct SynonymRow {
    name: String,
    value: Option<String>,
    source: &'static str,
}

impl OptionRow {
    pub(crate) const COLUMNS: &'static [Column] = match OptionRow::COLUMNS_OF_TOPIC {
        [_topic, columns @ ..] => columns,
        [] => &[],
    };

    /// Where several topics have their own.
    pub(crate) const COLUMNS_OF_TOPIC: &'static [Column] = &[
        Column::of_owner("TOPIC", "name"),
        Column::new("NAME", "name"),
        Column::new("VALUE", "value"),
        Column::new("SOURCE", "source"),
        Column::wide("TYPE", "type"),
        Column::wide("SENSITIVE", "isSensitive"),
        Column::wide("READ-ONLY", "isReadOnly"),
    ];

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_default(&self) -> bool {
        self.source == ConfigSource::Default.word()
    }

    /// Whether a topic would have it so if nobody had said anything. Clusters repeat defaults to their brokers: Apache Kafka
    /// `min.insync.replicas`, since it has eligible leader replicas.
    pub(crate) fn is_as_by_default(&self) -> bool {
        let default = self.synonyms.iter().find(|synonym| synonym.source == ConfigSource::Default.word());
        let is_same = default.is_some_and(|default| default.value == self.value);
        self.is_default() || is_same && self.source != ConfigSource::DynamicTopic.word()
    }
}

impl Answer for OptionRow {
    const LAYOUT: Layout = Layout::Rows(OptionRow::COLUMNS);
}

impl From<&ConfigEntry> for OptionRow {
    fn from(entry: &ConfigEntry) -> OptionRow {
        OptionRow {
            name: entry.name.clone(),
            value: entry.value.clone(),
            source: entry.source.word(),
            config_type: config_type(entry.config_type),
            is_sensitive: entry.is_sensitive,
            is_read_only: entry.is_read_only,
            synonyms: entry.synonyms.iter().map(SynonymRow::from).collect(),
        }
    }
}

impl From<&ConfigSynonym> for SynonymRow {
    fn from(synonym: &ConfigSynonym) -> SynonymRow {
        SynonymRow { name: synonym.name.clone(), value: synonym.value.clone(), source: synonym.source.word() }
    }
}

fn config_type(config_type: ConfigType) -> &'static str {
    match config_type {
        ConfigType::Boolean => "BOOLEAN",
        ConfigType::String => "STRING",
        ConfigType::Int => "INT",
        ConfigType::Short => "SHORT",
        ConfigType::Long => "LONG",
        ConfigType::Double => "DOUBLE",
        ConfigType::List => "LIST",
        ConfigType::Class => "CLASS",
        ConfigType::Password => "PASSWORD",
        ConfigType::Unknown | _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_that_brokers_repeat_is_one_but_not_what_a_topic_has_of_its_own() {
        let check = |source: ConfigSource, value: &str, default: Option<&str>, expected: bool| {
            let value = Some(value.to_owned());
            let default = default.map(|value| SynonymRow {
                name: "min.insync.replicas".into(),
                value: Some(value.into()),
                source: ConfigSource::Default.word(),
            });
            let row = OptionRow {
                name: "min.insync.replicas".into(),
                value,
                source: source.word(),
                config_type: "INT",
                is_sensitive: false,
                is_read_only: false,
                synonyms: default.into_iter().collect(),
            };
            assert_eq!(row.is_as_by_default(), expected, "{row:?}");
        };
        check(ConfigSource::Default, "1", Some("1"), true);
        check(ConfigSource::Default, "1", None, true);
        check(ConfigSource::DynamicDefaultBroker, "1", Some("1"), true);
        check(ConfigSource::DynamicDefaultBroker, "2", Some("1"), false);
        check(ConfigSource::StaticBroker, "1", None, false);
        check(ConfigSource::DynamicTopic, "1", Some("1"), false);
    }
}
