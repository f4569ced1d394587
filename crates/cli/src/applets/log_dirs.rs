//! `kafka-log-dirs`.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::{Result, anyhow, bail};
use ottla_client::BrokerId;
use ottla_client::admin::LogDir;
use serde::Serialize;

use super::connection::admin_properties;
use super::java;
use super::options::{Opt, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to query log directory usage on the specified brokers.",
    options: &[
        Opt::value("bootstrap-server", "server(s)", "REQUIRED: the server(s) to use for bootstrapping"),
        Opt::value("command-config", "file", "Options of the client."),
        Opt::flag("describe", "Describe the specified log directories on the specified brokers."),
        Opt::value("topic-list", "topic1,topic2", "These topics alone."),
        Opt::value("broker-list", "0,1,2", "These brokers alone."),
    ],
};

/// As the script has it: fields in this order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    brokers: Vec<Broker>,
    version: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Broker {
    broker: BrokerId,
    log_dirs: Vec<Dir>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dir {
    partitions: Vec<Replica>,
    error: Option<String>,
    log_dir: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replica {
    partition: String,
    size: i64,
    offset_lag: i64,
    is_future: bool,
}

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    options.answer_help()?;
    options.require(&["bootstrap-server", "describe"])?;
    let topics: BTreeSet<&str> = listed(options.value("topic-list")?).collect();
    let asked = listed(options.value("broker-list")?)
        .map(|broker| broker.parse().map_err(|_not_a_number| anyhow!("For input string: \"{broker}\"")));
    let asked = asked.collect::<Result<BTreeSet<BrokerId>>>()?;
    block_on(async {
        let mut properties = admin_properties(&options)?;
        properties.set_default("client.id", "log-dirs-tool");
        let remote = properties.connect().await?;
        let there = remote.admin.describe_cluster(false).await?.brokers;
        let there: BTreeSet<BrokerId> = there.iter().map(|broker| broker.id).collect();
        let missing: BTreeSet<BrokerId> = asked.difference(&there).copied().collect();
        if !missing.is_empty() {
            bail!(
                "ERROR: The given brokers do not exist from --broker-list: {}. Current existent brokers: {}",
                joined(&missing),
                joined(&there)
            );
        }
        let asked = if asked.is_empty() { there } else { asked };
        writeln!(out, "Querying brokers for log directories information")?;
        let asked_in_order: Vec<BrokerId> = asked.iter().copied().collect();
        let mut brokers = Vec::new();
        for (broker, dirs) in remote.admin.describe_log_dirs(&asked_in_order).await? {
            let dirs = dirs?.into_iter().map(|(path, dir)| described(path, dir, &topics));
            brokers.push(Broker { broker, log_dirs: dirs.collect() });
        }
        writeln!(out, "Received log directory information from brokers {}", joined(&asked))?;
        writeln!(out, "{}", serde_json::to_string(&Answer { brokers, version: 1 })?)?;
        Ok(Outcome::Success)
    })
}

fn described(log_dir: String, dir: ottla_client::Result<LogDir>, topics: &BTreeSet<&str>) -> Dir {
    let error = dir.as_ref().err().map(|error| java::class(error).unwrap_or_else(|| error.to_string()));
    let replicas = dir.map(|dir| dir.replicas).unwrap_or_default().into_iter();
    let wanted = replicas.filter(|it| topics.is_empty() || topics.contains(&*it.partition.topic));
    let partitions = wanted.map(|replica| Replica {
        partition: replica.partition.to_string(),
        size: replica.size,
        offset_lag: replica.offset_lag,
        is_future: replica.is_future,
    });
    Dir { partitions: partitions.collect(), error, log_dir }
}

fn listed(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').filter(|item| !item.is_empty())
}

fn joined(brokers: &BTreeSet<BrokerId>) -> String {
    brokers.iter().map(BrokerId::to_string).collect::<Vec<_>>().join(",")
}
