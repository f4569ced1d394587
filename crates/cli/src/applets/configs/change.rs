//! Options that are added and deleted.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Result, bail};
use ottla_client::admin::{Admin, AlterConfig, ConfigResource, DescribeConfigs};

use super::super::connection::Properties;
use super::super::options::Options;
use super::entity::{Entity, Kind};
use super::quotas;

pub(super) async fn run(
    options: &Options,
    entity: &Entity,
    admin: &Admin,
    out: &mut dyn Write,
) -> Result<()> {
    let deleted = options.values("delete-config").flat_map(|keys| keys.split(','));
    let wanted =
        Wanted { added: added(options)?, deleted: deleted.map(|key| key.trim().to_owned()).collect() };
    let (kind, name) = (entity.kind(), entity.name().unwrap_or_default());
    match kind {
        kind if kind.has_quotas() => quotas::change(entity, &wanted, admin).await?,
        kind => change(kind, name, &wanted, admin).await?,
    }
    match name {
        "" => writeln!(out, "Completed updating default config for {} in the cluster.", kind.plural())?,
        name => writeln!(out, "Completed updating config for {} {name}.", kind.singular())?,
    }
    Ok(())
}

/// What is to be changed.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) added: BTreeMap<String, String>,
    pub(super) deleted: Vec<String>,
}

impl Wanted {
    /// All options that are spoken of, those that are added before those that are deleted.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.added.keys().chain(&self.deleted).map(String::as_str)
    }
}

async fn change(kind: Kind, name: &str, wanted: &Wanted, admin: &Admin) -> Result<()> {
    let resource = kind.resource(name)?;
    if kind == Kind::BrokerLoggers {
        check_loggers(&resource, wanted, admin).await?;
    }
    let deleted = wanted.deleted.iter().map(|key| AlterConfig::delete(key));
    let added = wanted.added.iter().map(|(key, value)| AlterConfig::set(key, value));
    let changes = BTreeMap::from([(resource, deleted.chain(added).collect())]);
    for changed in admin.alter_configs(&changes, false).await?.into_values() {
        changed?;
    }
    Ok(())
}

async fn check_loggers(resource: &ConfigResource, wanted: &Wanted, admin: &Admin) -> Result<()> {
    let described =
        admin.describe_configs(std::slice::from_ref(resource), &DescribeConfigs::default()).await?;
    let loggers = described.into_values().next().transpose()?.unwrap_or_default();
    let is_unknown = |key: &&str| !loggers.iter().any(|logger| logger.name == **key);
    let unknown: Vec<&str> = wanted.keys().filter(is_unknown).collect();
    if unknown.is_empty() { Ok(()) } else { bail!("Invalid broker logger(s): {}", unknown.join(",")) }
}

fn added(options: &Options) -> Result<BTreeMap<String, String>> {
    let mut added = BTreeMap::new();
    for property in Properties::of_file(options, "add-config-file")?.all() {
        added.insert(property.name.clone(), property.value.clone());
    }
    if let Some(text) = options.value("add-config")? {
        added.extend(parse_added(text)?);
    }
    for key in added.keys() {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "$._-".contains(c);
        if !key.chars().all(is_allowed) {
            bail!("Invalid character found for config key: {key}");
        }
    }
    Ok(added)
}

/// `k1=v1,k2=[v1,v2]`: within brackets commas and equal signs are parts of values.
fn parse_added(text: &str) -> Result<BTreeMap<String, String>> {
    let mut added = BTreeMap::new();
    for pair in split_outside(text, ',') {
        let [key, value] = split_outside(pair, '=')[..] else {
            bail!(
                "requirement failed: Invalid entity config: all configs to be added must be in the format \
                 \"key=val\" or  \"key=[val1,val2]\" to group values which contain commas."
            );
        };
        let value = value.replace(['[', ']'], "");
        added.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    Ok(added)
}

/// At separators that stand in no brackets.
fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let mut is_inside = false;
    let split = text.split(move |c: char| {
        match c {
            '[' => is_inside = true,
            ']' => is_inside = false,
            _ => {}
        }
        c == separator && !is_inside
    });
    split.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_have_commas_in_brackets() {
        for (text, expected) in [
            ("a=1", &[("a", "1")][..]),
            ("a=1,b=[x,y],c=", &[("a", "1"), ("b", "x,y"), ("c", "")]),
            (" a = 1 ", &[("a", "1")]),
            ("SCRAM=[iterations=1,password=x]", &[("SCRAM", "iterations=1,password=x")]),
        ] {
            let added = parse_added(text).expect("it is valid");
            let added: Vec<(&str, &str)> = added.iter().map(|(key, value)| (&**key, &**value)).collect();
            assert_eq!(added, expected, "{text}");
        }
        assert!(parse_added("a").is_err() && parse_added("a=1=2").is_err());
    }
}
