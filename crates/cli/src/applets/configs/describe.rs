//! Options, and where their values come from.

use std::io::Write;

use anyhow::Result;
use ottla_client::admin::{
    Admin, ConfigEntry, ConfigResource, ConfigSource, ConfigSynonym, DescribeConfigs, GroupsFilter,
};

use super::super::options::Options;
use super::entity::{Entity, Kind};
use crate::word::Word as _;

pub(super) async fn run(
    options: &Options,
    entity: &Entity,
    admin: &Admin,
    out: &mut dyn Write,
) -> Result<()> {
    let (is_all, kind) = (options.has("all"), entity.kind());
    let there = names(kind, admin).await?;
    let names = match entity.names.first() {
        Some(name) if !is_all && !there.contains(name) => {
            let kind = kind.singular();
            return Ok(writeln!(out, "The {kind} '{name}' doesn't exist and doesn't have dynamic config.")?);
        }
        Some(name) => vec![name.clone()],
        None => there,
    };
    for name in names {
        let (plural, singular) = (kind.plural(), kind.singular());
        match (name.as_str(), is_all) {
            ("", _) => writeln!(out, "Default configs for {plural} in the cluster are:")?,
            (name, true) => writeln!(out, "All configs for {singular} {name} are:")?,
            (name, false) => writeln!(out, "Dynamic configs for {singular} {name} are:")?,
        }
        let source = if is_all { None } else { dynamic_source(kind, &name) };
        for config in configs(admin, kind.resource(&name)?, source).await? {
            write_config(out, &config)?;
        }
    }
    Ok(())
}

/// Those that there are; of brokers also the empty name, for what all of them have.
async fn names(kind: Kind, admin: &Admin) -> Result<Vec<String>> {
    let mut names: Vec<String> = match kind {
        Kind::Topics => admin.list_topics(true).await?.iter().map(|topic| topic.name.to_string()).collect(),
        Kind::Brokers | Kind::BrokerLoggers => {
            let brokers = admin.describe_cluster(false).await?.brokers;
            let mut ids: Vec<String> = brokers.iter().map(|broker| broker.id.to_string()).collect();
            ids.push(String::new());
            return Ok(ids);
        }
        Kind::ClientMetrics => with_configs(kind, admin).await?,
        Kind::Groups => {
            // Brokers before Kafka 4.1 do not tell which groups have options.
            let mut names = with_configs(kind, admin).await.unwrap_or_default();
            for listed in admin.list_groups(&GroupsFilter::default()).await?.into_values() {
                names.extend(listed?.into_iter().map(|group| group.id.to_string()));
            }
            names
        }
        Kind::Users | Kind::Clients | Kind::Ips => Vec::new(),
    };
    names.sort();
    names.dedup();
    Ok(names)
}

async fn with_configs(kind: Kind, admin: &Admin) -> Result<Vec<String>> {
    let resources = admin.list_config_resources().await?.into_iter();
    let names = resources.filter_map(|resource| match (kind, resource) {
        (Kind::ClientMetrics, ConfigResource::ClientMetrics(name)) => Some(name.to_string()),
        (Kind::Groups, ConfigResource::Group(name)) => Some(name.to_string()),
        _ => None,
    });
    Ok(names.collect())
}

/// Where the values come from that somebody set for this and nothing else; all of a logger are shown.
fn dynamic_source(kind: Kind, name: &str) -> Option<ConfigSource> {
    match kind {
        Kind::Topics => Some(ConfigSource::DynamicTopic),
        Kind::Brokers if name.is_empty() => Some(ConfigSource::DynamicDefaultBroker),
        Kind::Brokers => Some(ConfigSource::DynamicBroker),
        Kind::BrokerLoggers | Kind::Users | Kind::Clients | Kind::Ips => None,
        Kind::ClientMetrics => Some(ConfigSource::DynamicClientMetrics),
        Kind::Groups => Some(ConfigSource::DynamicGroup),
    }
}

async fn configs(
    admin: &Admin,
    resource: ConfigResource,
    source: Option<ConfigSource>,
) -> Result<Vec<ConfigEntry>> {
    let what = DescribeConfigs { synonyms: true, ..DescribeConfigs::default() };
    let described = admin.describe_configs(&[resource], &what).await?;
    let mut configs = described.into_values().next().transpose()?.unwrap_or_default();
    configs.retain(|config| source.is_none_or(|source| config.source == source));
    configs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(configs)
}

fn write_config(out: &mut dyn Write, config: &ConfigEntry) -> Result<()> {
    let or_null = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
    let synonym = |it: &ConfigSynonym| format!("{}:{}={}", it.source.word(), it.name, or_null(&it.value));
    let synonyms: Vec<String> = config.synonyms.iter().map(synonym).collect();
    writeln!(
        out,
        "  {}={} sensitive={} synonyms={{{}}}",
        config.name,
        or_null(&config.value),
        config.is_sensitive,
        synonyms.join(", ")
    )?;
    Ok(())
}
