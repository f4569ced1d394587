//! What an admin adds.

use super::declare::{Options, options};
use super::parse::{list, number};
use super::{ClientConfig, properties};
use crate::Result;

options! {
    /// Options of an admin.
    pub struct AdminConfig {
        /// Controllers to begin with instead of brokers (KIP-919).
        bootstrap_controllers: Vec<String> = Vec::new(), "bootstrap.controllers", list;
        /// How often a request is tried again. `default.api.timeout.ms` is the better bound.
        retries: u32 = 2_147_483_647, "retries", number;
    }
}

impl AdminConfig {
    /// Reads properties: the admin's and those that all clients have.
    ///
    /// [`crate::Error::Config`] names the property that is unknown, or whose text is not of its type.
    pub fn from_properties<K: AsRef<str>, V: AsRef<str>>(
        properties: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(ClientConfig, AdminConfig)> {
        let (mut client, mut admin) = (ClientConfig::default(), AdminConfig::default());
        properties::read(properties, &mut |key, text| Ok(client.set(key, text)? || admin.set(key, text)?))?;
        client.check()?;
        Ok((client, admin))
    }
}
