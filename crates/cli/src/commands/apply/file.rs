//! Topics as a file describes them.
//!
//! ```text
//! topics:
//! - name: orders
//!   partitions: 12
//!   replicas: 3
//!   configs:
//!     retention.ms: 86400000
//! ```
//!
//! What is left out is left as it is; but `configs`, where it is there, names all options that the topic has of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Context as _, Result, bail};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A file of topics.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topics {
    pub(crate) topics: Vec<Topic>,
}

/// A topic as it shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topic {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) partitions: Option<i32>,
    #[serde(default)]
    pub(crate) replicas: Option<i16>,
    #[serde(default)]
    pub(crate) configs: Option<BTreeMap<String, ConfigValue>>,
}

/// The value of an option; numbers and booleans need no quotes. Null is as if the option were not named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct ConfigValue(pub(crate) Option<String>);

impl Topics {
    /// YAML, of which JSON is a part.
    pub(super) fn parse(text: &str) -> Result<Topics> {
        let topics: Topics = serde_saphyr::from_str(text).context("it is not a list of topics")?;
        let mut names = BTreeSet::new();
        for topic in &topics.topics {
            if !names.insert(&topic.name) {
                bail!("it names {} more than once", topic.name);
            }
            if topic.partitions.is_some_and(|count| count < 1)
                || topic.replicas.is_some_and(|count| count < 1)
            {
                bail!("{} is to have at least one partition, and one replica", topic.name);
            }
        }
        Ok(topics)
    }
}

impl<'de> Deserialize<'de> for ConfigValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ConfigValue, D::Error> {
        deserializer.deserialize_any(OfScalar)
    }
}

struct OfScalar;

impl Visitor<'_> for OfScalar {
    type Value = ConfigValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of an option: text, a number, or true or false")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ConfigValue, E> {
        Ok(ConfigValue(Some(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<ConfigValue, E> {
        Ok(ConfigValue(Some(value.to_string())))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<ConfigValue, E> {
        Ok(ConfigValue(Some(value.to_string())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<ConfigValue, E> {
        Ok(ConfigValue(Some(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<ConfigValue, E> {
        Ok(ConfigValue(Some(value.to_string())))
    }

    fn visit_unit<E: Error>(self) -> Result<ConfigValue, E> {
        Ok(ConfigValue(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_and_without_quotes_as_yaml_and_as_json() {
        let yaml = "topics:\n- name: a\n  partitions: 3\n  configs:\n    retention.ms: 86400000\n    \
                    cleanup.policy: compact,delete\n    preallocate: true\n    min.cleanable.dirty.ratio: 0.5\n    \
                    segment.ms: \"007\"\n    flush.ms:\n- name: b\n";
        let json = r#"{"topics":[{"name":"a","partitions":3,"configs":{"retention.ms":86400000,"cleanup.policy":"compact,delete",
            "preallocate":true,"min.cleanable.dirty.ratio":0.5,"segment.ms":"007","flush.ms":null}},{"name":"b"}]}"#;
        for text in [yaml, json] {
            let [a, b] = &Topics::parse(text).expect(text).topics[..] else { panic!("{text}") };
            assert_eq!((a.name.as_str(), a.partitions, a.replicas), ("a", Some(3), None));
            let configs = a.configs.as_ref().expect("it has some");
            let value = |key: &str| configs[key].0.as_deref();
            assert_eq!(value("retention.ms"), Some("86400000"));
            assert_eq!(value("cleanup.policy"), Some("compact,delete"));
            assert_eq!(value("preallocate"), Some("true"));
            assert_eq!(value("min.cleanable.dirty.ratio"), Some("0.5"));
            assert_eq!(value("segment.ms"), Some("007"));
            assert_eq!(value("flush.ms"), None);
            assert_eq!((b.partitions, &b.configs), (None, &None));
        }
    }

    #[test]
    fn a_file_that_cannot_be_meant_is_refused() {
        for (text, expected) in [
            ("", "it is not a list of topics"),
            ("topics: 3", "it is not a list of topics"),
            ("topics:\n- nam: a\n", "unknown field"),
            ("topics:\n- name: a\n  partitions: many\n", "it is not a list of topics"),
            ("topics:\n- name: a\n- name: a\n", "it names a more than once"),
            ("topics:\n- name: a\n  partitions: 0\n", "a is to have at least one partition"),
            ("topics:\n- name: a\n  configs:\n    x: [1]\n", "the value of an option"),
        ] {
            let error = format!("{:#}", Topics::parse(text).expect_err(text));
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
