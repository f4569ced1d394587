//! The cluster that a command is about: which one, how to reach it, and what was said about both.
//!
//! Properties come, the strongest first, from
//!
//! 1. `--brokers` and `-X`,
//! 2. `--command-config FILE`,
//! 3. `--ctx NAME`,
//! 4. the environment: `OTTLA_BROKERS`, `OTTLA_COMMAND_CONFIG`, `OTTLA_CTX`,
//! 5. the context that `ottla ctx use` chose,
//! 6. the default, `bootstrap.servers=127.0.0.1:9092`.

mod contexts;
mod http;
mod import;
mod properties;
mod unreachable;
mod without_effect;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::future::Future;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use ottla_client::admin::Admin;
use ottla_client::config::{ClientConfig, ConsumerConfig, ProducerConfig};
use ottla_client::{Client, Error};
use tokio::runtime::Builder;

pub(crate) use contexts::{Contexts, Kept};
pub(crate) use http::http_get;
pub(crate) use import::{ImportFormat, import};
pub(crate) use properties::{DEFAULT_BROKERS, Environment, Property, of_file as properties_of_file};
pub(crate) use without_effect::{WITHOUT_EFFECT, is_without_effect, refusal};
use without_effect::{check_commits, warn_of_others, with_effect};

use crate::exit::usage;

/// What every command takes that talks to a cluster.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// Brokers to begin with [default: 127.0.0.1:9092]
    #[arg(short, long, alias = "bootstrap-server", value_name = "HOST[:PORT],…")]
    pub(crate) brokers: Option<String>,

    /// Set an option of the client, by Java's or librdkafka's name
    #[arg(short = 'X', value_name = "KEY=VALUE")]
    pub(crate) options: Vec<String>,

    /// Read options from Java's client.properties
    #[arg(long, value_name = "FILE")]
    pub(crate) command_config: Option<PathBuf>,

    /// The context to use (see `ottla ctx`)
    #[arg(long, value_name = "NAME")]
    pub(crate) ctx: Option<String>,
}

/// A cluster that has answered.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    pub(crate) client: Client,
    pub(crate) admin: Admin,
}

/// Runs a command that waits for others, on this thread.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(command)
}

/// Runs a command that has work for several processors.
pub(crate) fn block_on_threads<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(command)
}

impl ConnectionArgs {
    /// Everything that was said, the weakest first, so that the last word counts.
    pub(crate) fn properties(&self) -> Result<Vec<Property>> {
        properties::gather(self, &Environment::of_process())
    }

    /// Whether flags say which cluster is meant.
    fn names_brokers(&self) -> bool {
        let named = |option: &String| {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            Property::new(name.trim(), value, "-X").names_brokers()
        };
        self.brokers.is_some() || self.options.iter().any(named)
    }

    /// The flags again, for another run of this executable.
    pub(crate) fn flags(&self) -> Vec<OsString> {
        let mut flags: Vec<OsString> = Vec::new();
        let brokers = self.brokers.iter().flat_map(|it| ["--brokers", it]);
        let options = self.options.iter().flat_map(|it| ["-X", it]);
        let ctx = self.ctx.iter().flat_map(|it| ["--ctx", it]);
        flags.extend(brokers.chain(options).chain(ctx).map(OsString::from));
        flags
            .extend(self.command_config.iter().flat_map(|it| ["--command-config".into(), it.clone().into()]));
        flags
    }

    /// What flags alone say, to be kept.
    pub(crate) fn properties_of_flags(&self) -> Result<BTreeMap<String, String>> {
        let said = properties::of_flags(self)?;
        client_config(&said).map(drop)?;
        Ok(said.into_iter().map(|property| (property.name, property.value)).collect())
    }

    pub(crate) async fn connect(&self) -> Result<Remote> {
        connect_with(&self.properties()?).await
    }

    /// With what the command's flags say of consuming, stronger than all else, and its defaults, weaker than all else.
    pub(crate) async fn connect_consumer(
        &self,
        defaults: Vec<Property>,
        flags: Vec<Property>,
    ) -> Result<(Remote, ConsumerConfig)> {
        connect_consumer_with(&[defaults, self.properties()?, flags].concat()).await
    }

    /// With what the command's flags say of producing, stronger than all else.
    pub(crate) async fn connect_producer(&self, flags: Vec<Property>) -> Result<(Remote, ProducerConfig)> {
        connect_producer_with(&[self.properties()?, flags].concat()).await
    }
}

/// With these options and no others.
pub(crate) async fn connect_with(properties: &[Property]) -> Result<Remote> {
    connect(client_config(properties)?, properties).await
}

/// To controllers instead of brokers, which `bootstrap.servers` names.
pub(crate) async fn connect_to_controllers_with(properties: &[Property]) -> Result<Remote> {
    let config = client_config(properties)?;
    let controllers = config.bootstrap_servers.join(",");
    let connecting = Client::connect_to_controllers(config);
    let client =
        connecting.await.with_context(|| format!("cannot connect to the controllers {controllers}"))?;
    unreachable::warn_from_now_on(&client);
    Ok(Remote { admin: Admin::new(client.clone()), client })
}

/// With these options and no others.
pub(crate) async fn connect_consumer_with(properties: &[Property]) -> Result<(Remote, ConsumerConfig)> {
    let read = ConsumerConfig::from_properties(with_effect(properties)?);
    let (client, consumer) = read.map_err(|error| refused(&error, properties))?;
    check_commits(properties, &consumer)?;
    warn_of_others(properties);
    Ok((connect(named(client), properties).await?, consumer))
}

/// With these options and no others.
pub(crate) async fn connect_producer_with(properties: &[Property]) -> Result<(Remote, ProducerConfig)> {
    let read = ProducerConfig::from_properties(with_effect(properties)?);
    let (client, producer) = read.map_err(|error| refused(&error, properties))?;
    warn_of_others(properties);
    Ok((connect(named(client), properties).await?, producer))
}

fn client_config(properties: &[Property]) -> Result<ClientConfig> {
    let read = ClientConfig::from_properties(with_effect(properties)?);
    let client = read.map_err(|error| refused(&error, properties))?;
    warn_of_others(properties);
    Ok(named(client))
}

/// An option that cannot be, and who said it.
fn refused(error: &Error, properties: &[Property]) -> anyhow::Error {
    let reason = error.to_string();
    let is_meant = |property: &&Property| {
        reason.starts_with(&format!("{}: ", property.name))
            || reason.starts_with(&format!("there is no option {}", property.name))
    };
    match properties.iter().rev().find(is_meant) {
        Some(property) => usage(format!("{reason} ({})", property.origin)),
        None => usage(reason),
    }
}

/// What brokers call this client, where nobody said.
fn named(client: ClientConfig) -> ClientConfig {
    if client.client_id.is_empty() { client.client_id("ottla") } else { client }
}

async fn connect(config: ClientConfig, properties: &[Property]) -> Result<Remote> {
    let brokers = config.bootstrap_servers.join(",");
    let client = unreachable::connect(config).await.with_context(|| {
        let said = properties.iter().rev().find(|property| property.names_brokers());
        let origin = said.map(|property| property.origin.as_str()).unwrap_or_default();
        format!("cannot connect to {brokers} ({origin})")
    })?;
    let admin = Admin::new(client.clone());
    Ok(Remote { client, admin })
}
