//! `kafka-client-metrics`.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use ottla_client::admin::{Admin, AlterConfig, ConfigEntry, ConfigResource, DescribeConfigs};

use super::connection::connect;
use super::ending::Misuse;
use super::java;
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::kafka_id::kafka_id;
use crate::random;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to manipulate and describe client metrics configurations.",
    options: &[
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The Kafka server to connect to."),
        Opt::value("command-config", "command config property file", "Options of the client."),
        Opt::flag("alter", "Alter the configuration for the client metrics resource."),
        Opt::flag("delete", "Delete the configuration for the client metrics resource."),
        Opt::flag("describe", "List configurations for the client metrics resource."),
        Opt::flag("list", "List the client metrics resources."),
        Opt::value("name", "name", "Name of client metrics configuration resource."),
        Opt::flag("generate-name", "Generate a UUID to use as the name."),
        Opt::value("interval", "push interval", "The metrics push interval in milliseconds."),
        Opt::value(
            "match",
            "k1=v1,k2=v2",
            "Matching selector: client_id, client_instance_id, client_software_name, client_software_version, \
             client_source_address, client_source_port.",
        ),
        Opt::value("metrics", "m1,m2", "Telemetry metric name prefixes."),
    ],
};

const ACTIONS: [&str; 4] = ["alter", "delete", "describe", "list"];

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    check(&options)?;
    block_on(async {
        let admin = connect(&options).await?.admin;
        match Box::pin(act(&options, &admin, out)).await {
            Ok(()) => Ok(Outcome::Success),
            Err(error) if error.is::<Misuse>() => Err(error),
            Err(error) => {
                writeln!(out, "Error while executing client metrics command : {}", java::message(&error))?;
                Ok(Outcome::Failure)
            }
        }
    })
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<(), Misuse> {
    options.answer_help()?;
    if options.count(&ACTIONS) != 1 {
        return Err(options
            .misuse("Command must include exactly one action: --alter, --delete, --describe or --list."));
    }
    if !options.has("bootstrap-server") {
        return Err(Misuse::Bare("--bootstrap-server must be specified.".to_owned()));
    }
    const CHANGES: [&str; 4] = ["generate-name", "interval", "match", "metrics"];
    options.exclude("delete", &CHANGES)?;
    options.exclude("describe", &CHANGES)?;
    options.exclude("list", &[&["name"], &CHANGES[..]].concat())?;
    if options.has("alter") && options.count(&["name", "generate-name"]) != 1 {
        let reason = "One of --name or --generate-name must be specified with --alter.";
        return Err(Misuse::Bare(reason.to_owned()));
    }
    if options.has("delete") && !options.has("name") {
        let reason = "A client metrics resource name must be specified with --delete.";
        return Err(Misuse::Bare(reason.to_owned()));
    }
    Ok(())
}

async fn act(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let name = options.value("name")?;
    if options.has("alter") {
        let name = name.map_or_else(|| kafka_id(random::uuid()), str::to_owned);
        change(admin, &name, wanted(options)?).await?;
        writeln!(out, "Altered client metrics config for {name}.")?;
    } else if options.has("delete") {
        let name = name.unwrap_or_default();
        let there = configs(admin, name).await?;
        let deleted = there.iter().map(|config| AlterConfig::delete(&config.name)).collect();
        change(admin, name, deleted).await?;
        writeln!(out, "Deleted client metrics config for {name}.")?;
    } else if options.has("describe") {
        describe(admin, name, out).await?;
    } else {
        writeln!(out, "{}", names(admin).await?.join("\n"))?;
    }
    Ok(())
}

/// One of them, or all.
async fn describe(admin: &Admin, name: Option<&str>, out: &mut dyn Write) -> Result<()> {
    let mut names = names(admin).await?;
    if let Some(name) = name {
        names.retain(|there| there == name);
        if names.is_empty() {
            writeln!(
                out,
                "The client metric resource {name} doesn't exist and doesn't have dynamic config."
            )?;
        }
    }
    for name in names {
        writeln!(out, "Client metrics configs for {name} are:")?;
        for config in configs(admin, &name).await? {
            writeln!(out, "  {}={}", config.name, config.value.as_deref().unwrap_or("null"))?;
        }
    }
    Ok(())
}

/// An empty value takes the option away.
fn wanted(options: &Options) -> Result<Vec<AlterConfig>, Misuse> {
    let interval = options.number::<i32>("interval")?.map(|interval| interval.to_string());
    let wanted =
        [("interval.ms", interval), ("metrics", list(options, "metrics")), ("match", list(options, "match"))];
    let changes = wanted.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let change = |(name, value): (&str, String)| match value.is_empty() {
        true => AlterConfig::delete(name),
        false => AlterConfig::set(name, &value),
    };
    Ok(changes.map(change).collect())
}

/// What all of an option's arguments list, without what is empty.
fn list(options: &Options, name: &str) -> Option<String> {
    let parts = options.values(name).flat_map(|value| value.split(',')).filter(|part| !part.is_empty());
    options.has(name).then(|| parts.collect::<Vec<_>>().join(","))
}

async fn change(admin: &Admin, name: &str, changes: Vec<AlterConfig>) -> Result<()> {
    let resource = ConfigResource::ClientMetrics(name.into());
    for changed in admin.alter_configs(&BTreeMap::from([(resource, changes)]), false).await?.into_values() {
        changed?;
    }
    Ok(())
}

async fn names(admin: &Admin) -> Result<Vec<String>> {
    let resources = admin.list_config_resources().await?.into_iter();
    let names = resources.filter_map(|resource| {
        let ConfigResource::ClientMetrics(name) = resource else { return None };
        Some(name.to_string())
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

async fn configs(admin: &Admin, name: &str) -> Result<Vec<ConfigEntry>> {
    let resource = ConfigResource::ClientMetrics(name.into());
    let described = admin.describe_configs(&[resource], &DescribeConfigs::default()).await?;
    let mut configs = described.into_values().next().transpose()?.unwrap_or_default();
    configs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(configs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(line: &str) -> Vec<AlterConfig> {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        wanted(&SYNTAX.parse(&args).expect("it parses")).expect("it makes sense")
    }

    #[test]
    fn lists_are_joined_and_empty_ones_take_the_option_away() {
        let set = |name, value| AlterConfig::set(name, value);
        assert_eq!(changes("--interval 5000"), [set("interval.ms", "5000")]);
        assert_eq!(changes("--metrics a,,b --metrics c"), [set("metrics", "a,b,c")]);
        assert_eq!(
            changes("--metrics  --match client_id=a"),
            [AlterConfig::delete("metrics"), set("match", "client_id=a")]
        );
    }
}
