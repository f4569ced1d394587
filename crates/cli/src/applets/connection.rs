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
        let is_known =
            |it: &&Property| it.name == CONTROLLERS || ClientConfig::from_properties([it.pair()]).is_ok();
        Properties(self.0.iter().filter(is_known).cloned().collect())
    }

    pub(super) fn all(&self) -> &[Property] {
        &self.0
    }

    /// Whom flags name: brokers, or controllers, which Kafka's clients call by another property.
    pub(super) fn set_bootstrap(&mut self, servers: Option<&str>, controllers: Option<&str>) {
        if let Some(servers) = servers {
            self.set("bootstrap.servers", servers);
            self.0.retain(|property| property.name != CONTROLLERS);
        }
        if let Some(controllers) = controllers {
            self.set(CONTROLLERS, controllers);
        }
    }

    pub(super) async fn connect(&self) -> Result<Remote> {
        let Some(controllers) = self.get(CONTROLLERS) else { return remote::connect_with(&self.0).await };
        let mut properties = Properties(self.0.clone());
        properties.set("bootstrap.servers", controllers);
        properties.0.retain(|property| property.name != CONTROLLERS);
        remote::connect_to_controllers_with(&properties.0).await
    }
}

const CONTROLLERS: &str = "bootstrap.controllers";

/// For scripts that administer: `--bootstrap-server`, `--bootstrap-controller` where they have it, and `--command-config`.
pub(super) fn admin_properties(options: &Options) -> Result<Properties> {
    let mut properties = Properties::of_file(options, "command-config")?;
    let controllers = match options.declares("bootstrap-controller") {
        true => options.value("bootstrap-controller")?,
        false => None,
    };
    properties.set_bootstrap(options.value("bootstrap-server")?, controllers);
    Ok(properties)
}

pub(super) async fn connect(options: &Options) -> Result<Remote> {
    admin_properties(options)?.connect().await
}
