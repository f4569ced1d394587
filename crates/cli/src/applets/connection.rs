//! Which cluster a script is about: what its flags say, and nothing else.

use std::path::Path;

use anyhow::Result;
use ottla_client::config::ClientConfig;

use super::options::Options;
use crate::remote::{self, Property, Remote};

/// The options of a client that flags speak of, in the order in which the last word counts.
#[derive(Debug, Default)]
pub(super) struct Properties(Vec<Property>);

impl Properties {
    /// Those of the file that an option names.
    pub(super) fn of_file(options: &Options, name: &str) -> Result<Properties> {
        let mut properties = Properties::default();
        if let Some(path) = options.value(name)? {
            properties.0 = remote::properties_of_file(Path::new(path), &format!("--{name}"))?;
        }
        Ok(properties)
    }

    /// Those that an option gives as `key=value`; without a value it is empty.
    pub(super) fn extend_by(&mut self, options: &Options, name: &str) {
        for pair in options.values(name) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.set(key, value);
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let last = self.0.iter().rev().find(|property| property.name == key);
        last.map(|property| property.value.as_str())
    }

    pub(super) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.0.retain(|property| property.name != key);
        self.0.push(Property::new(key, value, "the command line"));
    }

    pub(super) fn set_default(&mut self, key: &str, value: impl Into<String>) {
        if self.get(key).is_none() {
            self.set(key, value);
        }
    }

    /// An option of a script counts most, then what is there, then the script's default.
    pub(super) fn merge(&mut self, key: &str, given: Option<&str>, default: &str) {
        match given {
            Some(given) => self.set(key, given),
            None => self.set_default(key, default),
        }
    }

    /// Those that a client has: a server's file has others besides.
    pub(super) fn of_clients(&self) -> Properties {
        let is_known = |it: &&Property| ClientConfig::from_properties([it.pair()]).is_ok();
        Properties(self.0.iter().filter(is_known).cloned().collect())
    }

    pub(super) fn all(&self) -> &[Property] {
        &self.0
    }

    pub(super) async fn connect(&self) -> Result<Remote> {
        remote::connect_with(&self.0).await
    }
}

/// For scripts that administer: `--bootstrap-server` and `--command-config`.
pub(super) fn admin_properties(options: &Options) -> Result<Properties> {
    let mut properties = Properties::of_file(options, "command-config")?;
    if let Some(servers) = options.value("bootstrap-server")? {
        properties.set("bootstrap.servers", servers);
    }
    Ok(properties)
}

pub(super) async fn connect(options: &Options) -> Result<Remote> {
    admin_properties(options)?.connect().await
}
